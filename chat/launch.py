"""Wakes a runner, in this process or in `agentworker`: the only file that knows where runs are driven.

The crew claims runs, drives each as a task, and looks again when it is woken or when POLL has passed, so a bell that is
lost costs a second. Processes need not know one another: the database decides who drives what.
"""

import asyncio
import logging
import os
import socket
import uuid
from functools import partial
from itertools import islice

from channels.db import database_sync_to_async
from django.db import Error as DatabaseFault

from chat import doorbell, room, runner
from chat.actions import approvals, leases, restores
from chat.agent.providers import choose
from chat.audit import anchors as audit_anchors
from chat.hop import in_database
from chat.models import Run

log = logging.getLogger(__name__)
POLL = 1.0  # seconds
ANCHOR = 10.0  # seconds between two looks whether the journal was put back
CONCURRENCY = 64
HAND_OVER = 15.0  # seconds for what must not be cut off: a change on the wire and its result
LOST: leases.OpenBlock = {}  # instead of a block: another process has the run


class Crew:
    """The runs that this process drives. `only`: this one and no other, whatever else waits."""

    def __init__(self, concurrency: int = CONCURRENCY, only: str = "") -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
        self._concurrency, self._only = concurrency, only
        self._drives: dict[str, runner.Drive] = {}
        self._woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[None]] = []
        self._over = False  # nothing is claimed any more

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._keep_watch(), name="patrol"),
            asyncio.create_task(self._keep_leases(), name="pulse"),
            asyncio.create_task(self._hear_calls(), name="calls for runners"),
            asyncio.create_task(self._keep_anchor(), name="anchor of the journal"),
            asyncio.create_task(room.keep_told(), name="the team's room"),
        ]

    def wake(self) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._woken.set)

    async def stop(self) -> None:
        """Claims nothing more and gives every unfinished run back for others to take at once. What takes longer than
        HAND_OVER is left to its lease."""
        patrol, pulse, *others = self._tasks
        self._over = True
        self._woken.set()
        for other in others:
            other.cancel()
        await asyncio.wait([patrol], timeout=HAND_OVER / 3)  # what it is just claiming is handed over too
        patrol.cancel()
        leaves = [asyncio.create_task(drive.leave()) for drive in list(self._drives.values())]
        if leaves:
            _, late = await asyncio.wait(leaves, timeout=HAND_OVER)
            for each in late:
                each.cancel()
            if late:
                log.warning("%d runs were not handed over in %s s: their leases will run out.", len(late), HAND_OVER)
        pulse.cancel()

    async def _hear_calls(self) -> None:
        """Other processes accept messages too, and ring for whoever drives runs."""
        async with doorbell.Ear() as ear:
            while True:
                if await ear.listen_to(doorbell.RUNNERS):
                    await ear.hear()
                    self._woken.set()
                else:
                    await asyncio.sleep(POLL)

    async def _keep_anchor(self) -> None:
        while True:
            try:
                await restores.look()
                await in_database(audit_anchors.look)()
            except DatabaseFault as fault:
                log.warning("The database does not answer (%s): its anchors stay.", type(fault).__name__)
            await asyncio.sleep(ANCHOR)

    async def _keep_leases(self) -> None:
        """One pulse for all runs of this process, with what each is saying right now."""
        while True:
            await asyncio.sleep(leases.RENEW_EVERY)
            drives = list(self._drives.values())
            try:
                if drives:
                    await self._renew(drives)
            except DatabaseFault as fault:
                log.warning("The leases of %d runs were not renewed (%s).", len(drives), type(fault).__name__)

    def _renewed(self, drives: list[runner.Drive]) -> dict[runner.Drive, leases.OpenBlock | None]:
        """What was kept, or LOST."""
        blocks = {drive: drive.open_block() for drive in drives}
        standing = leases.renew_all(self.name, {drive.claim: block for drive, block in blocks.items()})
        return {drive: block if drive.claim in standing else LOST for drive, block in blocks.items()}

    async def _renew(self, drives: list[runner.Drive]) -> None:
        for drive, block in (await in_database(self._renewed)(drives)).items():
            if block is LOST:
                drive.lose()
            elif block is not None:
                drive.kept(block)

    async def _keep_watch(self) -> None:
        while not self._over:
            self._woken.clear()
            try:
                await self._look()
            except DatabaseFault as fault:
                log.warning("The database does not answer (%s): looking again in %s s.", type(fault).__name__, POLL)
            try:
                await asyncio.wait_for(self._woken.wait(), POLL)
            except TimeoutError:
                await self._quietly_expire()

    async def _look(self) -> None:
        for run_id in await database_sync_to_async(self._to_stop)():
            if (drive := self._drives.get(run_id)) is not None:
                drive.stop()
        more = True
        while more and not self._over and (room := self._room()) > 0:
            claims, more = await in_database(self._claims)(room)
            for claim in claims:
                drive = self._drives[claim.run_id] = runner.Drive(claim)
                drive.task.add_done_callback(partial(self._ended, drive))

    def _room(self) -> int:
        return self._concurrency - len(self._drives)

    def _claims(self, most: int) -> tuple[list[leases.Claim], bool]:
        """Also whether there may be more than were looked at. For what comes later a bell rings."""
        found = leases.claimable(self._only)
        claims = (leases.take(run, self.name) for run in found)
        return list(islice(filter(None, claims), most)), len(found) == leases.AT_ONCE

    def _ended(self, drive: runner.Drive, _: object) -> None:
        """A run this process took over from itself has a newer drive: that one stays. Whoever ended a run, or gave it
        on, has rung for the next one; a crew that had no room did not come."""
        full = self._room() <= 0
        if self._drives.get(drive.claim.run_id) is drive:
            del self._drives[drive.claim.run_id]
        if full:
            self._woken.set()

    def _to_stop(self) -> list[str]:
        if not self._drives:
            return []
        return [
            str(pk)
            for pk in Run.objects.filter(pk__in=list(self._drives), stop_requested=True).values_list("pk", flat=True)
        ]

    async def _quietly_expire(self) -> None:
        try:
            await database_sync_to_async(approvals.expire_overdue)()
        except DatabaseFault:
            log.warning("The database does not answer: approvals are looked at later.")


_crew: Crew | None = None
_ending: asyncio.Task[None] | None = None


def wake() -> None:
    """After the commit of anything that gives a runner work: here, or in whichever process has a crew."""
    if _crew is not None:
        _crew.wake()
    else:
        doorbell.call_runners()


def begin(concurrency: int = CONCURRENCY, only: str = "") -> Crew:
    """Starts this process's crew in the running event loop, once. `only`: for this run alone."""
    global _crew
    if _crew is None:
        _crew = Crew(concurrency, only)
        _crew.start()
    return _crew


async def end() -> None:
    """Whoever asks again waits for the same end."""
    global _crew, _ending
    if _crew is not None:
        crew, _crew = _crew, None
        _ending = asyncio.create_task(_end(crew), name="end of the crew")
    if _ending is not None:
        await asyncio.shield(_ending)


async def _end(crew: Crew) -> None:
    global _ending
    try:
        await crew.stop()
        await choose.close()
    finally:
        _ending = None
