"""Log bytes to lines worth reading: decoded safely, filtered by words, repeats folded. Pure."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from tools.rendering import plain

_LONGEST_LINE = 2000


def lines(log: bytes) -> list[str]:
    """Invalid UTF-8 becomes a replacement mark, terminal colours go, very long lines are cut."""
    text = log.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    found = plain(text).split("\n")
    if found and not found[-1]:
        found.pop()
    return [line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + "…" for line in found]


def chosen(found: Sequence[str], match: str | None, exclude: str | None) -> list[str]:
    """Lines with any of `match`'s words and none of `exclude`'s; words are parted by |, and case does not matter."""
    wanted, unwanted = _words(match), _words(exclude)
    return [
        line
        for line in found
        if (not wanted or any(word in line.lower() for word in wanted))
        and not any(word in line.lower() for word in unwanted)
    ]


def folded(found: Iterable[str]) -> list[str]:
    """A line repeated n times in a row once, with (×n)."""
    shown = []
    for line, group in groupby(found):
        times = sum(1 for _ in group)
        shown.append(line if times == 1 else f"{line} (×{times})")
    return shown


def _words(text: str | None) -> list[str]:
    return [word.lower() for word in (text or "").split("|") if word]
