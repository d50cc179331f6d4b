"""`/api/v1/conversations/<id>/events`: the socket's own frames, by long poll or as server-sent events."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import orjson
from channels.db import database_sync_to_async
from django.http import HttpRequest, HttpResponseBase, JsonResponse, StreamingHttpResponse
from ninja import Field, Query, Router, Schema
from ninja.errors import AuthenticationError

from chat import doorbell, journal, leaving, standing
from chat.access import find
from chat.errors import BadInput, NotFound
from chat.rest.door import caller, signed_in_async, signed_in_person
from chat.standing import Person

router = Router(tags=["events"])
PAGE = 500
POLL = 2.0  # seconds between two looks without a bell
STREAM_SECONDS = 3600  # then the client comes back by itself, and its rights are looked at anew at every frame


class Since(Schema):
    """`after`: number of the newest event you have; `wait`: seconds to wait for a newer one."""

    after: int = Field(0, ge=0, lt=1 << 63)
    wait: float = Field(0, ge=0, le=25)


@router.get("/{uuid:conversation_id}/events", auth=signed_in_async)
async def read(
    request: HttpRequest,
    conversation_id: uuid.UUID,
    since: Query[Since],
) -> HttpResponseBase:
    """`{events, head_seq}`; with `Accept: text/event-stream` a stream whose ids are the events' numbers."""
    await database_sync_to_async(find)(caller(request), conversation_id)
    person = signed_in_person(request)
    if "text/event-stream" in request.headers.get("Accept", ""):
        stream = _stream(person, conversation_id, _last_seen(request, since.after))
        return StreamingHttpResponse(stream, content_type="text/event-stream", headers=_UNBUFFERED)
    return JsonResponse(await _poll(person, conversation_id, since.after, since.wait))


_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def _last_seen(request: HttpRequest, after: int) -> int:
    last = request.headers.get("Last-Event-ID", "")
    if last and not (last.isascii() and last.isdigit() and len(last) < 20):
        raise BadInput("Last-Event-ID is the number of an event, for example 17.")
    return int(last) if last else after


async def _poll(person: Person, conversation_id: uuid.UUID, after: int, wait: float) -> dict[str, Any]:
    """Raises NotFound, or AuthenticationError, when they lose what let them in while they wait."""
    async with doorbell.Ear(conversation_id) as ear:
        deadline = asyncio.get_running_loop().time() + wait
        found = await database_sync_to_async(_page)(conversation_id, after)
        while True:
            left = deadline - asyncio.get_running_loop().time()
            if found["events"] or left <= 0 or leaving.now():
                return found
            await ear.heard(min(left, POLL))
            found = await database_sync_to_async(_page_for)(person, conversation_id, after)


def _page_for(person: Person, conversation_id: uuid.UUID, after: int) -> dict[str, Any]:
    _require_still(person, conversation_id)
    return _page(conversation_id, after)


def _require_still(person: Person, conversation_id: uuid.UUID) -> None:
    still = standing.still(person)
    if still is None:
        raise AuthenticationError
    find(still.user, conversation_id)


def _page(conversation_id: uuid.UUID, after: int) -> dict[str, Any]:
    events = journal.since(conversation_id, after, PAGE)
    return {"events": [event.frame() for event in events], "head_seq": journal.head(conversation_id)}


async def _stream(person: Person, conversation_id: uuid.UUID, after: int) -> AsyncIterator[bytes]:
    """A comment every few silent seconds keeps proxies from closing it."""
    async with doorbell.Ear(conversation_id) as ear:
        until = asyncio.get_running_loop().time() + STREAM_SECONDS
        yield b"retry: 2000\n\n"
        while asyncio.get_running_loop().time() < until and not leaving.now():
            if not await database_sync_to_async(_still_visible)(person, conversation_id):
                return
            events = await database_sync_to_async(journal.since)(conversation_id, after, PAGE)
            for event in events:
                after = event.seq
                yield b"id: %d\ndata: %s\n\n" % (event.seq, orjson.dumps(event.frame()))
            if not events and not await ear.heard(POLL):
                yield b": still here\n\n"


def _still_visible(person: Person, conversation_id: uuid.UUID) -> bool:
    try:
        _require_still(person, conversation_id)
    except (NotFound, AuthenticationError):
        return False
    return True
