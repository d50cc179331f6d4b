"""The demo cluster behind a wire that never brings the answer to a change: it took it, or it never heard of it."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web

from tools.demo import kubeconfig as demo

PLACE = "/api/v1/namespaces/default/configmaps"
_HOP = {"transfer-encoding", "content-length", "content-encoding", "connection", "host"}


class MuteCluster:
    """arrives: whether a change of this path reaches the cluster; writes: (method, path) of every change that came by,
    its path also in `taken` once the cluster has dealt with it; cuts: the connection breaks then, instead of staying
    silent for a minute. `hold` keeps reads waiting (`reading` is set by the first) until `let_go`; `away` refuses every
    connection."""

    def __init__(
        self, upstream: Path, arrives: Callable[[str], bool] = lambda path: True, *, cuts: bool = False
    ) -> None:
        access = demo.read(upstream)
        assert access is not None
        self._upstream = access
        self.arrives, self.cuts = arrives, cuts
        self.writes: list[tuple[str, str]] = []
        self.taken: asyncio.Queue[str] = asyncio.Queue()
        self.reading = asyncio.Event()
        self.hold_at = 0  # after so many dry runs reads are held: two, and an approved change has begun; 0: never
        self._tried = 0
        self._open = asyncio.Event()
        self._open.set()
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._port = 0

    async def __aenter__(self) -> "MuteCluster":
        context = ssl.create_default_context(cadata=self._upstream.authority)
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))
        await self._listen()
        return self

    async def _listen(self) -> None:
        app = web.Application(client_max_size=32 << 20)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def __aexit__(self, *fault: object) -> None:
        assert self._session is not None
        await self.away()
        await self._session.close()

    async def away(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    def hold(self) -> None:
        self.reading.clear()
        self._open.clear()

    def let_go(self) -> None:
        self._open.set()

    def kubeconfig(self, folder: Path) -> Path:
        file = folder / "mute-kubeconfig.yaml"
        cluster = {"name": "mute", "cluster": {"server": f"http://127.0.0.1:{self._port}"}}
        context = {"name": "mute", "context": {"cluster": "mute", "user": "me"}}
        user = {"name": "me", "user": {"token": self._upstream.token}}
        file.write_text(yaml.safe_dump({"clusters": [cluster], "contexts": [context], "users": [user]}))
        return file

    async def ask(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """As somebody else, past the wire: the answer's JSON."""
        headers = {"Authorization": f"Bearer {self._upstream.token}", "Content-Type": content_type}
        assert self._session is not None
        async with self._session.request(method, self._upstream.server + path, json=body, headers=headers) as answer:
            return await answer.json()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        reads = request.method in ("GET", "HEAD") or request.query.get("dryRun") == "All"  # that changes nothing
        if reads:
            if not self._open.is_set():
                self.reading.set()
            await self._open.wait()
            answer = await self._passed_on(request)
            self._tried += request.method not in ("GET", "HEAD")
            if self._tried == self.hold_at > 0:
                self.hold_at = 0
                self.hold()
            return answer
        self.writes.append((request.method, request.path))
        if self.arrives(request.path):
            await self._passed_on(request)
        self.taken.put_nowait(request.path)
        if not self.cuts:
            await asyncio.sleep(60)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async def _passed_on(self, request: web.Request) -> web.Response:
        headers = {key: value for key, value in request.headers.items() if key.lower() not in _HOP}
        assert self._session is not None
        async with self._session.request(
            request.method, self._upstream.server + request.path_qs, data=await request.read(), headers=headers
        ) as answer:
            kept = {key: value for key, value in answer.headers.items() if key.lower() not in _HOP}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)
