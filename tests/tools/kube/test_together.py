"""Several things at once: all results, or one fault and nothing left running."""

import asyncio

import pytest

from tools.kube import together as module
from tools.kube.together import beside, together


async def test_results_come_in_order() -> None:
    async def one(number: int) -> int:
        await asyncio.sleep((3 - number) / 100)
        return number

    assert await together(*(one(number) for number in range(3))) == [0, 1, 2]


async def test_a_fault_is_raised_once_the_others_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOMENT", 0.1)
    ended = []

    async def fails() -> None:
        raise LookupError("first")

    async def works(seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            ended.append(seconds)

    with pytest.raises(LookupError, match="first"):
        await together(works(0.01), fails(), works(60))
    assert ended == [0.01, 60]


async def test_being_cancelled_ends_everything_at_once() -> None:
    ended = asyncio.Event()

    async def works() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    task = asyncio.create_task(together(works()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_computation_beside_the_loop_gives_its_result_or_its_fault() -> None:
    assert await beside(lambda: 41 + 1) == 42
    with pytest.raises(ZeroDivisionError):
        await beside(lambda: 1 / 0)
