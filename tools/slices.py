"""A long text by its lines: folded where one has no end, chosen by number or by words, its parts found. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from tools.kube.errors import BadInput

LONGEST_LINE = 1000  # characters; what is longer goes on in the next one
Line: TypeAlias = tuple[int, str]  # its number, from 1

_RANGE = re.compile(r"(\d{1,9})?\s*(-)?\s*(\d{1,9})?")
_PART = re.compile(r"(?:- )?([A-Za-z][\w./-]{0,40}):(?:\s|$)")
_CUT = re.compile(r"… cut here: ([\d,]+) more lines?\. ")
_MOST_PARTS = 12


def lines(text: str) -> list[Line]:
    folded = (
        line[at : at + LONGEST_LINE] for line in text.split("\n") for at in range(0, len(line) or 1, LONGEST_LINE)
    )
    return list(enumerate(folded, 1))


def between(found: Sequence[Line], asked: str) -> list[Line]:
    """`20-60`, `20-` (to the end), `-50` (the last 50), `7`. Raises BadInput for anything else."""
    match = _RANGE.fullmatch(asked.strip())
    if not match or not (match[1] or match[3]):
        raise BadInput(f'"{asked[:40]}" is no range of lines. Write for example 20-60, 20- or -50 for the last 50.')
    first, dash, last = match.groups()
    if first is None:
        return list(found[-int(last) :])
    until = int(last) if last else len(found) if dash else int(first)
    return [line for line in found if int(first) <= line[0] <= until]


def with_words(found: Iterable[Line], words: str) -> list[Line]:
    """Lines with any of the words, which are parted by |; case does not matter."""
    wanted = [word.strip().lower() for word in words.split("|") if word.strip()]
    return [line for line in found if any(word in line[1].lower() for word in wanted)]


def parts(found: Iterable[Line]) -> list[str]:
    """Where the parts of a YAML document begin: "spec 12"."""
    begun = [f"{match[1]} {number}" for number, line in found if (match := _PART.match(line))]
    return begun if len(begun) <= _MOST_PARTS else [*begun[:_MOST_PARTS], "…"]


def missing(text: str) -> int:
    """How many more lines there are than `tools.rendering.bounded` let through."""
    match = _CUT.match(text.rpartition("\n")[2])
    return int(match[1].replace(",", "")) if match else 0
