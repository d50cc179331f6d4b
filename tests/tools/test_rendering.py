"""Tables, ages, YAML and cuts as people read them."""

from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tools import rendering


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (150, "2m30s"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 300, "3h5m"),
        (8 * 3600, "8h"),
        (26 * 3600, "26h"),
        (48 * 3600, "2d"),
        (51 * 3600, "2d3h"),
        (8 * 86400, "8d"),
        (690 * 86400, "690d"),
        (760 * 86400, "2y30d"),
        (3000 * 86400, "8y"),
        (-5, "0s"),
    ],
)
def test_spans_are_written_as_kubectl_does(seconds: int, words: str) -> None:
    assert rendering.duration(seconds) == words


def test_an_age_counts_from_the_timestamp() -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert rendering.age("2026-11-20T12:00:00Z", now) == "2d"
    assert rendering.age("2026-11-22T11:59:15.123456Z", now) == "44s"
    assert rendering.age(None, now) == rendering.age("yesterday", now) == "<unknown>"


def test_columns_are_aligned_and_nothing_trails() -> None:
    shown = rendering.table(["NAME", "AGE"], [["web-1", "5d"], ["a", None]])
    assert shown.splitlines() == ["NAME   AGE", "web-1  5d", "a      <none>"]


def test_a_cell_stays_on_one_line_and_brings_no_escapes() -> None:
    assert rendering.cell("a\nb\t\x1b[31mc\x1b[0m\u202ed\x00") == "a b cd"
    assert len(rendering.cell("x" * 1000)) == 160


@given(st.text())
def test_no_control_character_survives(text: str) -> None:
    left = rendering.plain(text)
    assert not any(ord(sign) < 32 and sign not in "\n\t" for sign in left)
    assert "\x1b" not in left


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(alphabet=st.characters(codec="ascii", categories=["L", "N", "P", "Z"])),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet="abc_", min_size=1), inner),
        max_leaves=10,
    )
)
def test_what_is_written_as_yaml_reads_back_the_same(document: object) -> None:
    assert yaml.safe_load(rendering.as_yaml(document)) == document


def test_long_texts_become_blocks() -> None:
    assert rendering.as_yaml({"a": "x\ny\n"}) == "a: |\n  x\n  y"


@given(st.lists(st.text(alphabet="abcé", max_size=40), max_size=60), st.integers(400, 900))
def test_a_cut_is_between_lines_within_the_bound_and_says_how_much_is_missing(lines: list[str], largest: int) -> None:
    text = "\n".join(lines)
    shown = rendering.bounded(text, largest)
    assert len(shown.encode()) <= largest
    if shown != text:
        *kept, last = shown.split("\n")
        assert kept == lines[: len(kept)]
        assert f"{len(lines) - len(kept):,} more line" in last


def test_one_endless_line_is_cut_too() -> None:
    assert len(rendering.bounded("x" * 5000, 1000).encode()) <= 1000


@pytest.mark.parametrize(("number", "words"), [(0, "0 pods"), (1, "1 pod"), (1204, "1,204 pods")])
def test_counts_read_as_words(number: int, words: str) -> None:
    assert rendering.counted(number, "pod") == words
    assert rendering.counted(2, "policy", "policies") == "2 policies"
