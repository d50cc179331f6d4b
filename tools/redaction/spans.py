"""Stretches of a text that are to be masked, and what is put in their place. Pure."""

from collections.abc import Iterable
from typing import TypeAlias

MASK = "<redacted>"
Span: TypeAlias = tuple[int, int, str]  # from, to, what stands there instead


def masked(text: str, spans: Iterable[Span]) -> str:
    """Where two overlap, the first one's words stand for both."""
    parts: list[str] = []
    at = 0
    for begin, end, instead in sorted(spans, key=lambda span: (span[0], -span[1])):
        if begin >= at:
            parts += (text[at:begin], instead)
        at = max(at, end)
    parts.append(text[at:])
    return "".join(parts)


def occurrences(text: str, word: str) -> Iterable[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + len(word))
