"""Evicts pods politely: their PodDisruptionBudgets are asked first, and have the last word."""

from typing import Any

from pydantic import Field

from tools.catalogue.finding import exact
from tools.catalogue.leaving import controller_of, holds_data, words_of
from tools.catalogue.objects import read
from tools.catalogue.several import Line, one_by_one, told
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import Conflict
from tools.kube.evictions import evict
from tools.kube.resources import Target
from tools.pods import part
from tools.spec import Arguments, Result, Tool

_MOST = 20


class EvictArguments(Arguments):
    pod: str | list[str] = Field(description="One name, or up to 20.", min_length=1, max_length=253)
    namespace: str = Field(min_length=1)
    grace_seconds: int | None = Field(None, ge=0, le=3600, description="Left out: the pod's own.")

    @property
    def pods(self) -> list[str]:
        return [self.pod] if isinstance(self.pod, str) else list(dict.fromkeys(self.pod))


async def evict_pods(client: KubeClient, asked: EvictArguments) -> Result:
    """data: {"objects": [{"object", "state", "detail"}]}."""
    targets = [(await exact(client, "v1/pods", name, asked.namespace), "") for name in asked.pods[:_MOST]]
    seen: list[Object] = []

    async def change(target: Target, uid: str) -> Line:
        pod = await read(client, target)
        if part(pod, "metadata").get("deletionTimestamp"):
            raise Conflict(f"{target.words} is leaving already.")
        seen.append(pod)
        await evict(client, target, str(part(pod, "metadata").get("uid") or ""), asked.grace_seconds)
        return Line(target.words, "done")

    lines = await one_by_one(targets, change)
    return told("Evicted", lines, notes=tuple(losses(seen)))


def losses(pods: list[Object]) -> list[str]:
    """What goes for good with these pods, as sentences."""
    bare = [words_of(pod) for pod in pods if not controller_of(pod)]
    data = [words_of(pod) for pod in pods if holds_data(pod)]
    told = []
    if bare:
        told.append(f"Nothing makes these anew: {listed(bare)}.")
    if data:
        told.append(f"What these keep in an emptyDir is lost: {listed(data)}.")
    return told


def listed(words: list[str], most: int = 8) -> str:
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def _intent(asked: EvictArguments) -> str:
    return f"Evict {listed(asked.pods, 3)} in {asked.namespace}"


def _changes(asked: Any) -> int:
    return len(asked.pods[:_MOST])


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="pod_evict",
        title="Evict pods",
        description="Makes pods leave their node; refused while a PodDisruptionBudget forbids it.",
        effect=Effect.DESTROY,
        arguments=EvictArguments,
        run=evict_pods,
        intent=_intent,
        changes=_changes,
    ),
)
