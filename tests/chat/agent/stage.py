"""A stage that writes down everything, and gets wishes done by a given function."""

import asyncio
from collections.abc import Callable, Sequence

from chat.agent.errors import LimitReached
from chat.agent.ports import Answer, Asking, Memo, Request, Setting, Text, ToolOffer, Turn, Usage, Wish

Perform = Callable[[Sequence[Wish]], Sequence[Answer]]


def all_done(wishes: Sequence[Wish]) -> Sequence[Answer]:
    return [Answer(wish.id, f"{wish.name} done") for wish in wishes]


class Recorder:
    """`log` holds what happened in order; `text` all that people could read, interrupted or not."""

    def __init__(self, perform: Perform = all_done) -> None:
        self.log: list[tuple[object, ...]] = []
        self.text = ""
        self.usage = Usage()
        self.spoke = asyncio.Event()
        self.words: list[str] = []  # what people want the run to hear at its next tool boundary
        self.asked: list[Asking] = []
        self.counts: list[Usage | None] = []  # of each attempt that asked: the last that was counted
        self.affords = 1_000  # attempts
        self._perform = perform

    async def text_delta(self, text: str) -> None:
        self.text += text
        self.spoke.set()
        self.log.append(("text_delta", text))

    async def text_end(self, text: str) -> None:
        self.log.append(("text_end", text))

    async def thinking_delta(self, text: str) -> None:
        self.log.append(("thinking_delta", text))

    async def thinking_end(self, text: str, signature: str) -> None:
        self.log.append(("thinking_end", text, signature))

    async def asking(self, asking: Asking) -> None:
        self.asked.append(asking)
        self.counts.append(None)
        if len(self.asked) > self.affords:
            raise LimitReached("The budget is used up.", code="budget")

    async def counted(self, usage: Usage) -> None:
        self.counts[-1] = usage

    async def interrupted(self, sentence: str, seconds: float, attempt: int) -> None:
        self.log.append(("interrupted", sentence, seconds, attempt))

    async def round_ended(self, wishes: Sequence[Wish], usage: Usage) -> None:
        self.usage += usage
        self.log.append(("round_ended", tuple(wish.name for wish in wishes)))

    async def compacted(self, memo: Memo, usage: Usage) -> Memo:
        self.usage += usage
        self.log.append(("compacted", memo))
        return memo

    async def perform(self, wishes: Sequence[Wish]) -> Sequence[Answer]:
        self.log.append(("perform", tuple(wish.name for wish in wishes)))
        return self._perform(wishes)

    async def heard(self) -> Sequence[str]:
        words, self.words = self.words, []
        return words

    def of(self, kind: str) -> list[tuple[object, ...]]:
        return [entry[1:] for entry in self.log if entry[0] == kind]


def ask(words: str = "list all pods", *turns: Turn, tools: tuple[ToolOffer, ...] = ()) -> Request:
    setting = Setting(clusters=("demo",), cluster="demo", read_only=False, today="2026-01-05")
    return Request((Turn("user", (Text(words),)), *turns), tools, setting)
