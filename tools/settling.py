"""Waits for what a change sets going: the rollout of a workload, to its end, to its failure, or for a bounded time.

A change is done when the API server has stored it; people want to know whether its pods came up. Reads only.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from channels.db import database_sync_to_async

from tools import clusters, pods
from tools.catalogue.rollouts import progress
from tools.catalogue.workloads import pods_behind
from tools.effects import Effect
from tools.identity import Acting
from tools.kube.client import KubeClient, Object
from tools.kube.errors import KubeError
from tools.kube.guard import Permit
from tools.kube.plan import Step
from tools.kube.transport import Request, Transport
from tools.rendering import counted

LONGEST = 60.0  # seconds
_EVERY = 1.0
_WORKLOADS = ("deployments.apps", "statefulsets.apps", "daemonsets.apps")
_FAILING = (
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "Error",
)

Stopping = Callable[[], Awaitable[bool]]


def rolls_out(steps: Sequence[Step]) -> list[Step]:
    """The steps that change a workload, each object once."""
    changed = [step for step in steps if step.kind in _WORKLOADS and step.effect is Effect.CHANGE and not step.trial]
    return list({step.address: step for step in changed}.values())


async def settled(cluster: str, permit: Permit, acting: Acting, steps: Sequence[Step], stopping: Stopping) -> str:
    """What became of the rollouts, a line for each; empty when there are none. `stopping` is asked every second whether
    nobody waits any more. Never raises, but for being cancelled."""
    waited = rolls_out(steps)
    if not waited:
        return ""
    until = time.monotonic() + LONGEST
    try:
        access = await database_sync_to_async(clusters.access)(cluster, acting)
        client = KubeClient(Transport(cluster, access), permit)
        told = [f"{step.words}: {await _followed(client, step.address, until, stopping)}" for step in waited]
    except KubeError as fault:
        return f"Its rollout could not be followed: {fault.sentence}"
    return "\n".join(told)


async def _followed(client: KubeClient, address: str, until: float, stopping: Stopping) -> str:
    failed_before = False  # the pods of the last state fail until those of the new one are there
    while True:
        found = await client.object(Request("GET", address))
        done, stuck, message = progress(found)
        if done or stuck or message.startswith("paused"):
            return message
        failing = await _failing(client, found)
        if failing and failed_before:
            return f"{message} {failing}"
        failed_before = bool(failing) and "has not seen" not in message
        if await stopping():
            return f"{message} Nobody waited for its end."
        if time.monotonic() > until:
            return f"not done after {LONGEST:.0f} s: {message}"
        await asyncio.sleep(_EVERY)


async def _failing(client: KubeClient, found: Object) -> str:
    """Why the rollout will not come to a good end by itself: all that is not well fails."""
    there = [
        pod for pod in await pods_behind(client, found) if not (pod.get("metadata") or {}).get("deletionTimestamp")
    ]
    unwell = [pods.summary(pod) for pod in there if not pods.is_well(pod)]
    if not unwell or not all(any(word in str(pod["status"]) for word in _FAILING) for pod in unwell):
        return ""
    states = ", ".join(dict.fromkeys(str(pod["status"]) for pod in unwell))
    return f"{counted(len(unwell), 'pod')} {'fails' if len(unwell) == 1 else 'fail'}: {states}."
