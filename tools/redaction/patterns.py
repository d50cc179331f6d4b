"""The shapes credentials commonly have in logs, messages and configuration. Pure, and linear in the text.

Every shape names letters that it cannot do without. They are looked for first, with the speed of `str.find`; a pattern
is only tried where they stand, and never again before its own end.
"""

import binascii
import re
from bisect import bisect, bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.redaction import names
from tools.redaction.pairs import pairs
from tools.redaction.spans import MASK, Span, occurrences

TOKEN_MASK, KEY_MASK = "<redacted token>", "<redacted access key>"


@dataclass(frozen=True, slots=True)
class Shape:
    """hints: in lower case; pattern: matched from a hint on, its group `secret`, or else all of it, is masked; sure:
    asked about what it found; alone: only where no letter, digit, `_` or `-` stands before."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    instead: str = MASK
    sure: Callable[[str], bool] | None = None
    alone: bool = False
    sign: str = ""  # stands in every text that has a hint: looked for among its words; or in it, when it is no word

    def spans(self, text: str, low: str, vocabulary: str) -> Iterator[Span]:
        group: str | int = "secret" if "secret" in self.pattern.groupindex else 0
        if self.sign and self.sign not in (vocabulary if self.sign.isalpha() else low):
            return
        for hint in self.hints:
            at = low.find(hint)
            while at >= 0:
                end = at + len(hint)
                found = None if self.alone and _WORDY.match(text, max(at - 1, 0), at) else self.pattern.match(text, at)
                if found and (self.sure is None or self.sure(found.group(group))):
                    yield *found.span(group), self.instead
                    end = max(end, found.end(group))
                at = low.find(hint, end)


_WORDY = re.compile(r"[A-Za-z0-9_-]")


def _has_digit(value: str) -> bool:
    return len(value) >= 8 and any(c.isdigit() for c in value)


def _is_pair(value: str) -> bool:
    """Base64 of `user:password`."""
    try:
        return b":" in binascii.a2b_base64(value.rstrip("=") + "==")
    except binascii.Error:
        return False


SHAPES: tuple[Shape, ...] = (
    Shape(
        ("-----begin",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)", re.DOTALL
        ),
        "<redacted private key>",
        sign="begin",
    ),
    Shape(  # JSON web tokens, signed or encrypted
        ("eyj",),
        re.compile(r"eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+(?:\.[A-Za-z0-9_-]++){0,3}"),
        TOKEN_MASK,
        alone=True,
        sign="eyj",
    ),
    Shape(
        ("authorization",),
        re.compile(
            r"(?i)authorization[\\\"']{0,3}\s{0,4}[:=]\s{0,4}[\\\"']{0,3}"
            r"(?:(?:bearer|basic|token|digest|negotiate|apikey|bot)\s{1,4})?(?P<secret>[^\s\"',;\\<]{6,}+)"
        ),
        sure=_has_digit,
        sign="authorization",
    ),
    Shape(
        ("bearer",),
        re.compile(r"(?i)bearer\s{1,4}(?P<secret>[A-Za-z0-9._~+/=-]{8,}+)"),
        sure=_has_digit,
        alone=True,
        sign="bearer",
    ),
    Shape(
        ("basic",),
        re.compile(r"(?i)basic\s{1,4}(?P<secret>[A-Za-z0-9+/_-]{8,}+=*+)"),
        sure=_is_pair,
        alone=True,
        sign="basic",
    ),
    Shape(
        ("cookie",),
        re.compile(
            r"(?i)cookie[\\\"']{0,3}\s{0,4}[:=]\s{0,4}[\\\"']{0,3}(?P<secret>[^\s=;,\"'<]{1,80}=[^\n\"'\\]{4,}+)"
        ),
        sign="cookie",
    ),
    Shape(("://",), re.compile(r"://[^\s:/@\"'<>]{0,100}:(?P<secret>[^\s/\"'<>]{1,200})@(?=[\w.\[-])")),
    Shape(("://",), re.compile(r"://(?P<secret>[^\s:/@\"'<>]{16,200})@(?=[\w.\[-])"), sure=names.random),
    Shape(("sig=", "signature="), re.compile(r"(?i)sig(?:nature)?=(?P<secret>[A-Za-z0-9%+/_=-]{20,}+)"), sign="sig"),
    Shape(("q~",), re.compile(r"Q~[A-Za-z0-9_~.-]{31,34}+"), TOKEN_MASK),
    Shape(
        ("sg.", "hvs.", "ya29."),
        re.compile(r"(?:SG|hvs|ya29)\.[A-Za-z0-9_-]{16,}+(?:\.[A-Za-z0-9_-]++)?"),
        TOKEN_MASK,
        sign=".",
    ),
    Shape(
        ("$2", "$6$", "$argon2", "pbkdf2_sha"),
        re.compile(r"(?:\$2[abxy]\$\d\d|\$6|\$argon2[a-z]{1,2}|pbkdf2_sha\d{1,4}\$\d{1,9})\$[A-Za-z0-9./$=,+]{20,}+"),
        "<redacted hash>",
        sign="$",
    ),
)

_PREFIXED = re.compile(
    r"(?<![A-Za-z0-9])(?:(?P<key>A[KSBC][ICA]A[A-Z0-9]{16}(?![A-Za-z0-9]))"
    r"|(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|AIza|GOCSPX-|AGE-SECRET-KEY-1|[sr]k_live_)[A-Za-z0-9_-]{20,}"
    r"|(?P<maybe>(?:gl(?:dt|rt|soat|ptt|ft|cbt)-|sk-|[sr]k_test_|whsec_|npm_|pypi-|hf_|do[op]_v1_|dckr_pat_"
    r"|shp(?:at|ss|ca|pa)_|glsa_|rubygems_|lin_api_|sntrys_|tskey-)[A-Za-z0-9_-]{20,}))"
)


def spans(text: str, low: str, vocabulary: str) -> Iterator[Span]:
    """`low`: the same text in lower case, character by character; `vocabulary`: its distinct words, in lower case. Most
    texts say the same words over and over, so what is not among these is not looked for in the whole."""
    for shape in SHAPES:
        yield from shape.spans(text, low, vocabulary)
    yield from pairs(text, low, vocabulary)
    if "secret" in vocabulary and "kind" in vocabulary:
        yield from _manifests(text)


def prefixed(word: str, text: str) -> Iterator[Span]:
    """Of one word (letters, digits, `+/_-`) that begins as the tokens of a known service do."""
    found = _PREFIXED.search(word)
    if not found or (found.group("maybe") and not any(c.isdigit() for c in found.group())):
        return
    for at in occurrences(text, word):
        yield at + found.start(), at + found.end(), KEY_MASK if found.group("key") else TOKEN_MASK


# ---- Secrets written out -----------------------------------------------------------------------------------------

_KIND = re.compile(r"kind\\{0,3}[\"']?\s{0,4}:\s{0,4}\\{0,3}[\"']?Secret(?:List)?\b(?![.\w-])")
_BLOCK = re.compile(r"^(?P<indent>[ \t]*(?:- )?)(?:data|stringData):[ \t]*\n", re.M)
_MEMBER_LINE = re.compile(r"[ \t]*[\w.\"'/-]+:[ \t]+|[ \t]+")
_BRACES = re.compile(r"(?<![A-Za-z])(?:data|stringData)\\{0,3}\"\s{0,4}:\s{0,4}\{(?P<held>[^{}]{1,200000}+)\}")
_MEMBER = re.compile(r":\s{0,4}\\{0,3}\"(?P<secret>(?!<)[^\"]*?)\\{0,3}\"")
_BLOCK_SCALAR = ("|", ">", "|-", ">-", "|+", ">+")
_AHEAD, _JUST_BEFORE = 4000, 80  # characters from the kind to the data of one object, and from the data to its kind


def _manifests(text: str) -> Iterator[Span]:
    """The values of Secrets that came as YAML or JSON in a log, a file or the output of a command: of the data that
    follow their kind, or stand just before it."""
    kinds = [kind.start() for kind in _KIND.finditer(text)]
    if not kinds:
        return
    for block in _BLOCK.finditer(text):
        end, values = _lines(text, block)
        if _of_a_secret(kinds, block.start(), end):
            yield from values
    for braces in _BRACES.finditer(text):
        if _of_a_secret(kinds, *braces.span()):
            yield from ((*value.span("secret"), MASK) for value in _MEMBER.finditer(text, *braces.span("held")))


def _of_a_secret(kinds: list[int], begin: int, end: int) -> bool:
    before = bisect(kinds, begin)
    after = bisect_left(kinds, end)
    return (before > 0 and begin - kinds[before - 1] < _AHEAD) or (
        after < len(kinds) and kinds[after] - end < _JUST_BEFORE
    )


def _lines(text: str, block: re.Match[str]) -> tuple[int, list[Span]]:
    """Where a block of YAML ends, and the values in its lines."""
    indent, at, values = len(block.group("indent")), block.end(), list[Span]()
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        member = _MEMBER_LINE.match(text, at, end)
        value = text[member.end() : end] if member else ""
        if member and value and not value.startswith("<") and value.strip() not in _BLOCK_SCALAR:
            values.append((member.end(), end, MASK))
        at = end + 1
    return at, values
