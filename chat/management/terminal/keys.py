"""Keys and lines from a terminal, without blocking the event loop.

Only a single key that is pressed after the question was shown counts: what was typed ahead is thrown away, and so is
what comes as several characters at once (pasted text, arrow keys).
"""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import TextIO

_MOST = 4096  # bytes of a line, as terminals hand them over


class Gone(Exception):
    """The terminal was closed, or its person ended the input."""


def at_hand(stdin: TextIO, stdout: TextIO) -> bool:
    """Whether a person sits there, who sees what is asked and can press a key."""
    return sys.platform != "win32" and stdin.isatty() and stdout.isatty()


class Keyboard:
    """Of the terminal behind a file descriptor. `ask` shows the question, once nothing typed before it counts any
    more. Every reading raises Gone."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal

    async def key(self, ask: Callable[[], None]) -> str:
        """The next key, in lower case; empty when it was not a single character."""
        import termios
        import tty

        try:
            before = termios.tcgetattr(self._terminal)
            tty.setcbreak(self._terminal, termios.TCSAFLUSH)
            try:
                ask()
                pressed = (await self._read()).decode(errors="replace")
            finally:
                termios.tcsetattr(self._terminal, termios.TCSADRAIN, before)
        except termios.error as fault:
            raise Gone from fault
        if pressed == "\x04":
            raise Gone
        return pressed.lower() if len(pressed) == 1 else ""

    async def line(self, ask: Callable[[], None]) -> str:
        """What is typed up to Enter, without what surrounds it."""
        import termios

        try:
            termios.tcflush(self._terminal, termios.TCIFLUSH)
        except termios.error as fault:
            raise Gone from fault
        ask()
        return (await self._read()).decode(errors="replace").strip()

    async def _read(self) -> bytes:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._terminal, ready.set)
        try:
            await ready.wait()
            found = os.read(self._terminal, _MOST)
        except OSError as fault:
            raise Gone from fault
        finally:
            loop.remove_reader(self._terminal)
        if not found:
            raise Gone
        return found
