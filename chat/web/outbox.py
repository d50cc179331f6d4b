"""What is on its way to one socket. A slow reader costs a bounded number of bytes and makes nobody else wait.

The journal is the queue: while a socket is `full` nothing more of it is put here, and when it has been emptied the
journal is read on from where it stopped. Deltas are left out even earlier, while it is `crowded`: the end of their
block has all their text.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from chat.metrics.here import HELD_BACK

MOST_BYTES = 256 * 1024
CROWDED_BYTES = 64 * 1024
PATIENCE = 20.0  # seconds a socket may stay crowded before it is closed


class Outbox:
    """`send` writes one frame and returns when the connection takes more. `full`: until it has been emptied nothing of
    a journal is put in; then `emptied` is called."""

    __slots__ = ("_bytes", "_emptied", "_frames", "_pump", "_room", "_send", "_shut", "_since", "full")

    def __init__(self, send: Callable[[str], Awaitable[None]], emptied: Callable[[], None]) -> None:
        self._send, self._emptied = send, emptied
        self._frames: deque[str] = deque()
        self._bytes = 0
        self._since = 0.0
        self.full = self._shut = False
        self._room = asyncio.Event()
        self._room.set()
        self._pump: asyncio.Task[None] | None = None

    @property
    def crowded(self) -> bool:
        return self._bytes > CROWDED_BYTES

    def stuck(self) -> bool:
        """Whether its reader has been too slow for too long."""
        return self.crowded and time.monotonic() - self._since > PATIENCE

    async def room(self) -> None:
        """Returns once it is not full: what a client asks for waits until it has read the answers before."""
        await self._room.wait()

    def put(self, frame: str) -> None:
        if self._shut:
            return
        if not self._bytes:
            self._since = time.monotonic()
        self._frames.append(frame)
        self._bytes += len(frame)
        if self._bytes > MOST_BYTES and not self.full:
            HELD_BACK.inc()
            self.full = True
            self._room.clear()
        if self._pump is None:
            self._pump = asyncio.ensure_future(self._empty())

    async def _empty(self) -> None:
        try:
            while self._frames:
                frame = self._frames.popleft()
                await self._send(frame)
                self._bytes = max(0, self._bytes - len(frame))
                if not self.crowded:
                    self._since = time.monotonic()
        except (OSError, RuntimeError):  # the reader is gone (uvicorn has a fault for either moment of it)
            self.shut()
        finally:
            self._pump = None
        if self.full and not self._shut:
            self.full = False
            self._room.set()
            self._emptied()

    def shut(self) -> None:
        """Forgets what has not been handed over yet, and takes nothing more."""
        self._shut = True
        self._frames.clear()
        self._bytes = 0
        self._room.set()

    def close(self) -> None:
        """The socket is gone."""
        self.shut()
        if self._pump is not None:
            self._pump.cancel()
