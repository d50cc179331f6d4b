"""Jobs that failed, with the line that tells, and CronJobs that make none."""

from collections.abc import Iterator
from dataclasses import replace

from tools.diagnosis import pods as pod_rules
from tools.diagnosis.case import Case, case_of
from tools.diagnosis.finding import (
    Finding,
    Severity,
    Sign,
    Thing,
    count,
    event,
    listing,
    logged,
    logs,
    patch,
    spec,
    status,
)
from tools.diagnosis.lastwords import LastWords, last_words
from tools.diagnosis.told import Told
from tools.diagnosis.workloads import refusal
from tools.diagnosis.world import World, condition, name_of, thing_of
from tools.diagnosis.world import told as says
from tools.pods import Object, is_well, part, parts

FAILED = Sign("job-failed", Severity.CRITICAL, "a Job that has failed for good, with the line of its log that tells")
FAILING = Sign("job-failing", Severity.WARNING, "a Job that failed and tries again, or whose pods cannot start")
OVERTAKEN = Sign("job-failed-once", Severity.NOTE, "a failed Job of a CronJob of which a later one succeeded")
SUSPENDED = Sign("job-suspended", Severity.NOTE, "a Job that is suspended")
IDLE = Sign("cronjob-suspended", Severity.NOTE, "a CronJob that is suspended, so it makes no Jobs")
MISSED = Sign("cronjob-missed", Severity.WARNING, "a CronJob that missed its times or whose deadline is too short")
SCHEDULE = Sign("cronjob-schedule", Severity.WARNING, "a CronJob whose schedule cannot be read")
SIGNS = (FAILED, FAILING, OVERTAKEN, SUSPENDED, IDLE, MISSED, SCHEDULE)
_TROUBLES = {
    "variable": "It needs the environment variable {detail}: give it one first.",
    "certificate": "A certificate has expired or is not trusted: renew it first, in the Secret that the line names if "
    "it names one.",
    "connection": "It cannot reach something it depends on: mend that first.",
    "denied": "It is refused: a right, a password or a token is missing or wrong. Mend that first.",
}
_SHORTEST_DEADLINE = 10
_FIELDS = 5


def examine(world: World, told: Told) -> Iterator[Finding]:
    for job in world.all("jobs"):
        found = _job(world, job)
        if found:
            yield found
    for cron in world.all("cronjobs"):
        yield from _cron(world, cron)


def _job(world: World, job: Object) -> Finding | None:
    thing, failed = thing_of(job), condition(job, "Failed")
    if part(job, "spec").get("suspend"):
        return SUSPENDED.on(
            thing,
            "is suspended",
            "It makes no pods until it is resumed.",
            spec("suspend: true"),
            fix="If that was not meant, set suspend to false.",
            step=patch(thing),
        )
    if condition(job, "Complete").get("status") == "True":
        return None
    mine = world.owned("pods", job)
    tries = int(part(job, "status").get("failed") or 0)
    if failed.get("status") == "True":
        return _failed(world, job, thing, failed, tries)
    said = world.said(thing, "FailedCreate") if not mine else ""
    if said:
        return refusal(thing, said)
    return _cannot_start(world, thing, mine) or (_retried(world, job, thing, tries) if tries else None)


def _failed(world: World, job: Object, thing: Thing, failed: Object, tries: int) -> Finding:
    words = last_words_of(world, job)
    hint = _TROUBLES.get(words.trouble, "").format(detail=words.detail) or "Mend what the log line names first."
    times = f"{tries} {'try' if tries == 1 else 'tries'}" if tries else "its tries"
    found = FAILED.on(
        thing,
        "failed",
        f"The program of this Job ended with an error ({times}). Kubernetes has given up on it.",
        *([logged(words.line)] if words.line else []),
        status(says(failed)),
        fix=f"{hint} A Job that failed does not start again by itself: then run it once more.",
        step=logs(thing),
        trouble=words.trouble,
    )
    later = _later_success(world, job)
    if not later:
        return found
    return OVERTAKEN.on(
        thing, "failed once", f"{found.cause} {later} succeeded since.", *found.evidence, fix="It can be deleted."
    )


def _retried(world: World, job: Object, thing: Thing, tries: int) -> Finding:
    words = last_words_of(world, job)
    most = part(job, "spec").get("backoffLimit", 6)
    return FAILING.on(
        thing,
        "has failed and tries again",
        f"The program of this Job ended with an error {tries} time{'s' * (tries != 1)}; it may {most} times.",
        *([logged(words.line)] if words.line else []),
        count(f"failed: {tries}, backoffLimit: {most}"),
        fix="See what its log says before it gives up.",
        step=logs(thing),
    )


def _cannot_start(world: World, thing: Thing, mine: list[Object]) -> Finding | None:
    """A pod of the Job that never ran: its own reason, told of the Job."""
    for pod in mine:
        case = case_of(world, pod)
        if case.phase == "Pending" and not is_well(pod):
            found = pod_rules.one(Case(world, pod, thing))
            if found:
                return replace(found, pods=(name_of(pod),))
    return None


def last_words_of(world: World, job: Object) -> LastWords:
    """Of the Job's pods, the one whose log tells most."""
    best = LastWords()
    for pod in world.owned("pods", job):
        for container in parts(part(pod, "spec"), "containers"):
            key = (thing_of(pod).namespace, name_of(pod), str(container.get("name")))
            words = last_words("\n".join(world.logs.get(key, ())))
            if words.line and (words.trouble or not best.line):
                best = words
    return best


def _later_success(world: World, job: Object) -> str:
    owner = next((ref for ref in parts(part(job, "metadata"), "ownerReferences") if ref.get("kind") == "CronJob"), None)
    if owner is None:
        return ""
    born = str(part(job, "metadata").get("creationTimestamp"))
    later = [
        name_of(other)
        for other in world.all("jobs")
        if any(ref.get("uid") == owner.get("uid") for ref in parts(part(other, "metadata"), "ownerReferences"))
        and str(part(other, "metadata").get("creationTimestamp")) > born
        and condition(other, "Complete").get("status") == "True"
    ]
    return max(later, default="")


def _cron(world: World, cron: Object) -> Iterator[Finding]:
    thing, body = thing_of(cron), part(cron, "spec")
    if body.get("suspend"):
        yield IDLE.on(
            thing,
            "is suspended",
            "It makes no Jobs until it is resumed.",
            spec(f"suspend: true, schedule: {body.get('schedule')}"),
            fix="If that was not meant, set suspend to false.",
            step=patch(thing),
        )
        return
    schedule = str(body.get("schedule") or "")
    if not schedule.startswith("@") and len(schedule.split()) != _FIELDS:
        yield SCHEDULE.on(
            thing,
            "has a schedule that cannot be read",
            "It makes no Jobs.",
            spec(f"schedule: {schedule}"),
            fix="Write five fields: minute, hour, day, month, weekday.",
            step=patch(thing),
        )
    deadline = body.get("startingDeadlineSeconds")
    said = world.said(thing, "TooManyMissedTimes", "FailedNeedsStart", "MissSchedule", "UnparseableSchedule")
    if said or (isinstance(deadline, int) and deadline < _SHORTEST_DEADLINE):
        yield MISSED.on(
            thing,
            "misses its times",
            "Jobs that should have run were not made.",
            *([event(said)] if said else [spec(f"startingDeadlineSeconds: {deadline}")]),
            fix="Give it a longer startingDeadlineSeconds (the controller looks every ten seconds), or see why it was "
            "away.",
            step=listing("jobs", thing.namespace),
        )
