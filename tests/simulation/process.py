"""A process inside the test's own: it can be killed at every commit, bell and request, or frozen after every write.

Which process a piece of work belongs to is a context variable, so it follows tasks into their threads. A dead process
commits nothing, rings nothing and runs no further statement; what it had open is rolled back, as a database does it
for a client that is gone.
"""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from chat import doorbell, launch
from chat.actions import calls
from tools.kube import guard

WRITES = ("INSERT", "UPDATE", "DELETE")


class Death(BaseException):
    """kill -9: nothing of this process goes on."""


class Process:
    """`dies_at`: the number of the boundary it does not survive; `freezes_at`: the number of the write after which it
    stands still until `thaw` (SIGSTOP); 0: never. `trace`: the boundaries it passed, in order."""

    def __init__(self, *, dies_at: int = 0, freezes_at: int = 0) -> None:
        self.trace: list[str] = []
        self.dead, self.writes = False, 0
        self._dies_at, self._freezes_at = dies_at, freezes_at
        self._loop = asyncio.get_running_loop()
        self._gone, self.frozen, self.thaw = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._context = contextvars.copy_context()
        self._context.run(CURRENT.set, self)
        self.crew: launch.Crew | None = None

    # ---- living --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Its crew looks for work. It is the one that is woken after a commit."""
        self.crew = launch._crew = launch.Crew()
        self._context.run(self.crew.start)

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return self._loop.create_task(work, context=self._context.copy())

    def adopt(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if self.dead and not task.cancelled():
            task.exception()  # it died: nobody else will ask what of

    @property
    def busy(self) -> bool:
        return self.crew is not None and bool(self.crew._drives)

    async def bury(self) -> None:
        """Whatever it left behind is gone: no clean-up of its own gets a word in."""
        self.dead = True
        self._gone.set()
        while left := [task for task in self._tasks if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=1)

    # ---- boundaries ----------------------------------------------------------------------------------------------

    def dies(self, boundary: str) -> bool:
        """Passes a boundary, or does not. From any thread."""
        if not self.dead:
            self.trace.append(boundary)
            if len(self.trace) == self._dies_at:
                self.dead = True
                self._loop.call_soon_threadsafe(self._gone.set)
        return self.dead

    async def stopped(self) -> None:
        """Returns once the process is dead or stands still."""
        await self._gone.wait()

    async def wrote(self) -> None:
        """Between two acts of one task. Whatever else it does stands still too, before its next act."""
        self.writes += 1
        if self.writes == self._freezes_at:
            self.frozen.set()
            self._gone.set()
        await self.stands_still()

    async def stands_still(self) -> None:
        if self.frozen.is_set():
            await self.thaw.wait()


CURRENT: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)
Rung = Callable[[str, int], None]


async def never() -> None:
    await asyncio.Event().wait()


def install(patch: pytest.MonkeyPatch, rung: Rung, clock: Callable[[], float]) -> None:
    """Puts boundaries around every commit, statement outside a transaction, and bell. `rung` is told of every bell;
    `clock` says how late it is for a change that is about to leave."""
    patch.setattr(guard, "clock", clock)
    patch.setattr(calls, "clock", clock)
    patch.setattr(BaseDatabaseWrapper, "commit", _mortal_commit(BaseDatabaseWrapper.commit))
    patch.setattr(CursorWrapper, "execute", _mortal_execute(CursorWrapper.execute))
    patch.setattr(SyncToAsync, "__call__", _freezing(SyncToAsync.__call__))
    patch.setattr(doorbell, "_send", _mortal_bell(doorbell._send, rung))
    patch.setattr(launch, "POLL", 0.03)  # seconds: what a lost wake costs, in a test's time
    asyncio.get_running_loop().set_task_factory(_adopted)


def _adopted(
    loop: asyncio.AbstractEventLoop, work: Any, *, context: contextvars.Context | None = None
) -> asyncio.Task[Any]:
    task = asyncio.Task(work, loop=loop, context=context)
    process = context[CURRENT] if context is not None and CURRENT in context else CURRENT.get()
    if process is not None:
        process.adopt(task)
    return task


def _mortal_commit(commit: Callable[[Any], None]) -> Callable[[Any], None]:
    def mortal(connection: Any) -> None:
        process = CURRENT.get()
        if process is None:
            return commit(connection)
        if process.dies("before a commit"):
            connection.rollback()
            raise Death
        commit(connection)
        if process.dies("after a commit"):
            connection.run_on_commit = []
            raise Death
        return None

    return mortal


def _mortal_execute(execute: Callable[..., Any]) -> Callable[..., Any]:
    def mortal(cursor: Any, sql: str, *args: Any) -> Any:
        process = CURRENT.get()
        if process is None:
            return execute(cursor, sql, *args)
        alone = str(sql)[:6].upper() in WRITES and not cursor.db.in_atomic_block
        if process.dead or (alone and process.dies("before a statement")):
            raise Death
        result = execute(cursor, sql, *args)
        if alone and process.dies("after a statement"):
            raise Death
        return result

    return mortal


def _freezing(call: Callable[..., Any]) -> Callable[..., Any]:
    async def freezing(hop: Any, *args: Any, **kwargs: Any) -> Any:
        process = CURRENT.get()
        if process is None:
            return await call(hop, *args, **kwargs)
        await process.stands_still()
        before = len(process.trace)
        result = await call(hop, *args, **kwargs)
        if len(process.trace) != before:
            await process.wrote()
        return result

    return freezing


def _mortal_bell(send: Callable[..., Any], rung: Rung) -> Callable[..., Any]:
    async def mortal(told: list[tuple[str, dict[str, Any]]]) -> None:
        for _, message in told:
            if message["type"] == "conversation.grew":
                rung(message["conversation_id"], message["seq"])
        process = CURRENT.get()
        if process is None:
            return await send(told)
        bell = any(message["type"] == "conversation.grew" for _, message in told)
        if process.dead or (bell and process.dies("before a bell")):
            await never()
        return await send(told)

    return mortal
