"""Empties a node: closes it, then evicts its pods, each once, when their budgets let them go.

What is evicted is known beforehand and approved by name; the tool only decides when. It waits by reading: an eviction
is sent when the budgets allow it, and one that is refused all the same is told and never sent again.
"""

import asyncio
import time
from dataclasses import dataclass, field

from pydantic import Field

from tools.catalogue.disruptions import Budgets, budgets_of
from tools.catalogue.evicting import listed, losses
from tools.catalogue.finding import exact
from tools.catalogue.leaving import Leaving, on_node, sort, words_of
from tools.catalogue.objects import read
from tools.effects import Effect
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import Ambiguous, Blocked, Conflict, KubeError, NotFound, NotSent, PartlyDone
from tools.kube.evictions import evict
from tools.kube.onlookers import stopping, tell
from tools.kube.resources import Resource, Target
from tools.pods import part
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool

EVERY = 1.0  # seconds between two looks
_MARGIN = 60  # seconds that the call has beyond its waiting


class DrainArguments(Arguments):
    node: str = Field(min_length=1)
    grace_seconds: int | None = Field(None, ge=0, le=3600, description="Left out: each pod's own.")
    delete_emptydir: bool = Field(False, description="Accept that emptyDir data is lost.")
    force: bool = Field(False, description="Also pods that nothing makes anew.")
    timeout_seconds: int = Field(300, ge=10, le=600, description="For budgets and for pods to end.")


@dataclass
class Drain:
    """How far it is. left: not asked yet; asked: evicted, and not gone; gone; refused and kept: words and why not."""

    left: list[Object]
    asked: list[Object] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    waits: dict[str, str] = field(default_factory=dict)  # words of a pod to the budget it waits for
    ended: str = ""  # why it ended before its time

    @property
    def line(self) -> str:
        total = len(self.left) + len(self.asked) + len(self.gone) + len(self.refused)
        said = f"{len(self.gone)} of {counted(total, 'pod')} gone, {len(self.asked)} ending"
        if not self.waits:
            return f"{said}."
        return f"{said}, {len(self.waits)} waiting for {listed(sorted(set(self.waits.values())), 3)}."


async def drain(client: KubeClient, asked: DrainArguments) -> Result:
    """data: {"node", "gone": [ns/name], "ending": [...], "left": {ns/name: why}, "stayed": [...]}."""
    target = await exact(client, "v1/nodes", asked.node, None)
    node = await read(client, target)
    sorted_out = sort(await on_node(client, asked.node))
    _refuse(sorted_out, asked)
    if not part(node, "spec").get("unschedulable"):
        await client.patch(target, {"spec": {"unschedulable": True}})
    pods = await client.resolve("v1/pods")
    state = Drain(list(sorted_out.leave))
    if client.rehearsing:
        await _try_all(client, pods, state, asked)
        return Result(
            f"Would empty node {asked.node}.", "", None, tuple(await _notes(client, asked, sorted_out, state))
        )
    await _evict_all(client, pods, state, asked)
    return _told(asked, state, sorted_out)


def _refuse(found: Leaving, asked: DrainArguments) -> None:
    """Raises Conflict when something would be lost that nobody has accepted."""
    why = []
    if found.bare and not asked.force:
        why.append(f"nothing makes these anew: {listed([words_of(pod) for pod in found.bare])} (set force to accept)")
    if found.keep_data and not asked.delete_emptydir:
        these = listed([words_of(pod) for pod in found.keep_data])
        why.append(f"what these keep in an emptyDir would be lost: {these} (set delete_emptydir to accept)")
    if why:
        raise Conflict(f"Node {asked.node} was left alone, because {'; and '.join(why)}.")


# ---- beforehand --------------------------------------------------------------------------------------------------


async def _try_all(client: KubeClient, pods: Resource, state: Drain, asked: DrainArguments) -> None:
    """Every eviction as a dry run: what a budget forbids now stays in the plan, and is told."""
    for pod in state.left:
        try:
            await evict(client, _target(pods, pod), _uid(pod), asked.grace_seconds)
        except Blocked as fault:
            state.waits[words_of(pod)] = fault.sentence
        except NotFound:
            continue


async def _notes(client: KubeClient, asked: DrainArguments, found: Leaving, state: Drain) -> list[str]:
    told = [f"{counted(len(found.leave), 'pod')} of node {asked.node} leave, each when its budget allows it."]
    if state.waits:
        told.append(f"A budget holds these now; they are waited for up to {asked.timeout_seconds} s: ")
        told[-1] += f"{listed(list(state.waits))}."
    if found.stay:
        told.append(
            f"These stay, as DaemonSets or the node keep them: {listed([words_of(pod) for pod in found.stay])}."
        )
    if found.going:
        told.append(f"These are ending already: {listed([words_of(pod) for pod in found.going])}.")
    return [*told, *losses(found.leave), *await _others(client, asked.node)]


