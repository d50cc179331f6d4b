"""Priority and DefaultTolerationSeconds admission of pods."""

from typing import Any

from tools.demo.errors import Forbidden
from tools.demo.store import Resource, Store

Json = dict[str, Any]

CLASSES = Resource("scheduling.k8s.io", "priorityclasses")
TROUBLES = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
GRACE_SECONDS = 300
SYSTEM = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


def give_priority(store: Store, pod: Json) -> None:
    """Resolves the priority class to a number; Forbidden when there is no such class."""
    spec = pod["spec"]
    name = spec.get("priorityClassName") or ""
    if name:
        chosen = store.get(CLASSES, "", name)
        if chosen is None and name in SYSTEM:
            chosen = {"value": SYSTEM[name]}
        if chosen is None:
            why = f"no PriorityClass with name {name} was found"
            raise Forbidden("", "pods", pod["metadata"].get("name", ""), why)
    else:
        chosen = next((each for each in store.list(CLASSES) if each.get("globalDefault")), None)
        if chosen is not None:
            spec["priorityClassName"] = chosen["metadata"]["name"]
    spec["priority"] = (chosen or {}).get("value", 0)
    spec["preemptionPolicy"] = (chosen or {}).get("preemptionPolicy", "PreemptLowerPriority")


def tolerate_node_trouble(pod: Json) -> None:
    """A pod stays five minutes on a node that went quiet, unless it says otherwise."""
    spec = pod["spec"]
    tolerations = list(spec.get("tolerations") or [])
    for key in TROUBLES:
        if not any(_covers(each, key) for each in tolerations):
            added = {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": GRACE_SECONDS}
            tolerations.append(added)
    spec["tolerations"] = tolerations


def _covers(toleration: Json, key: str) -> bool:
    return toleration.get("key") in (key, None, "") and toleration.get("effect") in ("NoExecute", None, "")
