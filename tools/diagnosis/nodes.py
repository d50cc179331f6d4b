"""Nodes that are not ready, under pressure, silent or cordoned."""

from collections.abc import Iterator

from tools.diagnosis.finding import Finding, Severity, Sign, Step, describe, spec, status
from tools.diagnosis.told import Told
from tools.diagnosis.world import World, thing_of
from tools.diagnosis.world import told as says
from tools.pods import Object, part, parts

NOT_READY = Sign("node-not-ready", Severity.CRITICAL, "a node that is not ready or does not answer")
PRESSURE = Sign("node-pressure", Severity.WARNING, "a node short of memory, disk, processes or network")
SILENT = Sign("node-lease", Severity.WARNING, "a node whose kubelet has not renewed its lease for five minutes")
CORDONED = Sign("node-cordoned", Severity.NOTE, "a node that is closed for new pods")
SIGNS = (NOT_READY, PRESSURE, SILENT, CORDONED)
_PRESSURES = {
    "MemoryPressure": "is short of memory",
    "DiskPressure": "is short of disk",
    "PIDPressure": "has too many processes",
    "NetworkUnavailable": "has no network",
}
_SILENCE = 300.0
LEASES = "kube-node-lease"


def examine(world: World, told: Told) -> Iterator[Finding]:
    for node in world.all("nodes"):
        yield from _one(world, node)


def _one(world: World, node: Object) -> Iterator[Finding]:
    thing, ready = thing_of(node), True
    for condition in parts(part(node, "status"), "conditions"):
        kind, state = str(condition.get("type")), condition.get("status")
        if kind == "Ready" and state != "True":
            ready = False
            yield NOT_READY.on(
                thing,
                "is not ready" if state == "False" else "does not answer",
                "The machine does not report as healthy; its pods may be unreachable.",
                status(says(condition)),
                fix="Look at the machine itself (is it on, is its kubelet running, is the network up).",
                step=describe(thing),
            )
        elif kind in _PRESSURES and state == "True":
            yield PRESSURE.on(
                thing,
                _PRESSURES[kind],
                "The machine is under pressure and may throw pods out.",
                status(says(condition)),
                fix="Find out what uses it up, or move something away.",
                step=Step("k8s_top", {"scope": "nodes"}),
                condition=kind,
            )
    yield from _lease(world, node) if ready else ()
    if part(node, "spec").get("unschedulable"):
        yield CORDONED.on(
            thing,
            "is cordoned",
            "No new pods start on it.",
            spec("unschedulable: true"),
            fix="When the work on it is done, open it again.",
            step=Step("node_uncordon", {"node": thing.name}),
        )


def _lease(world: World, node: Object) -> Iterator[Finding]:
    thing = thing_of(node)
    lease = world.find("leases", thing.name, LEASES)
    renewed = part(lease, "spec").get("renewTime") if lease else None
    if renewed and world.seconds_since(renewed) > _SILENCE:
        yield SILENT.on(
            thing,
            "has been silent",
            "Its kubelet has not renewed its lease for over five minutes, though the node still counts as ready.",
            status(f"renewTime: {renewed}"),
            fix="Look at the machine, and at the clocks.",
            step=describe(thing),
        )
