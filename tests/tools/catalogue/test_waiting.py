"""What is waited for, and when waiting is over."""

from typing import Any

import pytest

from tests.tools.catalogue.conftest import Ask
from tools.catalogue import waiting
from tools.kube.errors import BadInput

GOING: dict[str, Any] = {"metadata": {"deletionTimestamp": "2026-11-22T10:00:00Z", "finalizers": ["a/b"]}}


def with_condition(kind: str, name: str, status: str) -> dict[str, Any]:
    return {"kind": kind, "status": {"conditions": [{"type": name, "status": status, "reason": "Why"}]}}


@pytest.mark.parametrize(
    ("until", "found", "reached", "over"),
    [
        ("exists", None, False, False),
        ("exists", {}, True, False),
        ("deleted", None, True, False),
        ("deleted", GOING, False, False),
        ("Available", with_condition("Deployment", "Available", "True"), True, False),
        ("available", with_condition("Deployment", "Available", "False"), False, False),
        ("Ready=False", with_condition("Node", "Ready", "False"), True, False),
        ("Complete", with_condition("Job", "Failed", "True"), False, True),
        ("ready", with_condition("Job", "Failed", "True"), False, True),
        ("ready", with_condition("Certificate", "Ready", "True"), True, False),
        ("ready", {"kind": "ConfigMap"}, True, False),
        ("ready", {"kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}, False, False),
        ("ready", {"kind": "PersistentVolumeClaim", "status": {"phase": "Bound"}}, True, False),
        ("ready", {"kind": "Pod", "status": {"phase": "Failed"}}, False, True),
        ("ready", {"kind": "Pod", "status": None}, False, False),
        ("status.phase=Bound", {"status": {"phase": "Bound"}}, True, False),
        ("status.phase=Bound", {"status": None}, False, False),
        ("spec.replicas>2", {"spec": {"replicas": 3}}, True, False),
    ],
)
def test_a_look_says_whether_it_is_reached_or_never_will_be(
    until: str, found: dict[str, Any] | None, reached: bool, over: bool
) -> None:
    look = waiting._test(until)(found)
    assert (look.reached, look.over) == (reached, over)
    assert look.words


@pytest.mark.parametrize("until", ["", "a b", "phase~x", "Ready=perhaps"])
def test_what_cannot_be_waited_for_is_refused(until: str) -> None:
    with pytest.raises(BadInput):
        waiting._test(until)


async def test_waiting_ends_as_soon_as_the_answer_is_known(ask: Ask) -> None:
    ready = await ask("k8s_wait", kind="deploy", name="cart")
    assert ready.text.startswith("Deployment cart in shop: done: 2 of 2")
    stuck = await ask("k8s_wait", kind="deploy", name="checkout")
    assert "It will not become ready by itself" in stuck.text
    assert (stuck.data["reached"], stuck.data["gave_up"]) == (False, True)
    late = await ask("k8s_wait", kind="deploy", name="checkout", until="Available", timeout_seconds=1)
    assert "Not Available after" in late.text
    gone = await ask("k8s_wait", kind="secret", name="never-there", namespace="shop", until="deleted")
    assert gone.data["reached"]
    nowhere = await ask("k8s_wait", kind="secret", name="never-there", until="deleted")
    assert nowhere.text == "Name the namespace: a secret lives in one."
