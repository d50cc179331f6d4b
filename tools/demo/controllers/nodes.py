"""The node controller's part: a cordoned node carries the taint that says so."""

from functools import partial

from tools.demo.controllers.kinds import NODES
from tools.demo.controllers.world import World
from tools.demo.store import Json

WATCHES = (NODES,)
KEY = "node.kubernetes.io/unschedulable"


def reconcile(world: World) -> float | None:
    for node in world.store.list(NODES):
        taints: list[Json] = node["spec"].get("taints") or []
        marked = any(each["key"] == KEY for each in taints)
        cordoned = bool(node["spec"].get("unschedulable"))
        if cordoned and not marked:
            added = [*taints, {"key": KEY, "effect": "NoSchedule", "timeAdded": world.text()}]
            world.change(NODES, node, partial(set_taints, taints=added))
            tell(world, node, "NodeNotSchedulable")
        elif marked and not cordoned:
            left = [each for each in taints if each["key"] != KEY]
            world.change(NODES, node, partial(set_taints, taints=left))
            tell(world, node, "NodeSchedulable")
    return None


def tell(world: World, node: Json, reason: str) -> None:
    world.events.record("kubelet", node, reason, f"Node {node['metadata']['name']} status is now: {reason}")


def set_taints(obj: Json, taints: list[Json]) -> None:
    obj["spec"].pop("taints", None)
    if taints:
        obj["spec"]["taints"] = taints
