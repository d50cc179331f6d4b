"""A real HTTP server on loopback that answers as a test says and remembers every request that reached it."""

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tools.effects import Effect
from tools.identity import Acting
from tools.kube.client import KubeClient
from tools.kube.guard import Permit, clock
from tools.kube.kubeconfig import Access
from tools.kube.plan import Passes, Wire
from tools.kube.sending import Sending
from tools.kube.transport import Transport

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CLUSTER = "test"
SOMEBODY = Acting("somebody", frozenset({"administrator"}))  # for clusters that are reached as the person who asks


@dataclass
class Api:
    """`seen`: (method, path and query) of each request in order; `bodies` and `headers` the same way."""

    server: str
    seen: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def access(self, **more: Any) -> Access:
        return Access(name=CLUSTER, server=self.server, **more)

    def transport(self, **more: Any) -> Transport:
        return Transport(CLUSTER, self.access(**more))

    def client(self, ceiling: Effect = Effect.EXECUTE) -> KubeClient:
        return KubeClient(self.transport(), permit(ceiling))

    def sent(self, method: str) -> int:
        return sum(1 for seen, _ in self.seen if seen == method)


def permit(ceiling: Effect = Effect.EXECUTE, *, cluster: str = CLUSTER, rehearsal: bool = False) -> Permit:
    return Permit("call-1", cluster, ceiling, rehearsal, announced, ANYTHING)


class Anything(Passes):
    """For tests of what happens on the wire: nothing was rehearsed, and all may leave."""

    def __init__(self) -> None:
        super().__init__(())

    def spend(self, sent: Wire) -> bool:
        return True


ANYTHING = Anything()


async def announced(sending: Sending) -> float:
    """For tests of what happens on the wire: nobody keeps a record, and the change may leave."""
    return clock() + 5


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Api]:
    async def remembered(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        api.seen.append((request.method, request.path_qs))
        api.bodies.append(json.loads(body) if body[:1] in (b"{", b"[") else body)
        api.headers.append(dict(request.headers))
        return await handler(request)

    app = web.Application(client_max_size=32 << 20)
    app.router.add_route("*", "/{tail:.*}", remembered)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api = Api(f"http://127.0.0.1:{runner.addresses[0][1]}")
    try:
        yield api
    finally:
        await runner.cleanup()


def answering(body: Any, status: int = 200, **headers: str) -> Handler:
    """Always the same JSON (or text) answer."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if isinstance(body, str):
            return web.Response(text=body, status=status, headers=headers, content_type="text/html")
        return web.json_response(body, status=status, headers=headers)

    return handler


def in_turn(*handlers: Handler) -> Handler:
    """The first request goes to the first handler and so on; the last one keeps answering."""
    left = list(handlers)

    async def handler(request: web.Request) -> web.StreamResponse:
        return await (left.pop(0) if len(left) > 1 else left[0])(request)

    return handler


async def cut(request: web.Request) -> web.StreamResponse:
    """Closes the connection without a word."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def status(code: int, reason: str, message: str, **details: Any) -> Handler:
    """A Kubernetes Status that says no."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
    return answering(body | {"message": message, "details": details}, code)
