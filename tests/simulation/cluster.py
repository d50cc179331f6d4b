"""A cluster that keeps namespaces and remembers every change that reached it; its client may die at every request."""

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from django.utils import timezone

from tests.faults.silent_cluster import SilentCluster
from tests.simulation.process import Process, never


class Change:
    """One request that would change something. `at`: when it arrived."""

    def __init__(self, method: str, name: str) -> None:
        self.method, self.name, self.at = method, name, timezone.now()

    def __repr__(self) -> str:
        return f"{self.method} {self.name}"

    at: datetime


class RecordingCluster(SilentCluster):
    """`client`: the process whose requests are its boundaries. `changes`: all that arrived, done or not."""

    def __init__(self) -> None:
        super().__init__()
        self.client: Process | None = None
        self.changes: list[Change] = []
        self.there: set[str] = set()
        self._count = 0
        self._held: tuple[asyncio.Event, asyncio.Event] | None = None

    def hold_the_next_change(self) -> tuple[asyncio.Event, asyncio.Event]:
        """Set when it has arrived, and to be set when it may be answered."""
        self._held = asyncio.Event(), asyncio.Event()
        return self._held

    def registered(self, folder: Path) -> str:
        from tools import clusters

        return clusters.register(self.kubeconfig(folder))[0].name

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        client, parts = self.client, request.path.strip("/").split("/")
        kept = parts[:3] == ["api", "v1", "namespaces"]
        if kept and client is not None and client.dies(f"before a {request.method}"):
            await never()
        name = parts[3] if len(parts) > 3 else ""
        if request.method == "POST" and kept:
            name = (await request.json())["metadata"]["name"]
            if request.query.get("dryRun") == "All":
                return self._tried(name, client)
            self.changes.append(Change(request.method, name))
            answer = self._make(name)
            if self._held is not None:
                (arrived, go_on), self._held = self._held, None
                arrived.set()
                await go_on.wait()
        elif request.method == "GET" and kept and name:
            answer = self._show(name)
        elif request.method == "GET":
            return web.Response(text=json.dumps(self._found(request.path)), content_type="application/json")
        else:
            self.changes.append(Change(request.method, request.path))
            answer = web.Response(status=405)
        if client is not None and client.dies(f"after a {request.method}"):
            await never()
        return answer

    def _tried(self, name: str, client: Process | None) -> web.Response:
        """What making it would answer."""
        if name in self.there:
            return _status(409, "AlreadyExists", f'namespaces "{name}" already exists')
        return web.json_response(self._namespace(name), status=201)

    def _make(self, name: str) -> web.Response:
        if name in self.there:
            return _status(409, "AlreadyExists", f'namespaces "{name}" already exists')
        self.there.add(name)
        return web.json_response(self._namespace(name), status=201)

    def _show(self, name: str) -> web.Response:
        if name not in self.there and name != "default":
            return _status(404, "NotFound", f'namespaces "{name}" not found')
        return web.json_response(self._namespace(name))

    def _namespace(self, name: str) -> dict[str, Any]:
        self._count += 1
        meta = {"name": name, "uid": f"uid-{name}", "resourceVersion": str(self._count)}
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta, "status": {"phase": "Active"}}


def _status(code: int, reason: str, message: str) -> web.Response:
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message}
    return web.json_response(said | {"code": code}, status=code)
