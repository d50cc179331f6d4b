"""A client as a browser is one: reconnects with jitter, resumes, and sends unanswered commands again under their id.

It writes down every command (invoke, ok, fail, unknown), every frame, and every opening and closing of its socket.
"""

import asyncio
import contextlib
import json
import random
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.faults.rig import stories
from tests.faults.rig.journal import Journal

Frame = dict[str, Any]
AGAIN = (0.05, 0.5)  # seconds before another try, at random between these
PATIENCE = 10.0  # seconds for an opening handshake


class Client:
    """Talks to any of `doors` (ports). `seq`: the newest event it has; `heard` is called with each frame."""

    def __init__(
        self, name: str, doors: Sequence[int], cookies: str, folder: Path, *, seed: int = 1, decides: bool = True,
        again: tuple[float, float] = AGAIN,
    ) -> None:  # fmt: skip
        self.name, self.cookies = name, cookies
        self.doors = list(doors)
        self.conversation = str(uuid.UUID(int=random.Random(f"{name} {seed}").getrandbits(128), version=4))
        self.seq = 0
        self._accepted = False  # there is such a conversation, of which it may have seen nothing yet
        self.ended: dict[str, str] = {}  # run → outcome
        self.heard: list[Callable[[Frame], None]] = []
        self._decides, self._again = decides, again
        self._journal = Journal(folder / f"client-{name}.jsonl")
        self._chance = random.Random(f"{name} {seed} again")
        self._waiting: dict[str, tuple[Frame, asyncio.Future[Frame]]] = {}
        self._wire: ClientConnection | None = None
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Client":
        self._task = asyncio.create_task(self._live(), name=f"client {self.name}")
        return self

    async def __aexit__(self, *fault: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        for command_id in self._waiting:
            self._journal.write(kind="unknown", id=command_id)
        self._journal.close()

    # ---- what it does ----

    async def send(self, text: str) -> str:
        """Until it is accepted, whatever happens meanwhile; a temporary refusal is tried again. The run's id."""
        answer = await self.command({"type": "send", "conversation_id": self.conversation, "text": text})
        return str(answer["run_id"])

    async def command(self, frame: Frame) -> Frame:
        """Its ack's data. After a temporary nack the same is said again under the same id: it may have been obeyed all
        the same, and counts once. Any other nack raises ValueError."""
        command_id = str(uuid.uuid4())
        frame = {**frame, "id": command_id}
        self._journal.write(kind="invoke", **{"op": frame["type"], "id": command_id, "frame": frame})
        while True:
            answered: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
            self._waiting[command_id] = frame, answered
            await self._say(frame)
            answer = await answered
            if answer["type"] == "ack":
                return dict(answer["data"])
            if not answer["data"].get("temporary", True):
                raise ValueError(answer["data"]["message"])
            await asyncio.sleep(self._chance.uniform(*self._again))

    async def until_ended(self, run_id: str) -> str:
        """The outcome."""
        async with self._news:
            await self._news.wait_for(lambda: run_id in self.ended)
        return self.ended[run_id]

    async def until_seen(self, seq: int) -> None:
        async with self._news:
            await self._news.wait_for(lambda: self.seq >= seq)

    def drop(self) -> bool:
        """As when a cable is pulled; whether there was one."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.transport.abort()
        return wire is not None

    # ---- its socket ----

    async def _live(self) -> None:
        while True:
            door = self._chance.choice(self.doors)
            try:
                async with asyncio.timeout(PATIENCE):
                    wire = await self._open(door)
                try:
                    await self._converse(wire, door)
                finally:
                    wire.transport.abort()
            except (OSError, WebSocketException, TimeoutError) as fault:
                self._journal.write(kind="no way", door=door, why=type(fault).__name__)
            await asyncio.sleep(self._chance.uniform(*self._again))

    async def _open(self, door: int) -> ClientConnection:
        headers = {"Cookie": self.cookies, "Origin": f"http://127.0.0.1:{door}"}
        address = f"ws://127.0.0.1:{door}/ws/chat"
        return await connect(address, additional_headers=headers, max_size=None, compression=None, proxy=None,
                             ping_interval=5, ping_timeout=10)  # fmt: skip

    async def _converse(self, wire: ClientConnection, door: int) -> None:
        self._journal.write(kind="open", door=door, seq=self.seq)
        self._wire = wire
        try:
            if self._accepted:
                await self._say({"type": "resume", "id": str(uuid.uuid4()), "conversation_id": self.conversation,
                                 "seq": self.seq})  # fmt: skip
            for frame, _ in list(self._waiting.values()):
                await self._say(frame)
            async for raw in wire:
                await self._hear(json.loads(raw), len(raw))
        finally:
            self._wire = None
            self._journal.write(kind="closed", code=wire.close_code)

    async def _say(self, frame: Frame) -> None:
        if self._wire is not None:
            with contextlib.suppress(OSError, WebSocketException):
                await self._wire.send(json.dumps(frame))

    async def _hear(self, frame: Frame, size: int) -> None:
        self._journal.write(kind="frame", frame=frame, size=size)
        if frame["type"] in ("ack", "nack"):
            self._answered(frame)
        async with self._news:
            if frame["type"] == "welcome" and not frame["data"]["recovered"]:
                self.seq = 0  # a fresh page follows
            self.seq = max(self.seq, frame.get("seq", 0))
            if frame["type"] == "complete":
                self.ended[frame["data"]["run_id"]] = frame["data"]["outcome"]
            self._news.notify_all()
        if frame["type"] == "approval_requested" and self._decides:
            decision = "approve" if stories.allowed(frame["data"]["arguments"]) else "reject"
            asked = {"type": "decide", "approval_id": frame["data"]["approval_id"], "decision": decision}
            self._decide(asked)
        for listener in self.heard:
            listener(frame)

    def _answered(self, frame: Frame) -> None:
        waiting = self._waiting.pop(frame["data"]["id"], None)
        if waiting is not None:
            kind = "ok" if frame["type"] == "ack" else "fail"
            self._accepted = self._accepted or kind == "ok"
            self._journal.write(kind=kind, id=frame["data"]["id"], answer=frame["data"])
            waiting[1].set_result(frame)

    def _decide(self, asked: Frame) -> None:
        """Beside the reading: the answer is read there. One that somebody has decided already needs no more."""
        task = asyncio.create_task(self.command(asked))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
