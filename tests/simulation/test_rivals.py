"""Two processes that both live: of what one may do only once, one does it."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.transaction import Atomic

from chat import launch
from chat.actions import leases, messages
from chat.models import Run
from tests.conftest import in_database
from tests.simulation.process import Process
from tests.simulation.stories import STORIES, Story

APPROVED = next(story for story in STORIES if story.name == "change approved")


def meanwhile(work: Callable[[], Any]) -> list[Any]:
    """Does `work` on another connection, and waits for it."""
    done: list[Any] = []

    def elsewhere() -> None:
        try:
            done.append(work())
        finally:
            connection.close()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(20)
    return done


def test_between_a_look_and_a_claim_another_process_may_claim(transactional_db, alice, monkeypatch):
    """Right before the claim's transaction begins, a rival claims the same run: one of the two has it."""
    accepted = messages.send(alice, "hello")
    rival: list[Any] = []
    begin = Atomic.__enter__

    def late(atomic: Atomic) -> Any:
        if threading.current_thread() is threading.main_thread() and not rival:
            rival.append(None)
            rival[0] = meanwhile(lambda: leases.claim("rival"))[0]
        return begin(atomic)

    monkeypatch.setattr(Atomic, "__enter__", late)
    mine = leases.claim("mine")
    assert [claim.run_id for claim in (mine, rival[0]) if claim is not None] == [accepted.run_id]
    owner, claim = ("mine", mine) if mine is not None else ("rival", rival[0])
    assert leases.renew_all(owner, {claim: None}) == {claim}


async def test_a_process_that_lives_keeps_its_run(world, monkeypatch):
    """A run that takes longer than its lease is not taken from a process that is well, whoever else looks for work."""
    monkeypatch.setattr(leases, "LEASE", timedelta(seconds=0.6))
    monkeypatch.setattr(leases, "RENEW_EVERY", 0.1)
    slow = Story("slow", [[{"say": "One."}, {"think": "hm " * 40, "chunks": 40, "delay": 0.05}, {"say": "Two."}]])
    telling, process, rival = world.tells(slow), Process(), Process()
    rival.start()
    assert await telling.lives(process)
    await rival.bury()
    await telling.buries(process)
    await telling.check()
    run = await in_database(Run.objects.get, conversation_id=telling.conversation_id)
    assert (run.attempt, run.lease_epoch) == (1, 1)


async def test_an_approval_is_good_for_one_request(world):
    """The process stands still with its change on the wire; another takes over and does not send it again; then the
    first one hears the answer, and nothing more is written."""
    arrived, answer = world.cluster.hold_the_next_change()
    telling, sleeper = world.tells(APPROVED), Process()
    task = asyncio.ensure_future(telling.lives(sleeper))
    await asyncio.wait_for(arrived.wait(), 20)
    task.cancel()
    await asyncio.wait([task])
    launch._crew = None
    await telling.expire_leases()
    second = Process()
    assert await telling.lives(second)
    before = len(telling.seen)
    answer.set()
    async with asyncio.timeout(10):
        while sleeper.busy:  # noqa: ASYNC110 - a drive that ends rings no bell
            await asyncio.sleep(0.005)
    await telling.buries(second)
    await telling.buries(sleeper)
    await telling.check()
    assert len(telling.seen) == before
