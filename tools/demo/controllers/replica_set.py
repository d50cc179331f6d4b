"""ReplicaSet -> pods: as many as asked for, and a status that counts them."""

from functools import partial
from typing import Any

from tools.demo.controllers.kinds import LIMITS, PODS, QUOTAS, REPLICA_SETS
from tools.demo.controllers.matching import matches
from tools.demo.controllers.templates import pod_from
from tools.demo.controllers.world import World, controller_of, is_active, is_available, is_ready, owned, take_over
from tools.demo.errors import ApiError
from tools.demo.store import Json

WATCHES = (REPLICA_SETS, PODS, QUOTAS, LIMITS)
SOURCE = "replicaset-controller"
FIRST_RETRY, LONGEST_RETRY = 2.0, 300.0  # seconds until a refused pod is tried again, doubled every time


def reconcile(world: World) -> float | None:
    due: list[float] = []
    for replica_set in world.store.list(REPLICA_SETS):
        key, inputs = f"replica set {replica_set['metadata']['uid']}", partial(versions, world, replica_set)
        wait = world.unless_seen(key, inputs, partial(one, world, replica_set))
        if wait is not None:
            due.append(wait)
    return min(due, default=None)


def versions(world: World, replica_set: Json) -> Any:
    """What a look at a ReplicaSet depends on: itself, the pods that may be its own, and what may refuse new ones."""
    meta = replica_set["metadata"]
    fresh = world.store.get(REPLICA_SETS, meta["namespace"], meta["name"]) or replica_set
    selector = fresh["spec"]["selector"]
    mine = [
        pod["metadata"]["resourceVersion"]
        for pod in world.store.list(PODS, meta["namespace"])
        if matches(selector, pod["metadata"].get("labels")) or (controller_of(pod) or {}).get("uid") == meta["uid"]
    ]
    rules = [each["spec"] for kind in (QUOTAS, LIMITS) for each in world.store.list(kind, meta["namespace"])]
    return fresh["metadata"]["resourceVersion"], mine, rules


def one(world: World, replica_set: Json) -> float | None:
    pods = claim(world, replica_set)
    active = [pod for pod in pods if is_active(pod)]
    refused = ""
    if not replica_set["metadata"].get("deletionTimestamp"):
        refused = fit(world, replica_set, active)
    fresh = world.store.get(REPLICA_SETS, replica_set["metadata"]["namespace"], replica_set["metadata"]["name"])
    if fresh is None:
        return None
    sync(world, fresh, owned(world, PODS, fresh), refused)
    seconds = fresh["spec"].get("minReadySeconds", 0)
    waiting = any(is_ready(pod) and not is_available(world, pod, seconds) for pod in active)
    if refused:
        return pause(world, fresh)
    return 1.0 if waiting else None


def pause(world: World, replica_set: Json) -> float:
    """How long to wait after one more refusal."""
    refusals: dict[str, int] = world.memory.setdefault("refusals", {})
    count = refusals[replica_set["metadata"]["uid"]] = refusals.get(replica_set["metadata"]["uid"], -1) + 1
    return float(min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(count, 10)))


def claim(world: World, replica_set: Json) -> list[Json]:
    """Its pods; matching orphans are adopted, and pods that no longer match are let go."""
    selector = replica_set["spec"]["selector"]
    if not replica_set["metadata"].get("deletionTimestamp"):
        for pod in world.store.list(PODS, replica_set["metadata"]["namespace"]):
            owner = controller_of(pod)
            fits = matches(selector, pod["metadata"].get("labels"))
            if owner is None and fits and is_active(pod):
                world.change(PODS, pod, partial(take_over, owner=replica_set))
            elif owner and owner["uid"] == replica_set["metadata"]["uid"] and not fits:
                world.change(PODS, pod, lambda obj: obj["metadata"].pop("ownerReferences"))
    return owned(world, PODS, replica_set)


def fit(world: World, replica_set: Json, active: list[Json]) -> str:
    """Makes or removes pods; the refusal's text when the API server would not take one."""
    missing = int(replica_set["spec"].get("replicas", 1)) - len(active)
    for _ in range(missing):
        try:
            pod = world.create(PODS, pod_from(world, replica_set, replica_set["spec"]["template"]))
        except ApiError as error:
            world.events.record(SOURCE, replica_set, "FailedCreate", f"Error creating: {error.message}", "Warning")
            return error.message
        world.events.record(SOURCE, replica_set, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
    for pod in sorted(active, key=removal_order)[: max(0, -missing)]:
        world.remove(PODS, pod)
        world.events.record(SOURCE, replica_set, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
    return ""


def removal_order(pod: Json) -> tuple[bool, bool, bool, float]:
    """Unbound before bound, unready before ready, many restarts and young ones first."""
    status = pod.get("status", {})
    restarts = sum(each.get("restartCount", 0) for each in status.get("containerStatuses") or [])
    born = pod["metadata"]["creationTimestamp"]
    newest = -float("".join(char for char in born if char.isdigit()))
    return (bool(pod["spec"].get("nodeName")), is_ready(pod), not restarts, newest)


def sync(world: World, replica_set: Json, pods: list[Json], refused: str) -> None:
    active = [pod for pod in pods if is_active(pod)]
    labels = replica_set["spec"]["template"].get("metadata", {}).get("labels") or {}
    seconds = replica_set["spec"].get("minReadySeconds", 0)
    counts = {
        "fullyLabeledReplicas": sum(labels.items() <= (pod["metadata"].get("labels") or {}).items() for pod in active),
        "readyReplicas": sum(map(is_ready, active)),
        "availableReplicas": sum(is_available(world, pod, seconds) for pod in active),
    }
    status: Json = {"replicas": len(active), **{key: value for key, value in counts.items() if value}}
    status["terminatingReplicas"] = sum(1 for pod in pods if pod["metadata"].get("deletionTimestamp"))
    status["observedGeneration"] = replica_set["metadata"].get("generation", 1)
    conditions = failure_conditions(world, replica_set, len(active), refused)
    if conditions:
        status["conditions"] = conditions
    world.set_status(REPLICA_SETS, replica_set, status)


def failure_conditions(world: World, replica_set: Json, active: int, refused: str) -> list[Json]:
    before: list[Json] = replica_set.get("status", {}).get("conditions") or []
    if not refused:
        return [] if active >= replica_set["spec"].get("replicas", 1) else before
    if before:
        return before
    return [
        {
            "type": "ReplicaFailure",
            "status": "True",
            "lastTransitionTime": world.text(),
            "reason": "FailedCreate",
            "message": refused,
        }
    ]
