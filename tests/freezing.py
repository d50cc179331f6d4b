"""Waits until a process is frozen (SIGSTOP), as the kernel sees it."""

import asyncio
from pathlib import Path


async def until_frozen(pid: int) -> None:
    for _ in range(2000):
        if _state(pid) == "T":
            return
        await asyncio.sleep(0.01)
    raise AssertionError("The process goes on.")


def _state(pid: int) -> str:
    """The letter after the name in parentheses (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
