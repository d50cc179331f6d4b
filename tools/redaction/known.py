"""The values that must not be told, as keyed hashes in memory, and where they stand in a text.

Secret values the portal has seen come from `tools/known_values.py`, which keeps their hashes over restarts and between
processes; the portal's own credentials are learned at start and kept nowhere.
"""

import hashlib
import secrets
import threading
from collections.abc import Iterable, Iterator

from tools.redaction.forms import HEXADECIMAL, SHORTEST, TOKEN, WINDOW, WORDLESS, Entry, Forms, forms_of
from tools.redaction.spans import MASK, Span, occurrences

_MOST_FRAGMENTS = 400_000  # some 30 MB; beyond that new values are found whole only
_MOST_ENTRIES = 64  # of one anchor
_MOST_PLACES = 20_000


class Index:
    """Thread-safe: reading happens on dicts and sets that only grow."""

    def __init__(self, key: bytes) -> None:
        self._base = hashlib.blake2b(digest_size=8, key=key)
        self._names = hashlib.blake2b(digest_size=16, key=key)
        self._anchors: dict[bytes, tuple[Entry, ...]] = {}
        self._fragments: set[bytes] = set()
        self._firsts: set[bytes] = set()
        self._hexadecimal = False  # whether any fragment is: digests and ids are looked into only then
        self._lengths: set[int] = set()  # of anchors
        self._wordless: set[int] = set()  # lengths of values without a word
        self._lock = threading.Lock()
        self.values: set[bytes] = set()
        self.longest_phrase = 0  # characters of the longest known value that has spaces in it, at most 256

    def mac(self, word: str) -> bytes:
        hashed = self._base.copy()
        hashed.update(word.encode("utf-8", "surrogatepass"))
        return hashed.digest()

    def name(self, value: str) -> bytes:
        """Under which a value is kept: 16 bytes."""
        hashed = self._names.copy()
        hashed.update(value.encode("utf-8", "surrogatepass"))
        return hashed.digest()

    def learn(self, value: str) -> Forms:
        forms = forms_of(value, self.mac)
        self.take(self.name(value), forms)
        return forms

    def take(self, name: bytes, forms: Forms) -> None:
        with self._lock:
            if name in self.values:
                return
            for entry in forms.entries:
                there = self._anchors.get(entry.anchor, ())
                self._anchors[entry.anchor] = (*there, entry)[:_MOST_ENTRIES]
                if entry.size:
                    self._lengths.add(entry.size)
                else:
                    self._wordless.add(entry.length)
            if len(self._fragments) < _MOST_FRAGMENTS:
                self._fragments.update(forms.fragments)
                self._hexadecimal |= forms.hexadecimal
            if forms.phrase:
                self.longest_phrase = max(self.longest_phrase, forms.phrase)
                self._firsts.add(forms.first)
            self.values.add(name)

    # ---- finding -------------------------------------------------------------------------------------------------

    def spans(self, text: str, words: Iterable[str] = ()) -> list[Span]:
        """Where known values and fragments of them stand in a text; `words`: its distinct words, if known."""
        if not self._anchors or len(text) < SHORTEST:
            return []
        found: list[Span] = [*self._without_words(text)] if self._wordless else []
        for word in self._suspects(set(TOKEN.findall("\n".join(words) or text))):
            entries = self._anchors.get(self.mac(word), ())
            found += self._anchored(entries, word, text) if entries else ()
            if len(word) >= WINDOW and self._holds_fragment(word):
                found += ((at, at + len(word), MASK) for at in _places(text, word))
        return found

    def _suspects(self, words: Iterable[str]) -> list[str]:
        """Words that are worth finding in the text. Every word of every text comes by here."""
        lengths, anchors, fragments, base = self._lengths, self._anchors, self._fragments, self._base
        found: list[str] = []
        for word in words:
            size = len(word)
            if size in lengths:
                hashed = base.copy()
                hashed.update(word.encode())
                if hashed.digest() in anchors:
                    found.append(word)
                    continue
            if size >= WINDOW and fragments and self._holds_fragment(word):
                found.append(word)
        return found

    def _anchored(self, entries: tuple[Entry, ...], word: str, text: str) -> Iterator[Span]:
        for at in _places(text, word):
            for entry in entries:
                begin = at - entry.lead
                stretch = text[begin : begin + entry.length] if begin >= 0 else ""
                if len(stretch) == entry.length and self.mac(stretch) == entry.digest:
                    yield begin, begin + entry.length, MASK

    def _without_words(self, text: str) -> Iterator[Span]:
        """Values without a word, which stand only where a text has none either: at few places."""
        for stretch in WORDLESS.finditer(text):
            said = stretch.group()
            for length in self._wordless:
                windows = {said[at : at + length] for at in range(len(said) - length + 1)}
                for window in windows:
                    if self.mac(window) in self._anchors:
                        yield from ((at, at + length, MASK) for at in _places(text, window))

    def _holds_fragment(self, word: str) -> bool:
        last, base, fragments = len(word) - WINDOW, self._base, self._fragments
        if not self._hexadecimal and HEXADECIMAL.fullmatch(word):
            return False
        for at in (*range(0, last, WINDOW), last):
            hashed = base.copy()
            hashed.update(word[at : at + WINDOW].encode())
            if hashed.digest() in fragments:
                return True
        return False

    def begins(self, text: str) -> bool:
        """Whether a known value of several words may begin with this one."""
        return any(self.mac(word) in self._firsts for word in TOKEN.findall(text))


def _places(text: str, word: str) -> Iterator[int]:
    for number, at in enumerate(occurrences(text, word)):
        if number == _MOST_PLACES:
            return
        yield at


# ---- the one index of this process -------------------------------------------------------------------------------

_index = Index(secrets.token_bytes(32))


def use_key(key: str) -> None:
    """Hashes under a key made from this one from now on. What was learned before is forgotten."""
    global _index
    _index = Index(hashlib.blake2b(key.encode(), person=b"redaction").digest()[:32])


def learned() -> Index:
    return _index


def learn(values: Iterable[str]) -> None:
    """Credentials of the portal itself: masked from now on, kept in this process only."""
    for value in values:
        if len(value) >= SHORTEST and _index.name(value) not in _index.values:
            _index.learn(value)


def fingerprint(raw: bytes) -> str:
    return _index.name("fingerprint " + raw.hex())[:3].hex()
