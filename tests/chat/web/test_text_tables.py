"""Tool results that are tables are found; what only looks like one stays text."""

import pytest

from chat.web import text_tables
from chat.web.plain import plain
from tools import rendering


def test_what_the_tools_write_is_found_again():
    columns = ("NAMESPACE", "NAME", "READY", "LAST SEEN", "CPU(cores)".upper())
    rows = [["shop", "cart-1", "1/1", "5m ago", ""], ["payments", "ledger with spaces", "", "2d", "10m"]]
    found = text_tables.find("2 pods in 2 namespaces\n" + rendering.table(columns, rows))
    assert found is not None
    assert found.before == "2 pods in 2 namespaces"
    assert found.headings == list(columns)
    assert found.rows == rows
    assert found.after == ""


def test_lines_after_a_blank_one_are_kept():
    found = text_tables.find("NAME  AGE\na     1d\n\nMore: ask for the next page.")
    assert found is not None
    assert found.rows == [["a", "1d"]]
    assert found.after == "More: ask for the next page."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NAME",
        "NAME  AGE",
        "deployment.apps/frontend scaled",
        "2026-11-22T16:58:01Z  fatal: no variable\n2026-11-22T16:58:02Z  exiting",
        "kind: Pod\nmetadata:\n  name: a",
        "ERROR  FATAL\nthis line has no columns at all",
        "A  B\n" + "1  2\n" * (text_tables.MOST_ROWS + 1),
    ],
)
def test_other_text_is_left_alone(text):
    assert text_tables.find(text) is None


def test_escape_sequences_go_and_deceiving_characters_show():
    assert plain("\x1b[31mred\x1b[0m \x1b]0;title\x07ok\r\nnext\tcell") == "red ok\nnext\tcell"
    assert plain("a\u202eb\u200bc\x00d\x85") == "a⟨U+202E⟩b⟨U+200B⟩c⟨U+0000⟩d⟨U+0085⟩"
    assert plain("naïve 日本 👩‍🚀") == "naïve 日本 👩‍🚀"
