"""Runs pretended commands in pods over a WebSocket, in the channel protocol v4 of kubelets.

An API server from 1.30 on turns newer clients' requests into SPDY, which this does not speak.
"""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.apiserver.agent.client import Mirror
from tests.apiserver.agent.log_server import PODS

Object = dict[str, Any]

_STDOUT, _STDERR, _ERROR = 1, 2, 3
_EXIT = re.compile(r"exit\s+(\d+)")
_PROTOCOLS = ("v4.channel.k8s.io",)


@dataclass(frozen=True)
class Ran:
    """What a command said and how it ended; code None: it could not be started."""

    stdout: str = ""
    stderr: str = ""
    code: int | None = 0


def add_routes(application: web.Application) -> None:
    """Serve commands in the agent's own web application, over the pods that its logs come from."""
    application.router.add_get("/exec/{namespace}/{pod}/{container}", _answer)


def run(pod: Object, container: Object, command: list[str]) -> Ran:
    """A shell of five words: echo, env, hostname, false, and `sh -c` with an `exit`."""
    program, *words = command
    if program == "echo":
        return Ran(" ".join(words) + "\n")
    if program == "env":
        return Ran("".join(f"{each['name']}={each.get('value', '')}\n" for each in container.get("env", [])))
    if program == "hostname":
        return Ran(f"{pod['metadata']['name']}\n")
    if program == "false":
        return Ran(code=1)
    if program == "sh":
        ended = _EXIT.search(" ".join(words))
        return Ran(stderr="going down\n", code=int(ended[1])) if ended else Ran()
    return Ran(code=None)


def closing(command: list[str], ran: Ran) -> Object:
    """The Status on the error channel. Source: kubelet's remotecommand v4."""
    if ran.code == 0:
        return {"metadata": {}, "status": "Success"}
    if ran.code is None:
        message = f'exec: "{command[0]}": executable file not found in $PATH'
        return {"metadata": {}, "status": "Failure", "reason": "InternalError", "message": message, "code": 500}
    message = f"command terminated with non-zero exit code: exit status {ran.code}"
    details = {"causes": [{"reason": "ExitCode", "message": str(ran.code)}]}
    return {"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode", "message": message, "details": details}


async def _answer(request: web.Request) -> web.StreamResponse:
    info, mirror = request.match_info, request.app[PODS]
    pod = mirror.objects.get((info["namespace"], info["pod"]))
    containers = pod["spec"]["containers"] if pod else []
    container = next((each for each in containers if each["name"] == info["container"]), None)
    if pod is None or container is None:
        return web.Response(status=404, text=f"container not found ({info['container']!r})")
    socket = web.WebSocketResponse(protocols=_PROTOCOLS)
    await socket.prepare(request)
    command = request.query.getall("command")
    if command[0] == "sleep":
        await _until_closed(socket, mirror, pod)
        return socket
    ran = run(pod, container, command)
    for channel, text in ((_STDOUT, ran.stdout), (_STDERR, ran.stderr), (_ERROR, json.dumps(closing(command, ran)))):
        await socket.send_bytes(bytes([channel]) + text.encode())
    await socket.close()
    return socket


async def _until_closed(socket: web.WebSocketResponse, mirror: Mirror, pod: Object) -> None:
    """A command that never ends by itself: until the client hangs up or the pod is gone."""
    key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
    while not socket.closed and key in mirror.objects:
        try:
            async with asyncio.timeout(1):
                await socket.receive()
        except TimeoutError:
            continue
