"""One browser: it keeps what it has seen, loses its connection, and comes back with the number it had."""

import asyncio
import uuid
from typing import Any

from tests.chat.sockets import Client

Frame = dict[str, Any]


class Viewer:
    """`seen`: by conversation, every durable frame, over all its connections: each comes once, in order."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._client: Client | None = None
        self.seen: dict[str, list[Frame]] = {}
        self.watching: set[str] = set()
        self._read = 0

    @property
    def connected(self) -> bool:
        return self._client is not None

    async def connect(self) -> None:
        self._client, self._read = await Client(self._token).__aenter__(), 0

    async def drop(self) -> None:
        """What was on the way is lost."""
        if self._client is not None:
            await self._client.__aexit__()
        self._client, self.watching = None, set()

    async def resume(self, conversation_id: str) -> None:
        assert self._client is not None
        await self.take()
        frames = self.seen.setdefault(conversation_id, [])
        seq = frames[-1]["seq"] if frames else 0
        command = str(uuid.uuid4())
        await self._client.say({"type": "resume", "id": command, "conversation_id": conversation_id, "seq": seq})
        welcome = await self._client.until("welcome", conversation_id=conversation_id)
        assert welcome["data"]["recovered"], "so small a gap is closed by what was missed"
        self.watching.add(conversation_id)
        await self._client.until("caught_up")
        await self.take()

    async def command(self, kind: str, **fields: Any) -> Frame:
        """The ack or nack."""
        assert self._client is not None
        frame = {"type": kind, "id": str(uuid.uuid4())} | fields
        await self._client.say(frame)
        async with asyncio.timeout(20):
            while True:
                answer = await self._client.hear()
                if answer["type"] in ("ack", "nack") and answer["data"]["id"] == frame["id"]:
                    return answer

    async def take(self) -> None:
        """Everything that has come in so far."""
        if self._client is None:
            return
        while not self._client.socket.output_queue.empty():
            await self._client.hear()
        new, self._read = self._client.frames[self._read :], len(self._client.frames)
        for frame in new:
            if "seq" in frame:
                frames = self.seen.setdefault(frame["data"]["conversation_id"], [])
                expected = frames[-1]["seq"] + 1 if frames else 1
                assert frame["seq"] == expected, f"number {frame['seq']} came where {expected} was due"
                frames.append(frame)

    async def reach(self, conversation_id: str, head: int) -> None:
        """Sees everything up to `head`, by the bell or by the slow look."""
        async with asyncio.timeout(20):
            while len(self.seen.get(conversation_id, [])) < head:
                await asyncio.sleep(0.005)
                await self.take()
