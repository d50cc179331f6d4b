"""A call without a model: wished for once, whatever the conversation ended with before."""

import pytest

from chat.agent.ports import Answer, Finished, Text, Turn, Wish
from chat.agent.providers.direct import Direct
from tests.chat.agent.stage import ask

CALLED = Turn("assistant", (Wish("a", "k8s_list", {}),))


async def said(*turns: Turn) -> list[Finished]:
    return [piece async for piece in Direct("clusters_list", {}).respond(ask("before", *turns))]


@pytest.mark.parametrize("before", [(), (Answer("a", "Stopped.", failed=True),)], ids=["afresh", "after a stopped run"])
async def test_the_call_is_wished_for(before):
    (finished,) = await said(CALLED, Turn("user", (*before, Text("List clusters"))))
    assert [(wish.name, wish.arguments) for wish in finished.wishes] == [("clusters_list", {})]


async def test_and_once_it_was_answered_the_run_ends():
    (finished,) = await said(CALLED, Turn("user", (Answer("a", "2 clusters"),)))
    assert (finished.stop_reason, finished.wishes) == ("end_turn", ())
