"""The wire count: every write × every fault of the way, and exactly one request of it reaches the cluster.

What a killed process sends is counted in tests/faults (kill -9 at every event, before and after the wire) and, at every
boundary there is, in tests/simulation.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from tests.hostile import figures
from tests.tools.api import Api, answering, in_turn, permit, serving
from tools.kube.errors import KubeError
from tools.kube.transport import Request

PODS = "/api/v1/namespaces/shop/pods"
POD = f"{PODS}/web-1"
SECONDS = 0.3
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

VERBS = {
    "create": Request("POST", PODS, body=b"{}", seconds=SECONDS),
    "update": Request("PUT", POD, body=b"{}", seconds=SECONDS),
    "patch": Request("PATCH", POD, body=b"{}", content_type="application/merge-patch+json", seconds=SECONDS),
    "apply": Request("PATCH", POD, body=b"{}", content_type="application/apply-patch+yaml", seconds=SECONDS),
    "delete": Request("DELETE", POD, seconds=SECONDS),
    "delete a collection": Request("DELETE", PODS, seconds=SECONDS),
    "evict": Request("POST", f"{POD}/eviction", body=b"{}", seconds=SECONDS),
    "scale": Request("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale", body=b"{}", seconds=SECONDS),
}


async def closed_before_the_answer(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def reset_before_the_answer(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def closed_in_the_answer(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
    await answer.prepare(request)
    await answer.write(b'{"kind":')
    assert request.transport is not None
    request.transport.close()
    return answer


async def silent(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response()


async def elsewhere(request: web.Request) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": request.path_qs})


FAULTS: dict[str, Handler] = {
    "closed before the answer": closed_before_the_answer,
    "reset before the answer": reset_before_the_answer,
    "closed in the answer": closed_in_the_answer,
    "no answer in time": silent,
    "sent elsewhere": elsewhere,
    "not JSON": answering("<html>sign in</html>"),
    **{str(code): answering({}, code, **{"Retry-After": "0"}) for code in (408, 409, 429, 500, 502, 503, 504)},
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("verb", VERBS)
async def test_a_write_is_on_the_wire_once(verb, fault):
    async with serving(FAULTS[fault]) as api:
        await tried(api, VERBS[verb])
        assert api.sent(VERBS[verb].method) == len(api.seen) == 1


@pytest.mark.parametrize("verb", VERBS)
async def test_also_on_a_connection_that_was_used_before(verb):
    async with serving(in_turn(answering({"kind": "Pod"}), closed_before_the_answer)) as api:
        transport = api.transport()
        await transport.send(Request("GET", POD), permit())
        with contextlib.suppress(KubeError):
            await transport.send(VERBS[verb], permit())
        assert [method for method, _ in api.seen] == ["GET", VERBS[verb].method]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_command_in_a_container_is_on_the_wire_once(fault):
    async with serving(FAULTS[fault]) as api:
        with contextlib.suppress(KubeError, aiohttp.WSServerHandshakeError, TimeoutError):
            async with asyncio.timeout(20):
                await api.transport().websocket(f"{POD}/exec", [("command", "ls")], ("v5.channel.k8s.io",), permit())
        assert len(api.seen) == 1


async def tried(api: Api, request: Request) -> None:
    with contextlib.suppress(KubeError):
        await api.transport().send(request, permit())


def test_the_figures_are_kept():
    cells = (len(VERBS) + 1) * len(FAULTS)
    line = f"wire count: {cells} pairs of a write and a fault, each on the wire once"
    figures.note("wire count", line, pairs=cells)
