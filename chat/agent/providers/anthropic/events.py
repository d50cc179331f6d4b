"""Bytes of a server-sent event stream to the JSON objects in it; an event counts only when its blank line has come."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, TypeAlias

from chat.agent.providers.anthropic.failures import Broken
from chat.agent.providers.anthropic.strict import no_number, unique

Event: TypeAlias = dict[str, Any]
LONGEST_EVENT = 1 << 20
_DECODER = json.JSONDecoder(object_pairs_hook=unique, parse_constant=no_number)


async def events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[Event, None]:
    """Yields the `data` of each complete event. Raises Broken when one is no JSON object or has no end in sight."""
    pending = b""
    data: list[bytes] = []
    async for chunk in chunks:
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                yield _object(b"\n".join(data))
                data = []
        if len(pending) + sum(map(len, data)) > LONGEST_EVENT:
            raise Broken("The model's answer has no end in sight.", code="too_long", again=False)


def _object(data: bytes) -> Event:
    try:
        event = _DECODER.decode(data.decode())
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise Broken("The model's answer could not be read: a part of it is not JSON.", code="unreadable")
    return event
