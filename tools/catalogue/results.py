"""Reads on in a result that was too long to be given whole, or that was shortened since."""

from pydantic import Field

from tools import filtering, rendering, slices
from tools.effects import Effect
from tools.kube.errors import BadInput
from tools.rendering import as_yaml, counted
from tools.slices import Line
from tools.spec import Closed, Desk, Kept, Result, Tool

MOST = 10_000  # characters of one answer: less than what a model is given whole
REF = r"^[0-9a-f]{8}$"


class ReadArguments(Closed):
    ref: str = Field(description="As the result names it.", pattern=REF)
    lines: str | None = Field(None, description="20-60, 20- or -50 for the last 50.", max_length=40)
    grep: str | None = Field(None, description="Only lines with these words; | for either.", max_length=200)
    path: str | None = Field(None, description="Into the same as JSON: rows[0], object.spec.", max_length=200)


async def read(desk: Desk, asked: ReadArguments) -> Result:
    """No data: it would be the same once more."""
    kept = await desk.kept(asked.ref)
    every = slices.lines(_at(kept, asked.path) if asked.path else kept.text)
    chosen = slices.between(every, asked.lines) if asked.lines else every
    if asked.grep:
        chosen = slices.with_words(chosen, asked.grep)
    shown = _fitting(chosen, numbered=bool(asked.grep))
    return Result(_header(asked, every, chosen, len(shown)), "\n".join(shown))


def _at(kept: Kept, path: str) -> str:
    if kept.data is None:
        raise BadInput("This result is not kept as JSON. Read it with lines or grep.")
    found = filtering.values_at(kept.data, path)
    if not found:
        raise BadInput(f'There is nothing at "{path[:80]}" in this result.{_keys(kept)}')
    return "\n".join(value if isinstance(value, str) else as_yaml(value) for value in found)


def _keys(kept: Kept) -> str:
    return f" It has: {', '.join(sorted(map(str, kept.data)))[:300]}." if isinstance(kept.data, dict) else ""


def _fitting(chosen: list[Line], *, numbered: bool) -> list[str]:
    shown, room = [], MOST
    for number, line in chosen:
        told = f"{number}: {line}" if numbered else line
        room -= len(told) + 1
        if room < 0:
            break
        shown.append(told)
    return shown


def _header(asked: ReadArguments, every: list[Line], chosen: list[Line], shown: int) -> str:
    of = f"of {counted(len(every), 'line')} in {asked.ref}" + (f" at {asked.path}" if asked.path else "")
    if not chosen:
        return f"No such line {of}." if not asked.grep else f'No line with "{rendering.cell(asked.grep)}" {of}.'
    words = f' with "{rendering.cell(asked.grep)}"' if asked.grep else ""
    told = f"{counted(len(chosen), 'line')}{words}, {chosen[0][0]}-{chosen[-1][0]} {of}"
    if shown == len(chosen):
        return f"{told}."
    return f"{told}; the first {shown:,} are shown: go on with lines={chosen[shown][0]}-, or grep."


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="result_read",
        title="Read on",
        description="Reads more of an earlier result of this conversation that was cut or shortened.",
        effect=Effect.READ,
        arguments=ReadArguments,
        run=read,
        intent=lambda asked: f"Read on in result {asked.ref}" + (f" for {asked.grep}" if asked.grep else ""),
        core=True,
        inside=True,
    ),
)
