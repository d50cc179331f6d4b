"""The only user of the channel layer: rings "conversation C grew to n", and passes on what is not durable.

A lost bell costs latency, never data: whoever listens reads the journal from its own number. So a layer that is down
is logged and otherwise ignored.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
_PATIENCE = 2.0  # seconds a writer waits for the layer
_REST = 5.0  # seconds without a bell after the layer did not answer: writers must not wait for it again and again
_FAULTS = (OSError, TimeoutError, RedisError)
_rests_until = 0.0


def group(conversation_id: uuid.UUID | str) -> str:
    return f"conversation.{uuid.UUID(str(conversation_id)).hex}"


def ring(conversation_id: uuid.UUID | str, seq: int) -> None:
    """From synchronous code, after the commit."""
    async_to_sync(_send)(
        group(conversation_id), {"type": "conversation.grew", "conversation_id": str(conversation_id), "seq": seq}
    )


async def whisper(conversation_id: uuid.UUID | str, frame: dict[str, Any]) -> None:
    """Passes an ephemeral frame (a delta) to everyone who watches now."""
    await _send(group(conversation_id), {"type": "conversation.whisper", "frame": frame})


async def _send(name: str, message: dict[str, Any]) -> None:
    global _rests_until
    layer = get_channel_layer()
    if layer is None or time.monotonic() < _rests_until:
        return
    try:
        await asyncio.wait_for(layer.group_send(name, message), _PATIENCE)
    except _FAULTS as fault:
        _rests_until = time.monotonic() + _REST
        log.warning("The doorbell does not ring (%s): watchers will be late, nothing is lost.", type(fault).__name__)


async def listen(conversation_id: uuid.UUID | str, channel: str) -> bool:
    """Lets a channel hear a conversation's bell; False when the layer does not answer: ask the journal then."""
    try:
        await asyncio.wait_for(_layer().group_add(group(conversation_id), channel), _PATIENCE)
    except _FAULTS as fault:
        log.warning("The doorbell is not heard (%s): the journal is asked instead.", type(fault).__name__)
        return False
    return True


async def forget(conversation_id: uuid.UUID | str, channel: str) -> None:
    with contextlib.suppress(*_FAULTS):
        await asyncio.wait_for(_layer().group_discard(group(conversation_id), channel), _PATIENCE)


def _layer() -> Any:
    """Raises OSError when there is none: it is as good as one that does not answer."""
    layer = get_channel_layer()
    if layer is None:
        raise OSError("There is no channel layer.")
    return layer


class Ear:
    """Hears one conversation's bell: for those who wait without a socket. Deaf while the layer does not answer."""

    def __init__(self, conversation_id: uuid.UUID | str) -> None:
        self._conversation = conversation_id
        self._channel = ""

    async def __aenter__(self) -> "Ear":
        with contextlib.suppress(*_FAULTS):
            channel: str = await asyncio.wait_for(_layer().new_channel(), _PATIENCE)
            if await listen(self._conversation, channel):
                self._channel = channel
        return self

    async def __aexit__(self, *fault: object) -> None:
        if self._channel:
            await forget(self._conversation, self._channel)

    async def heard(self, patience: float) -> bool:
        """True when the bell rang within `patience` seconds; whoever asks looks at the journal either way."""
        try:
            async with asyncio.timeout(patience):
                while (await self.hear())["type"] != "conversation.grew":
                    pass
        except TimeoutError:
            return False
        return True

    async def hear(self) -> dict[str, Any]:
        """The group's next message: `conversation.grew` with its `seq`, or `conversation.whisper` with a `frame`."""
        if not self._channel:
            await asyncio.Event().wait()  # silence, until the patience of whoever asks ends
        message: dict[str, Any] = await _layer().receive(self._channel)
        return message


async def answers() -> bool:
    """True when a message sent to ourselves comes back: for /readyz."""
    try:
        layer = _layer()
        async with asyncio.timeout(_PATIENCE):
            channel = await layer.new_channel()
            await layer.send(channel, {"type": "ping"})
            return bool((await layer.receive(channel))["type"] == "ping")
    except _FAULTS:
        return False
