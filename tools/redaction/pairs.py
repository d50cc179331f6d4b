"""Names with a secret value beside them, as people and programs write them: `password=…`, `"apiKey": "…"`, `--token …`.
Pure."""

import re
import string
from collections.abc import Iterator

from tools.redaction import names
from tools.redaction.spans import MASK, Span

_WORDS = ("pass", "pwd", "key", "secret", "token", "credential")
_BEFORE = 24  # as much of a name is looked at before the word it ends in
_NO_VALUE = r"(?![<\[{*]|\$[({]|%s|(?:true|false|null|none|nil|undefined|required|optional)\b)"
_VALUE = (
    rf"(?:\"(?P<a>{_NO_VALUE}(?:[^\"\\\n]|\\[^\n])++)"
    rf"|'(?P<b>{_NO_VALUE}[^'\n]++)"
    rf"|\\++\"(?P<c>{_NO_VALUE}[^\"\\\n]++)"
    rf"|(?P<d>{_NO_VALUE}[^\s\"',;&\\]++))"
)
_NAMED = re.compile(
    r"(?i)(?P<name>pass(?:word|wd|phrase|code)?|pwd|key(?:-data)?|secret(?:[_-]?(?:access[_-]?)?key)?|token|credentials?)"
    r"(?P<mark>[\\\"']{0,4}[ \t]{0,8}(?:=>|:=|[:=])[ \t]{0,8}|[ ])" + _VALUE
)
_TELLING = re.compile(
    r"(?:pass(?:word|wd|phrase|code)|(?:^|[_-])(?:pwd|pass)|(?:api|access|private|signing|encryption|account|sharedaccess)"
    r"[_-]?key|(?:client|app|shared)[_-]?secret|(?:auth|access|refresh)[_-]?token|key-data)$"
)
_NAME = string.ascii_letters + string.digits + "_-"
_AUTH = re.compile(r"(?i)_?auth\\{0,3}[\"']?\s{0,4}[:=]\s{0,4}\\{0,3}[\"']?(?P<secret>[A-Za-z0-9+/_-]{12,}+={0,2})")


def pairs(text: str, low: str, vocabulary: str) -> Iterator[Span]:
    """Of names that tell for sure, whatever the value; of `secret: …` and the like, which as often name an object, what
    looks like no name."""
    for word in _WORDS:
        at = low.find(word) if word in vocabulary else -1
        while at >= 0:
            found = _NAMED.match(text, at)
            end = at + len(word)
            if found:
                kind = found.lastgroup or "d"
                if _sure(text, at, found, found.group(kind)):
                    yield *found.span(kind), MASK
                    end = found.end(kind)
            at = low.find(word, end)
    if "auth" in vocabulary:
        yield from _docker(text, low)


def _sure(text: str, at: int, found: re.Match[str], value: str) -> bool:
    name = _whole(text, at, found.end("name"))
    mark = found.group("mark")
    if mark == " ":
        return name.startswith("--") and len(value) >= 6 and not value.startswith("-")
    if _TELLING.search(name):
        return len(value) >= 3
    if "=" in mark and name.endswith(("secret", "token", "credential", "credentials")):
        return len(value) >= 6
    return names.random(value) and len(value) < 2048


def _whole(text: str, at: int, end: int) -> str:
    """The name that ends in this word, from its beginning, in lower case."""
    before = text[max(0, at - _BEFORE) : at]
    return (before[len(before.rstrip(_NAME)) :] + text[at:end]).lower()


def _docker(text: str, low: str) -> Iterator[Span]:
    """`"auth": "…"` of a registry."""
    at = low.find("auth")
    while at >= 0:
        found = _AUTH.match(text, at)
        if found and names.random(found.group("secret")):
            yield *found.span("secret"), MASK
        at = low.find("auth", found.end() if found else at + 4)
