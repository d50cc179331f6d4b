"""Log bytes to lines worth reading: decoded safely, filtered by words, repeats and stack traces folded. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from tools.rendering import plain

_LONGEST_LINE = 2000
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d) ?")
# Times, addresses, long numbers, ids and durations; short numbers are codes that mean something: 200, 503, exit 1.
_NUMBERS = re.compile(r"(?:\d+[.:/-])+\d+|\b(?=[a-f]*\d)[0-9a-f]{8,}\b|\d{4,}|\d+(?=\s?(?:[mµun]?s|m)\b)")
_ALIKE = 3  # lines that differ in numbers only, before they are folded
_TRACE = 7  # indented lines in a row, before they are folded
_BEGIN, _END = 3, 2  # of a trace, what is shown


@dataclass(frozen=True, slots=True)
class Line:
    """at: when it was written as the node says, RFC 3339 in UTC with nanoseconds, empty when unknown."""

    at: str
    text: str


def stamped(log: bytes) -> list[Line]:
    """Of a log asked for with timestamps. A line without one was written when the line before it was."""
    found: list[Line] = []
    at = ""
    for line in lines(log):
        match = _STAMP.match(line)
        at = f"{match[1]}{(match[2] or '.').ljust(10, '0')}Z" if match else at
        found.append(Line(at, line[match.end() :] if match else line))
    return found


def lines(log: bytes) -> list[str]:
    """Invalid UTF-8 becomes a replacement mark, terminal colours go, very long lines are cut."""
    text = log.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    found = plain(text).split("\n")
    if found and not found[-1]:
        found.pop()
    return [line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + "…" for line in found]


def chosen(found: Sequence[Line], match: str | None, exclude: str | None) -> list[Line]:
    """Lines with any of `match`'s words and none of `exclude`'s; words are parted by |, and case does not matter."""
    wanted, unwanted = _words(match), _words(exclude)
    if not wanted and not unwanted:
        return list(found)
    return [line for line in found if _fits(line.text.lower(), wanted, unwanted)]


def _fits(text: str, wanted: list[str], unwanted: list[str]) -> bool:
    return (not wanted or any(word in text for word in wanted)) and not any(word in text for word in unwanted)


def told(found: Iterable[Line]) -> list[Line]:
    """With repeats and stack traces folded, and counted where they are."""
    return _repeats(_traces(list(found)))


def _traces(found: list[Line]) -> list[Line]:
    """Of many indented lines in a row only the first and the last: the frames of a stack trace, or what looks so."""
    shown: list[Line] = []
    for indented, group in groupby(found, key=lambda line: line.text[:1] in " \t" and line.text != ""):
        run = list(group)
        if indented and len(run) >= _TRACE:
            left = len(run) - _BEGIN - _END
            run = [*run[:_BEGIN], Line(run[_BEGIN].at, f"    … {left} more lines of this trace"), *run[-_END:]]
        shown += run
    return shown


def _repeats(found: list[Line]) -> list[Line]:
    """The same line again and again once, with (×n); lines that differ in numbers only likewise, from three on."""
    shown: list[Line] = []
    for _, group in groupby(found, key=lambda line: _NUMBERS.sub("0", line.text)):
        run = list(group)
        texts = {line.text for line in run}
        if len(texts) > 1 and len(run) >= _ALIKE:
            shown.append(Line(run[0].at, f"{run[0].text} (×{len(run)}, alike but for times and numbers)"))
            continue
        for text, same in groupby(run, key=lambda line: line.text):
            times = list(same)
            shown.append(Line(times[0].at, text if len(times) == 1 else f"{text} (×{len(times)})"))
    return shown


def _words(text: str | None) -> list[str]:
    return [word.lower() for word in (text or "").split("|") if word]
