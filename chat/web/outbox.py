"""What is on its way to one socket. A slow reader costs a bounded number of bytes and makes nobody else wait.

The journal is the queue: while a socket is `full` nothing more of it is put here, and when it has been emptied the
journal is read on from where it stopped. Deltas are left out even earlier, while it is `crowded`: the end of their
block has all their text.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

MOST_BYTES = 256 * 1024
CROWDED_BYTES = 64 * 1024
PATIENCE = 20.0  # seconds a socket may stay crowded before it is closed


class Outbox:
    """`send` writes one frame and returns when the connection takes more. `full`: until it has been emptied nothing of
    a journal is put in; then `emptied` is called."""

    __slots__ = ("_bytes", "_emptied", "_frames", "_pump", "_send", "_since", "full")

    def __init__(self, send: Callable[[str], Awaitable[None]], emptied: Callable[[], None]) -> None:
        self._send, self._emptied = send, emptied
        self._frames: deque[str] = deque()
        self._bytes = 0
        self._since = 0.0
        self.full = False
        self._pump: asyncio.Task[None] | None = None

    @property
    def crowded(self) -> bool:
        return self._bytes > CROWDED_BYTES

    def stuck(self) -> bool:
        """Whether its reader has been too slow for too long."""
        return self.crowded and time.monotonic() - self._since > PATIENCE

    def put(self, frame: str) -> None:
        if not self._bytes:
            self._since = time.monotonic()
        self._frames.append(frame)
        self._bytes += len(frame)
        self.full = self.full or self._bytes > MOST_BYTES
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
        except OSError:  # the reader is gone; its socket will say so
            self.drop()
        finally:
            self._pump = None
        if self.full:
            self.full = False
            self._emptied()

    def drop(self) -> None:
        """Forgets what has not been handed over yet."""
        self._frames.clear()
        self._bytes = 0

    def close(self) -> None:
        """The socket is gone."""
        self.drop()
        self.full = False
        if self._pump is not None:
            self._pump.cancel()
