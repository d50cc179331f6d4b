"""Follows one object in its cluster: as it is, then every change as it comes. Bounded in time and in bytes.

A watch ends whenever its server likes, and its place may expire (410). Then the object is read again and followed from
there, so nobody who waits for a state misses it.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import msgspec

from tools import redaction
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import Busy, Forbidden, Gone, NotFound, TooLarge, Unreachable, Unsupported
from tools.kube.failures import failure
from tools.kube.resources import Target
from tools.kube.shapes import ListAnswer
from tools.kube.transport import Answer, Request

LARGEST_EVENT = 4 << 20  # bytes; an object cannot be larger than etcd's 1.5 MB by default
_LEAST_PAUSE = 0.2  # seconds between two watches: a server that ends each at once is not hammered
_LOOK_EVERY = 2.0  # where watching is not allowed


class _Event(msgspec.Struct):
    type: str = ""
    object: dict[str, Any] = msgspec.field(default_factory=dict)


async def states(client: KubeClient, target: Target, seconds: float) -> AsyncGenerator[Object | None, None]:
    """The object now and after each change, None while there is none; ends after `seconds`. Raises KubeError."""
    until = time.monotonic() + seconds
    selection = Selection(target.namespace if target.resource.namespaced else None, fields=_named(target))
    watches = "watch" in target.resource.verbs
    while True:
        found, version = await _now(client, target, selection)
        yield found
        try:
            if not watches:
                raise Unsupported("This kind is not watched.")
            async for changed in _changes(client, target, selection, version, until):
                yield changed
            pause = _LEAST_PAUSE
        except (Forbidden, Unsupported):
            watches, pause = False, _LOOK_EVERY
        except (Gone, Busy, Unreachable):  # a cluster that stays away says so when it is asked again
            pause = _LEAST_PAUSE
        if time.monotonic() + pause > until:
            return
        await asyncio.sleep(pause)


def _named(target: Target) -> str:
    return f"metadata.name={target.name}"


async def _now(client: KubeClient, target: Target, selection: Selection) -> tuple[Object | None, str]:
    """The object, and the version of the list it stood in: where a watch goes on from."""
    resource = target.resource
    request = Request("GET", resource.path(selection.namespace), selection.query(), accept=_form(target, "List"))
    try:
        listed = await client.decoded(request, ListAnswer)
    except Forbidden:
        return await _alone(client, target), ""
    found = next((item for item in listed.items or [] if _is(item, target)), None)
    return (_cleaned(found, target) if found else None), listed.metadata.resourceVersion


async def _alone(client: KubeClient, target: Target) -> Object | None:
    """For who may read the object by its name and not list its kind."""
    try:
        return await client.get(target)
    except NotFound:
        return None


def _is(item: Object, target: Target) -> bool:
    meta = item.get("metadata")
    return isinstance(meta, dict) and meta.get("name") == target.name


def _cleaned(found: Object, target: Target) -> Object:
    named = {"kind": target.resource.kind, "apiVersion": target.resource.api_version}
    cleaned: Object = redaction.without_secrets(found | named)
    return cleaned


def _form(target: Target, many: str = "") -> str:
    """Of what holds private things only the metadata is asked for: nothing else of it is a state."""
    private = target.resource.full_name in ("secrets", "configmaps")
    return f"application/json;as=PartialObjectMetadata{many};v=v1;g=meta.k8s.io" if private else "application/json"


async def _changes(
    client: KubeClient, target: Target, selection: Selection, version: str, until: float
) -> AsyncIterator[Object | None]:
    left = until - time.monotonic()
    if left < 1:
        return
    query = selection.query() | {
        "watch": "true",
        "resourceVersion": version,
        "timeoutSeconds": str(int(left)),
        "allowWatchBookmarks": "true",
    }
    path, accept = target.resource.path(selection.namespace), _form(target)
    request = Request("GET", path, query, accept=accept, seconds=left + 5)
    async with client.transport.stream(request, client.permit) as response:
        if response.status >= 300:
            body = await response.content.read(64 << 10)
            raise failure(client.cluster, request, Answer(response.status, dict(response.headers), body))
        async for line in _lines(response.content, client.cluster):
            event = _event(line)
            if event is None:
                return
            if event.type == "ERROR":
                code = event.object.get("code")
                answer = Answer(code if isinstance(code, int) else 500, {}, msgspec.json.encode(event.object))
                raise failure(client.cluster, replace(request, query={}), answer)
            if event.type != "BOOKMARK" and _is(event.object, target):
                yield None if event.type == "DELETED" else _cleaned(event.object, target)


def _event(line: bytes) -> _Event | None:
    """None for a line that the server did not write to its end."""
    try:
        return msgspec.json.decode(line, type=_Event)
    except msgspec.DecodeError:
        return None


async def _lines(stream: aiohttp.StreamReader, cluster: str) -> AsyncIterator[bytes]:
    held = bytearray()
    async for chunk in stream.iter_any():
        held += chunk
        *whole, rest = held.split(b"\n")
        held = bytearray(rest)
        if len(held) > LARGEST_EVENT:
            raise TooLarge(f'Cluster "{cluster}" tells of an object larger than {LARGEST_EVENT >> 20} MiB.')
        for line in whole:
            if line.strip():
                yield bytes(line)
