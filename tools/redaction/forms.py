"""A known value as keyed hashes: enough to recognise it, or a part of it, in a text, not to say what it is. Pure.

An *entry* is found by one word of the value, its anchor: where that word stands in a text, the stretch of `length`
characters that begins `lead` before it is compared. A value without a word (`r.6B.t~L2%~^n#`) is its own anchor, of
size nought. A *fragment* is any stretch of 12 letters and digits of a value that looks random, so that a value cut in
two by a line break, or glued to other letters, is found as well.
"""

import json
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from tools.redaction import names

Mac = Callable[[str], bytes]
WINDOW = 12
SHORTEST = 6
TOKEN = re.compile(r"[A-Za-z0-9]{3,}")
WORDLESS = re.compile(rf"(?:(?!{TOKEN.pattern})\S)+(?:[A-Za-z0-9]{{0,2}})")  # with the beginning of a word behind it
HEXADECIMAL = re.compile(rf"[0-9a-f]{{{WINDOW},}}")
_LONGEST_WHOLE = 4096
_MOST_FRAGMENTS = 256
_MOST_WORDS = 200
_SHORT_WORD = 8
_LONGEST_WORD = 256
_PART = re.compile(r"[^\s\"'=,;:{}\[\]<>@()|&]{8,2048}")
_ENTRY = struct.Struct("<8sHHH8s")
_HEAD = struct.Struct("<HHH?8s")
_LONGEST_PHRASE = 256
_COMMON = re.compile(
    "(?i)password|changeme|secret|default|postgres|administrator|kubernetes|production|staging|development|localhost"
    "|username|admin123|example|service|cluster|database"
)


@dataclass(frozen=True, slots=True)
class Entry:
    anchor: bytes
    size: int  # characters of the anchor
    lead: int
    length: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Forms:
    """hexadecimal: whether a fragment is; phrase: characters of a short value with spaces in it, else 0; first: its
    first word."""

    entries: tuple[Entry, ...]
    fragments: tuple[bytes, ...]
    hexadecimal: bool = False
    phrase: int = 0
    first: bytes = b""

    def packed(self) -> bytes:
        parts = [_HEAD.pack(len(self.entries), len(self.fragments), self.phrase, self.hexadecimal, self.first)]
        parts += [_ENTRY.pack(each.anchor, each.size, each.lead, each.length, each.digest) for each in self.entries]
        return b"".join([*parts, *self.fragments])


def unpacked(kept: bytes) -> Forms:
    entries, fragments, phrase, hexadecimal, first = _HEAD.unpack_from(kept)
    at = _HEAD.size
    read = [Entry(*_ENTRY.unpack_from(kept, at + n * _ENTRY.size)) for n in range(entries)]
    at += entries * _ENTRY.size
    parts = tuple(kept[at + 8 * n : at + 8 * n + 8] for n in range(fragments))
    return Forms(tuple(read), parts, hexadecimal, phrase, first)


def worth(key: str, value: str) -> bool:
    """Whether masking it everywhere would hide a secret rather than an ordinary word."""
    bare = value.strip()
    if len(bare) < SHORTEST or _COMMON.fullmatch(bare) or names.is_public(key) or bare.startswith("-----BEGIN CERT"):
        return False
    if names.is_secret_variable(key) or names.is_secret_field(key):
        return True
    return len(bare) >= 8 and (_kinds(bare) > 1 or len(bare) >= 16) and not _address(bare)


def _address(value: str) -> bool:
    return bool(re.fullmatch(r"[a-z0-9.-]+(:\d{1,5})?(/[a-z0-9/._-]*)?", value)) and not names.random(value)


def forms_of(value: str, mac: Mac) -> Forms:
    """`value` as texts write it, escaped as JSON and as part of an address, and word by word when it is long."""
    bare = value.strip()
    entries: dict[tuple[bytes, int, int], Entry] = {}
    if len(bare) <= _LONGEST_WHOLE:
        for written in _written(bare):
            _add(entries, _whole(written, mac))
            _add(entries, _cuts(written, mac))
    fragments = dict.fromkeys(_fragments(bare, mac))
    for word in _words(bare):
        _add(entries, _whole(word, mac))
        fragments |= dict.fromkeys(_fragments(word, mac))
    hexadecimal = any(HEXADECIMAL.search(token) for token in TOKEN.findall(bare))
    return Forms(tuple(entries.values()), tuple(fragments)[: 4 * _MOST_FRAGMENTS], hexadecimal, *_phrase(bare, mac))


def _phrase(value: str, mac: Mac) -> tuple[int, bytes]:
    first = TOKEN.search(value)
    return (len(value), mac(first.group())) if first and " " in value and len(value) <= _LONGEST_PHRASE else (0, b"")


def _add(entries: dict[tuple[bytes, int, int], Entry], more: Iterable[Entry]) -> None:
    for each in more:
        entries.setdefault((each.digest, each.lead, each.length), each)


def _written(value: str) -> set[str]:
    return {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        quote(value, safe=""),
        quote(value, safe="/"),
        value.replace("'", "''"),
    }


def _words(value: str) -> list[str]:
    """The words of a value that is a file or an address: a connection string, a properties file, a key in lines."""
    if len(value) < 24 or not re.search(r"[\s/:@={]", value):
        return []
    parts = [part for part in _PART.findall(value) if part != value]
    return [part for part in parts if names.random(part) or _mixed(part)][:_MOST_WORDS]


def _mixed(word: str) -> bool:
    """Three kinds of characters beside one another, as in `hunter2!Xy`; not a host name, a path or a number."""
    return len(word) >= _SHORT_WORD and _kinds(word) == 3


def _kinds(word: str) -> int:
    return sum(any(test(c) for c in word) for test in (str.islower, str.isupper, str.isdigit))


def _whole(value: str, mac: Mac) -> Iterator[Entry]:
    tokens = list(TOKEN.finditer(value))
    if len(value) >= SHORTEST and tokens:
        anchor = max(tokens, key=lambda token: len(token.group()))
        yield Entry(mac(anchor.group()), len(anchor.group()), anchor.start(), len(value), mac(value))
    elif WORDLESS.fullmatch(value):
        yield Entry(mac(value), 0, 0, len(value), mac(value))


def _cuts(value: str, mac: Mac) -> Iterator[Entry]:
    """Stretches of 12 characters from the beginning of each word on: of a value that is many short words."""
    tokens = list(TOKEN.finditer(value))
    if not 2 <= len(tokens) <= 16 or "://" in value or len(value) < WINDOW + 4:
        return
    if not any(c.isdigit() or c.isupper() for c in value) and len(tokens) < 3:
        return
    for token in tokens:
        cut = value[token.start() : token.start() + WINDOW]
        if len(cut) == WINDOW and len(token.group()) <= WINDOW:
            yield Entry(mac(token.group()), len(token.group()), 0, WINDOW, mac(cut))


def _fragments(value: str, mac: Mac) -> Iterator[bytes]:
    """Of a value that is one word, and of random words in others: `serviceaccount` in a file is no secret."""
    made, alone = 0, len(value) <= _LONGEST_WORD and not re.search(r"\s|://", value)
    for token in TOKEN.findall(value):
        if len(token) < WINDOW or not (names.random(token) or (alone and _kinds(token) > 1)):
            continue
        for at in range(len(token) - WINDOW + 1):
            yield mac(token[at : at + WINDOW])
            made += 1
            if made >= _MOST_FRAGMENTS:
                return
