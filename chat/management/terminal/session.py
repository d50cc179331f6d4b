"""Follows one run in the terminal from its message to its end, whichever process drives it.

The journal is read; bells only say when, and without one it is read every POLL seconds: with a layer in memory another
process cannot be heard. So nothing that is shown here differs from what the portal shows.
"""

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async as in_database
from django.contrib.auth.models import User
from django.db import Error as DatabaseFault
from django.urls import reverse

from chat import doorbell, journal
from chat.actions import runs
from chat.actions.messages import Accepted
from chat.errors import PortalError
from chat.event_types import ApprovalDecided, ApprovalRequested, Complete, MessageSteered
from chat.management.terminal import endings, words
from chat.management.terminal.endings import Ending
from chat.management.terminal.keys import Keyboard
from chat.management.terminal.questions import Questions, Reply
from chat.management.terminal.screen import Screen
from chat.models import Run
from chat.models.run import RunStatus
from chat.web import reading
from chat.web.frames import Frame
from chat.web.watch import Watch

POLL = 0.5  # seconds
_COLUMNS = 120  # of a card that nobody sits before
LONG = 10.0  # seconds in the queue after which the person is told why
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who follows: a person, their screen, their keyboard when they sit there, and the portal's address."""

    user: User
    screen: Screen
    keyboard: Keyboard | None
    address: str


