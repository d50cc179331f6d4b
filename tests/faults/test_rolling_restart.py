"""All processes are replaced one after another while people talk: nobody loses a word."""

import asyncio
import os

import pytest

from tests.faults.rig import rehearsal, stories
from tests.faults.rig.rehearsal import SEED, Rehearsal

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
ROUNDS = int(os.environ.get("K8SMCP_FAULT_ROUNDS", "3"))
TELLERS = 4
LONGEST = 25.0  # seconds a process may take to leave


async def test_a_rolling_restart_under_load(tmp_path, own_database):
    chance = rehearsal.chance(SEED, "rolling")
    tales = [stories.whole(number) for number in range(50)] + [stories.chatter(n, chance) for n in range(50, 100)]
    with rehearsal.services(tmp_path, tales, own_database) as (fleet, _):
        playing = Rehearsal(fleet)
        async with asyncio.timeout(120 + 120 * ROUNDS), playing.crowd(TELLERS):
            over = asyncio.Event()
            talking = [asyncio.create_task(talk(playing, n, over)) for n in range(TELLERS)]
            for _ in range(ROUNDS):
                for kind, number in (("web", 0), ("worker", 0), ("web", 1), ("worker", 1)):
                    assert await fleet.replace(kind, number) <= LONGEST
            over.set()
            told = [outcome for each in await asyncio.gather(*talking) for outcome in each]
            assert len(told) >= TELLERS
            assert set(told) == {"done"}
            await playing.calm()
        rehearsal.verdict(fleet)


async def talk(playing: Rehearsal, number: int, over: asyncio.Event) -> list[str]:
    """Tale after tale, whole ones by their numbers once each, then chatter."""
    mine = [*range(number, 50, TELLERS), *range(50 + number, 100, TELLERS)]
    told: list[str] = []
    while not over.is_set():
        told.append(await playing.tell(playing.tellers[number], mine[len(told) % len(mine)]))
    return told
