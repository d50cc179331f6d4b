"""CronJob -> a Job whenever the schedule says so, and a bounded history of them."""

import copy
from datetime import UTC, datetime, timedelta

from tools.demo.clock import parse_time
from tools.demo.controllers.job import ended
from tools.demo.controllers.kinds import CRON_JOBS, JOBS
from tools.demo.controllers.schedule import previous_time
from tools.demo.controllers.world import World, condition, owned, owner_reference
from tools.demo.errors import ApiError
from tools.demo.store import Json

WATCHES = (CRON_JOBS, JOBS)
SOURCE = "cronjob-controller"


def reconcile(world: World) -> float | None:
    cron_jobs = [each for each in world.store.list(CRON_JOBS) if not each["metadata"].get("deletionTimestamp")]
    for cron_job in cron_jobs:
        one(world, cron_job)
    running = any(not each["spec"].get("suspend") for each in cron_jobs)
    return 60.0 - world.now.timestamp() % 60 + 0.05 if running else None


def one(world: World, cron_job: Json) -> None:
    jobs = owned(world, JOBS, cron_job)
    trim(world, cron_job, jobs)
    status = observe(cron_job, jobs)
    due = None if cron_job["spec"].get("suspend") else missed(world, cron_job)
    if due is not None:
        made = launch(world, cron_job, jobs, due)
        if made is not None:
            status.setdefault("active", []).append(reference(made))
        status["lastScheduleTime"] = due.strftime("%Y-%m-%dT%H:%M:%SZ")
    world.set_status(CRON_JOBS, cron_job, status)


def missed(world: World, cron_job: Json) -> datetime | None:
    """The last scheduled time that has not been served yet."""
    since = cron_job.get("status", {}).get("lastScheduleTime") or cron_job["metadata"]["creationTimestamp"]
    due = previous_time(cron_job["spec"]["schedule"], world.now)
    if due is None or due <= parse_time(since):
        return None
    limit = cron_job["spec"].get("startingDeadlineSeconds")
    late = world.now - due
    return None if limit is not None and late > timedelta(seconds=limit) else due


def launch(world: World, cron_job: Json, jobs: list[Json], due: datetime) -> Json | None:
    running = [job for job in jobs if not ended(job)]
    policy = cron_job["spec"].get("concurrencyPolicy", "Allow")
    if running and policy == "Forbid":
        text = "Not starting job because prior execution is running and concurrency policy is Forbid"
        world.events.record(SOURCE, cron_job, "JobAlreadyActive", text)
        return None
    if policy == "Replace":
        for job in running:
            world.remove(JOBS, job)
    template = cron_job["spec"]["jobTemplate"]
    meta = cron_job["metadata"]
    notes = dict((template.get("metadata") or {}).get("annotations") or {})
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{meta['name']}-{int(due.timestamp()) // 60}",
            "namespace": meta["namespace"],
            "labels": dict((template.get("metadata") or {}).get("labels") or {}),
            "annotations": notes
            | {"batch.kubernetes.io/cronjob-scheduled-timestamp": due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")},
            "ownerReferences": [owner_reference(cron_job)],
        },
        "spec": copy.deepcopy(template["spec"]),
    }
    try:
        made = world.create(JOBS, job)
    except ApiError as error:
        world.events.record(SOURCE, cron_job, "FailedCreate", f"Error creating job: {error.message}", "Warning")
        return None
    world.events.record(SOURCE, cron_job, "SuccessfulCreate", f"Created job {made['metadata']['name']}")
    return made


def reference(job: Json) -> Json:
    meta = job["metadata"]
    return {
        "kind": "Job",
        "namespace": meta["namespace"],
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": "batch/v1",
        "resourceVersion": meta["resourceVersion"],
    }


def observe(cron_job: Json, jobs: list[Json]) -> Json:
    """The status as the Jobs tell it."""
    before = cron_job.get("status") or {}
    status: Json = {}
    active = [reference(job) for job in jobs if not ended(job)]
    known = {each["uid"]: each for each in before.get("active") or []}
    if active:
        status["active"] = [known.get(each["uid"], each) for each in active]
    if before.get("lastScheduleTime"):
        status["lastScheduleTime"] = before["lastScheduleTime"]
    done = [
        job["status"]["completionTime"] for job in jobs if (condition(job, "Complete") or {}).get("status") == "True"
    ]
    last = max([*done, before.get("lastSuccessfulTime") or ""])
    return status | ({"lastSuccessfulTime": last} if last else {})


def trim(world: World, cron_job: Json, jobs: list[Json]) -> None:
    """Removes finished Jobs beyond the history limits, and says which ones ended."""
    spec = cron_job["spec"]
    told: set[str] = world.memory.setdefault("cron jobs told", set())
    for kind, limit in (
        ("Complete", spec.get("successfulJobsHistoryLimit", 3)),
        ("Failed", spec.get("failedJobsHistoryLimit", 1)),
    ):
        done = [job for job in jobs if (condition(job, kind) or {}).get("status") == "True"]
        done.sort(key=lambda job: job["metadata"]["creationTimestamp"])
        for job in done:
            if job["metadata"]["uid"] not in told:
                told.add(job["metadata"]["uid"])
                text = f"Saw completed job: {job['metadata']['name']}, condition: {kind}"
                world.events.record(SOURCE, cron_job, "SawCompletedJob", text)
        for job in done[: max(0, len(done) - limit)]:
            if not job["metadata"].get("deletionTimestamp"):
                world.remove(JOBS, job)
                world.events.record(SOURCE, cron_job, "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")
