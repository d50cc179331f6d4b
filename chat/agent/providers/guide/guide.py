"""The provider itself: from the transcript to the next round, spoken piece by piece."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from chat.agent.ports import (
    Finished,
    Request,
    Spoken,
    TextDelta,
    TextEnd,
    ThinkingDelta,
    ThinkingEnd,
    Wish,
)
from chat.agent.providers.guide.exchanges import Exchange, exchanges_of
from chat.agent.providers.guide.memory import Memory, understood
from chat.agent.providers.guide.pace import spoken
from chat.agent.providers.guide.phrasing import code
from chat.agent.providers.guide.plans.choosing import plan_for
from chat.agent.providers.guide.plans.talking import NO_MESSAGE
from chat.agent.providers.guide.replay import replay
from chat.agent.providers.guide.steps import Reply, Round, Scene

REMEMBERED = 12


class Guide:
    """Rules instead of a language model. Stateless: each round is found by replaying the conversation's own answers.

    `pause`: seconds between two pieces of text; `patience`: factor on the seconds a plan lets pass (0 in tests).
    """

    name = "guide"
    model = "guide"

    def __init__(self, *, pause: float = 0.018, patience: float = 1.0) -> None:
        self._pause = pause
        self._patience = patience

    async def respond(self, request: Request) -> AsyncIterator[Spoken]:
        exchanges = exchanges_of(request.turns)
        step = next_step(request, exchanges[-REMEMBERED:]) if exchanges else Reply(NO_MESSAGE)
        if isinstance(step, Reply):
            async for piece in spoken(step.text, self._pause):
                yield TextDelta(piece)
            yield TextEnd(step.text)
            yield Finished("end_turn")
            return
        if step.thought:
            yield ThinkingDelta(step.thought)
            yield ThinkingEnd(step.thought)
        if step.say:
            async for piece in spoken(step.say, self._pause):
                yield TextDelta(piece)
            yield TextEnd(step.say)
        if step.wait:
            await asyncio.sleep(step.wait * self._patience)
        done = len(exchanges[-1].answered)
        yield Finished("tool_use", _wishes(step, done))


def next_step(request: Request, exchanges: list[Exchange]) -> Round | Reply:
    """Replays the earlier exchanges for what they mean, and the last one for what comes next."""
    memory = Memory()
    for exchange in exchanges[:-1]:
        memory = _remembered(request, exchange, memory)
    return _step(request, exchanges[-1], memory)


def _remembered(request: Request, exchange: Exchange, memory: Memory) -> Memory:
    step = _step(request, exchange, memory)
    intention = understood(exchange.text, memory, request.setting.clusters)
    return memory.after(intention, step if isinstance(step, Reply) else None)


def _step(request: Request, exchange: Exchange, memory: Memory) -> Round | Reply:
    offered = frozenset(tool.name for tool in request.tools)
    intention = understood(exchange.text, memory, request.setting.clusters)
    plan = plan_for(Scene(intention, offered, request.setting, memory.reply))
    step = replay(plan, exchange.answered, offered)
    return on_its_cluster(step, intention.cluster) if isinstance(step, Reply) and intention.cluster else step


def on_its_cluster(reply: Reply, cluster: str) -> Reply:
    """What is offered goes to the cluster that was asked about, also when a person types it in full."""
    text, offers = reply.text, []
    for offer in reply.offers:
        offers.append(f"{offer} on cluster {cluster}" if offer else "")
        text = text.replace(code(offer), code(offers[-1])) if offer else text
    return replace(reply, text=text, offers=tuple(offers))


def _wishes(step: Round, done: int) -> tuple[Wish, ...]:
    return tuple(Wish(f"guide_{done + number}", call.tool, call.arguments) for number, call in enumerate(step.calls, 1))
