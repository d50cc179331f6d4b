"""How a web process leaves: it says so, hands its runs over at once, and lets the server close a moment later.

uvicorn closes its door the moment it is told to stop, so a load balancer would meet refused connections before it has
heard of it. The moment in between is for `/readyz` to be asked once more, and for people to decide and to stop.
"""

import asyncio
import logging
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from chat import launch, leaving

log = logging.getLogger(__name__)
NOTICE = 2.0  # seconds
_tasks: set[asyncio.Task[None]] = set()


def prepare() -> None:
    """Puts itself before the server's own answer to SIGTERM and SIGINT. Only a server that has one is asked."""
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        server = signal.getsignal(each)
        if callable(server):
            try:
                signal.signal(each, _answer(loop, server))
            except ValueError:  # not the main thread: whoever serves there stops it without signals
                return


def _answer(loop: asyncio.AbstractEventLoop, server: Callable[[int, FrameType | None], Any]) -> Any:
    def told(number: int, frame: FrameType | None) -> None:
        if leaving.now():  # told again: faster
            server(number, frame)
            return
        leaving.begin()
        loop.call_soon_threadsafe(_hand_over)
        loop.call_soon_threadsafe(loop.call_later, NOTICE, server, number, None)

    return told


def _hand_over() -> None:
    task = asyncio.get_running_loop().create_task(launch.end(), name="handing over")
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
