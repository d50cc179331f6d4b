"""The node agent's asynchronous client: requests as the cluster's administrator, and mirrors that follow a list."""

import asyncio
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import yaml

Key = tuple[str, str]
Object = dict[str, Any]

_LARGEST_OBJECT = 2 * 1024 * 1024
_PAUSE_SECONDS = 0.2
_ATTEMPTS = 3


class Client:
    """JSON requests to one API server; `session` must be opened inside a running loop."""

    def __init__(self, server: str, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session

    async def send(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json"
    ) -> tuple[int, Object]:
        """Status code and decoded body, {} where it is not JSON; a cut connection is tried again."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._send(method, path, body, content_type)
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(_PAUSE_SECONDS)
        return await self._send(method, path, body, content_type)

    async def _send(self, method: str, path: str, body: Any, content_type: str) -> tuple[int, Object]:
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type}
        async with self.session.request(method, self.server + path, data=data, headers=headers) as answer:
            said = await answer.read()
            return answer.status, json.loads(said) if answer.content_type == "application/json" else {}

    async def merge(self, path: str, body: Any) -> tuple[int, Object]:
        return await self.send("PATCH", path, body, content_type="application/merge-patch+json")

    async def apply(self, path: str, body: Any) -> tuple[int, Object]:
        query = "?fieldManager=node-agent&force=true"
        return await self.send("PATCH", path + query, body, content_type="application/apply-patch+yaml")


def open_session(kubeconfig: Path) -> aiohttp.ClientSession:
    """A session with the token of the kubeconfig's first user, trusting only the rig's own authority."""
    token = yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]["token"]
    trust = ssl.create_default_context(cafile=str(kubeconfig.with_name("ca.crt")))
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust, limit=0),
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
        read_bufsize=_LARGEST_OBJECT,
    )


class Mirror:
    """Keeps `objects` equal to one list of the API server, and tells `changed(key)` after every difference."""

    def __init__(self, client: Client, path: str, changed: Callable[[Key], None] = lambda key: None) -> None:
        self._client = client
        self._path = path
        self._changed = changed
        self.objects: dict[Key, Object] = {}

    async def follow(self) -> None:
        """List and watch for ever; a broken or expired watch starts over with a list."""
        while True:
            try:
                version = await self._list()
                await self._watch(version)
            except (aiohttp.ClientError, TimeoutError, KeyError):
                pass
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _list(self) -> str:
        _, listed = await self._client.send("GET", self._path)
        fresh = {_key(item): item for item in listed["items"]}
        touched = fresh.keys() | self.objects.keys()
        self.objects = fresh
        for key in touched:
            self._changed(key)
        return str(listed["metadata"]["resourceVersion"])

    async def _watch(self, version: str) -> None:
        address = f"{self._client.server}{self._path}?watch=1&allowWatchBookmarks=true&resourceVersion={version}"
        async with self._client.session.get(address) as stream:
            async for line in stream.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                if event["type"] != "BOOKMARK":
                    self._take(event["type"], event["object"])

    def _take(self, kind: str, item: Object) -> None:
        key = _key(item)
        if kind == "DELETED":
            self.objects.pop(key, None)
        else:
            self.objects[key] = item
        self._changed(key)


def _key(item: Object) -> Key:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]
