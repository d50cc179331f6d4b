"""Foreign text made safe to look at: escape sequences gone, characters that hide or reorder other text made visible."""

import re

_ESCAPE_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_DECEIVING = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


def plain(text: str) -> str:
    """Text as a person should judge it: an approval must not read differently from what it does (Unicode TR 36)."""
    return _DECEIVING.sub(_named, _ESCAPE_SEQUENCES.sub("", text.replace("\r\n", "\n")))


def _named(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match.group()):04X}⟩"
