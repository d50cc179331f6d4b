"""What a model is given of a result: all of it, its beginning, or, once it is old, its first line. Pure.

People keep all of it. The same result is given in the same words whoever tells it, live or from the journal, so that
what a model has read stays a prefix of what it reads next.
"""

from chat.agent.diet import sent
from chat.agent.ports import Answer, Json
from chat.agent.tokens import estimated
from tools import rendering, slices

WHOLE = 16_000  # characters of a result that a model is given whole
HEAD = 1_800  # of one that is longer
_FIRST_LINE = 400
_STAYS = ("tool_find",)  # the model needs it to call what it found


def answer(wish_id: str, tool: str, result: str, *, failed: bool = False, data: Json = None) -> Answer:
    """`wish_id`: as `tool_calls.wish_id` makes it; its beginning is the name under which the result is read again."""
    ref = name(wish_id.removeprefix("call_"))
    return Answer(wish_id, result, failed, data, _beginning(result, ref), "" if tool in _STAYS else _short(result, ref))


def name(call_id: str) -> str:
    """Under which a model reads on in the result of a call, from the hexadecimal of its id: unique enough in one
    conversation; the newest counts."""
    return call_id[:8]


def tokens(tool: str, result: str) -> int:
    """About how many tokens of a result the model was given, before it became old."""
    return estimated(sent(answer("call_", tool, result)))


def _beginning(result: str, ref: str) -> str:
    if len(result) <= WHOLE:
        return ""
    every = slices.lines(result)
    head, _ = rendering.beginning(result, HEAD)
    missing = slices.missing(result)
    total = len(every) + missing - bool(missing)
    begun = slices.parts(every)
    parts = f" Parts by line: {', '.join(begun)}." if len(begun) > 1 else ""
    shown = len(slices.lines(head))
    return f"{head}\n[Lines 1-{shown} of {total:,}.{parts} Read on: result_read ref={ref} with lines, grep or path.]"


def _short(result: str, ref: str) -> str:
    """Empty when it would not be much shorter."""
    first = result.partition("\n")[0]
    line = first if len(first) <= _FIRST_LINE else first[:_FIRST_LINE] + "…"
    short = f"{line}\n[Shortened; all of it: result_read ref={ref}.]"
    return short if 2 * len(short) < len(result) else ""
