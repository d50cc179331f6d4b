"""Job -> pods until enough have succeeded, or too many have failed."""

from tools.demo.clock import parse_time
from tools.demo.controllers.kinds import JOBS, PODS
from tools.demo.controllers.templates import pod_from
from tools.demo.controllers.world import World, condition, is_ready, owned, pods_of
from tools.demo.errors import ApiError
from tools.demo.store import Json

WATCHES = (JOBS, PODS)
SOURCE = "job-controller"
cares = pods_of("Job")
FIRST_WAIT, LONGEST_WAIT = 10.0, 600.0  # seconds between a failed pod and the next try


def reconcile(world: World) -> float | None:
    due: list[float] = []
    for job in world.store.list(JOBS):
        wait = one(world, job)
        if wait is not None:
            due.append(wait)
    return min(due, default=None)


def one(world: World, job: Json) -> float | None:
    if ended(job):
        return clear_away(world, job)
    if job["metadata"].get("deletionTimestamp"):
        return None
    pods = owned(world, PODS, job)
    succeeded = [pod for pod in pods if pod["status"].get("phase") == "Succeeded"]
    failed = [pod for pod in pods if pod["status"].get("phase") == "Failed"]
    active = [pod for pod in pods if pod not in succeeded and pod not in failed and not leaving(pod)]
    status = counts(world, job, active, succeeded, failed)
    outcome = judge(world, job, active, succeeded, failed)
    if outcome:
        finish(world, job, status, outcome, active)
        return 0.1
    wait = None if job["spec"].get("suspend") else start(world, job, active, succeeded, failed)
    pods = owned(world, PODS, job)
    active = [pod for pod in pods if pod not in succeeded and pod not in failed and not leaving(pod)]
    write(world, job, counts(world, job, active, succeeded, failed))
    deadline = job["spec"].get("activeDeadlineSeconds")
    if deadline is None:
        return wait
    left = max(0.1, float(deadline) - world.age(job.get("status", {}).get("startTime")))
    return left if wait is None else min(wait, left)


def leaving(pod: Json) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))


def ended(job: Json) -> bool:
    return any((condition(job, kind) or {}).get("status") == "True" for kind in ("Complete", "Failed"))


def counts(world: World, job: Json, active: list[Json], succeeded: list[Json], failed: list[Json]) -> Json:
    status: Json = {}
    before = job.get("status", {})
    if before.get("conditions"):
        status["conditions"] = before["conditions"]
    if not job["spec"].get("suspend"):
        status["startTime"] = before.get("startTime") or world.text()
    found = {"active": len(active), "succeeded": len(succeeded), "failed": len(failed)}
    status |= {key: value for key, value in found.items() if value}
    return status | {"terminating": 0, "uncountedTerminatedPods": {}, "ready": sum(map(is_ready, active))}


def judge(
    world: World, job: Json, active: list[Json], succeeded: list[Json], failed: list[Json]
) -> tuple[str, str, str] | None:
    """(condition, reason, message) once the Job is decided."""
    spec = job["spec"]
    restarts = sum(
        each.get("restartCount", 0) for pod in active for each in pod["status"].get("containerStatuses") or []
    )
    limit = spec.get("backoffLimit", 6)
    if len(failed) > limit or (restarts and restarts >= limit > 0):
        return "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    deadline = spec.get("activeDeadlineSeconds")
    if deadline and world.age(job.get("status", {}).get("startTime")) >= deadline:
        return "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
    if len(succeeded) >= (spec.get("completions") or 1) and not active:
        return "Complete", "CompletionsReached", "Reached expected number of succeeded pods"
    return None


def finish(world: World, job: Json, status: Json, outcome: tuple[str, str, str], active: list[Json]) -> None:
    kind, reason, message = outcome
    now = world.text()
    first = "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget"
    times = {"lastProbeTime": now, "lastTransitionTime": now}
    entries = [
        {"type": each, "status": "True", **times, "reason": reason, "message": message} for each in (first, kind)
    ]
    for pod in active:
        world.remove(PODS, pod)
    status.pop("active", None)
    status = {"conditions": [*status.pop("conditions", []), *entries], **status, "ready": 0}
    if kind == "Complete":
        status["completionTime"] = now
    write(world, job, status)
    if kind == "Complete":
        world.events.record(SOURCE, job, "Completed", "Job completed")
    else:
        world.events.record(SOURCE, job, reason, message, "Warning")


def write(world: World, job: Json, status: Json) -> None:
    fresh = world.store.get(JOBS, job["metadata"]["namespace"], job["metadata"]["name"])
    if fresh is not None:
        world.set_status(JOBS, fresh, status)


def start(world: World, job: Json, active: list[Json], succeeded: list[Json], failed: list[Json]) -> float | None:
    """Makes the pods that are missing, not before the wait after a failure is over."""
    spec = job["spec"]
    missing = min(
        spec.get("parallelism", 1) - len(active), (spec.get("completions") or 1) - len(succeeded) - len(active)
    )
    if missing <= 0:
        return None
    if failed:
        pause = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (len(failed) - 1))
        left = pause - min(world.age(finished_at(pod)) for pod in failed)
        if left > 0:
            return float(left)
    for _ in range(missing):
        try:
            pod = world.create(PODS, pod_from(world, job, spec["template"]))
        except ApiError as error:
            world.events.record(SOURCE, job, "FailedCreate", f"Error creating: {error.message}", "Warning")
            return FIRST_WAIT
        world.events.record(SOURCE, job, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
    return None


def finished_at(pod: Json) -> str:
    """When the last container of the pod ended."""
    times = [
        each["state"]["terminated"]["finishedAt"]
        for each in pod["status"].get("containerStatuses") or []
        if "terminated" in each.get("state", {})
    ]
    return str(max(times, default=pod["metadata"]["creationTimestamp"]))


def clear_away(world: World, job: Json) -> float | None:
    """ttlSecondsAfterFinished."""
    lifetime = job["spec"].get("ttlSecondsAfterFinished")
    if lifetime is None or job["metadata"].get("deletionTimestamp"):
        return None
    done = condition(job, "Complete") or condition(job, "Failed") or {}
    left = lifetime - (world.now - parse_time(done["lastTransitionTime"])).total_seconds()
    if left > 0:
        return float(left)
    world.remove(JOBS, job)
    return None
