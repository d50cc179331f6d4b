"""A conversation that outgrows its model, from the socket's side: told, counted, and the same after a restart."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from chat.models import Event, Reservation
from tests.chat.test_diet_story import SAY, Ask, Body, ask, breaks, parts, wish
from tests.conftest import in_database

__all__ = ["ask"]
ASKED = "why does checkout crash in shop?"
SUMMARY = {"blocks": [{"text": "Checkout lacks its payment address."}]}
NOWHERE = wish("k8s_get", kind="pods", name="nowhere", namespace="shop")


@pytest.fixture
def small(settings: Any) -> None:
    settings.K8SMCP_MODEL_WINDOW = 12_000


def stories(*before: Body, after: tuple[Body, ...] = (SAY,)) -> tuple[Body, ...]:
    """A model that looks until it is asked for its summary, and then does what comes `after`: once, for the memo has
    its newest round behind it."""
    looks = [wish("k8s_list", kind="pods", wide=True, limit=50 + n) for n in range(20)]
    return (
        {"when": "about to become longer", "rounds": [SUMMARY]},
        {"when": "What came before", "rounds": [SAY, *after]},
        {"when": ASKED, "rounds": [*before, *looks]},
    )


async def test_it_is_told_and_counted_and_the_run_goes_on(small: None, ask: Ask, alice: User):
    fake, end = await ask(stories=stories(after=(NOWHERE, SAY)), text=ASKED)
    assert end["outcome"] == "done", end
    first = next(n for n, body in enumerate(fake.bodies) if "What came before" in str(body["messages"][0]))
    asking, after = fake.bodies[first - 1], fake.bodies[first]
    assert "about to become longer" in asking["messages"][-1]["content"][-1]["text"]
    assert asking["max_tokens"] == 2_000
    assert parts(asking)[0] == parts(after)[0]
    assert breaks([*fake.bodies[: first - 1], *fake.bodies[first:]]) == [first - 1]
    memo = after["messages"][0]["content"][0]["text"]
    assert ASKED in memo
    assert "Checkout lacks its payment address." in memo
    notice = await in_database(Event.objects.get, type="notice", data__code="compacted")
    assert "Checkout lacks its payment address." in notice.data["text"]
    assert "memo" not in notice.frame()["data"]
    settled = await in_database(Reservation.objects.filter(run=notice.run_id, known=True).count)
    assert settled == len(fake.bodies)
    assert end["usage"]["input_tokens"] == 100 * len(fake.bodies)
    assert end["iterations"] == len(fake.bodies) - 1


async def test_the_next_run_reads_the_same_from_the_journal(small: None, ask: Ask):
    first, end = await ask(stories=stories(), text=ASKED)
    second, _ = await ask(SAY, text="And now?", conversation_id=end["conversation_id"])
    assert "What came before" in str(first.bodies[-1]["messages"][0])
    assert parts(second.bodies[0])[1].startswith(parts(first.bodies[-1])[1])


async def test_what_has_just_failed_is_remembered_beyond_it(small: None, ask: Ask):
    _, end = await ask(stories=stories(NOWHERE, after=(NOWHERE, SAY)), text=ASKED)
    told = [call["status"] for call in end["tool_calls"] if call["arguments"].get("name") == "nowhere"]
    assert told == ["failed", "denied"]
    assert await in_database(Event.objects.filter(type="notice", data__code="compacted").exists)


TOO_LONG = {"status": 400, "error": ["invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"]}


async def test_a_request_that_turns_out_too_long_is_made_shorter_once(ask: Ask):
    """As with a window that was set larger than it is."""
    looks = [wish("k8s_list", kind="pods"), wish("k8s_list", kind="nodes")]
    fake, end = await ask(*looks, TOO_LONG, SAY, text=ASKED)
    assert end["outcome"] == "done", end
    assert ASKED in fake.bodies[3]["messages"][0]["content"][0]["text"]
    assert end["usage"]["input_tokens"] == 300
    assert await in_database(Event.objects.filter(type="notice", data__code="compacted").count) == 1


async def test_one_that_cannot_be_made_shorter_ends_the_run_with_its_sentence(ask: Ask):
    _, end = await ask(*[TOO_LONG] * 3, text=ASKED)
    assert end["outcome"] == "failed"
    error = await in_database(Event.objects.get, type="error")
    assert "too large for one request" in error.data["error"]
