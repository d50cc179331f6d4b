"""Does several things at once, or one beside the event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")
_MOMENT = 2.0


async def together(*work: Awaitable[Any]) -> list[Any]:
    """The results in order. The first fault is raised, once everything else has ended.

    The rest gets a moment to end by itself: a TLS connection that is cancelled while it is being made stays open
    (CPython's `SSLProtocol` ignores a close before its handshake began).
    """
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    except Exception:
        await asyncio.wait(tasks, timeout=_MOMENT)
        raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def beside(compute: Callable[[], T]) -> T:
    """Runs a computation in a thread, so that one large answer does not hold up everybody else. Never with ORM."""
    return await asyncio.get_running_loop().run_in_executor(None, compute)
