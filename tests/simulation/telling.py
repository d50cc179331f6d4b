"""Tells a story with processes that end in the middle of it, and people who come back until they have their answers."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from chat import doorbell, journal
from chat.actions import approvals, leases, messages, queue, runs
from chat.errors import Conflict
from chat.models import Run
from chat.models.run import RunStatus
from tests.simulation import promises
from tests.simulation.cluster import RecordingCluster
from tests.simulation.process import Process
from tests.simulation.stories import Story

PATIENCE = 20  # seconds a story may take


@dataclass
class World:
    """`bells`: the highest number that was rung, by conversation; `rang`: set by every bell; `passed`: seconds that
    went by besides those of the test."""

    user: User
    cluster: RecordingCluster
    script: Path
    bells: dict[str, int] = field(default_factory=dict)
    passed: float = 0.0
    rang: asyncio.Event = field(default_factory=asyncio.Event)

    def rung(self, conversation_id: str, seq: int) -> None:
        self.bells[conversation_id] = max(seq, self.bells.get(conversation_id, 0))
        self.rang.set()

    def clock(self) -> float:
        return time.monotonic() + self.passed

    def tells(self, story: Story) -> "Telling":
        telling = Telling(story, self)
        telling.write_script(self.script)
        return telling


class Telling:
    """One story in one conversation. `seen`: what a client that comes back again and again has read, by number."""

    def __init__(self, story: Story, world: World) -> None:
        self.story, self.world, self.user, self.cluster = story, world, world.user, world.cluster
        self.conversation_id = promises.fresh()
        self.seen: list[dict[str, Any]] = []
        self._ids = [uuid.uuid4() for _ in story.messages]
        self.accepted: dict[uuid.UUID, str] = {}  # what was acknowledged, and its run
        self._done: set[str] = set()  # commands that were answered
        self._changes_before = len(self.cluster.changes)

    def write_script(self, file: Path) -> None:
        name = f"n-{self.conversation_id[:8]}"
        played = {"rounds": self.story.rounds} | ({"stories": [self.story.then]} if self.story.then else {})
        file.write_text(json.dumps(played).replace("NAME", name))

    # ---- processes -----------------------------------------------------------------------------------------------

    async def lives(self, process: Process) -> bool:
        """The process works, and people use it, until the story is over (True) or the process dies or freezes."""
        self.cluster.client = process
        async with doorbell.Ear(), asyncio.timeout(PATIENCE):
            process.start()
            while not process.dead and not process.frozen.is_set():
                await self._read()
                if self.over:
                    return True
                for name, command in self._wanted():
                    await self._command(process, name, command)
                await self._bell(process)
        return False

    async def _bell(self, process: Process) -> None:
        """Until there may be news: a bell lost by a death costs a moment."""
        self.world.rang.clear()
        waits = [asyncio.ensure_future(self.world.rang.wait()), asyncio.ensure_future(process.stopped())]
        await asyncio.wait(waits, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def buries(self, process: Process) -> None:
        """The moment after a death: what is written agrees with itself, whatever was cut."""
        for _ in range(5):
            await asyncio.sleep(0)  # a bell that was rung too early is on its way
        await process.bury()
        await database_sync_to_async(lambda: connection.close())()
        await database_sync_to_async(promises.at_any_moment)(self.conversation_id, self.world.bells)

    async def expire_leases(self) -> None:
        self.world.passed += leases.LEASE.total_seconds()
        await database_sync_to_async(_expire)(self.conversation_id)

    # ---- people --------------------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        ended = {event["run_id"] for event in self.seen if event["type"] == "complete"}
        return len(self.accepted) == len(self._ids) and set(self.accepted.values()) <= ended

    async def _read(self) -> None:
        """As a client does it: everything above the number it has."""
        last = self.seen[-1]["seq"] if self.seen else 0
        self.seen += await database_sync_to_async(_since)(self.conversation_id, last)

    def _wanted(self) -> list[tuple[str, Callable[[], Any]]]:
        """What people still want done, as far as they know; said again until it is answered."""
        for text, message_id in zip(self.story.messages, self._ids, strict=True):
            if message_id not in self.accepted:
                return [(f"send {message_id}", lambda text=text, name=message_id: self._send(text, name))]  # type: ignore[misc]
        wanted: list[tuple[str, Callable[[], Any]]] = []
        for name in (self._ids[number] for number in self.story.steered):
            if f"steer {name}" not in self._done:  # the run waits for the decision, so it hears this before it goes on
                return [(f"steer {name}", lambda name=name: self._steer(name))]  # type: ignore[misc]
        for event in self.seen:
            if self.story.stop_at and event["type"] == self.story.stop_at:
                run_id = event["run_id"]
                wanted.append((f"stop {run_id}", lambda run_id=run_id: runs.stop(self.user, run_id)))  # type: ignore[misc]
            if self.story.decision and event["type"] == "approval_requested":
                name = event["approval_id"]
                wanted.append((f"decide {name}", lambda name=name: self._decide(name)))  # type: ignore[misc]
        return [(name, command) for name, command in wanted if name not in self._done]

    def _send(self, text: str, message_id: uuid.UUID) -> None:
        accepted = messages.send(
            self.user, text, message_id=message_id, conversation_id=uuid.UUID(self.conversation_id)
        )
        self._sent = accepted.run_id

    def _steer(self, message_id: uuid.UUID) -> None:
        """Said again when the answer was lost: the same answer comes, and never that the message is taken already."""
        queue.steer(self.user, message_id, command_id=str(uuid.uuid5(message_id, "steer")))

    def _decide(self, approval_id: str) -> None:
        try:
            approvals.decide(self.user, approval_id, self.story.decision)
        except Conflict:  # it was decided when the answer was lost, or is void
            return

    async def _command(self, process: Process, name: str, command: Callable[[], Any]) -> None:
        task = process.begin(database_sync_to_async(command)())
        gone = asyncio.ensure_future(process.stopped())
        await asyncio.wait([task, gone], return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if process.dead or process.frozen.is_set() or not task.done():
            return  # nobody heard the answer
        task.result()
        if name.startswith("send"):
            self.accepted[uuid.UUID(name.split()[1])] = self._sent
        self._done.add(name)

    # ---- in the end ----------------------------------------------------------------------------------------------

    async def check(self) -> None:
        await self._read()
        await database_sync_to_async(self._check)()

    def _check(self) -> None:
        promises.at_any_moment(self.conversation_id, self.world.bells)
        changes = self.cluster.changes[self._changes_before :]
        promises.in_the_end(self.conversation_id, changes, {str(name) for name in self.accepted})
        written = _since(self.conversation_id, 0)
        promises.holds(self.seen == written, "A client saw something else than was written:", self.seen, written)

    def outcome(self) -> str:
        return next(event["outcome"] for event in self.seen if event["type"] == "complete")


def _since(conversation_id: str, seq: int) -> list[dict[str, Any]]:
    return [event.data | {"type": event.type, "seq": event.seq} for event in journal.since(conversation_id, seq)]


def _expire(conversation_id: str) -> None:
    """Time goes by, for the leases of this conversation."""
    Run.objects.filter(conversation_id=conversation_id, status=RunStatus.RUNNING).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
