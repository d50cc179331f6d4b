"""Binds pending pods to nodes, or says in an event why none will do."""

from typing import Any

from tools.demo.controllers.kinds import CLAIMS, NODES, PODS, VOLUMES
from tools.demo.controllers.placement import Room, refusals, verdict
from tools.demo.controllers.world import World
from tools.demo.store import Change, Json

WATCHES = (PODS, NODES, CLAIMS, VOLUMES)
SOURCE = "default-scheduler"
AGAIN = 300.0  # seconds until an unschedulable pod is reported again
GATE = "no nodes available to schedule pods"


def cares(change: Change) -> bool:
    """Of pods: new ones, gone ones, changed wishes, and those that ended and left their place."""
    if change.resource != PODS or change.kind != "MODIFIED" or change.before is None:
        return True
    old, new = change.before, change.object
    phases = [(each.get("status") or {}).get("phase") for each in (old, new)]
    return (
        old["spec"] != new["spec"]
        or phases[0] != phases[1]
        or old["metadata"].get("labels") != new["metadata"].get("labels")
    )


def reconcile(world: World) -> float | None:
    """Binds what can be bound; asks again later while something stays pending."""
    waiting = [pod for pod in world.store.list(PODS) if pending(pod)]
    if not waiting:
        return None
    return world.unless_seen("scheduler", lambda: versions(world), lambda: look(world))


def versions(world: World) -> Any:
    """What decides where pods can go."""
    pods = [
        (
            pod["metadata"]["uid"],
            pod["spec"].get("nodeName"),
            pod["metadata"].get("generation"),
            pod["metadata"].get("labels"),
        )
        for pod in world.store.list(PODS)
        if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")
    ]
    nodes = [
        (node["metadata"].get("labels"), node["spec"], node["status"].get("allocatable"))
        for node in world.store.list(NODES)
    ]
    claims = [claim["metadata"]["resourceVersion"] for claim in world.store.list(CLAIMS)]
    return pods, nodes, claims


def look(world: World) -> float | None:
    waiting = [pod for pod in world.store.list(PODS) if pending(pod)]
    rooms = [Room(node, []) for node in world.store.list(NODES)]
    by_name = {room.node["metadata"]["name"]: room for room in rooms}
    for pod in world.store.list(PODS):
        node = by_name.get(pod["spec"].get("nodeName", ""))
        if node and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            node.pods.append(pod)
    left = False
    for pod in sorted(waiting, key=lambda item: item["metadata"]["creationTimestamp"]):
        left = not schedule(world, pod, rooms) or left
    return AGAIN if left else None


def pending(pod: Json) -> bool:
    own = pod["spec"].get("schedulerName", "default-scheduler") == "default-scheduler"
    free = not pod["spec"].get("nodeName") and not pod["metadata"].get("deletionTimestamp")
    return own and free and not pod["spec"].get("schedulingGates")


def schedule(world: World, pod: Json, rooms: list[Room]) -> bool:
    problem = missing_claim(world, pod, len(rooms))
    if problem is None and rooms:
        reasons = [refusals(pod, room, rooms) for room in rooms]
        open_rooms = [room for room, refused in zip(rooms, reasons, strict=True) if not refused]
        if open_rooms:
            bind(world, pod, min(open_rooms, key=lambda room: crowding(pod, room)))
            return True
        problem = verdict(len(rooms), reasons)
    fail(world, pod, problem or GATE)
    return False


def crowding(pod: Json, room: Room) -> tuple[int, float]:
    """Spreads pods of one owner first, then by how full the node is."""
    owners = {each["uid"] for each in pod["metadata"].get("ownerReferences") or []}
    siblings = sum(
        any(each["uid"] in owners for each in other["metadata"].get("ownerReferences") or []) for other in room.pods
    )
    return siblings, float(room.fullness())


def missing_claim(world: World, pod: Json, count: int) -> str | None:
    """What the volumes of the pod lack, in the scheduler's words."""
    for volume in pod["spec"].get("volumes") or []:
        claim_name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if not claim_name:
            continue
        claim = world.store.get(CLAIMS, pod["metadata"]["namespace"], claim_name)
        if claim is None:
            return f'0/{count} nodes are available: persistentvolumeclaim "{claim_name}" not found. not found'
        if claim.get("status", {}).get("phase") != "Bound":
            return (
                f"0/{count} nodes are available: pod has unbound immediate PersistentVolumeClaims. "
                f"no new claims to deallocate, preemption: 0/{count} nodes are available: "
                f"{count} Preemption is not helpful for scheduling."
            )
    return None


def bind(world: World, pod: Json, room: Room) -> None:
    node = room.node["metadata"]["name"]
    meta = pod["metadata"]

    others = [each for each in pod["status"].get("conditions") or [] if each["type"] != "PodScheduled"]
    bound = pod | {
        "spec": pod["spec"] | {"nodeName": node},
        "status": pod["status"] | {"conditions": [*others, scheduled(world)]},
    }
    room.pods.append(world.store.replace(PODS, bound, "binding"))  # a binding owns no fields
    text = f"Successfully assigned {meta['namespace']}/{meta['name']} to {node}"
    world.events.record(SOURCE, pod, "Scheduled", text)


def scheduled(world: World) -> Json:
    return {
        "type": "PodScheduled",
        "observedGeneration": 1,
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": world.text(),
    }


def fail(world: World, pod: Json, message: str) -> None:
    """Condition and event; repeated every few minutes, or when the reason changes."""
    meta = pod["metadata"]
    told: dict[str, tuple[str, float]] = world.memory.setdefault("unschedulable", {})
    before, at = told.get(meta["uid"], ("", 0.0))
    moment = world.now.timestamp()
    if before == message and moment - at < AGAIN:
        return
    told[meta["uid"]] = (message, moment)

    def change(obj: Json) -> None:
        conditions = obj["status"].setdefault("conditions", [])
        old = next((each for each in conditions if each["type"] == "PodScheduled"), None)
        since = old["lastTransitionTime"] if old and old["status"] == "False" else world.text()
        entry = scheduled(world) | {
            "observedGeneration": obj["metadata"].get("generation", 1),
            "status": "False",
            "lastTransitionTime": since,
            "reason": "Unschedulable",
            "message": message,
        }
        obj["status"]["conditions"] = [each for each in conditions if each is not old] + [entry]

    world.store.mutate(PODS, meta["namespace"], meta["name"], change, manager="kube-scheduler", subresource="status")
    world.events.record(SOURCE, pod, "FailedScheduling", message, "Warning")
