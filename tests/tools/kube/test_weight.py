"""What lets go of an object or drives pods out is no mere change, and neither is what may do so unseen."""

from typing import Any

import pytest

from tools.effects import Effect
from tools.kube.weight import weighed


def held(*finalizers: str, going: bool = True) -> dict[str, Any]:
    stamp = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if going else {}
    return {"kind": "ConfigMap", "metadata": {"finalizers": list(finalizers), **stamp}}


def node(*effects: str) -> dict[str, Any]:
    return {"kind": "Node", "spec": {"taints": [{"key": "k", "effect": effect} for effect in effects]}}


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (held("a/b"), held(), Effect.DESTROY),
        (held("a/b"), held("a/b"), Effect.CHANGE),
        (held("a/b", going=False), held(going=False), Effect.CHANGE),
        (held("a/b"), None, Effect.DESTROY),
        (None, held(), Effect.DESTROY),
        (held(going=False), None, Effect.CHANGE),
        (node(), node("NoExecute"), Effect.DESTROY),
        (node("NoExecute"), node("NoExecute"), Effect.CHANGE),
        (node(), node("NoSchedule"), Effect.CHANGE),
        (node(), None, Effect.DESTROY),
        (None, node("NoExecute"), Effect.DESTROY),
        (None, None, Effect.CHANGE),
    ],
)
def test_the_worst_counts_where_one_side_is_not_known(before: Any, after: Any, effect: Effect) -> None:
    assert weighed(Effect.CHANGE, before, after) is effect
