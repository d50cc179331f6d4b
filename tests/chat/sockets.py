"""A WebSocket client for tests: connects with a token, keeps every frame, waits for what it is told to wait for."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from channels.testing import WebsocketCommunicator

from k8smcp.asgi import protocols

Frame = dict[str, Any]


async def becomes(look: Callable[[], Awaitable[Any]], patience: float = 20) -> Any:
    """What `look` finds, as soon as it finds something."""
    for _ in range(int(patience / 0.05)):
        if found := await look():
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("It did not become so.")


class Client:
    """`frames`: everything received so far, in order."""

    def __init__(self, token: str, *, headers: list[tuple[bytes, bytes]] | None = None, query: str = "") -> None:
        sent = headers if headers is not None else [(b"authorization", f"Bearer {token}".encode())]
        self.socket = WebsocketCommunicator(protocols, f"/ws/chat{query}", headers=[(b"host", b"localhost"), *sent])
        self.frames: list[Frame] = []

    async def __aenter__(self) -> "Client":
        connected, _ = await self.socket.connect(timeout=30)
        assert connected
        return self

    async def __aexit__(self, *fault: object) -> None:
        await self.socket.disconnect()

    async def say(self, frame: Any) -> None:
        text = frame if isinstance(frame, str) else json.dumps(frame)
        await self.socket.send_input({"type": "websocket.receive", "text": text})

    async def hear(self, patience: float = 10) -> Frame:
        frame: Frame = json.loads(await self.socket.receive_from(patience))
        self.frames.append(frame)
        return frame

    async def until(self, kind: str, patience: float = 30, **fields: Any) -> Frame:
        """The next frame of that type whose data has these fields, within `patience` seconds in all."""
        async with asyncio.timeout(patience):
            while True:
                frame = await self.hear(patience)
                if frame["type"] == kind and all(frame["data"].get(key) == value for key, value in fields.items()):
                    return frame

    async def send(self, text: str, **more: Any) -> Frame:
        """Sends a message and returns its ack."""
        command_id = str(uuid.uuid4())
        await self.say({"type": "send", "id": command_id, "text": text, **more})
        return await self.until("ack", id=command_id)

    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]

    def durable(self) -> list[Frame]:
        return [frame for frame in self.frames if "seq" in frame]
