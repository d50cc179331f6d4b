"""Asks the model once to sum up a conversation that has become too long for it."""

import asyncio
from collections.abc import AsyncIterator

from chat.agent import compaction
from chat.agent.errors import LimitReached, ModelError
from chat.agent.ports import Asking, Counted, Finished, Interrupted, Provider, Request, Spoken, Stage, TextEnd, Usage

SECONDS = 60


async def ask(request: Request, provider: Provider, stage: Stage) -> tuple[str, Usage]:
    """In its words, and what that took. Empty when it cannot be asked now, costs more than a budget has, or takes too
    long: there is no second attempt, for what must be kept is kept without it."""
    spoken = provider.respond(compaction.question(request))
    try:
        async with asyncio.timeout(SECONDS):
            return await _heard(spoken, stage)
    except (ModelError, LimitReached, TimeoutError):
        return "", Usage()
    finally:
        await closed(spoken)


async def _heard(spoken: AsyncIterator[Spoken], stage: Stage) -> tuple[str, Usage]:
    said: list[str] = []
    async for piece in spoken:
        match piece:
            case Asking():
                await stage.asking(piece)
            case Counted(usage):
                await stage.counted(usage)
            case TextEnd(text):
                said.append(text)
            case Finished(usage=usage):
                return "\n".join(said), usage
            case Interrupted():
                break
    return "", Usage()


async def closed(spoken: AsyncIterator[Spoken] | None) -> None:
    """Its connection ends now, not at some later garbage collection."""
    if (close := getattr(spoken, "aclose", None)) is not None:
        await close()