async def _others(client: KubeClient, node: str) -> list[str]:
    """Whether anything is left that could take the pods."""
    try:
        nodes = (await client.list_all(await client.resolve("v1/nodes"), Selection(), 1000)).items
    except KubeError:
        return []
    open_ = [each for each in nodes if not part(each, "spec").get("unschedulable")]
    free = [each for each in open_ if part(each, "metadata").get("name") != node]
    return [] if free else ["No other node is open for pods: they will have nowhere to run."]


# ---- doing it ----------------------------------------------------------------------------------------------------


async def _evict_all(client: KubeClient, pods: Resource, state: Drain, asked: DrainArguments) -> None:
    until = time.monotonic() + asked.timeout_seconds
    while state.left or state.asked:
        await _round(client, pods, state, asked)
        await _look(client, state, asked)
        tell(client.permit, f"Node {asked.node}: {state.line}")
        if state.ended or not (state.left or state.asked):
            return
        if await stopping(client.permit):
            state.ended = "it was told to stop"
        elif time.monotonic() > until:
            state.ended = f"{asked.timeout_seconds} s were over"
        else:
            await asyncio.sleep(EVERY)
        if state.ended:
            return


async def _round(client: KubeClient, pods: Resource, state: Drain, asked: DrainArguments) -> None:
    """Sends what may be sent now."""
    budgets = await budgets_of(client, state.left) if state.left else Budgets([])
    state.waits.clear()
    for pod in list(state.left):
        words = words_of(pod)
        if budget := budgets.forbids(pod):
            state.waits[words] = budget
            continue
        try:
            await evict(client, _target(pods, pod), _uid(pod), asked.grace_seconds)
        except NotSent as fault:
            state.ended = fault.sentence.rstrip(".")
            return
        except Ambiguous as fault:
            raise Ambiguous(f"{fault.sentence}\n{words}: nobody knows. {state.line}") from None
        except NotFound:
            state.gone.append(words)
        except KubeError as fault:
            state.refused[words] = fault.sentence
        else:
            budgets.spend(pod)
            state.asked.append(pod)
        state.left.remove(pod)


async def _look(client: KubeClient, state: Drain, asked: DrainArguments) -> None:
    """Which of those that were evicted, or that still wait, are there: others may have taken them away."""
    there = {_uid(pod) for pod in await on_node(client, asked.node)}
    for pods in (state.asked, state.left):
        for pod in [pod for pod in pods if _uid(pod) not in there]:
            pods.remove(pod)
            state.gone.append(words_of(pod))


def _told(asked: DrainArguments, state: Drain, found: Leaving) -> Result:
    """Raises PartlyDone unless the node is empty."""
    why = {words_of(pod): state.waits.get(words_of(pod), "") for pod in state.left}
    left = {words: f"waits for the budget {budget}" if budget else "not asked" for words, budget in why.items()}
    ending, stayed = [words_of(pod) for pod in state.asked], [words_of(pod) for pod in found.stay]
    data = {"node": asked.node, "gone": state.gone, "ending": ending, "left": left | state.refused, "stayed": stayed}
    lines = [f"- {words}: {detail}" for words, detail in (left | state.refused).items()]
    lines += [f"- {words}: evicted, still ending" for words in ending]
    keeps = f" {counted(len(stayed), 'pod')} of DaemonSets or of the node itself stayed." if stayed else ""
    if not lines:
        return Result(
            f"Node {asked.node} is closed and empty: {counted(len(state.gone), 'pod')} left.{keeps}", "", data
        )
    ended = f", then {state.ended}" if state.ended else ""
    header = f"Node {asked.node} is closed, but not empty: {state.line.rstrip('.')}{ended}.{keeps}"
    raise PartlyDone("\n".join([header, *lines, "node_uncordon opens it again."]), data)


def _target(pods: Resource, pod: Object) -> Target:
    meta = part(pod, "metadata")
    return Target(pods, str(meta.get("namespace")), str(meta.get("name")))


def _uid(pod: Object) -> str:
    return str(part(pod, "metadata").get("uid") or "")


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="node_drain",
        title="Empty a node",
        description="Closes a node and evicts its pods as their PodDisruptionBudgets allow; DaemonSets stay.",
        effect=Effect.DESTROY,
        arguments=DrainArguments,
        run=drain,
        intent=lambda asked: f"Empty node {asked.node}",
        seconds=lambda asked: asked.timeout_seconds + _MARGIN,
    ),
)
