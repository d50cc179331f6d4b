"""Finds the table in a tool's text result, so that the screen can show it as one."""

import re
from dataclasses import dataclass

MOST_ROWS = 300
_HEADING = re.compile(r"[A-Z][A-Z0-9_()/%.#-]*(?: [A-Z0-9_()/%.#-]+)*$")
_GAP = re.compile(r" {2,}|\t+")


@dataclass(frozen=True, slots=True)
class TextTable:
    """`before` and `after` are the lines around the table; every row has as many cells as there are headings."""

    before: str
    headings: list[str]
    rows: list[list[str]]
    after: str


def find(text: str) -> TextTable | None:
    """The first run of lines under a row of capital headings whose columns line up, or None."""
    lines = text.splitlines()
    for index, line in enumerate(lines[:4]):
        headings = _GAP.split(line.strip())
        if len(headings) < 2 or not all(_HEADING.match(heading) for heading in headings):
            continue
        body = _until_blank(lines[index + 1 :])
        rows = [_cells(row, line, headings) for row in body]
        good = [row for row in rows if row is not None]
        if body and len(good) == len(rows) <= MOST_ROWS:
            return TextTable(_joined(lines[:index]), headings, good, _joined(lines[index + 1 + len(body) :]))
    return None


def _cells(row: str, heading_line: str, headings: list[str]) -> list[str] | None:
    """By the columns of the headings when they fall on gaps, else by the gaps themselves."""
    if "\t" not in heading_line:
        starts = _starts(heading_line, headings)
        if all(start == 0 or start > len(row) or row[start - 1] == " " for start in starts):
            ends = [*starts[1:], None]
            return [row[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    cells = [cell.strip() for cell in _GAP.split(row.strip())]
    return cells if len(cells) == len(headings) else None


def _starts(heading_line: str, headings: list[str]) -> list[int]:
    starts, position = [], 0
    for heading in headings:
        position = heading_line.index(heading, position)
        starts.append(position)
        position += len(heading)
    starts[0] = 0
    return starts


def _until_blank(lines: list[str]) -> list[str]:
    for index, line in enumerate(lines):
        if not line.strip():
            return lines[:index]
    return lines


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")
