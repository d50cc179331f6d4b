"""Talks with the guide through the real loop; its wishes are done by the real tools, or by recorded answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from chat.agent.limits import Limits
from chat.agent.loop import run
from chat.agent.ports import Answer, Asking, Request, Setting, Text, ToolOffer, Turn, Usage, Wish
from chat.agent.providers.guide import Guide
from tests.tools.api import ANYTHING, announced
from tools import registry, toolbox
from tools.identity import Acting
from tools.kube.guard import Permit

Doing = Callable[[Wish], Awaitable[Answer]]
MOST_ROUNDS = 8
SOMEBODY = Acting("somebody", frozenset({"operator"}))


def all_offers(*without: str) -> tuple[ToolOffer, ...]:
    tools = [tool for tool in registry.all_tools() if tool.name not in without]
    return tuple(ToolOffer(tool.name, tool.description, tool.input_schema()) for tool in tools)


def with_real_tools(cluster: str) -> Doing:
    """Every wish is done at once, as if a person had approved it."""

    async def do(wish: Wish) -> Answer:
        tool = registry.find(wish.name)
        place = wish.arguments.get("cluster") or cluster
        permit = Permit(call_id=wish.id, cluster=place, ceiling=tool.effect, announce=announced, plan=ANYTHING)
        outcome = await toolbox.run(tool, toolbox.parse(tool, wish.arguments), place, permit, SOMEBODY)
        return Answer(wish.id, outcome.text, outcome.status != "completed", outcome.data)

    return do


@dataclass
class Told:
    """What came of one message. text: the last block; said: all blocks; calls: (tool, arguments) in order."""

    text: str = ""
    said: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    deltas: str = ""

    @property
    def tools(self) -> list[str]:
        return [name for name, _ in self.calls]


@dataclass
class Talk:
    """One conversation. The guide is a new one in every round, as after a restart of the process."""

    do: Doing
    offers: tuple[ToolOffer, ...] = field(default_factory=all_offers)
    clusters: tuple[str, ...] = ("demo",)
    read_only: bool = False
    patience: float = 0.0
    turns: tuple[Turn, ...] = ()
    told: Told = field(default_factory=Told)

    async def say(self, words: str) -> Told:
        self.told = Told()
        self.turns = (*self.turns, Turn("user", (Text(words),)))
        setting = Setting(self.clusters, self.clusters[0], self.read_only, "2026-01-05")
        request = Request(self.turns, self.offers, setting)
        end = await run(request, Guide(pause=0, patience=self.patience), self, Limits(rounds=MOST_ROUNDS))
        assert end.stop_reason == "end_turn"
        self.turns = end.turns
        self.told.text = self.told.said[-1]
        assert self.told.deltas == "".join(self.told.said)
        return self.told

    async def text_delta(self, text: str) -> None:
        self.told.deltas += text

    async def text_end(self, text: str) -> None:
        self.told.said.append(text)

    async def thinking_delta(self, text: str) -> None:
        pass

    async def thinking_end(self, text: str, signature: str) -> None:
        self.told.thoughts.append(text)

    async def interrupted(self, sentence: str, seconds: float, attempt: int) -> None:
        raise AssertionError("the guide is never interrupted")

    async def asking(self, asking: Asking) -> None:
        raise AssertionError("the guide costs nothing")

    async def counted(self, usage: Usage) -> None:
        raise AssertionError("the guide costs nothing")

    async def round_ended(self, wishes: Sequence[Wish], usage: Usage) -> None:
        self.told.calls += [(wish.name, dict(wish.arguments)) for wish in wishes]

    async def perform(self, wishes: Sequence[Wish]) -> Sequence[Answer]:
        return await asyncio.gather(*(self.do(wish) for wish in wishes))

    async def heard(self) -> Sequence[str]:
        return []
