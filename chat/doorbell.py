"""The only user of the channel layer: rings "conversation C grew to n", and passes on what is not durable.

A lost bell costs latency, never data: whoever listens reads the journal from its own number. So a layer that is down
is logged and otherwise ignored.
"""

import asyncio
import logging
import uuid
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

log = logging.getLogger(__name__)
_PATIENCE = 2.0  # seconds a writer waits for the layer


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
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        await asyncio.wait_for(layer.group_send(name, message), _PATIENCE)
    except (OSError, TimeoutError) as fault:
        log.warning("The doorbell does not ring (%s): watchers will be late, nothing is lost.", type(fault).__name__)


class Ear:
    """Hears one conversation's bell: for those who wait without a socket."""

    def __init__(self, conversation_id: uuid.UUID | str) -> None:
        self._group = group(conversation_id)
        self._channel = ""

    async def __aenter__(self) -> "Ear":
        layer = get_channel_layer()
        if layer is not None:
            self._channel = await layer.new_channel()
            await layer.group_add(self._group, self._channel)
        return self

    async def __aexit__(self, *fault: object) -> None:
        layer = get_channel_layer()
        if layer is not None and self._channel:
            await layer.group_discard(self._group, self._channel)

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
        layer = get_channel_layer()
        if layer is None:
            raise TimeoutError("There is no channel layer.")
        message: dict[str, Any] = await layer.receive(self._channel)
        return message


async def answers() -> bool:
    """True when a message sent to ourselves comes back: for /readyz."""
    layer = get_channel_layer()
    if layer is None:
        return False
    try:
        async with asyncio.timeout(_PATIENCE):
            channel = await layer.new_channel()
            await layer.send(channel, {"type": "ping"})
            return bool((await layer.receive(channel))["type"] == "ping")
    except (OSError, TimeoutError):
        return False
