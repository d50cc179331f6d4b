"""Does several things at once, or one beside the event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def together(*work: Awaitable[Any]) -> list[Any]:
    """The results in order. The first fault is raised, once everything else has been cancelled and has ended."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def beside(compute: Callable[[], T]) -> T:
    """Runs a computation in a thread, so that one large answer does not hold up everybody else. Never with ORM."""
    return await asyncio.get_running_loop().run_in_executor(None, compute)
