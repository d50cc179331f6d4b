"""Makes text and JSON storable wherever they are kept: PostgreSQL takes neither NUL nor half a surrogate pair. Pure."""

import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_STAND_IN = "\N{REPLACEMENT CHARACTER}"


def text(value: str) -> str:
    """As long as before, so that offsets into it still hold."""
    return _UNSTORABLE.sub(_STAND_IN, value)


def data(value: Any) -> Any:
    """JSON with every text in it made storable, keys too."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {text(str(key)): data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [data(item) for item in value]
    return value
