"""Starts a program that somebody named, as a process group of its own, and leaves nothing of it behind."""

import asyncio
import atexit
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import cache

from tools.kube.errors import Busy, Unreachable
from tools.kube.together import beside
from tools.servers.programs import Program

MOST = 8  # programs at once in this process
GRACE = 1.0  # seconds to end by itself, and again after SIGTERM
_slots = threading.BoundedSemaphore(MOST)
_running: set[int] = set()


class Listener(asyncio.SubprocessProtocol):
    """Hears a program. ended: set when it has ended."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    def process_exited(self) -> None:
        self.ended.set()


@asynccontextmanager
async def running(program: Program, heard: Listener) -> AsyncIterator[asyncio.SubprocessTransport]:
    """In a folder of its own, which goes with it. Raises Unreachable, Busy."""
    if not _slots.acquire(blocking=False):
        raise Busy(f"{MOST} programs run at once here already: nothing was sent. Try again in a moment.")
    home = tempfile.mkdtemp(prefix="k8smcp-program-")
    try:
        transport = await _started(program, home, heard)
        try:
            yield transport
        finally:
            await _end(transport, heard)
    finally:
        _slots.release()
        await beside(lambda: shutil.rmtree(home, ignore_errors=True))


async def _started(program: Program, home: str, heard: Listener) -> asyncio.SubprocessTransport:
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.subprocess_exec(
            lambda: heard,
            *program.command,
            cwd=home,
            env=environment(program, home),
            start_new_session=True,
        )
    except (OSError, ValueError) as fault:
        why = (getattr(fault, "strerror", "") or "it cannot be run").lower()
        raise Unreachable(
            f'The program "{program.name}" cannot be started ({why}): whoever runs the portal can look at '
            "K8SMCP_MCP_PROGRAMS."
        ) from None
    _spread_the_net()
    _running.add(transport.get_pid())
    return transport


def environment(program: Program, home: str) -> Mapping[str, str]:
    """All that it is given: nothing of the portal's but where programs are found."""
    own = {"PATH": os.pathsep.join(os.get_exec_path()), "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8"}
    return {**own, **program.environment}


async def _end(transport: asyncio.SubprocessTransport, heard: Listener) -> None:
    """As MCP wants it: the end of its input, then SIGTERM, then SIGKILL; the last also to what it left behind."""
    group = transport.get_pid()
    try:
        if (stdin := transport.get_pipe_transport(0)) is not None:
            stdin.close()
        await _has_ended(heard)
        _tell(group, signal.SIGTERM)
        await _has_ended(heard)
    finally:
        _tell(group, signal.SIGKILL)
        _running.discard(group)
        try:
            await _has_ended(heard)
        finally:
            transport.close()


async def _has_ended(heard: Listener) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            await heard.ended.wait()


def _tell(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def end_all() -> None:
    """The last net: a portal that leaves takes with it what it started."""
    while _running:
        _tell(_running.pop(), signal.SIGKILL)


@cache
def _spread_the_net() -> None:
    atexit.register(end_all)
