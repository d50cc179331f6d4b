"""Bytes of a server-sent event stream to the JSON objects in it; an event counts only when its blank line has come."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import suppress
from typing import Any, TypeAlias

import orjson

from chat.agent.providers.anthropic.failures import Broken
from chat.agent.providers.anthropic.strict import no_number, unique

Event: TypeAlias = dict[str, Any]
LONGEST_EVENT = 1 << 20
_DELTA = b'"content_block_delta"'
_DECODER = json.JSONDecoder(object_pairs_hook=unique, parse_constant=no_number)


async def events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[list[Event], None]:
    """Yields the `data` of the events that each chunk completes. Raises Broken when one is no JSON object or has no
    end in sight; what came before it has been yielded then."""
    pending = b""
    data: list[bytes] = []
    async for chunk in chunks:
        *lines, pending = (pending + chunk).split(b"\n")
        complete: list[bytes] = []
        for line in lines:
            line = line.removesuffix(b"\r")
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                complete.append(b"\n".join(data))
                data = []
        for told in _objects(complete):
            yield told
        if len(pending) + sum(map(len, data)) > LONGEST_EVENT:
            raise Broken("The model's answer has no end in sight.", code="too_long", again=False)


def _objects(complete: list[bytes]) -> Iterator[list[Event]]:
    """All of them at once; up to the one that cannot be read, and then its fault."""
    told: list[Event] = []
    try:
        for data in complete:
            told.append(_object(data))
    except Broken:
        yield told
        raise
    if told:
        yield told


def _object(data: bytes) -> Event:
    """Deltas, which are nearly all there is, hold nothing but text: for them the swift parser is strict enough. It
    takes no half characters; those are left to the patient one."""
    if _DELTA in data[:64]:
        with suppress(ValueError):
            event = orjson.loads(data)
            if isinstance(event, dict):
                return event
    try:
        event = _DECODER.decode(data.decode())
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise Broken("The model's answer could not be read: a part of it is not JSON.", code="unreadable")
    return event
