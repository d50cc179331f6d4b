"""A sentence that is read piece by piece: what was understood is taken out, the rest is left for the next question."""

import re
from collections.abc import Sequence
from functools import lru_cache

from chat.agent.providers.guide.words import SPACE, Word


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\S)(?:" + pattern + r")(?!\S)")


class Phrase:
    """Patterns are matched against the lower-case, mended words joined by one blank, whole words only."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = list(words)

    @property
    def text(self) -> str:
        return " ".join(word.low for word in self.words)

    def has(self, pattern: str) -> bool:
        return _compiled(pattern).search(self.text) is not None

    def take(self, pattern: str, *, unless: frozenset[str] = frozenset()) -> tuple[str, ...] | None:
        """Removes the first match whose groups are none of `unless` and gives its groups as they were typed
        ("" for a group that took no part), or None."""
        for found in _compiled(pattern).finditer(self.text):
            if any(group and group in unless for group in found.groups()):
                continue
            groups = tuple(self._typed(*found.span(number + 1)) for number in range(len(found.groups())))
            first, beyond = self._index(found.start()), self._index(found.end())
            del self.words[first : beyond + 1]
            return groups
        return None

    def take_all(self, patterns: Sequence[str]) -> bool:
        """Removes the first match of every pattern; whether there was any."""
        taken = [self.take(pattern) is not None for pattern in patterns]
        return True in taken

    def _index(self, offset: int) -> int:
        """The number of the word that a character of `text` belongs to (a blank belongs to the word before it)."""
        return self.text[:offset].count(" ") if offset < len(self.text) else len(self.words) - 1

    def _typed(self, start: int, end: int) -> str:
        if start < 0 or start == end:
            return ""
        words = self.words[self._index(start) : self._index(end - 1) + 1]
        if len(words) > 1:
            return " ".join(word.raw for word in words).replace(SPACE, " ")
        word, begins = words[0], self.text.rfind(" ", 0, start) + 1
        if (start, end) == (begins, begins + len(word.low)):
            return word.raw.replace(SPACE, " ")
        quoted = word.low.startswith("'")
        if len(word.raw) + quoted != len(word.low):
            return self.text[start:end]
        return word.raw[start - begins - quoted : end - begins - quoted].replace(SPACE, " ")
