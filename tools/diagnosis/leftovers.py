"""Warnings about things of which nothing else was found, and log lines that look like trouble."""

from collections.abc import Iterator

from tools.diagnosis.case import case_of
from tools.diagnosis.finding import Finding, Severity, Sign, Step, Thing, event, logged, logs
from tools.diagnosis.lastwords import loud_lines
from tools.diagnosis.told import Told
from tools.diagnosis.world import World, name_of, space_of
from tools.pods import Object, is_well

WARNING = Sign("warning-event", Severity.NOTE, "a warning that the cluster repeats about something that looks well")
LOG = Sign("log-errors", Severity.NOTE, "errors in the log of a pod that looks well, when its workload is asked about")
SIGNS = (WARNING, LOG)
_MOST = 6
_OFTEN = 3
_LATELY = 1800.0


def examine(world: World, told: Told) -> Iterator[Finding]:
    yield from _logs(world, told)
    about = {finding.thing for finding in told.sorted()} | {
        Thing("Pod", pod, finding.thing.namespace) for finding in told.sorted() for pod in finding.pods
    }
    owners = [thing for thing in about if thing.kind != "Pod"]
    shown = 0
    for note in world.events:
        kind, _, name = str(note["object"]).partition("/")
        thing = Thing(kind, name, str(note["namespace"]) if kind != "Node" else "")
        if shown == _MOST:
            return
        if thing not in about and not _child(thing, owners) and _matters(world, thing, note):
            shown += 1
            yield WARNING.on(
                thing,
                f"is warned about: {note['reason']}",
                f"The cluster has said so {note['count']} times.",
                event(f"{note['reason']}: {note['message']}"),
                fix="Nothing else looks wrong with it.",
                step=Step("k8s_events", {"object": f"{kind.lower()}/{name}", "namespace": thing.namespace}),
                reason=str(note["reason"]),
            )


def _matters(world: World, thing: Thing, note: Object) -> bool:
    """Repeated, recent, and about something that still exists."""
    if note["count"] < _OFTEN or world.seconds_since(note["last"]) > _LATELY:
        return False
    pod = world.find("pods", thing.name, thing.namespace) if thing.kind == "Pod" else None
    return thing.kind != "Pod" or (pod is not None and not is_well(pod))


def _child(thing: Thing, owners: list[Thing]) -> bool:
    """Of something that a finding is about: its names begin with its owner's."""
    return any(o.namespace == thing.namespace and thing.name.startswith(f"{o.name}-") for o in owners) or any(
        o.namespace == thing.namespace and o.name.startswith(f"{thing.name}-") for o in owners
    )


def _logs(world: World, told: Told) -> Iterator[Finding]:
    for pod in world.all("pods"):
        if not is_well(pod):
            continue
        for (space, name, container), lines in world.logs.items():
            if (space, name) != (space_of(pod), name_of(pod)):
                continue
            loud, owner = loud_lines(lines), case_of(world, pod).owner
            if loud and not told.about(owner):
                yield LOG.on(
                    owner,
                    "runs, and its log tells of errors",
                    f"{len(loud)} of the last {len(lines)} lines look like errors.",
                    *(logged(line) for line in loud[-3:]),
                    fix="Whether that is grave, its developers know.",
                    step=logs(Thing("Pod", name, space)),
                    container=container,
                )
