"""Tells a change of several objects, one line each, honestly: what was done, what failed, what was never sent."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tools.kube.client import Object
from tools.kube.errors import Ambiguous, KubeError, PartlyDone
from tools.kube.resources import Target
from tools.spec import Result


@dataclass(frozen=True, slots=True)
class Line:
    """state: done, unchanged, failed, unknown or not sent."""

    words: str
    state: str
    detail: str = ""

    def fact(self) -> Object:
        return {"object": self.words, "state": self.state, "detail": self.detail or None}


Change = Callable[[Target, str], Awaitable[Line]]


async def one_by_one(targets: Sequence[tuple[Target, str]], change: Change) -> list[Line]:
    """Each in turn; what fails stops nothing, what nobody knows the outcome of stops the rest."""
    lines: list[Line] = []
    for target, uid in targets:
        if lines and lines[-1].state == "unknown":
            lines.append(Line(target.words, "not sent"))
            continue
        try:
            lines.append(await change(target, uid))
        except Ambiguous as fault:
            lines.append(Line(target.words, "unknown", fault.sentence))
        except KubeError as fault:
            if len(targets) == 1:
                raise
            lines.append(Line(target.words, "failed", fault.sentence))
    return lines


def told(verb: str, lines: Sequence[Line], data: Object | None = None, notes: tuple[str, ...] = ()) -> Result:
    """data: {"objects": [{"object", "state", "detail"}]} and what is given. Raises PartlyDone or Ambiguous, with every
    line, unless all went well."""
    states = [line.state for line in lines]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    header = f"{verb} {lines[0].words}: {states[0]}." if len(lines) == 1 else f"{verb} {len(lines)} objects: {counts}."
    body = "\n".join(f"- {line.words}: {line.state}" + (f": {line.detail}" if line.detail else "") for line in lines)
    whole = {"objects": [line.fact() for line in lines], **(data or {})}
    if "unknown" in states:
        raise Ambiguous(f"{header}\n{body}")
    if "failed" in states:
        raise PartlyDone(f"{header}\n{body}", whole)
    return Result(header, body if len(lines) > 1 else lines[0].detail, whole, notes)
