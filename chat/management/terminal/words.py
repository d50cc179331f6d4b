"""What a terminal is shown, as text: words of a model, calls, and the card of an approval. Pure.

Models and clusters are hostile. Nothing of theirs moves the cursor, changes colours or hides other text, and none of
their lines can look like a line of a card: only those begin with BAR.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from tools.rendering import counted, duration, moment
from tools.visible import visible

BAR = "▌"
_WIDEST = 160  # characters of a line that tells of a call
_MOST_ROWS = 120  # of a card
_MOST_OF_ALL = 4_000  # of a card that is shown whole
_ARGUMENT_ROWS = 40
_SIGNS = {" ": "  ", "+": "+ ", "-": "- ", "@": "  "}


def clean(text: str) -> str:
    """Foreign text with everything that a terminal would obey made visible; line breaks and tabs stay."""
    return visible(text).replace("\r", "⟨U+000D⟩").replace(BAR, "|")


def line(text: str, widest: int = _WIDEST) -> str:
    """On one line, cut."""
    words = " ".join(clean(text).split())
    return words if len(words) <= widest else words[: widest - 1] + "…"


def begun(call: Mapping[str, Any]) -> str:
    return f"· {line(call['intent'])}{_on(call)} …"


def ended(call: Mapping[str, Any]) -> str:
    """With the first line of the result, which holds its counts."""
    took = call["duration_ms"]
    time = f"{took} ms" if took < 1000 else f"{took / 1000:.1f} s"
    header = line(call["result"].partition("\n")[0])
    return f"  {line(call['intent'])}{_on(call)}: {call['status']} in {time}" + (f": {header}" if header else "")


def _on(call: Mapping[str, Any]) -> str:
    return f" on {line(call['cluster'], 60)}" if call["cluster"] else ""


def spent(complete: Mapping[str, Any]) -> str:
    """What a run came to: calls, tokens, money."""
    parts = [counted(len(complete["tool_calls"]), "call")]
    if tokens := sum(complete["usage"].values()):
        parts.append(counted(tokens, "token"))
    if complete.get("cost"):
        parts.append(f"${complete['cost']:.4f}")
    return ", ".join(parts)


# ---- the card of an approval -------------------------------------------------------------------------------------


def card(asked: Mapping[str, Any], address: str, columns: int, *, whole: bool = False) -> tuple[list[str], bool]:
    """The lines of a card from the data of `approval_requested`, and whether there is more than they show.

    `asked["plan"]` may be the whole plan; `address`: where the portal shows it; `columns`: of the terminal.
    """
    plan = asked["plan"]
    most = _MOST_OF_ALL if whole else _MOST_ROWS
    every = (row for text in _card(asked, address, whole=whole) for row in _wrapped(text, max(20, columns - 3)))
    rows = list(islice(every, most + 1))
    cut = bool(plan.get("more")) or any(step["cut"] for step in plan.get("steps", []))
    cut = cut or len(rows) > most or (not whole and len(_arguments(asked)) > _ARGUMENT_ROWS)
    if cut:
        rows = [*rows[:most], f"There is more than fits here: all of it is at {address}"]
    return [f"{BAR} {row}" for row in rows], cut


def _card(asked: Mapping[str, Any], address: str, *, whole: bool) -> Iterable[str]:
    plan = asked["plan"]
    yield "The agent asks to change something"
    yield f"cluster  {clean(asked['cluster'])}" + (" · production" if plan.get("production") else "")
    yield f"effect   {asked['effect']}"
    yield f"what     {clean(asked['summary'])}"
    yield from _frame(asked, plan, address)
    for number, step in enumerate(plan.get("steps", []), 1):
        yield from _step(number, step)
    if plan.get("more"):
        yield f"… and {counted(plan['more'], 'more step')}"
    yield from (f"touches  {clean(sentence)}" for sentence in plan.get("touched", []))
    yield f"call     {clean(asked['tool_name'])}"
    arguments = _arguments(asked)
    yield from (f"         {each}" for each in (arguments if whole else arguments[:_ARGUMENT_ROWS]))
    if plan.get("reason"):
        yield from ("", "The model's own words, checked by nobody:")
        yield from (f"    {each}" for each in clean(plan["reason"]).split("\n"))


def _frame(asked: Mapping[str, Any], plan: Mapping[str, Any], address: str) -> Iterable[str]:
    """Who asks, by which rule, until when."""
    yield f"for      {clean(plan.get('asked_by', ''))}"
    yield f"rule     {clean(plan.get('rule', ''))}"
    yield f"expires  {_expires(asked['expires_at'])}"
    yield f"portal   {address}"
    if plan.get("second_person"):
        yield "A second person must approve this: whoever asked for it may only reject it."


def _step(number: int, step: Mapping[str, Any]) -> Iterable[str]:
    yield f"{number}. {clean(step['verb'])} {clean(step['words'])} ({step['effect']})"
    if step["untried"]:
        yield f"   Not tried out: {clean(step['untried'])}."
    if step["trial"]:
        yield "   Only a dry run: nothing is stored."
    yield from (f"   {clean(sentence)}" for sentence in step["owners"])
    yield from (f"   {clean(each)}" for each in step["lines"][:12])
    yield from (f"   {_SIGNS.get(sign, '  ')}{clean(text)}" for sign, text in step["diff"])
    if not (step["diff"] or step["untried"] or step["trial"]):
        yield "   Nothing in it would change."


def _arguments(asked: Mapping[str, Any]) -> list[str]:
    written = json.dumps(asked["arguments"], indent=2, ensure_ascii=False)
    return clean(written).split("\n")


def _expires(stamp: str) -> str:
    at = moment(stamp)
    if at is None:
        return clean(stamp)
    left = duration((at - datetime.now(UTC)).total_seconds())
    return f"in {left} ({at:%Y-%m-%d %H:%M} UTC)"


def _wrapped(text: str, width: int) -> list[str]:
    """Broken by us, so that every row has its bar."""
    rows = [row for part in text.expandtabs(4).split("\n") for row in _broken(part, width)]
    return rows or [""]


def _broken(text: str, width: int) -> list[str]:
    return [text[at : at + width] for at in range(0, len(text), width)] or [""]
