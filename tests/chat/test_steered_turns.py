"""What the model read while people steered is what any later process reads from the journal."""

import uuid

import pytest

from chat import transcript
from chat.actions import leases, messages, queue, rounds
from chat.agent import loop
from chat.agent.limits import Limits
from chat.agent.ports import Answer, Request, Setting, Turn, Wish
from chat.agent.providers.scripted import Interrupt, Say, Scripted, Story, Think, WishFor
from chat.models import Event, Run
from chat.stage import Stage
from tests.conftest import in_database


class Nudged(Stage):
    """While its wishes are performed, the author sends and steers what is next in `nudges`: one list a round."""

    nudges: list[list[str]]
    author: object

    async def perform(self, wishes):
        for text in self.nudges.pop(0) if self.nudges else []:
            sent = await in_database(
                messages.send, self.author, text, conversation_id=uuid.UUID(self._claim.conversation_id)
            )
            await in_database(queue.steer, self.author, sent.message_id)
        return await super().perform(wishes)


def named_alike(turns: tuple[Turn, ...]) -> list[tuple[str, list[object]]]:
    """A wish is known by the provider's id while its run lasts, and by the call's afterwards."""
    names = {}
    for number, wish in enumerate(block for turn in turns for block in turn.blocks if isinstance(block, Wish)):
        names[wish.id] = number
    alike = []
    for turn in turns:
        blocks = [
            (type(block), names[block.id], getattr(block, "text", "")) if isinstance(block, Wish | Answer) else block
            for block in turn.blocks
        ]
        alike.append((turn.role, blocks))
    return alike


STORIES = [
    Story(
        [[Think("hm", "s"), Say("I look."), WishFor("clusters_list"), WishFor("clusters_list")], [WishFor("k8s_none")]],
        when="begin",
    ),
    Story([[Say("Half"), Interrupt("Cut.", 0.0), Say("Again."), WishFor("clusters_list")], [Say("So.")]], when="one"),
    Story([[WishFor("clusters_list")], [Say("Done: {words}")]]),
]


@pytest.mark.parametrize(
    "nudges",
    [
        [["one"]],
        [["one", "two"]],
        [[], ["three"]],
        [["one"], ["three"]],
        [["one"], ["three"], ["four", "five"]],
    ],
)
async def test_live_and_from_the_journal_the_turns_are_the_same(transactional_db, alice, nudges):
    await in_database(messages.send, alice, "begin")
    claim = await in_database(leases.claim, "here")
    await in_database(rounds.start, claim, "scripted", "script")
    run = await in_database(Run.objects.select_related("conversation", "message__author").get, pk=claim.run_id)
    stage = Nudged(claim, run, 0, [])
    stage.nudges, stage.author = [list(words) for words in nudges], alice
    request = Request(await in_database(read, claim), (), Setting((), "", False, "2026-01-01"))
    end = await loop.run(request, Scripted(stories=STORIES), stage, Limits())
    assert named_alike(await in_database(read, claim)) == named_alike(end.turns)
    assert await in_database(heard) == [text for words in nudges for text in words]


def heard() -> list[str]:
    return [event.data["text"] for event in Event.objects.filter(type="message_steered").order_by("seq")]


def read(claim: leases.Claim) -> tuple[Turn, ...]:
    events = list(Event.objects.filter(conversation_id=claim.conversation_id).order_by("seq"))
    return transcript.compose(events, claim.run_id)
