"""A cluster that never answers a write, and keeps what was written. Before the first it has no objects; after it, it
answers every read with as little as it can, so that nothing is proven."""

import asyncio
import json
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

NAMESPACES = {
    "name": "namespaces",
    "singularName": "namespace",
    "namespaced": False,
    "kind": "Namespace",
    "verbs": ["create", "get", "list"],
}


class SilentCluster:
    """`writes`: (method, path) of every write that arrived; `written` is set by the first."""

    def __init__(self) -> None:
        self.writes: list[tuple[str, str]] = []
        self.written = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def __aenter__(self) -> "SilentCluster":
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        return self

    async def __aexit__(self, *fault: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def kubeconfig(self, folder: Path) -> Path:
        file = folder / "silent-kubeconfig.yaml"
        cluster = {"name": "silent", "cluster": {"server": f"http://127.0.0.1:{self._port}"}}
        context = {"name": "silent", "context": {"cluster": "silent", "user": "me"}}
        user = {"name": "me", "user": {"token": "t"}}
        file.write_text(yaml.safe_dump({"clusters": [cluster], "contexts": [context], "users": [user]}))
        return file

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD") and request.query.get("dryRun") != "All":
            self.writes.append((request.method, request.path))
            self.written.set()
            await asyncio.sleep(60)
        found = self._found(request.path)
        return web.Response(text=json.dumps(found), status=found.get("code", 200), content_type="application/json")

    def _found(self, path: str) -> dict[str, Any]:
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": []}
        if path == "/api/v1":
            return {"kind": "APIResourceList", "groupVersion": "v1", "resources": [NAMESPACES]}
        if _names_an_object(path) and not self.writes:
            return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
        return {"kind": "Status", "apiVersion": "v1", "status": "Success"}


def _names_an_object(path: str) -> bool:
    return path.startswith("/api/v1/namespaces/")
