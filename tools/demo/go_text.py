"""Values the way Go prints them, for messages that quote what a client sent."""

import json
from typing import Any


def plain(value: Any) -> str:
    """fmt's %v: map[a:1 b:[x y]], <nil>, true."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{plain(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(plain(each) for each in value) + "]"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def to_json(value: Any, sort: bool = False) -> str:
    """encoding/json: no blanks, and <, > and & escaped."""
    text = json.dumps(value, sort_keys=sort, separators=(",", ":"), ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def quoted(text: str) -> str:
    """%q of a string."""
    return json.dumps(text, ensure_ascii=False)


def json_type(value: Any) -> str:
    """The word the JSON decoder has for a value: string, number, bool, object, array."""
    for kind, word in ((bool, "bool"), (str, "string"), (dict, "object"), (list, "array")):
        if isinstance(value, kind):
            return word
    return "number"
