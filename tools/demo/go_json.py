"""JSON as Go's decoder reads it: the same words for what it cannot read, and the keys that came twice."""

import json
from typing import Any

from tools.demo.errors import Json


class Duplicates(list[str]):
    """Paths of keys that occur twice in one object."""


def syntax_error(text: str) -> str:
    """Why encoding/json refuses `text`, in its words."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        rest = text[error.pos :].lstrip()
        if not rest or error.msg.startswith("Unterminated"):
            return "unexpected end of JSON input"
        return f"invalid character '{rest[0]}' {_looking_for(text, error)}"
    return ""


def _looking_for(text: str, error: json.JSONDecodeError) -> str:
    before = text[: error.pos].rstrip()
    if error.msg.startswith("Extra data"):
        return "after top-level value"
    if error.msg.startswith("Expecting property name"):
        return "looking for beginning of object key string"
    if error.msg.startswith("Expecting ':'"):
        return "after object key"
    if error.msg.startswith("Expecting ','"):
        return "after array element" if _inside_array(before) else "after object key:value pair"
    return "looking for beginning of value"


def _inside_array(text: str) -> bool:
    depth = 0
    for character in reversed(text):
        if character in "]}":
            depth += 1
        elif character in "[{":
            if depth == 0:
                return character == "["
            depth -= 1
    return False


def loads(text: str | bytes) -> tuple[Any, list[str]]:
    """The value, and the paths of duplicate keys; ValueError for no JSON. As in Go the last of them wins."""
    found: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> Json:
        result: Json = {}
        for key, value in pairs:
            if key in result:
                found.append(key)
            result[key] = value
        return result

    value = json.loads(text, object_pairs_hook=collect)
    return value, _located(json.loads(text, object_pairs_hook=list), found) if found else []


def _located(pairs: Any, wanted: list[str], path: str = "") -> list[str]:
    """The full paths of the duplicate keys, found in a second pass that keeps pairs as lists."""
    if not isinstance(pairs, list):
        return []
    found: list[str] = []
    seen: set[str] = set()
    for index, pair in enumerate(pairs):
        if not isinstance(pair, tuple):
            found += _located(pair, wanted, f"{path}[{index}]")
            continue
        key, value = pair
        here = f"{path}.{key}" if path else key
        if key in seen and key in wanted:
            found.append(here)
        seen.add(key)
        found += _located(value, wanted, here)
    return found
