"""All analyzers in their order, causes before symptoms; and the pods whose last words they want to hear."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from tools.diagnosis import (
    admission,
    deletion,
    endpoints,
    entrances,
    hygiene,
    jobs,
    leftovers,
    nodes,
    operators,
    pods,
    policies,
    scaling,
    storage,
    versions,
    workloads,
)
from tools.diagnosis.around import around, concerns, pods_of
from tools.diagnosis.case import responsible
from tools.diagnosis.finding import Finding, Sign, Thing
from tools.diagnosis.guesses import is_address
from tools.diagnosis.lastwords import last_words
from tools.diagnosis.scheduling import is_short
from tools.diagnosis.told import Told
from tools.diagnosis.world import World, condition, space_of
from tools.pods import Object, containers, part, parts

Analyzer: TypeAlias = Callable[[World, Told], Iterator[Finding]]
SUBJECTS = (
    nodes, pods, jobs, workloads, storage, endpoints, entrances, scaling, policies, admission, operators, versions,
    deletion, hygiene, leftovers,
)  # fmt: skip
MOST_LOGS = 8


def signs() -> tuple[Sign, ...]:
    return tuple(sign for subject in SUBJECTS for sign in subject.SIGNS)


def examine(world: World, target: Thing | None = None, *, with_hygiene: bool = False) -> list[Finding]:
    """Findings about a target and what has to do with it, or about everything in the world; gravest first."""
    told = Told()
    for subject in SUBJECTS:
        if with_hygiene or subject is not hygiene:
            analyzer: Analyzer = subject.examine
            told.add(analyzer(world, told))
    if target is None:
        return told.sorted()
    near = around(world, target)
    return [finding for finding in told.sorted() if concerns(finding, near)]


def wants_to_hear(world: World, target: Thing | None) -> list[tuple[Object, str, bool]]:
    """(pod, container, whether the run before the last restart) whose log may tell: one pod for each owner and
    container that ended, and one of the target's own when none did."""
    chosen: dict[tuple[Thing, str], tuple[Object, str, bool]] = {}
    mine = pods_of(world, target) if target else []
    for pod in mine or world.all("pods"):
        for name, previous in _ended(world, pod):
            chosen.setdefault((responsible(world, pod), name), (pod, name, previous))
    if not chosen and target:
        for pod in mine[:1]:
            for container in parts(part(pod, "spec"), "containers"):
                chosen[target, str(container.get("name"))] = (pod, str(container.get("name")), False)
    return list(chosen.values())[:MOST_LOGS]


def wants_elsewhere(world: World) -> Iterator[str]:
    """Kinds of which the other namespaces matter: Services when an address is missing, pods when nodes are full."""
    if world.wide:
        return
    words = (last_words("\n".join(lines)) for lines in world.logs.values())
    if any(each.trouble == "variable" and is_address(each.detail) for each in words):
        yield "services"
    if world.all("nodes") and any(is_short(pod) for pod in world.all("pods")):
        yield "pods"


def _ended(world: World, pod: Object) -> Iterator[tuple[str, bool]]:
    if part(pod, "metadata").get("deletionTimestamp") or part(pod, "status").get("phase") == "Succeeded":
        return
    owner = responsible(world, pod)
    if owner.kind == "Job":
        job = world.find("jobs", owner.name, space_of(pod)) or {}
        if condition(job, "Complete").get("status") == "True":
            return
    for container in containers(pod):
        failed = container["state"] == "terminated" and container["exit_code"]
        restarted = container["last"] and not (container["ready"] and container["restarts"] < pods.OFTEN)
        if failed or restarted:
            yield container["name"], bool(restarted and not failed)
