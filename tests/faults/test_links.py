"""PostgreSQL, Redis and workers that stop, lie, slow down or come back empty, while tales are told."""

import asyncio
import itertools

import pytest

from tests.faults.rig import rehearsal, stories
from tests.faults.rig.filters import BadBell, CommitCuts
from tests.faults.rig.rehearsal import SEED, Rehearsal, first

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
TELLERS = 3
NUMBERS = itertools.count()
TALES = [stories.whole(number) for number in range(400)]
CUTS = 4  # of all COMMITs: fewer than one run may be taken over
FROZEN = 9.0  # seconds: longer than a lease


@pytest.fixture(scope="module")
def fleet(tmp_path_factory, own_postgres):
    database = own_postgres.database("links")
    with rehearsal.services(tmp_path_factory.mktemp("links"), TALES, database) as (whole, redis):
        whole.redis_server = redis
        yield whole


async def through(fleet, name: str, trouble) -> None:
    """Tales begin, the trouble comes when the first of them speaks; until it is over more are told, and all end well
    as if nothing had been."""
    playing, over = Rehearsal(fleet, name=name), asyncio.Event()
    try:
        async with asyncio.timeout(150), playing.crowd(TELLERS):
            speaks = first(playing.tellers[0], lambda frame: frame["type"] == "tool_call_start")
            telling = [asyncio.create_task(talk(playing, each, over)) for each in playing.tellers]
            await asyncio.wait([speaks, *telling], return_when=asyncio.FIRST_COMPLETED)
            await trouble()
            over.set()
            assert {outcome for told in await asyncio.gather(*telling) for outcome in told} == {"done"}
            await playing.calm()
    finally:
        fleet.nemesis.heal()
    rehearsal.verdict(fleet)


async def talk(playing: Rehearsal, teller, over: asyncio.Event) -> list[str]:
    told: list[str] = []
    while not told or not over.is_set():
        told.append(await playing.tell(teller, next(NUMBERS)))
    return told


def in_background(work, *arguments):
    return asyncio.get_running_loop().run_in_executor(None, work, *arguments)


async def test_a_worker_sleeps_past_its_lease_and_wakes(fleet):
    async def trouble():
        await asyncio.gather(*(fleet.freeze("worker", number, FROZEN) for number in (0,)))

    await through(fleet, "frozen", trouble)


async def test_redis_is_killed_and_comes_back_empty(fleet):
    async def trouble():
        fleet.redis_server.kill()
        try:
            await asyncio.sleep(3)
        finally:
            await in_background(fleet.redis_server.start)

    await through(fleet, "empty", trouble)


async def test_redis_is_away_until_all_is_told(fleet):
    async def trouble():
        fleet.links["redis"].refuse()

    await through(fleet, "away", trouble)


async def test_redis_is_slow(fleet):
    async def trouble():
        fleet.links["redis"].delay = 0.2

    await through(fleet, "slow", trouble)


@pytest.mark.parametrize("bell", [BadBell.silent(), BadBell.mixed(SEED)], ids=["silent", "mixed"])
async def test_the_doorbell_cannot_be_relied_on(fleet, bell, request):
    async def trouble():
        fleet.links["redis"].filter = bell
        fleet.links["redis"].cut()  # filters begin with a connection

    await through(fleet, request.node.callspec.id, trouble)


async def test_postgresql_is_killed_and_started_again(fleet, own_postgres):
    async def trouble():
        await in_background(own_postgres.stop)
        await in_background(own_postgres.start)

    await through(fleet, "killed", trouble)


async def test_postgresql_is_down_for_ten_seconds(fleet):
    async def trouble():
        fleet.links["postgres"].refuse()
        await asyncio.sleep(10)
        fleet.links["postgres"].heal()

    await through(fleet, "down", trouble)


@pytest.mark.parametrize("arrives", [True, False])
async def test_postgresql_is_cut_at_commit(fleet, arrives):
    """Each message is sent while COMMITs are cut: accepted or not, it is there once."""

    async def trouble():
        cuts = CommitCuts(arrives=arrives, times=CUTS, every=0.3, seed=SEED)
        fleet.links["postgres"].filter = cuts
        fleet.links["postgres"].cut()
        assert await in_background(cuts.used_up.wait, 60)

    await through(fleet, f"commit-{arrives}", trouble)


async def test_every_link_stutters(fleet):
    async def trouble():
        chance = rehearsal.chance(SEED, "stutter")
        for _ in range(12):
            link = fleet.links[chance.choice(sorted(fleet.links))]
            chance.choice([link.cut, link.cut, link.half_close, link.freeze])()
            await asyncio.sleep(chance.uniform(0.1, 0.6))
            link.heal()

    await through(fleet, "stutter", trouble)
