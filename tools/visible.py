"""Foreign text made safe to judge: escape sequences gone, characters that hide or reorder other text made visible."""

import re
from typing import Any

_ESCAPE_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
# Joiners and variation selectors belong to emoji and to scripts; after a plain letter they only hide.
_DECEIVING = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f]|(?<![^\x00-\x7f])[\u200c\u200d\ufe00-\ufe0f]"
)


def visible(text: str) -> str:
    """As a person should judge it: an approval must not read differently from what it does (Unicode TR 36)."""
    return _DECEIVING.sub(_named, _ESCAPE_SEQUENCES.sub("", text.replace("\r\n", "\n")))


def visible_all(node: Any) -> Any:
    """The same for every text in JSON."""
    if isinstance(node, str):
        return visible(node)
    if isinstance(node, list):
        return [visible_all(item) for item in node]
    return {visible(str(key)): visible_all(value) for key, value in node.items()} if isinstance(node, dict) else node


def _named(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match.group()):04X}⟩"
