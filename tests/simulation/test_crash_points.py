"""kill -9 at every boundary of every story, and SIGSTOP after every write: another process goes on and all is whole."""

import asyncio
import os

import pytest

from chat.models import Run
from tests.conftest import in_database
from tests.simulation.conftest import BOUNDARIES
from tests.simulation.holding import Broken, holds
from tests.simulation.process import Process
from tests.simulation.stories import STORIES, Story
from tests.simulation.telling import Telling, World

WHOLE = os.environ.get("SIMULATION") == "whole"
SERVICES = os.environ.get("K8SMCP_TEST_SERVICES") == "1"
SAMPLED = 5 if SERVICES else 10  # about so many boundaries of a story, unless SIMULATION=whole
WRITES = 7 if SERVICES else 4  # every so manyeth write, unless SIMULATION=whole
EVERY_STORY = pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])


async def told_whole(world: World, story: Story) -> Process:
    """Nothing goes wrong: how many boundaries there are."""
    telling, process = world.tells(story), Process()
    assert await telling.lives(process)
    await telling.buries(process)
    await telling.check()
    assert telling.outcome() == story.outcome
    return process


async def goes_on(telling: Telling, *, dies_at: int = 0) -> None:
    """The lease runs out and another process goes on; if that one dies too, one more."""
    await telling.expire_leases()
    process = Process(dies_at=dies_at)
    over = await telling.lives(process)
    await telling.buries(process)
    if not over:
        await goes_on(telling)


async def comes_too_early(telling: Telling) -> None:
    """A process that finds a lease which stands leaves the run alone."""
    before = await in_database(_epochs, telling.conversation_id)
    process = Process()
    process.start()
    await asyncio.sleep(0.04)
    await telling.buries(process)
    after = await in_database(_epochs, telling.conversation_id)
    holds(all(after[run] == epoch for run, epoch in before.items()), "A lease that stands was broken:", before, after)


def _step(story: Story, boundaries: int) -> int:
    """Every boundary or every so manyeth: odd, so that both sides of commits come in turn."""
    return 1 if WHOLE else max(1, boundaries // SAMPLED) | 1


def _first(story: Story, step: int) -> int:
    """Not the same place in every story."""
    return STORIES.index(story) % step if story in STORIES else 0


def _epochs(conversation_id: str) -> dict[str, int]:
    held = Run.objects.filter(conversation_id=conversation_id, status="running", lease_until__isnull=False)
    return {str(run.pk): run.lease_epoch for run in held if run.owner}


@EVERY_STORY
async def test_killed_at_every_boundary(world, story):
    whole = await told_whole(world, story)
    step = _step(story, len(whole.trace))
    number, tried, over = -_first(story, step), 0, False
    while not over:
        number, tried = number + step, tried + 1
        telling, process = world.tells(story), Process(dies_at=number)
        try:
            over = await telling.lives(process)
            await telling.buries(process)
            if not over and tried % 3 == 1:
                await comes_too_early(telling)
            if not over:
                await goes_on(telling, dies_at=1 + number * 5 % 11 if tried % 3 == 2 else 0)
            await telling.check()
        except (Broken, TimeoutError) as fault:
            raise Broken(f"{story.name}, killed at boundary {number} {process.trace[-1:]}: {fault!r}") from fault
        assert number < 3 * len(whole.trace)
    BOUNDARIES[story.name] = BOUNDARIES.get(story.name, 0) + tried - 1


@EVERY_STORY
async def test_frozen_after_every_write_and_awake_again_when_all_is_over(world, story):
    """SIGSTOP until another process has taken over and ended the story: the sleeper wakes, and neither writes anything
    nor sends the cluster a change."""
    step = 1 if WHOLE else WRITES
    number, tried, over = -_first(story, step), 0, False
    while not over:
        number, tried = number + step, tried + 1
        telling, sleeper = world.tells(story), Process(freezes_at=number)
        try:
            over = await telling.lives(sleeper)
            if not over:
                await goes_on(telling)
                await _wakes(telling, sleeper)
            await telling.buries(sleeper)
            await telling.check()
        except (Broken, TimeoutError) as fault:
            raise Broken(f"{story.name}, frozen after write {number} {sleeper.trace[-1:]}: {fault!r}") from fault
    BOUNDARIES[story.name] = BOUNDARIES.get(story.name, 0) + tried - 1


async def _wakes(telling: Telling, sleeper: Process) -> None:
    """Until it has noticed that nothing is its own any more."""
    before, changes = len(telling.seen), len(telling.cluster.changes)
    telling.cluster.client = None
    sleeper.thaw.set()
    await asyncio.sleep(0.02)
    async with asyncio.timeout(10):
        while sleeper.busy:  # noqa: ASYNC110 - a drive that ends rings no bell
            await asyncio.sleep(0.005)
    await telling._read()
    holds(len(telling.seen) == before, "The sleeper wrote:", telling.seen[before:])
    holds(len(telling.cluster.changes) == changes, "The sleeper sent:", telling.cluster.changes[changes:])
