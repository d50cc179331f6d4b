"""What a terminal is shown, and what is asked there: nothing hostile is obeyed, and only the right key is a yes."""

import asyncio
import io
import os
import pty

import pytest
from django.core.management.base import OutputWrapper
from hypothesis import given
from hypothesis import strategies as st

from chat.actions import conversations
from chat.management.terminal import words
from chat.management.terminal.keys import Keyboard
from chat.management.terminal.questions import Questions, Reply
from chat.management.terminal.screen import Words
from chat.models import Approval
from tests.chat.questions import asked
from tests.chat.sockets import Client
from tests.conftest import in_database

OBEYED = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
HIDING = {*"\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\u061c\ufeff"}
hostile = st.text(st.sampled_from([*OBEYED, *HIDING, "[", "2", "J", ";", "m", "a", "\n", words.BAR]), max_size=40)


@given(st.lists(hostile, max_size=6))
def test_however_it_is_cut_a_terminal_obeys_nothing(deltas):
    out = io.StringIO()
    screen = Words(OutputWrapper(out))
    for text in deltas:
        screen.show({"type": "text", "data": {"text": text}})
    assert not set(out.getvalue()) & (OBEYED | HIDING | {words.BAR})


@given(hostile, hostile, st.integers(1, 60))
def test_every_row_of_a_card_has_its_bar_and_its_bound(text, name, columns):
    step = {"verb": "change", "words": text, "effect": "CHANGE", "untried": text, "trial": False, "owners": [text]}
    step |= {"lines": [text] * 50, "diff": [["+", text * 30]] * 200, "cut": False}
    plan = {"steps": [step] * 4, "touched": [text], "reason": text, "asked_by": name, "rule": text, "production": True}
    told = {"cluster": name, "effect": "CHANGE", "summary": text, "tool_name": name, "arguments": {name: text}}
    told |= {"plan": plan, "expires_at": text}
    rows, _ = words.card(told, "http://portal/approvals/1", columns)
    assert len(rows) <= 121
    for row in rows:
        assert row.startswith(f"{words.BAR} ")
        assert not set(row[1:]) & (OBEYED | HIDING | {"\n", "\t", words.BAR})


def test_a_card_that_does_not_fit_says_so():
    step = {"verb": "change", "words": "x", "effect": "CHANGE", "untried": "", "trial": False}
    common = {"cluster": "demo", "effect": "CHANGE", "summary": "s", "tool_name": "t", "arguments": {}}
    long, short = (
        {"steps": [step | {"diff": [["+", "a"]] * n, "lines": [], "owners": [], "cut": False}]} for n in (500, 2)
    )
    for plan, cut in ((long, True), (short, False)):
        rows, told = words.card(common | {"expires_at": "", "plan": plan}, "http://portal/approvals/1", 80)
        assert told is cut
        assert ("There is more" in rows[-1]) is cut
    assert words.card(common | {"expires_at": "", "plan": long}, "", 80, whole=True)[1] is False


# ---- a question --------------------------------------------------------------------------------------------------


class Person:
    """Presses what is next whenever the terminal asks."""

    def __init__(self, *keys: str) -> None:
        self._keys = list(keys)
        self._ours, self.theirs = pty.openpty()
        self.shown = ""

    def show(self, frame: object) -> None:
        raise AssertionError("a question shows no frames")

    def say(self, text: str) -> None:
        self.shown += text + "\n"

    def ask(self, text: str) -> None:
        self.shown += text
        if self._keys:
            os.write(self._ours, self._keys.pop(0).encode())
        else:
            os.close(self._ours)

    async def answer(self, user: object, told: dict) -> Reply:
        try:
            async with asyncio.timeout(20):
                return await Questions(user, self, Keyboard(self.theirs), "http://portal").ask(told)
        finally:
            os.close(self.theirs)


async def pending(token: str) -> dict:
    """What `approval_requested` told."""
    async with Client(token) as client:
        return await asked(client)


@pytest.mark.parametrize(
    ("change", "keys", "reply", "status", "told"),
    [
        ({}, ["y"], Reply.SETTLED, "approved", "y approve"),
        ({}, ["Y"], Reply.SETTLED, "approved", "y approve"),
        ({}, ["n", "\n"], Reply.SETTLED, "rejected", "Why?"),
        ({}, ["\x1b[A", "yes", "\n", "q"], Reply.LEFT, "pending", "Nothing was decided"),
        ({}, ["\x04"], Reply.LEFT, "pending", "q leave"),
        ({}, [], Reply.LEFT, "pending", "q leave"),
        ({"type_name": "web"}, ["y", "wob\n", "y", "web\n"], Reply.SETTLED, "approved", "Type web"),
        ({"type_name": "web"}, ["y", "wob\n", "q"], Reply.LEFT, "pending", "Type web to approve this"),
        ({"second_person": True}, ["y", "q"], Reply.LEFT, "pending", "Nothing was decided"),
        ({"second_person": True}, ["n", "no\n"], Reply.SETTLED, "rejected", "n reject"),
    ],
    ids=lambda value: None if isinstance(value, Reply) else str(value)[:30],
)
async def test_only_the_right_key_is_a_yes(crew, demo, alice, token, story, change, keys, reply, status, told):
    request = await pending(token)
    approvals = Approval.objects.filter(pk=request["approval_id"])
    if change:
        await in_database(approvals.update, **change)
    person = Person(*keys)
    assert await person.answer(alice, request) is reply
    assert (await in_database(approvals.get)).status == status
    assert told in person.shown


async def test_who_may_only_look_is_offered_no_yes(crew, demo, alice, bob, token, story):
    request = await pending(token)
    await in_database(conversations.share, alice, request["conversation_id"], True)
    person = Person("y", "q")
    assert await person.answer(bob, request) is Reply.LEFT
    assert "approve ·" not in person.shown
