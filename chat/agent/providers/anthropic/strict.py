"""JSON by the letter: what a lenient parser lets pass (a key given twice, NaN, half a character) is refused here."""

import json
import math
from typing import Any, NoReturn

_UNSENDABLE = dict.fromkeys((0, *range(0xD800, 0xE000)), "\ufffd")
LARGEST_NUMBER = 1 << 63


def sendable(text: str) -> str:
    """What no database and no socket takes becomes a replacement character."""
    return text if text.isascii() and "\0" not in text else text.translate(_UNSENDABLE)


def strict_object(raw: str) -> dict[str, Any]:
    """Tool arguments from their raw text.

    Raises ValueError for anything but one object, a key given twice, NaN, a number beyond 64 bits, text that cannot be
    stored, and nesting without end.
    """
    try:
        parsed = json.loads(
            raw, object_pairs_hook=unique, parse_constant=no_number, parse_float=_finite, parse_int=_small
        )
    except RecursionError:
        raise ValueError("nested without end") from None
    if not isinstance(parsed, dict):
        raise ValueError("not an object")
    if _unsendable(parsed):
        raise ValueError("text that cannot be stored")
    return parsed


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key given twice")
    return made


def no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number out of range")
    return number


def _small(digits: str) -> int:
    number = int(digits)
    if not -LARGEST_NUMBER <= number < LARGEST_NUMBER:
        raise ValueError("a number out of range")
    return number


def _unsendable(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_unsendable(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(map(_unsendable, value))
    return isinstance(value, str) and sendable(value) != value
