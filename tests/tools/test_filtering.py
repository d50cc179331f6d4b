"""Paths, conditions and order over objects and cells."""

import pytest

from tools import filtering
from tools.kube.errors import BadInput

POD = {
    "metadata": {"name": "web-1", "labels": {"app.kubernetes.io/name": "web"}},
    "spec": {"containers": [{"image": "a:1"}, {"image": "b:2"}], "hostNetwork": True},
    "status": {"phase": "Running"},
}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("status.phase", "Running"),
        (".status.phase", "Running"),
        ("spec.containers[*].image", "a:1,b:2"),
        ("spec.containers[1].image", "b:2"),
        ("spec.containers[9].image", "<none>"),
        ("metadata.labels['app.kubernetes.io/name']", "web"),
        ("metadata.labels", "app.kubernetes.io/name=web"),
        ("spec.hostNetwork", "true"),
        ("spec.nowhere.deeper", "<none>"),
    ],
)
def test_a_path_leads_to_its_values(path: str, shown: str) -> None:
    assert filtering.shown_at(POD, path) == shown


@pytest.mark.parametrize("path", ["", ".", "a[", "a[?(@.x)]", "a b", "$..x"])
def test_a_path_that_cannot_be_read_is_told_with_an_example(path: str) -> None:
    with pytest.raises(BadInput, match=r"status\.phase"):
        filtering.values_at(POD, path)


@pytest.mark.parametrize(
    ("where", "values", "holds"),
    [
        ("STATUS!=Running", ["Pending"], True),
        ("STATUS!=Running", ["running"], False),
        ("STATUS = CrashLoopBackOff", ["CrashLoopBackOff"], True),
        ("RESTARTS>3", ["5 (2m ago)"], True),
        ("RESTARTS>3", ["3"], False),
        ("RESTARTS>=3", ["3"], True),
        ("AGE<1h", ["59m"], True),
        ("AGE<1h", ["2d3h"], False),
        ("READY<1", ["0/1"], True),
        ("NAME~web", ["my-web-1"], True),
        ("NAME!~web", ["my-web-1"], False),
        ("x=<none>", [], True),
        ("x!=a", [], True),
        ("x>1", ["many"], False),
    ],
)
def test_a_condition_holds_or_not(where: str, values: list[str], holds: bool) -> None:
    (condition,) = filtering.conditions(where)
    assert condition.holds(values) is holds


def test_several_conditions_are_joined_by_commas_or_and() -> None:
    found = filtering.conditions("STATUS!=Running, RESTARTS>3 and spec.nodeName='node-1'")
    assert [(one.path, one.operator, one.value) for one in found] == [
        ("STATUS", "!=", "Running"),
        ("RESTARTS", ">", "3"),
        ("spec.nodeName", "=", "node-1"),
    ]


@pytest.mark.parametrize("where", ["Running", "", "=x", "a=b,,c=d"])
def test_a_condition_that_is_none_is_told_with_an_example(where: str) -> None:
    with pytest.raises(BadInput, match="RESTARTS>3"):
        filtering.conditions(where)


def test_numbers_and_ages_sort_by_size_and_before_words() -> None:
    assert sorted(["5d", "<none>", "90s", "10m"], key=filtering.order) == ["90s", "10m", "5d", "<none>"]
    assert sorted(["10", "9", "1 (2d ago)"], key=filtering.order) == ["1 (2d ago)", "9", "10"]
