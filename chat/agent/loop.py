"""Drives the agent's turn: does what the machine asks for, on the provider and the stage, and tells it what came."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from chat.agent import compaction, machine, summary
from chat.agent.errors import TOO_LARGE, ModelError
from chat.agent.limits import FRESH, Done, Limits
from chat.agent.machine import (
    Act,
    Answered,
    Ask,
    Compacted,
    End,
    Fail,
    Finish,
    GoOn,
    Happened,
    Heard,
    Keep,
    Listen,
    Perform,
    Show,
)
from chat.agent.ports import (
    Asking,
    Counted,
    Finished,
    Interrupted,
    Provider,
    Request,
    Spoken,
    Stage,
    TextDelta,
    TextEnd,
    ThinkingDelta,
    ThinkingEnd,
    Usage,
)


async def run(request: Request, provider: Provider, stage: Stage, limits: Limits, done: Done = FRESH) -> End:
    """Drives a run until the model wishes for nothing more.

    Wishes the transcript left unanswered come first, so a parked run goes on from its events alone; they are already
    in `done.calls`. Raises ModelError, LimitReached, and Parked from the stage; whoever drives the stage closes what
    is open then.
    """
    driver = _Driver(request, provider, stage)
    try:
        async with asyncio.timeout(max(0.0, limits.minutes * 60 - done.seconds)) as clock:
            return await _play(driver, request, limits, done, clock)
    except TimeoutError:
        if not clock.expired():
            raise
        raise limits.out_of_time() from None
    finally:
        await driver.close()


async def _play(driver: "_Driver", request: Request, limits: Limits, done: Done, clock: asyncio.Timeout) -> End:
    """A database call that is just ending may swallow the one cancellation of the clock: so it is asked as well."""
    state, acts = machine.begin(request.turns, limits, rounds=done.rounds, calls=done.calls)
    while not clock.expired():
        for act in acts[:-1]:
            await driver.tell(act)
        if isinstance(acts[-1], Finish):
            return acts[-1].end
        state, acts = machine.step(state, await driver.bring(acts[-1]))
    raise limits.out_of_time()


class _Driver:
    """Holds the one thing a turn keeps open: the model's answer."""

    def __init__(self, request: Request, provider: Provider, stage: Stage) -> None:
        self._request, self._provider, self._stage = request, provider, stage
        self._spoken: AsyncIterator[Spoken] | None = None
        self._last = (0, 0)  # turns of the last request, and tokens that it and its answer came to

    async def tell(self, act: Act) -> None:
        match act:
            case Show(TextDelta(text)):
                await self._stage.text_delta(text)
            case Show(ThinkingDelta(text)):
                await self._stage.thinking_delta(text)
            case Show(TextEnd(text)):
                await self._stage.text_end(text)
            case Show(ThinkingEnd(text, signature)):
                await self._stage.thinking_end(text, signature)
            case Show(Asking() as asking):
                await self._stage.asking(asking)
            case Show(Counted(usage)):
                self._last = len(self._request.turns), usage.total
                await self._stage.counted(usage)
            case Show(Interrupted(sentence, seconds, attempt)):
                await self._stage.interrupted(sentence, seconds, attempt)
            case Keep(wishes, usage):
                await self._stage.round_ended(wishes, usage)
            case _:
                raise TypeError(f"{type(act).__name__} is the last act of a step.")

    async def bring(self, act: Act) -> Happened:
        match act:
            case GoOn():
                return await self._next()
            case Ask(turns):
                self._request = replace(self._request, turns=turns)
                if compaction.due(self._request, self._last):
                    return await self._compact()
                self._spoken = self._provider.respond(self._request)
                return await self._next()
            case Perform(wishes):
                return Answered(tuple(await self._stage.perform(wishes)))
            case Listen():
                return Heard(tuple(await self._stage.heard()))
            case Fail(fault):
                raise fault
        raise TypeError(f"{type(act).__name__} brings nothing.")

    async def _next(self) -> Happened:
        assert self._spoken is not None
        try:
            piece = await anext(self._spoken, None)
        except ModelError as fault:
            if fault.code != TOO_LARGE or not compaction.possible(self._request):
                raise
            return await self._compact(asking=False)
        if piece is None or isinstance(piece, Finished):
            await self.close()
        return piece or machine.Silence()

    async def _compact(self, *, asking: bool = True) -> Compacted:
        """asking: whether the model can still read what it is to sum up."""
        await self.close()
        findings, usage = "", Usage()
        if asking:
            findings, usage = await summary.ask(self._request, self._provider, self._stage)
        memo = await self._stage.compacted(compaction.gathered(self._request, findings), usage)
        self._last = (0, 0)
        return Compacted(compaction.compact(self._request.turns, memo))

    async def close(self) -> None:
        """A cancelled or failed round closes the provider's connection now, not at some later garbage collection."""
        spoken, self._spoken = self._spoken, None
        await summary.closed(spoken)
