"""The agent's turn: ask the model, stream what it says, get its wishes done, and again until it has none."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from chat.agent.endings import explain
from chat.agent.errors import LimitReached, ModelError
from chat.agent.limits import Limits
from chat.agent.ports import (
    Answer,
    Block,
    Finished,
    Interrupted,
    Provider,
    Request,
    Spoken,
    Stage,
    Text,
    TextDelta,
    TextEnd,
    Thinking,
    ThinkingDelta,
    ThinkingEnd,
    Turn,
    Usage,
    Wish,
)


@dataclass(frozen=True, slots=True)
class End:
    """How a run came to its end by itself. rounds and calls count from the run's beginning, usage from this `run`."""

    stop_reason: str
    rounds: int
    calls: int
    usage: Usage
    turns: tuple[Turn, ...]


async def run(
    request: Request, provider: Provider, stage: Stage, limits: Limits, *, rounds_done: int = 0, calls_done: int = 0
) -> End:
    """Drives a run until the model wishes for nothing more.

    Wishes the transcript left unanswered come first, so a parked run goes on from its events alone; they are already
    in `calls_done`. Raises ModelError, LimitReached, and Parked from the stage; whoever drives the stage closes what
    is open then.
    """
    turns, usage = request.turns, Usage()
    if waiting := unanswered(turns):
        turns = with_answers(turns, await stage.perform(waiting))
    while True:
        limits.check_rounds(rounds_done)
        if at_tool_boundary(turns):
            turns = with_words(turns, await stage.heard())
        said, finished = await _listen(replace(request, turns=turns), provider, stage)
        wishes = finished.wishes if finished.stop_reason == "tool_use" else ()
        if not wishes:
            said += await _say_why(finished.stop_reason, stage)
        rounds_done, calls_done, usage = rounds_done + 1, calls_done + len(wishes), usage + finished.usage
        await _end_round(wishes, calls_done, finished.usage, stage, limits)
        if said or wishes:
            turns = (*turns, Turn("assistant", (*said, *wishes)))
        if wishes:
            turns = with_answers(turns, await stage.perform(wishes))
        elif finished.stop_reason != "pause_turn" or not said:
            return End(finished.stop_reason, rounds_done, calls_done, usage, turns)


def unanswered(turns: Sequence[Turn]) -> tuple[Wish, ...]:
    """The wishes of the last assistant turn that no later turn answers."""
    answers: set[str] = set()
    for turn in reversed(turns):
        if turn.role == "assistant":
            return tuple(block for block in turn.blocks if isinstance(block, Wish) and block.id not in answers)
        answers.update(block.id for block in turn.blocks if isinstance(block, Answer))
    return ()


def at_tool_boundary(turns: Sequence[Turn]) -> bool:
    """Whether answers were the last that was said: the one place where a run under way hears people."""
    return bool(turns) and isinstance(turns[-1].blocks[-1], Answer)


def with_words(turns: tuple[Turn, ...], words: Sequence[str]) -> tuple[Turn, ...]:
    """People's words behind the answers, in the same turn."""
    return (*turns[:-1], Turn("user", (*turns[-1].blocks, *map(Text, words))))


def with_answers(turns: tuple[Turn, ...], answers: Sequence[Answer]) -> tuple[Turn, ...]:
    """All answers to one assistant turn stand in one turn, before anything else said there: models insist on it."""
    earlier = turns[-1].blocks if turns and turns[-1].role == "user" else ()
    kept = turns[:-1] if earlier else turns
    blocks: tuple[Block, ...] = (*earlier, *answers)
    return (*kept, Turn("user", tuple(sorted(blocks, key=lambda block: not isinstance(block, Answer)))))


async def _listen(request: Request, provider: Provider, stage: Stage) -> tuple[list[Block], Finished]:
    """One round: everything said goes to the stage at once; what closed is kept for the model's own memory."""
    said: list[Block] = []
    async with _closing(provider.respond(request)) as spoken:
        async for piece in spoken:
            match piece:
                case TextDelta(text):
                    await stage.text_delta(text)
                case ThinkingDelta(text):
                    await stage.thinking_delta(text)
                case TextEnd(text):
                    said.append(Text(text))
                    await stage.text_end(text)
                case ThinkingEnd(text, signature):
                    said.append(Thinking(text, signature))
                    await stage.thinking_end(text, signature)
                case Interrupted(sentence, seconds, attempt):
                    said.clear()  # people keep what they saw; the model says it again in full
                    await stage.interrupted(sentence, seconds, attempt)
                case Finished():
                    return said, piece
    raise ModelError(
        "The model's answer broke off before its end. Send the message again.", code="incomplete", temporary=True
    )


async def _say_why(stop_reason: str, stage: Stage) -> list[Block]:
    """Says in a sentence why the model stopped, where that is not plain to see."""
    if not (sentence := explain(stop_reason)):
        return []
    await stage.text_delta(sentence)
    await stage.text_end(sentence)
    return [Text(sentence)]


async def _end_round(wishes: Sequence[Wish], calls: int, usage: Usage, stage: Stage, limits: Limits) -> None:
    """Wishes beyond the limit are never recorded as begun; what the round cost is."""
    try:
        limits.check_calls(calls)
    except LimitReached:
        await stage.round_ended((), usage)
        raise
    await stage.round_ended(wishes, usage)


@asynccontextmanager
async def _closing(spoken: AsyncIterator[Spoken]) -> AsyncIterator[AsyncIterator[Spoken]]:
    """A cancelled or failed round closes the provider's connection now, not at some later garbage collection."""
    try:
        yield spoken
    finally:
        if (close := getattr(spoken, "aclose", None)) is not None:
            await close()
