"""How much worse a change is than its verb says, from the object before and after. Pure.

A patch is reversible as a rule. One that lets go of an object that only its finalizers keep, or that drives pods from
a node, is not.
"""

from typing import Any, TypeAlias

from tools.effects import Effect

Object: TypeAlias = dict[str, Any]


def weighed(effect: Effect, before: Object | None, after: Object | None) -> Effect:
    """The effect of what the API server would make of the object."""
    if effect is not Effect.CHANGE or before is None or after is None:
        return effect
    return Effect.DESTROY if _lets_go(before, after) or _drives_out(before, after) else effect


def _lets_go(before: Object, after: Object) -> bool:
    meta = before.get("metadata") or {}
    left = (after.get("metadata") or {}).get("finalizers") or []
    return bool(meta.get("deletionTimestamp")) and bool(set(meta.get("finalizers") or []) - set(left))


def _drives_out(before: Object, after: Object) -> bool:
    return bool(_evicting(after) - _evicting(before))


def _evicting(node: Object) -> set[str]:
    """The taints of a node that pods must tolerate to stay."""
    if node.get("kind") != "Node":
        return set()
    taints = (node.get("spec") or {}).get("taints") or []
    return {f"{taint.get('key')}={taint.get('value') or ''}" for taint in taints if taint.get("effect") == "NoExecute"}
