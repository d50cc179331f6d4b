"""How much worse a change is than its verb says, from the object before and after. Pure.

A patch is reversible as a rule. One that lets go of an object that only its finalizers keep, or that drives pods from
a node, is not. Where one of the two is not known, the worst that may come of it counts.
"""

from typing import Any, TypeAlias

from tools.effects import Effect

Object: TypeAlias = dict[str, Any]


def weighed(effect: Effect, before: Object | None, after: Object | None) -> Effect:
    """The effect of what the API server would make of the object; None for what it could not be asked, or would not
    tell, and for what is not there yet."""
    if effect is not Effect.CHANGE:
        return effect
    return Effect.DESTROY if _lets_go(before, after) or _drives_out(before, after) else effect


def _lets_go(before: Object | None, after: Object | None) -> bool:
    known = before or after or {}
    if not _meta(known).get("deletionTimestamp"):
        return False
    if before is None or after is None:
        return True
    return bool(_finalizers(before) - _finalizers(after))


def _drives_out(before: Object | None, after: Object | None) -> bool:
    if after is None:
        return before is not None and before.get("kind") == "Node"
    return bool(_evicting(after) - _evicting(before or {}))


def _meta(found: Object) -> Object:
    return found.get("metadata") or {}


def _finalizers(found: Object) -> set[str]:
    return set(_meta(found).get("finalizers") or [])


def _evicting(node: Object) -> set[str]:
    """The taints of a node that pods must tolerate to stay."""
    if node.get("kind") != "Node":
        return set()
    taints = (node.get("spec") or {}).get("taints") or []
    return {f"{taint.get('key')}={taint.get('value') or ''}" for taint in taints if taint.get("effect") == "NoExecute"}
