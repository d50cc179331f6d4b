"""Deletes pods that do not tolerate a NoExecute taint of their node. A toleration for a time counts as one for good."""

from tools.demo.controllers.kinds import NODES, PODS
from tools.demo.controllers.placement import untolerated
from tools.demo.controllers.world import World
from tools.demo.store import Json

WATCHES = (NODES,)


def reconcile(world: World) -> float | None:
    for node in world.store.list(NODES):
        if any(taint.get("effect") == "NoExecute" for taint in node["spec"].get("taints") or []):
            _drive_out(world, node)
    return None


def _drive_out(world: World, node: Json) -> None:
    for pod in world.store.list(PODS):
        here = pod["spec"].get("nodeName") == node["metadata"]["name"]
        if not here or pod["metadata"].get("deletionTimestamp"):
            continue
        if untolerated(pod["spec"], node, ("NoExecute",)):
            meta = pod["metadata"]
            told = f"Marking for deletion Pod {meta['namespace']}/{meta['name']}"
            world.events.record("taint-eviction-controller", pod, "TaintManagerEviction", told)
            world.remove(PODS, pod)
