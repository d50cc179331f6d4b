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
        self._asked: dict[str, int] = {}  # the number named in the last `resume`
        self._at: dict[str, int] = {}  # the newest number of this connection

    @property
    def connected(self) -> bool:
        return self._client is not None

    async def connect(self) -> None:
        self._client, self._read = await Client(self._token).__aenter__(), 0
        self._at = {}

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
        command, self._asked[conversation_id] = str(uuid.uuid4()), seq
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
            name = frame["data"].get("conversation_id", "")
            if frame["type"] == "welcome":  # from here on everything above the number that was named, seen or not
                self._at[name] = self._asked[name]
            elif "seq" in frame:
                self._keep(self.seen.setdefault(name, []), frame, self._at.get(name, 0) + 1)
                self._at[name] = frame["seq"]

    def _keep(self, frames: list[Frame], frame: Frame, due: int) -> None:
        assert frame["seq"] == due, f"number {frame['seq']} came where {due} was due"
        if due <= len(frames):
            assert frame == frames[due - 1], "an event is not what it was"
        else:
            frames.append(frame)

    async def reach(self, conversation_id: str, head: int) -> None:
        """Sees everything up to `head`, by the bell or by the slow look."""
        async with asyncio.timeout(20):
            while len(self.seen.get(conversation_id, [])) < head:
                await asyncio.sleep(0.005)
                await self.take()
