"""Runs one command in a container and collects what it says: the channel protocol over a WebSocket (v5, v4)."""

import asyncio
from dataclasses import dataclass

import aiohttp
import msgspec

from tools.kube.errors import Ambiguous, BadAnswer, Forbidden, KubeError, NotFound, Unsupported
from tools.kube.failures import shorten
from tools.kube.guard import Permit
from tools.kube.resources import Target
from tools.kube.sending import Sending
from tools.kube.transport import Transport

_PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STDOUT, _STDERR, _ERROR = 1, 2, 3
LARGEST_OUTPUT = 64 << 10


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None


class _Ended(msgspec.Struct):
    """The Status that closes the error channel: Success, or NonZeroExitCode with the code as a cause."""

    status: str = ""
    reason: str = ""
    message: str = ""
    details: _Details | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """`cut`: there was more output than is kept, and the command was left alone from then on."""

    exit_code: int
    stdout: str
    stderr: str
    cut: bool = False


async def execute(
    transport: Transport, permit: Permit | None, pod: Target, container: str, command: list[str], seconds: float
) -> Ran:
    """Raises Ambiguous when the command began and its end is not known."""
    query = [("command", word) for word in command]
    query += [("container", container), ("stdout", "true"), ("stderr", "true")]
    try:
        sending = Sending("run", pod.path(), pod.words)
        socket = await transport.websocket(pod.path("exec"), query, _PROTOCOLS, permit, sending)
    except aiohttp.WSServerHandshakeError as fault:
        raise _refused(transport, pod, fault) from None
    try:
        async with asyncio.timeout(seconds):
            return await _collect(socket, transport.cluster)
    except TimeoutError:
        raise Ambiguous(
            f"The command did not end within {seconds:.0f} s and may still run in {pod.words}. "
            "Look before trying again."
        ) from None
    finally:
        await socket.close()


async def _collect(socket: aiohttp.ClientWebSocketResponse, cluster: str) -> Ran:
    held: dict[int, bytearray] = {_STDOUT: bytearray(), _STDERR: bytearray(), _ERROR: bytearray()}
    cut = False
    async for message in socket:
        data = message.data if isinstance(message.data, bytes) else b""
        if message.type is aiohttp.WSMsgType.ERROR:
            break
        if not data or data[0] not in held:
            continue
        channel = held[data[0]]
        cut = cut or len(channel) + len(data) > LARGEST_OUTPUT
        channel += data[1 : 1 + max(0, LARGEST_OUTPUT - len(channel))]
    code = _exit_code(bytes(held[_ERROR]))
    if code is None:
        raise Ambiguous(
            f'Cluster "{cluster}" closed the connection before the command ended: its outcome is not known.'
        )
    return Ran(code, held[_STDOUT].decode("utf-8", "replace"), held[_STDERR].decode("utf-8", "replace"), cut)


def _exit_code(closing: bytes) -> int | None:
    """From the error channel; None when it says nothing. Raises BadAnswer when the command could not be started."""
    if not closing:
        return None
    try:
        ended = msgspec.json.decode(closing, type=_Ended)
    except msgspec.DecodeError:
        return None
    if ended.status == "Success":
        return 0
    for cause in (ended.details.causes if ended.details else None) or []:
        if cause.reason == "ExitCode" and cause.message.isdigit():
            return int(cause.message)
    raise BadAnswer(f"The command could not be run: {shorten(ended.message or ended.reason)}.")


def _refused(transport: Transport, pod: Target, fault: aiohttp.WSServerHandshakeError) -> KubeError:
    who = transport.access.identity or "this identity"
    if fault.status == 403:
        return Forbidden(
            f"The cluster does not allow {who} to run commands in {pod.words}. "
            'An administrator of the cluster can grant the verbs "get" and "create" on pods/exec.',
            "create",
            "pods/exec",
            pod.namespace or "",
        )
    if fault.status == 404:
        return NotFound(f"There is no {pod.words} any more.")
    return Unsupported(f'Cluster "{transport.cluster}" does not run commands in containers (HTTP {fault.status}).')
