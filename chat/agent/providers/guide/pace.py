"""Speaks a text in small pieces, so that it visibly streams, and a long one does not take long."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

PIECE = re.compile(r"\s*\S+\s*")
MOST_PIECES = 60


def pieces(text: str) -> Iterator[str]:
    """The text cut between words: three words at a time, more when that would give too many pieces."""
    words = PIECE.findall(text) or ([text] if text else [])
    size = max(3, -(-len(words) // MOST_PIECES))
    for start in range(0, len(words), size):
        yield "".join(words[start : start + size])


async def spoken(text: str, pause: float) -> AsyncIterator[str]:
    """The pieces, `pause` seconds apart."""
    for number, piece in enumerate(pieces(text)):
        if number:
            await asyncio.sleep(pause)
        yield piece
