"""Quantities, differences, log lines and views: small and pure."""

from typing import Any

import pytest

from tools import changes, logtext, quantities, views
from tools.logtext import Line


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("250m", 0.25),
        ("2", 2.0),
        ("1500u", 0.0015),
        ("100n", 1e-7),
        ("1Ki", 1024.0),
        ("1.5Gi", 1.5 * 1024**3),
        ("1e3", 1000.0),
    ],
)
def test_a_quantity_is_a_number(written: str, number: float) -> None:
    assert quantities.number(written) == pytest.approx(number)


@pytest.mark.parametrize("written", [None, "", "many", "1 Gi", "Gi"])
def test_what_is_no_quantity_is_none(written: str | None) -> None:
    assert quantities.number(written) is None


def test_quantities_are_written_short() -> None:
    assert (quantities.cpu(0.25), quantities.cpu(None)) == ("250m", "<none>")
    assert (quantities.memory(128 * 1024**2), quantities.memory(16 * 1024**3)) == ("128Mi", "16.0Gi")
    assert (quantities.percent(1, 4), quantities.percent(1, None), quantities.percent(None, 4)) == ("25%", "-", "-")


def test_differences_name_the_field_and_both_values() -> None:
    before = {
        "metadata": {"resourceVersion": "1"},
        "spec": {"replicas": 2, "c": [{"name": "a", "image": "x:1"}]},
        "status": 1,
    }
    after = {
        "metadata": {"resourceVersion": "2", "labels": {"a": "b"}},
        "spec": {"replicas": 3, "c": [{"name": "a", "image": "x:2"}, {"name": "b"}]},
        "status": 2,
    }
    assert changes.differences(before, after) == [
        'metadata.labels: not set → {"a": "b"}',
        "spec.replicas: 2 → 3",
        "spec.c[a].image: x:1 → x:2",
        'spec.c[b]: not set → {"name": "b"}',
    ]
    assert changes.differences({"args": ["a", "b"]}, {"args": ["a", "c"]}) == ["args[1]: b → c"]
    assert changes.differences({"args": ["a"]}, {"args": ["a", "c"]}) == ['args: ["a"] → ["a", "c"]']


@pytest.mark.parametrize(
    ("log", "lines"),
    [
        (b"", []),
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\r\ntwo\rthree", ["one", "two", "three"]),
        (b"\x1b[31mred\x1b[0m\x00\x07", ["red"]),
        (b"caf\xc3\xa9 \xff", ["café \ufffd"]),
        (b"x" * 5000, ["x" * 2000 + "…"]),
        (b"a\n\nb\n", ["a", "", "b"]),
    ],
)
def test_a_log_becomes_lines_whatever_bytes_it_holds(log: bytes, lines: list[str]) -> None:
    assert logtext.lines(log) == lines


def texts(found: list[Line]) -> list[str]:
    return [line.text for line in found]


def test_lines_are_chosen_by_words_not_by_patterns() -> None:
    lines = [Line("", text) for text in ("ERROR one", "error two", "info (a+)+$", "info three")]
    assert texts(logtext.chosen(lines, "error|three", None)) == ["ERROR one", "error two", "info three"]
    assert texts(logtext.chosen(lines, None, "error|(a+)+$")) == ["info three"]
    assert logtext.chosen(lines, None, None) == lines


def test_a_line_of_a_log_knows_when_it_was_written() -> None:
    log = b"2026-11-22T10:00:00.5Z one\n  goes on\n2026-11-22T10:00:01Z two\n2026-11-22T10:00:02.123456789Z\n"
    assert [(line.at[17:], line.text) for line in logtext.stamped(log)] == [
        ("00.500000000Z", "one"),
        ("00.500000000Z", "  goes on"),
        ("01.000000000Z", "two"),
        ("02.123456789Z", ""),
    ]
    assert logtext.stamped(b"\xff\x00 no time\n")[0].at == ""


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["a", "a", "a", "b", "a"], ["a (×3)", "b", "a"]),
        (["a 12:00:01", "a 12:00:02"], ["a 12:00:01", "a 12:00:02"]),
        (["a 12:00:01", "a 12:00:02", "a 12:00:03"], ["a 12:00:01 (×3, alike but for times and numbers)"]),
        (
            ["GET / 200 5 ms", "GET / 500 7 ms", "GET / 200 9 ms"],
            ["GET / 200 5 ms", "GET / 500 7 ms", "GET / 200 9 ms"],
        ),
        (["exit 0", "exit 1", "exit 2"], ["exit 0", "exit 1", "exit 2"]),
        (
            ["Oops", *(f"\tat com.x.Y{n}(Z.java)" for n in "abcdefgh"), "Caused by: z"],
            [
                "Oops",
                "\tat com.x.Ya(Z.java)",
                "\tat com.x.Yb(Z.java)",
                "\tat com.x.Yc(Z.java)",
                "    … 3 more lines of this trace",
                "\tat com.x.Yg(Z.java)",
                "\tat com.x.Yh(Z.java)",
                "Caused by: z",
            ],
        ),
        (["  a", "  b", "  c"], ["  a", "  b", "  c"]),
    ],
    ids=["same", "two", "alike", "codes", "exits", "trace", "short trace"],
)
def test_repeats_and_traces_are_told_once_with_their_number(lines: list[str], shown: list[str]) -> None:
    assert texts(logtext.told([Line("", line) for line in lines])) == shown


DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "namespace": "shop",
        "uid": "u",
        "resourceVersion": "5",
        "managedFields": [{}],
        "annotations": {"deployment.kubernetes.io/revision": "1", "team": "shop"},
        "ownerReferences": [{"kind": "X", "name": "x", "uid": "u2", "apiVersion": "v1"}],
    },
    "spec": {
        "template": {
            "metadata": {"creationTimestamp": None},
            "spec": {
                "restartPolicy": "Always",
                "dnsPolicy": "ClusterFirst",
                "containers": [{"name": "a", "image": "a:1", "resources": {}, "terminationMessagePolicy": "File"}],
            },
        }
    },
    "status": {"observedGeneration": 3, "conditions": [{"type": "Ready", "status": "True", "lastUpdateTime": "x"}]},
}


def test_the_slim_view_leaves_out_bookkeeping_and_defaults_only() -> None:
    assert views.view(DEPLOYMENT, "slim") == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "annotations": {"team": "shop"},
            "ownerReferences": [{"kind": "X", "name": "x"}],
        },
        "spec": {"template": {"metadata": {}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }


def test_a_part_of_an_object_still_says_whose_it_is() -> None:
    meta = {"name": "web", "namespace": "shop"}
    shown = views.view(DEPLOYMENT, "status")
    assert (shown["kind"], shown["metadata"], set(shown)) == (
        "Deployment",
        meta,
        {"apiVersion", "kind", "metadata", "status"},
    )
    assert "spec" in views.view(DEPLOYMENT, "spec")


def test_the_full_view_keeps_all_but_the_managers() -> None:
    shown = views.view(DEPLOYMENT, "full")
    assert shown["metadata"]["resourceVersion"] == "5"
    assert "managedFields" not in shown["metadata"]


def test_views_leave_the_object_itself_alone() -> None:
    before = repr(DEPLOYMENT)
    for how in ("slim", "status", "spec", "full"):
        views.view(DEPLOYMENT, how)  # type: ignore[arg-type]
    assert repr(DEPLOYMENT) == before
