"""What is wrong with each pod, told of the workload that made it; the deepest cause first."""

from collections.abc import Iterator
from dataclasses import replace

from tools.diagnosis import crashing, images, probes, references, scheduling
from tools.diagnosis.case import Case, case_of
from tools.diagnosis.finding import Finding, Severity, Sign, Step, status
from tools.diagnosis.told import Told
from tools.diagnosis.world import World
from tools.pods import Object, is_well, part

EVICTED = Sign("evicted", Severity.WARNING, "a pod that its node threw out for want of memory or disk")
LOST = Sign("node-lost", Severity.CRITICAL, "a pod on a node that does not answer any more")
SIGNS = (
    EVICTED, LOST, *images.SIGNS, *references.SIGNS, *scheduling.SIGNS, *crashing.SIGNS, *probes.SIGNS,
)  # fmt: skip
OFTEN = 3
_LATELY = 900.0


def examine(world: World, told: Told) -> Iterator[Finding]:
    for pod in world.all("pods"):
        if part(pod, "metadata").get("deletionTimestamp") or (is_well(pod) and not _restarts(pod)):
            continue
        case = case_of(world, pod)
        if case.owner.kind == "Job":
            continue  # tools.diagnosis.jobs: a try that failed is not yet a fault
        found = one(case)
        if found:
            yield replace(found, pods=(case.thing.name,))


def one(case: Case) -> Finding | None:
    said = part(case.pod, "status")
    if said.get("reason") == "Evicted":
        return _evicted(case, str(said.get("message") or ""))
    if said.get("reason") == "NodeLost":
        return LOST.on(
            case.owner,
            "was on a node that does not answer",
            "Nobody knows whether the pod still runs.",
            status(said.get("message") or "NodeLost"),
            fix="Look at the node.",
        )
    for container in case.containers():
        found = _container(case, container)
        if found:
            return found
    if case.phase == "Pending":
        return references.waiting(case) if case.spec.get("nodeName") else scheduling.examine(case)
    return probes.unready(case)


def _container(case: Case, container: Object) -> Finding | None:
    reason = str(container["reason"] or "") if container["state"] == "waiting" else ""
    if reason in images.REASONS:
        return images.examine(case, container)
    if reason in references.REASONS:
        return references.examine(case, container)
    now = container if container["state"] == "terminated" and container["exit_code"] else None
    ended = now or container["last"]
    if reason == "CrashLoopBackOff" or now or (ended and not container["ready"] and container["role"] == "main"):
        return crashing.examine(case, container, ended or {})
    if ended and container["restarts"] >= OFTEN and case.world.seconds_since(ended.get("finished")) < _LATELY:
        return crashing.flapping(case, container, ended)
    return None


def _restarts(pod: Object) -> bool:
    states = part(pod, "status").get("containerStatuses") or []
    return any(int(state.get("restartCount") or 0) >= OFTEN for state in states if isinstance(state, dict))


def _evicted(case: Case, said: str) -> Finding:
    return EVICTED.on(
        case.owner,
        "was evicted from its node",
        "The node ran short of memory or disk and threw this pod out; its owner has made another one elsewhere, if "
        "there is an owner.",
        *([status(said)] if said else []),
        fix="Look at what uses the memory of the nodes; the evicted pod itself can be deleted.",
        step=Step("k8s_top", {"scope": "nodes"}),
    )
