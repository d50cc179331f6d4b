"""What nodes send by themselves: leases every ten seconds, conditions every five minutes; and old events go."""

from tools.demo.controllers.kinds import LEASES, NODES
from tools.demo.controllers.world import World
from tools.demo.store import Json

WATCHES = (NODES,)
LEASE_EVERY, CONDITIONS_EVERY = 10.0, 300.0
NAMESPACE = "kube-node-lease"


def reconcile(world: World) -> float | None:
    if world.replaying:
        return None
    last: dict[str, float] = world.memory.setdefault("heartbeats", {})
    now = world.now.timestamp()
    for node in world.store.list(NODES):
        name = node["metadata"]["name"]
        if now - last.get(f"lease {name}", 0.0) >= LEASE_EVERY - 0.1:
            last[f"lease {name}"] = now
            renew(world, name)
        if now - last.get(f"conditions {name}", 0.0) >= CONDITIONS_EVERY:
            last[f"conditions {name}"] = now
            touch(world, node)
    world.events.expire()
    return LEASE_EVERY


def renew(world: World, name: str) -> None:
    moment = world.store.clock.micro_text()
    if world.store.get(LEASES, NAMESPACE, name) is None:
        lease: Json = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": moment},
        }
        world.store.create(LEASES, lease)
        return
    world.store.mutate(LEASES, NAMESPACE, name, lambda obj: obj["spec"].update(renewTime=moment), manager="kubelet")


def touch(world: World, node: Json) -> None:
    now = world.text()

    def change(obj: Json) -> None:
        for each in obj.get("status", {}).get("conditions") or []:
            each["lastHeartbeatTime"] = now

    name = node["metadata"]["name"]
    world.store.mutate(NODES, "", name, change, manager="kubelet", subresource="status")