class Session:
    """One run, from `accepted` on."""

    def __init__(self, audience: Audience, accepted: Accepted) -> None:
        self._audience, self._screen = audience, audience.screen
        self._conversation, self._run = accepted.conversation_id, accepted.run_id
        self._watch = Watch(accepted.seq - 1)
        self._woken = asyncio.Event()
        self._told_to_stop = self._leave = False
        self._stopping: asyncio.Task[None] | None = None
        self._open: dict[str, dict[str, Any]] = {}  # approvals that wait, by id
        self._question: tuple[str, asyncio.Task[Reply]] | None = None
        self._complete: Frame | None = None
        self._began = asyncio.get_running_loop().time()

    @property
    def address(self) -> str:
        return self._audience.address + reverse("conversation", args=[self._conversation])

    async def follow(self) -> Ending:
        async with doorbell.Ear(self._conversation) as ear:
            hearing = asyncio.create_task(self._hear(ear), name="bells for the terminal")
            try:
                with self._signals():
                    return await self._until_it_ends(hearing)
            finally:
                await self._quiet(hearing)

    async def _until_it_ends(self, hearing: "asyncio.Task[None]") -> Ending:
        while True:
            self._woken.clear()
            if hearing.done():
                hearing.result()
            with contextlib.suppress(DatabaseFault):  # away for a moment: nothing is shown meanwhile, nothing is lost
                if (ending := await self._look()) is not None:
                    return ending
            try:
                async with asyncio.timeout(POLL):
                    await self._woken.wait()
            except TimeoutError:
                await self._look_at_the_checkpoint()

    async def _quiet(self, hearing: "asyncio.Task[None]") -> None:
        """Nothing of this session goes on; a Stop on its way arrives."""
        tasks: list[asyncio.Task[Any]] = [hearing] + ([self._question[1]] if self._question else [])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *([self._stopping] if self._stopping else []), return_exceptions=True)

    # ---- what comes in -------------------------------------------------------------------------------------------

    async def _hear(self, ear: doorbell.Ear) -> None:
        while True:
            message = await ear.hear()
            if message["type"] != "conversation.whisper":
                self._woken.set()
            elif (frame := self._watch.delta(message["frame"])) is not None:
                self._show(frame)

    @contextlib.contextmanager
    def _signals(self) -> Any:
        """Ctrl-C once: the run is told to stop. Again, or any other end: this command leaves."""
        loop = asyncio.get_running_loop()
        for name in SIGNALS:
            loop.add_signal_handler(name, self._hear_signal, name)
        try:
            yield
        finally:
            for name in SIGNALS:
                loop.remove_signal_handler(name)

    def _hear_signal(self, name: signal.Signals) -> None:
        if name is signal.SIGINT and not self._told_to_stop:
            self._told_to_stop = True
            self._screen.say("Stopping. Ctrl-C again leaves without waiting for it.")
            self._stopping = asyncio.create_task(self._stop(), name="stop from the terminal")
        else:
            self._leave = True
        self._woken.set()

    async def _stop(self) -> None:
        try:
            await in_database(runs.stop)(self._audience.user, self._run)
        except (PortalError, DatabaseFault) as fault:
            self._screen.say(f"It could not be stopped: {words.line(str(fault), 400)}")

    # ---- what is made of it --------------------------------------------------------------------------------------

    async def _look(self) -> Ending | None:
        for event in await in_database(journal.since)(self._conversation, self._watch.seq):
            for frame in self._watch.event(event.frame()):
                self._take(frame)
        if self._complete is not None:
            return endings.of(self._complete["data"]["outcome"], self.address)
        if self._leave:
            return endings.left(self.address, stopping=self._told_to_stop)
        if self._open and self._audience.keyboard is None:
            return await self._unattended()
        if self._open or self._question:
            return self._ask_on()
        await self._tell_of_the_queue()
        return None

    async def _look_at_the_checkpoint(self) -> None:
        """What another process is saying, which a layer in memory lets nobody hear: late, but before its end."""
        with contextlib.suppress(DatabaseFault):
            for block in await in_database(reading.open_blocks)([self._run]):
                if (new := self._watch.delta(block)) is not None:
                    self._show(new)

    def _take(self, frame: Frame) -> None:
        data = frame["data"]
        if frame["type"] == MessageSteered.type and data["run_id"] == self._run:
            self._run = data["into_run_id"]  # its author told it to the run before: that one answers
            return
        if data.get("run_id") not in (self._run, None):
            return
        self._show(frame)
        if frame["type"] == ApprovalRequested.type:
            self._open[data["approval_id"]] = data
        elif frame["type"] == ApprovalDecided.type:
            self._open.pop(data["approval_id"], None)
        elif frame["type"] == Complete.type:
            self._complete = frame

    def _show(self, frame: Frame) -> None:
        if frame["data"].get("run_id") in (self._run, None):
            self._screen.show(frame)

    async def _unattended(self) -> Ending | None:
        """Nobody is there to decide: the command ends once the run waits for nothing else."""
        status = await in_database(Run.objects.values_list("status", flat=True).get)(pk=self._run)
        if status != RunStatus.WAITING:
            return None
        for asked in self._open.values():
            rows, _ = words.card(asked, self._audience.address + asked["url"], _COLUMNS)
            self._screen.say("\n".join(rows))
        return endings.waiting(self._addresses())

    def _ask_on(self) -> Ending | None:
        """One question at a time; one that was decided elsewhere is taken back."""
        if self._question is not None:
            approval_id, task = self._question
            if task.done():
                self._question = None
                if task.result() is Reply.LEFT and approval_id in self._open:
                    return endings.waiting(self._addresses())
            elif approval_id not in self._open:
                task.cancel()
                self._question = None
        waiting = next(iter(self._open.values()), None)
        if self._question is None and waiting is not None and not self._told_to_stop:
            self._question = (waiting["approval_id"], self._begin(waiting))
        return None

    def _begin(self, waiting: dict[str, Any]) -> "asyncio.Task[Reply]":
        who = self._audience
        assert who.keyboard is not None
        task = asyncio.create_task(Questions(who.user, who.screen, who.keyboard, who.address).ask(waiting))
        task.add_done_callback(lambda _: self._woken.set())
        return task

    def _addresses(self) -> list[str]:
        return [self._audience.address + asked["url"] for asked in self._open.values()]

    async def _tell_of_the_queue(self) -> None:
        """Once, when it takes long."""
        if asyncio.get_running_loop().time() - self._began < LONG:
            return
        self._began = float("inf")
        status = await in_database(Run.objects.values_list("status", flat=True).get)(pk=self._run)
        if status == RunStatus.QUEUED:
            self._screen.say(
                "It is still queued: an earlier run of this conversation is under way, or no process drives runs "
                f"(see {self.address})."
            )
