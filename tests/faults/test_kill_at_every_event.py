"""kill -9 of whoever drives a run and of whoever shows it, at every type of event of a whole tale."""

import asyncio

import pytest

from tests.faults.rig import rehearsal, stories
from tests.faults.rig.rehearsal import Rehearsal, first

MOMENTS = (
    "user_message", "run_started", "thinking", "thinking_end", "text", "text_end", "tool_call_start", "tool_call_end",
    "approval_requested", "approval_decided", "complete",
)  # fmt: skip
TALES = [stories.whole(number) for number in range(2 * len(MOMENTS))]


@pytest.fixture(scope="module")
def one_process(tmp_path_factory):
    with rehearsal.sqlite(tmp_path_factory.mktemp("sqlite"), TALES) as fleet:
        yield fleet


@pytest.fixture(scope="module")
def many_processes(tmp_path_factory, own_postgres):
    database = own_postgres.database("kill_at_every_event")
    with rehearsal.services(tmp_path_factory.mktemp("services"), TALES, database) as (fleet, _):
        yield fleet


async def through(fleet, moment: str, kinds: tuple[str, ...]) -> None:
    """One of each of `kinds` dies at that moment and comes back; both tales end as if nothing had been."""
    playing = Rehearsal(fleet, name=moment)
    number = 2 * MOMENTS.index(moment)
    async with asyncio.timeout(120), playing.crowd(2):
        teller, other = playing.tellers
        struck = first(teller, lambda frame: frame["type"] == moment and frame["data"].get("run_id") is not None)
        telling = asyncio.gather(playing.tell(teller, number), playing.tell(other, number + 1))
        await struck
        for kind in kinds:
            fleet.kill(kind)
        for kind in kinds:
            await fleet.start(kind)
        assert await telling == ["done", "done"]
        await playing.calm()
    rehearsal.verdict(fleet)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_one_process_on_sqlite(one_process, moment):
    await through(one_process, moment, ("web",))


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_web_process_and_a_worker(many_processes, moment):
    await through(many_processes, moment, ("web", "worker"))
