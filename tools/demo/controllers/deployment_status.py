"""What a Deployment's status says: counts, and the conditions Available, Progressing and ReplicaFailure."""

from typing import Any

from tools.demo.controllers.kinds import DEPLOYMENTS
from tools.demo.controllers.sizing import leeway
from tools.demo.controllers.world import World, condition
from tools.demo.store import Json

FOREVER = 2**31 - 1


def sync(world: World, deployment: Json, sets: list[Json], new: Json | None) -> float | None:
    """Writes the status; the seconds until the progress deadline, when one is running."""
    counts = count(deployment, sets, new)
    conditions = {each["type"]: dict(each) for each in deployment.get("status", {}).get("conditions") or []}
    put(world, conditions, availability(deployment, counts))
    wait = progressing(world, deployment, conditions, counts, sets, new)
    failure(world, conditions, sets)
    status = {"observedGeneration": deployment["metadata"].get("generation", 1), **counts}
    status["conditions"] = list(conditions.values())
    world.set_status(DEPLOYMENTS, deployment, status)
    return wait


def count(deployment: Json, sets: list[Json], new: Json | None) -> Json:
    """The replica counters, with zeros left out as the API leaves them out."""
    total = sum_of(sets, "replicas")
    available = sum_of(sets, "availableReplicas")
    wanted = deployment["spec"].get("replicas", 1)
    counts = {
        "replicas": total,
        "updatedReplicas": sum_of([new] if new else [], "replicas"),
        "readyReplicas": sum_of(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, max(total, desired_total(sets, wanted)) - available),
    }
    return {key: value for key, value in counts.items() if value} | {
        "terminatingReplicas": sum_of(sets, "terminatingReplicas")
    }


def desired_total(sets: list[Json], wanted: int) -> int:
    return sum(each["spec"].get("replicas", 0) for each in sets) if sets else wanted


def sum_of(sets: list[Json], key: str) -> int:
    return sum(each.get("status", {}).get(key, 0) for each in sets)


def availability(deployment: Json, counts: Json) -> Json:
    recreated = deployment["spec"].get("strategy", {}).get("type") == "Recreate"
    least = deployment["spec"].get("replicas", 1) - (0 if recreated else leeway(deployment)[1])
    if counts.get("availableReplicas", 0) >= least:
        return said("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    return said("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")


def said(kind: str, status: str, reason: str, message: str) -> Json:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def put(world: World, conditions: dict[str, Json], new: Json, touch: bool = False) -> None:
    """Sets a condition; times move only when something is new (`touch`: progress was made)."""
    old = conditions.get(new["type"])
    same = old and old["status"] == new["status"] and old["reason"] == new["reason"]
    if same and not touch and (old or {}).get("message") == new["message"]:
        return
    if same and not touch and new["type"] != "Progressing":
        return
    now = world.text()
    moved = old["lastTransitionTime"] if old and old["status"] == new["status"] else now
    ordered = {"type": new["type"], "status": new["status"], "lastUpdateTime": now, "lastTransitionTime": moved}
    entry = ordered | {"reason": new["reason"], "message": new["message"]}
    conditions.pop(new["type"], None)
    conditions[new["type"]] = entry


def complete(deployment: Json, counts: Json | None = None) -> bool:
    """Every pod is new, available, and no old one is left."""
    status = deployment.get("status", {}) if counts is None else counts
    wanted = deployment["spec"].get("replicas", 1)
    return all(status.get(key, 0) == wanted for key in ("updatedReplicas", "replicas", "availableReplicas"))


def progressing(
    world: World, deployment: Json, conditions: dict[str, Json], counts: Json, sets: list[Json], new: Json | None
) -> float | None:
    """The Progressing condition, as the rollout stands."""
    current = conditions.get("Progressing")
    if deployment["spec"].get("paused"):
        if not current or current["reason"] != "DeploymentPaused":
            put(world, conditions, said("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused"))
        return None
    deadline = deployment["spec"].get("progressDeadlineSeconds", 600)
    if new is None or deadline >= FOREVER:
        return None
    name = f'ReplicaSet "{new["metadata"]["name"]}"'
    if current and current["reason"] == "DeploymentPaused":
        put(world, conditions, said("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed"))
    if current is None:
        created = f'Created new replica set "{new["metadata"]["name"]}"'
        put(world, conditions, said("Progressing", "True", "NewReplicaSetCreated", created))
    settled = current and current["reason"] == "NewReplicaSetAvailable" and name in current["message"]
    if settled and counts.get("replicas", 0) == counts.get("updatedReplicas", 0):
        return None
    if complete(deployment, counts) and finished(deployment, sets):
        put(
            world,
            conditions,
            said("Progressing", "True", "NewReplicaSetAvailable", f"{name} has successfully progressed."),
        )
        return None
    if advanced(deployment.get("status", {}), counts, current, name):
        put(world, conditions, said("Progressing", "True", "ReplicaSetUpdated", f"{name} is progressing."), touch=True)
        return float(deadline)
    return timed_out(world, conditions, name, deadline)


def finished(deployment: Json, sets: list[Json]) -> bool:
    return bool(sum(each["spec"].get("replicas", 0) for each in sets) == deployment["spec"].get("replicas", 1))


def advanced(before: Json, after: Json, current: Json | None, name: str) -> bool:
    """More new pods, fewer old ones, more ready or available ones, or another ReplicaSet than last time."""

    def grown(key: str) -> bool:
        return bool(after.get(key, 0) > before.get(key, 0))

    old_before = before.get("replicas", 0) - before.get("updatedReplicas", 0)
    old_after = after.get("replicas", 0) - after.get("updatedReplicas", 0)
    another = bool(
        current
        and current["reason"] in ("NewReplicaSetAvailable", "ReplicaSetUpdated")
        and name not in current["message"]
    )
    if current and current["reason"] == "ProgressDeadlineExceeded" and name not in current["message"]:
        another = True
    return bool(
        another
        or grown("updatedReplicas")
        or grown("readyReplicas")
        or grown("availableReplicas")
        or old_after < old_before
    )


def timed_out(world: World, conditions: dict[str, Json], name: str, deadline: int) -> float | None:
    """Marks a rollout that made no progress for too long."""
    current: Any = conditions.get("Progressing")
    if current is None or current["reason"] in ("ProgressDeadlineExceeded", "NewReplicaSetAvailable"):
        return None
    left = deadline - world.age(current["lastUpdateTime"])
    if left > 0:
        return float(left)
    text = f"{name} has timed out progressing."
    put(world, conditions, said("Progressing", "False", "ProgressDeadlineExceeded", text))
    return None


def failure(world: World, conditions: dict[str, Json], sets: list[Json]) -> None:
    """ReplicaFailure mirrors the ReplicaSets' own."""
    found = next((each for each in (condition(item, "ReplicaFailure") for item in sets) if each), None)
    if found is None:
        conditions.pop("ReplicaFailure", None)
        return
    put(world, conditions, said("ReplicaFailure", found["status"], found["reason"], found["message"]))
