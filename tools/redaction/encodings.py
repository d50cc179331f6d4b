"""What a word says once it is decoded: base64 of both alphabets at any offset, hex, percent and backslash. Pure."""

import binascii
import re
from collections.abc import Iterable
from urllib.parse import unquote

_STANDARD = str.maketrans("-_", "+/")
_HEX = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}){6,})")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_SHORTEST_LINE = 16
_WORDY = re.compile(rb"[A-Za-z0-9]{3}")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}

WORD = re.compile(r"[A-Za-z0-9+/_-]{3,}")
SHORTEST_ENCODED = 8
ESCAPED = re.compile(r"[^\s\"',;&=<>()]{6,}")
WRAPPED = re.compile(r"^[ \t>|]*+([A-Za-z0-9+/_-]{2,}+={0,2})[ \t\r]*+$", re.MULTILINE)


def decoded(word: str) -> list[str]:
    """Everything a word of letters, digits and `+/_-` may stand for, but what can hold nothing secret; bytes that are
    no text come as Latin-1.

    A word without capitals is not read as base64. Long base64 has some. Without small letters as well (a time stamp, a
    number) each character stands for six bits that begin with 11, so every third byte is above 0xD2: it is no ASCII,
    and no three letters or digits follow one another.
    """
    found = [] if word == word.lower() else [_text(raw) for raw in _base64(word) if _says(raw)]
    as_hex = _HEX.fullmatch(word)
    if as_hex:
        raw = bytes.fromhex(as_hex.group(1))
        if raw.isascii():  # bytes that are no text are known by their hex
            found.append(raw.decode())
    return found


def _base64(word: str) -> Iterable[bytes]:
    """At each of the four offsets: a word that was cut somewhere does not begin where the encoding did."""
    if len(word) < SHORTEST_ENCODED:
        return
    standard = word.translate(_STANDARD)
    for offset in range(4 if len(word) >= 16 else 1):
        part = standard[offset:]
        whole = len(part) - (len(part) % 4 == 1)
        try:
            yield binascii.a2b_base64(part[:whole] + "=" * (-whole % 4))
        except binascii.Error:
            continue


def unescaped(word: str) -> str:
    """Without percent and backslash escapes, one level."""
    if "%" in word:
        word = unquote(word, errors="replace")
    if "\\" in word:
        word = _ESCAPE.sub(_letter, word)
    return word


def _letter(found: re.Match[str]) -> str:
    code = found.group(1) or found.group(2)
    return chr(int(code, 16)) if code else _LETTERS.get(found.group(3), found.group(3))


def _says(raw: bytes) -> bool:
    """Whether anything can be found in it: shapes stand in ASCII, and a known value has a word of three characters."""
    return raw.isascii() or _WORDY.search(raw) is not None


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def wrapped(text: str) -> list[tuple[int, int, str]]:
    """(from, to, joined) of every block of two or more lines that are nothing but base64."""
    blocks: list[tuple[int, int, list[str]]] = []
    for line in WRAPPED.finditer(text):
        if blocks and line.start() == blocks[-1][1] + 1:
            begin, _, lines = blocks[-1]
            lines.append(line.group(1))
            blocks[-1] = (begin, line.end(), lines)
        elif len(line.group(1)) >= _SHORTEST_LINE:
            blocks.append((line.start(), line.end(), [line.group(1)]))
    return [(begin, end, "".join(lines)) for begin, end, lines in blocks if len(lines) > 1]
