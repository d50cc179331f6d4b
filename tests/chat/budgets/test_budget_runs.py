"""Budgets in the life of a run: refused, retried, cut, stopped, taken over; told in the conversation."""

import asyncio

import pytest
import pytest_asyncio

from chat.actions import runs
from chat.models import Budget, Event, Reservation
from tests.chat.test_runs import ended, seen, sent
from tests.conftest import in_database
from tests.fakemodel import FakeModel

USED = {"input_tokens": 400, "output_tokens": 30}
LOOK = {"blocks": [{"text": "I look."}, {"tool": "clusters_list", "chunks": 2}], "usage": USED}
TELL = {"blocks": [{"text": "None is registered.", "chunks": 3}], "usage": USED}
ONE = (400 * 2 + 30 * 10) / 1_000_000  # dollars


@pytest_asyncio.fixture
async def model(crew, settings):
    """`await model(reply…)`: these are the model's next replies."""
    opened = []

    async def play(*replies):
        fake = await FakeModel({"requests": list(replies)}).__aenter__()
        opened.append(fake)
        settings.K8SMCP_PROVIDER, settings.ANTHROPIC_BASE_URL = "anthropic", fake.url
        settings.ANTHROPIC_API_KEY, settings.K8SMCP_MODEL = "sk-secret", "claude-sonnet-5-5"
        return fake

    yield play
    for fake in opened:
        await fake.__aexit__(None, None, None)


async def made() -> list[Reservation]:
    rows = await in_database(lambda: list(Reservation.objects.order_by("pk")))
    assert all(row.settled_at for row in rows)
    return rows


async def budget(**fields) -> None:
    await in_database(Budget.objects.create, **{"scope": "person", "window": "day", **fields})


async def test_every_call_to_the_model_is_counted_and_the_end_tells_what_it_cost(model, alice):
    await model(LOOK, TELL)
    complete = await ended((await sent(alice)).run_id)
    rows = await made()
    assert [(row.tokens, row.known, row.priced) for row in rows] == [(430, True, True)] * 2
    assert complete["cost"] == pytest.approx(2 * ONE)
    assert complete["usage"]["input_tokens"] == 800
    assert all(row.held_tokens >= 16_000 + 400 for row in rows)


async def test_a_run_whose_budget_is_used_up_ends_without_asking_the_model(model, alice):
    fake = await model(TELL)
    await budget(tokens=1_000)
    complete = await ended((await sent(alice)).run_id)
    assert complete["outcome"] == "failed"
    assert fake.requests == []
    told = (await in_database(Event.objects.get, type="error")).data
    assert (told["code"], told["temporary"]) == ("budget", True)
    assert "An administrator can raise it" in told["error"] or "an administrator can raise it" in told["error"]


async def test_a_budget_may_end_a_run_between_two_rounds(model, alice):
    fake = await model(*[LOOK] * 5)
    accepted = await sent(alice, "hello")
    await seen(accepted.run_id, "tool_call_end")
    await budget(scope="run", window="run", tokens=1)
    complete = await ended(accepted.run_id)
    assert complete["outcome"] == "failed"
    assert 1 <= len(fake.requests) < 5
    assert complete["cost"] == pytest.approx(ONE * len(fake.requests))


async def test_attempts_that_break_off_are_set_aside_and_counted_each(model, alice):
    cut = TELL | {"cut": {"before": "text_delta", "nth": 2, "how": "close"}}
    fake = await model({"status": 529, "error": ["overloaded_error", "busy"]}, cut, TELL)
    await ended((await sent(alice)).run_id, patience=30)
    assert len(fake.requests) == 3
    refused, broken, whole = await made()
    assert (refused.tokens, refused.micros) == (0, 0)
    assert (broken.tokens, broken.known) == (400 + 16_000, True)  # how long its answer was is counted nowhere
    assert whole.tokens == 430


async def test_a_call_that_broke_off_before_anything_was_counted_is_spent_in_full(model, alice):
    await model(*[TELL | {"cut": {"before": "message_start", "how": "close"}}, TELL])
    await ended((await sent(alice)).run_id, patience=30)
    lost, whole = await made()
    assert (lost.known, lost.tokens) == (False, lost.held_tokens)
    assert whole.known


async def test_an_endpoint_that_counts_nothing_is_not_believed(model, alice):
    await model(TELL | {"usage": {"input_tokens": 0, "output_tokens": 0}})
    await ended((await sent(alice)).run_id)
    (row,) = await made()
    assert (row.known, row.tokens) == (False, row.held_tokens)


async def test_a_run_that_is_stopped_while_the_model_speaks_has_spent_what_was_counted(model, alice):
    await model({"blocks": [{"text": "word " * 400, "chunks": 400}], "rate": 50, "usage": USED})
    accepted = await sent(alice)
    async with asyncio.timeout(10):
        while not await in_database(Reservation.objects.exists):  # noqa: ASYNC110 - rows change without a bell
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    await in_database(runs.stop, alice, accepted.run_id)
    assert (await ended(accepted.run_id))["outcome"] == "stopped"
    (row,) = await made()
    assert (row.known, row.tokens) == (True, 400 + 16_000)


async def test_runs_of_the_guide_cost_nothing(crew, alice, settings):
    settings.K8SMCP_PROVIDER = "guide"
    await budget(tokens=0)
    complete = await ended((await sent(alice, "which clusters are there?")).run_id)
    assert (complete["outcome"], complete["cost"]) == ("done", None)
    assert await made() == []
