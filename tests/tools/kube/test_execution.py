"""Commands in containers: the channel protocol, exit codes, time limits, refusals."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from tests.tools.api import Api, Handler, permit, serving
from tools.kube import errors
from tools.kube.execution import LARGEST_OUTPUT, Ran, execute
from tools.kube.resources import Resource, Target

POD = Target(Resource("", "v1", "Pod", "pods", "pod", True), "shop", "web-1")
Script = Callable[[web.WebSocketResponse], Awaitable[None]]


def container(script: Script, *protocols: str) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=protocols or ("v5.channel.k8s.io",))
        await socket.prepare(request)
        await script(socket)
        await socket.close()
        return socket

    return handler


def ending(code: int) -> bytes:
    if code == 0:
        return b"\x03" + json.dumps({"status": "Success"}).encode()
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return (
        b"\x03" + json.dumps({"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}).encode()
    )


async def run(api: Api, *command: str, seconds: float = 5) -> Ran:
    return await execute(api.transport(), permit(), POD, "app", list(command), seconds)


@pytest.mark.parametrize("protocol", ["v5.channel.k8s.io", "v4.channel.k8s.io"])
async def test_output_and_exit_code_come_apart(protocol: str) -> None:
    async def script(socket: web.WebSocketResponse) -> None:
        await socket.send_bytes(b"\x01hello ")
        await socket.send_bytes(b"\x02oops")
        await socket.send_bytes(b"\x01w\xc3\xb6rld\xff")
        await socket.send_bytes(ending(3))

    async with serving(container(script, protocol)) as api:
        assert await run(api, "ls", "-l", "/a b") == Ran(3, "hello wörld\ufffd", "oops")
        assert api.seen[0][1] == (
            "/api/v1/namespaces/shop/pods/web-1/exec?command=ls&command=-l&command=%2Fa%20b"
            "&container=app&stdout=true&stderr=true"
        )


async def test_a_command_that_ends_well_has_exit_code_zero() -> None:
    async def script(socket: web.WebSocketResponse) -> None:
        await socket.send_bytes(ending(0))

    async with serving(container(script)) as api:
        assert await run(api, "true") == Ran(0, "", "")


async def test_endless_output_is_cut_and_said_to_be() -> None:
    async def script(socket: web.WebSocketResponse) -> None:
        for _ in range(3):
            await socket.send_bytes(b"\x01" + b"x" * (LARGEST_OUTPUT // 2))
        await socket.send_bytes(ending(0))

    async with serving(container(script)) as api:
        ran = await run(api, "yes")
        assert (len(ran.stdout), ran.cut) == (LARGEST_OUTPUT, True)


async def test_a_command_that_does_not_end_is_given_up_and_its_outcome_unknown() -> None:
    async def script(socket: web.WebSocketResponse) -> None:
        await asyncio.sleep(1)

    async with serving(container(script)) as api:
        with pytest.raises(errors.Ambiguous, match="may still run"):
            await run(api, "sleep", "100", seconds=0.1)


async def test_a_connection_that_breaks_before_the_end_leaves_the_outcome_unknown() -> None:
    async def script(socket: web.WebSocketResponse) -> None:
        await socket.send_bytes(b"\x01half")

    async with serving(container(script)) as api:
        with pytest.raises(errors.Ambiguous, match="not known"):
            await run(api, "ls")


async def test_a_command_that_cannot_be_started_is_told_in_the_servers_words() -> None:
    async def script(socket: web.WebSocketResponse) -> None:
        body = {"status": "Failure", "reason": "InternalError", "message": 'exec: "nope": not found in $PATH'}
        await socket.send_bytes(b"\x03" + json.dumps(body).encode())

    async with serving(container(script)) as api:
        with pytest.raises(errors.BadAnswer, match="not found in"):
            await run(api, "nope")


@pytest.mark.parametrize(
    ("code", "kind"),
    [(403, errors.Forbidden), (404, errors.NotFound), (501, errors.Unsupported), (200, errors.Unsupported)],
)
async def test_a_refused_connection_is_a_sentence(code: int, kind: type[errors.KubeError]) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.Response(status=code)

    async with serving(refuse) as api:
        with pytest.raises(kind, match=r"web-1|does not run commands"):
            await run(api, "ls")
        assert len(api.seen) == 1
