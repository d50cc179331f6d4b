"""Where the loop plays: closed blocks and wishes go to the journal, deltas to whoever watches now.

Deltas are coalesced: the first at once, then one frame per BEAT. The open block is there for whoever keeps it
(chat/launch.py), so that a late joiner and a crash have it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from chat import doorbell, storable, tool_calls
from chat.actions import queue, reservations, rounds
from chat.actions.leases import Claim, OpenBlock
from chat.agent.ports import Answer, Asking, Memo, Usage, Wish
from chat.hop import in_database
from chat.models import Reservation, Run, ToolCall
from tools import redaction
from tools.kube.together import beside

BEAT = 0.04
_SHORT = 32 << 10  # characters that are cleaned in no time


class Stage:
    """One run's stage (`chat.agent.ports.Stage`). `block`: number of the next block in this run."""

    def __init__(self, claim: Claim, run: Run, block: int, unfinished: Sequence[ToolCall], model: str = "") -> None:
        self._claim, self._run, self._block, self._model = claim, run, block, model
        self._held: Reservation | None = None  # for the attempt under way
        self._counted: Usage | None = None  # what that has cost at most
        self._calls = {tool_calls.wish_id(call): call for call in unfinished}
        self._kind = ""
        self._filter = redaction.Filter()
        self._heard: list[str] = []
        self._said: list[str] = []  # what the filter let through
        self._unsent: list[str] = []
        self._sent = 0  # characters of this block
        self._kept = 0  # characters of this block that its checkpoint holds
        self._beat: asyncio.TimerHandle | None = None

    @property
    def has_calls(self) -> bool:
        """Whether the run has wished for anything so far."""
        return bool(self._calls)

    # ---- deltas --------------------------------------------------------------------------------------------------

    async def text_delta(self, text: str) -> None:
        await self._delta("text", text)

    async def thinking_delta(self, text: str) -> None:
        await self._delta("thinking", text)

    async def _delta(self, kind: str, text: str) -> None:
        if kind != self._kind:
            await self.close()
            self._kind = kind
        self._heard.append(text := storable.text(text))
        text = self._filter.feed(text)
        if not text:
            return
        self._said.append(text)
        self._unsent.append(text)
        if self._beat is None:
            self._flush()

    def _flush(self) -> None:
        """Sends what is unsent, and again a beat later as long as there is something."""
        if not self._unsent:
            self._beat = None
            return
        text, offset = "".join(self._unsent), self._sent
        self._unsent.clear()
        self._sent += len(text)
        data = {
            "text": text,
            "conversation_id": self._claim.conversation_id,
            "run_id": self._claim.run_id,
            "block": self._block,
            "offset": offset,
        }
        doorbell.whisper(self._claim.conversation_id, {"type": self._kind, "data": data}, kept=self._kept)
        self._beat = asyncio.get_running_loop().call_later(BEAT, self._flush)

    def open_block(self) -> OpenBlock | None:
        """What is being said right now; None when nothing is, or when nothing was added since it was `kept`."""
        said = "".join(self._said)
        return {"kind": self._kind, "block": self._block, "text": said} if len(said) > self._kept else None

    def kept(self, block: OpenBlock) -> None:
        if block["block"] == self._block:
            self._kept = len(block["text"])

    # ---- blocks --------------------------------------------------------------------------------------------------

    async def text_end(self, text: str) -> None:
        await self._end("text", text, "")

    async def thinking_end(self, text: str, signature: str) -> None:
        await self._end("thinking", text, signature)

    async def close(self) -> None:
        """Ends the open block as far as it was said."""
        if self._kind:
            await self._end(self._kind, "".join(self._heard), "")

    async def _end(self, kind: str, text: str, signature: str) -> None:
        """What was seen live and the rest, cleaned once more as a whole. A signature is good for the very words."""
        self.silence()
        said = storable.text(text)
        told = "".join(self._said) + self._filter.flush() if "".join(self._heard) == said else said
        text = redaction.text(told) if len(told) < _SHORT else await beside(partial(redaction.text, told))
        signature = signature if text == said else ""
        await in_database(rounds.close_block)(self._claim, kind, self._block, text, signature)
        self._block += 1
        self._kind, self._heard, self._said, self._unsent = "", [], [], []
        self._filter = redaction.Filter()
        self._sent = self._kept = 0

    def silence(self) -> None:
        """Stops the beat: of a block that ends, or of a stage that is left in the middle."""
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    # ---- rounds --------------------------------------------------------------------------------------------------

    async def asking(self, asking: Asking) -> None:
        await self.settle()
        self._held = await in_database(reservations.reserve)(self._claim, self._model, asking)

    async def counted(self, usage: Usage) -> None:
        self._counted = usage

    async def settle(self) -> None:
        """Ends the attempt that broke off, if there was one: what it is known to have cost is spent, else all of it."""
        (held, counted), self._held, self._counted = (self._held, self._counted), None, None
        if held is not None:
            await in_database(reservations.settle_held)(self._claim, held, counted)

    async def leave(self) -> None:
        """Closes what is open, of what was said and of what was set aside."""
        await self.close()
        await self.settle()

    async def interrupted(self, sentence: str, seconds: float, attempt: int) -> None:
        await self.leave()
        await in_database(rounds.notice)(self._claim, "model_retry", f"{sentence} Trying again in {seconds:.0f} s.")

    async def round_ended(self, wishes: Sequence[Wish], usage: Usage) -> None:
        await self.close()
        recorded = await in_database(self._record)(wishes, usage)
        self._calls.update({wish.id: call for wish, call in zip(wishes, recorded, strict=True)})

    def _record(self, wishes: Sequence[Wish], usage: Usage) -> list[ToolCall]:
        recorded = [tool_calls.record(self._run, wish) for wish in wishes]
        rounds.close_round(self._claim, recorded, usage, self._held, self._counted)
        self._held = self._counted = None
        return recorded

    async def compacted(self, memo: Memo, usage: Usage) -> Memo:
        memo = await in_database(rounds.compact)(self._claim, memo, usage, self._held, self._counted)
        self._held = self._counted = None
        return memo

    async def perform(self, wishes: Sequence[Wish]) -> Sequence[Answer]:
        answers = await tool_calls.perform(self._claim, [self._calls[wish.id] for wish in wishes])
        return [replace(answer, id=wish.id) for wish, answer in zip(wishes, answers, strict=True)]

    async def heard(self) -> Sequence[str]:
        """A call without a model hears nothing: what is queued behind it runs next."""
        return [] if self._run.direct else await in_database(queue.take)(self._claim)
