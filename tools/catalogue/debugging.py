"""Looks into a running pod with a debug container: an image that an administrator allows, one command, its output.

The container becomes part of the pod and stays in its record until the pod ends; it gets no rights of its own.
"""

import asyncio
import hashlib
import time

from django.conf import settings
from pydantic import Field

from tools import logtext
from tools.catalogue.finding import exact
from tools.catalogue.objects import read
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput, Conflict, KubeError, Unsupported
from tools.kube.onlookers import stopping
from tools.kube.resources import Target, valid_container
from tools.kube.transport import Request
from tools.pods import part, parts
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool, one_change

_EVERY = 0.5  # seconds
_LARGEST_LOG = 64 << 10
_HARMLESS = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


class DebugArguments(Arguments):
    pod: str = Field(min_length=1)
    namespace: str = Field(min_length=1)
    image: str = Field(description="One that an administrator allows.", min_length=1, max_length=500)
    command: list[str] = Field(description='Words: ["nslookup", "db"].', min_length=1, max_length=100)
    target: str | None = Field(None, description="Container whose processes it sees.")
    timeout_seconds: int = Field(30, ge=1, le=60)


async def debug(client: KubeClient, asked: DebugArguments) -> Result:
    """data: {"pod", "container", "exit_code": int | null, "output": str}."""
    _allowed(asked.image)
    target = await exact(client, "v1/pods", asked.pod, asked.namespace)
    found = await read(client, target)
    if "ephemeralcontainers" not in target.resource.subresources:
        raise Unsupported(f'Cluster "{client.cluster}" knows no debug containers.')
    name = _name(client, asked)
    added = {"name": name, "image": asked.image, "command": asked.command, "securityContext": _HARMLESS}
    if asked.target:
        added["targetContainerName"] = _target(found, asked.target)
    wanted: Object = {"metadata": {"uid": part(found, "metadata").get("uid")}, "spec": {"ephemeralContainers": [added]}}
    await client.patch(target, wanted, form="strategic", subresource="ephemeralcontainers")
    if client.rehearsing:
        return Result(f"Would add {name}.", notes=(f"The container {name} stays in the record of {target.words}.",))
    return await _output(client, target, name, asked)


def _allowed(image: str) -> None:
    images = settings.K8SMCP_DEBUG_IMAGES
    if image in images:
        return
    known = f"Allowed are {', '.join(images)}" if images else "None is allowed yet"
    raise BadInput(f"{image[:100]!r} is not allowed for debug containers. {known}: K8SMCP_DEBUG_IMAGES lists them.")


def _name(client: KubeClient, asked: DebugArguments) -> str:
    """The same at every try of one call."""
    of = f"{client.permit.call_id if client.permit else ''} {asked.image} {asked.command}"
    return f"debug-{hashlib.sha256(of.encode()).hexdigest()[:8]}"


def _target(pod: Object, wanted: str) -> str:
    known = [str(each.get("name")) for each in parts(part(pod, "spec"), "containers")]
    if valid_container(wanted) not in known:
        raise BadInput(f'There is no container "{wanted}". Containers here: {", ".join(known)}.')
    return wanted


async def _output(client: KubeClient, target: Target, name: str, asked: DebugArguments) -> Result:
    until = time.monotonic() + asked.timeout_seconds
    while True:
        state = _state(await client.get(target), name)
        ended = part(state, "terminated")
        if ended or time.monotonic() > until or await stopping(client.permit):
            break
        await asyncio.sleep(_EVERY)
    if not ended and "running" not in state:
        why = part(state, "waiting").get("reason") or "the node has not taken it up"
        raise Conflict(f"Container {name} was added to {target.words}, but has not started: {why}. It may start yet.")
    output = await _log(client, target, name)
    code = int(ended.get("exitCode") or 0) if ended else None
    how = f"ended with exit code {code}" if ended else f"still runs after {asked.timeout_seconds} s"
    header = f"{asked.command[0]} in {asked.pod} ({name}) {how}, {counted(len(output.splitlines()), 'line')} of output."
    return Result(header, output, {"pod": asked.pod, "container": name, "exit_code": code, "output": output})


def _state(pod: Object, name: str) -> Object:
    statuses = parts(part(pod, "status"), "ephemeralContainerStatuses")
    return next((part(each, "state") for each in statuses if each.get("name") == name), {})


async def _log(client: KubeClient, target: Target, name: str) -> str:
    query = {"container": name, "limitBytes": str(_LARGEST_LOG)}
    request = Request("GET", target.path("log"), query, accept="*/*", largest=_LARGEST_LOG, cut_at_largest=True)
    try:
        return "\n".join(logtext.lines((await client.answer(request)).body))
    except KubeError as fault:
        return f"(its output could not be read: {fault.sentence})"


def _intent(asked: DebugArguments) -> str:
    return f"Run {' '.join(asked.command)[:80]} from {asked.image[:60]} in {asked.pod} in {asked.namespace}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="pod_debug",
        title="Debug a pod",
        description="Adds a debug container to a running pod, runs a command in it and returns its output.",
        effect=Effect.EXECUTE,
        arguments=DebugArguments,
        run=debug,
        intent=_intent,
        changes=one_change,
    ),
)
