"""A slow reader costs a bounded number of bytes, is told less, and is told everything in the end."""

import asyncio

import pytest

from chat.web import outbox
from chat.web.outbox import CROWDED_BYTES, MOST_BYTES, Outbox


class Reader:
    """Takes one frame whenever it is let."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.emptied = 0
        self.may = asyncio.Semaphore(0)

    async def take(self, frame: str) -> None:
        await self.may.acquire()
        self.read.append(frame)

    def note(self) -> None:
        self.emptied += 1

    async def let(self, frames: int) -> None:
        for _ in range(frames):
            self.may.release()
        for _ in range(3 * frames + 3):
            await asyncio.sleep(0)


@pytest.fixture
def reader() -> Reader:
    return Reader()


async def test_frames_leave_in_their_order(reader):
    box = Outbox(reader.take, reader.note)
    for number in range(5):
        box.put(str(number))
    await reader.let(5)
    assert reader.read == list("01234")
    assert not box.crowded
    assert reader.emptied == 0


async def test_a_crowded_one_has_no_room_for_deltas_and_a_full_one_for_nothing(reader):
    box = Outbox(reader.take, reader.note)
    box.put("x" * CROWDED_BYTES)
    assert (box.crowded, box.full) == (False, False)
    box.put("y")
    assert (box.crowded, box.full) == (True, False)
    box.put("z" * (MOST_BYTES - CROWDED_BYTES))
    assert (box.crowded, box.full) == (True, True)
    box.close()


async def test_a_full_one_stays_so_until_it_is_empty_and_says_so_once(reader):
    box = Outbox(reader.take, reader.note)
    for _ in range(5):
        box.put("x" * (MOST_BYTES // 4))
    assert box.full
    await reader.let(4)
    assert (box.full, reader.emptied) == (True, 0)
    await reader.let(1)
    assert (box.full, reader.emptied) == (False, 1)


async def test_a_reader_that_takes_nothing_for_too_long_is_stuck_and_one_that_keeps_up_is_not(reader, monkeypatch):
    monkeypatch.setattr(outbox, "PATIENCE", 0.0)
    box = Outbox(reader.take, reader.note)
    box.put("x")
    assert not box.stuck()
    box.put("x" * (CROWDED_BYTES + 1))
    await asyncio.sleep(0.01)
    assert box.stuck()
    await reader.let(2)
    assert not box.stuck()


async def test_a_reader_that_is_gone_leaves_nothing_behind():
    async def gone(frame: str) -> None:
        raise ConnectionResetError

    box = Outbox(gone, lambda: None)
    for _ in range(3):
        box.put("x" * MOST_BYTES)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not box.crowded


@pytest.mark.parametrize("fault", [ConnectionResetError, RuntimeError])  # uvicorn raises either, by the moment
async def test_what_is_put_for_a_reader_that_is_gone_is_dropped(fault):
    tried = []

    async def gone(frame: str) -> None:
        tried.append(frame)
        raise fault

    box = Outbox(gone, lambda: None)
    for word in ("one", "two"):
        box.put(word)
        for _ in range(5):
            await asyncio.sleep(0)
    assert tried == ["one"]


async def test_what_a_client_asks_for_waits_until_it_has_read_the_answers_before(reader):
    box = Outbox(reader.take, reader.note)
    await box.room()
    box.put("x" * (MOST_BYTES + 1))
    waits = asyncio.ensure_future(box.room())
    await asyncio.sleep(0.01)
    assert not waits.done()
    await reader.let(1)
    assert waits.done()


async def test_a_socket_that_is_closed_for_being_slow_lets_its_last_command_go(reader):
    box = Outbox(reader.take, reader.note)
    box.put("x" * (MOST_BYTES + 1))
    waits = asyncio.ensure_future(box.room())
    await asyncio.sleep(0)
    box.shut()
    await asyncio.wait_for(waits, 1)
    box.close()
    assert reader.emptied == 0
