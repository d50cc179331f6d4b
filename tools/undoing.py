"""The way back from a step: the call that would undo it, or why there is none. Pure.

What is kept is the inverse alone, never the whole object, and nothing at all where a value of a Secret would be in it.
"""

from typing import Any

from tools import manifests, redaction
from tools.effects import Effect
from tools.kube.plan import Object, Step
from tools.rendering import as_yaml

_BOOKKEEPING = (
    "managedFields",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "uid",
)
_HOLDS_OTHERS = ("namespaces", "nodes", "persistentvolumeclaims", "persistentvolumes", "customresourcedefinitions")
SECRET = "It holds values that are never kept."


def inverse(step: Step, cluster: str) -> tuple[dict[str, Any] | None, str]:
    """{"tool", "arguments"}, or None and a sentence."""
    place: dict[str, Any] = {"kind": step.kind, "name": step.name, "cluster": cluster}
    if step.namespace:
        place["namespace"] = step.namespace
    if step.untried or step.trial:
        return None, "It was not tried out, so what it changed is not known."
    if step.verb == "evict":
        return None, "A pod that has left does not come back; what controls it makes another."
    if step.subresource == "ephemeralcontainers":
        return None, "A debug container stays part of its pod for as long as the pod is there."
    if step.effect is Effect.DESTROY and (step.before or {}).get("metadata", {}).get("deletionTimestamp"):
        return None, "It was being deleted already."
    if step.verb == "delete" and step.before is not None:
        return _made_again(step, cluster)
    if step.before is None and step.after is not None:
        return {"tool": "k8s_delete", "arguments": place}, ""
    if step.before is None or step.after is None:
        return None, "What was there before is not known."
    return _changed_back(step, place)


def _changed_back(step: Step, place: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    patch = back(_wanted(step.before or {}), _wanted(step.after or {}))
    if not patch:
        return None, "Nothing in it changed."
    if step.kind == "secrets" or redaction.data(patch) != patch:
        return None, SECRET
    return {"tool": "k8s_patch", "arguments": {**place, "patch": patch, "type": "merge"}}, ""


def _made_again(step: Step, cluster: str) -> tuple[dict[str, Any] | None, str]:
    if step.resource in _HOLDS_OTHERS:
        return None, "What went with it does not come back."
    found = _wanted(step.before or {})
    if step.kind == "secrets" or redaction.data(found) != found:
        return None, SECRET
    manifest = as_yaml(found)
    if len(manifest) > manifests.LARGEST:
        return None, "It is too large to be applied again."
    return {"tool": "k8s_apply", "arguments": {"manifest": manifest, "cluster": cluster}}, ""


def back(before: Any, after: Any) -> Any:
    """The JSON merge patch (RFC 7386) that makes `before` of `after`; empty when they are the same. Lists go back
    whole."""
    patch: dict[str, Any] = {}
    for key in [*before, *(key for key in after if key not in before)]:
        if before.get(key) == after.get(key) and (key in before) == (key in after):
            continue
        old, new = before.get(key), after.get(key)
        patch[key] = back(old, new) if isinstance(old, dict) and isinstance(new, dict) else old
    return patch


def _wanted(found: Object) -> Object:
    meta = {key: value for key, value in (found.get("metadata") or {}).items() if key not in _BOOKKEEPING}
    if isinstance(notes := meta.get("annotations"), dict):
        meta["annotations"] = {key: value for key, value in notes.items() if "last-applied" not in key}
    return {key: value for key, value in found.items() if key != "status"} | {"metadata": meta}
