"""Cleans a text, or JSON text by text: known values first, then shapes, then both inside what is encoded."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from tools.redaction import encodings, known, looked_at, patterns
from tools.redaction.encodings import ESCAPED, SHORTEST_ENCODED, WORD
from tools.redaction.spans import MASK, Span, masked, occurrences
from tools.redaction.structure import without_secrets

Json: TypeAlias = Any
_DEPTH = 2  # an encoding within an encoding
_LINE = 32  # lines of base64 that are shorter are words like any other
_SHORTEST_WORTH_A_LOOK = 6
_BETWEEN = "\n\x00\n"


def text(words: str, values: Iterable[str] = ()) -> str:
    """`words` without `values`, without what the portal knows to be secret and without what looks like a credential."""
    for value in sorted(values, key=len, reverse=True):
        words = words.replace(value, MASK)
    if len(words) < _SHORTEST_WORTH_A_LOOK or looked_at.is_clean(words):
        return words
    knowledge = looked_at.knowledge()
    found = list(_spans(words, _DEPTH))
    if found:
        return masked(words, found)
    looked_at.keep(words, knowledge)
    return words


def shapes(words: str) -> str:
    """Only what looks like a credential by itself: the same words give the same answer for ever."""
    return masked(words, list(patterns.spans(words, lowered(words), lowered(words))))


def data(node: Json, values: Iterable[str] = ()) -> Json:
    """JSON for programs, cleaned like an object and then like a text, string by string."""
    cleaned = without_secrets(node)
    strings = _worth_a_look(list(dict.fromkeys(_strings(cleaned))), known_here := tuple(values))
    whole = _BETWEEN.join(strings)
    after = text(whole, known_here)
    if after == whole:
        return cleaned
    parts = after.split(_BETWEEN)
    if len(parts) != len(strings):  # something was found across two of them
        parts = [text(string, known_here) for string in strings]
    return _replaced(cleaned, dict(zip(strings, parts, strict=True)))


def _worth_a_look(strings: list[str], values: tuple[str, ...]) -> list[str]:
    """Without those that were found clean by themselves. Only a Secret that is written out is told from another string
    beside it (its kind in one, its data in the other), so where that word stands anywhere all are looked at."""
    if values or any("secret" in string.lower() for string in strings):
        return strings
    return [string for string in strings if not looked_at.is_clean(string)]


def _strings(node: Json) -> Iterator[str]:
    todo = [node]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from (key for key in item if isinstance(key, str))
            todo.extend(item.values())
        elif isinstance(item, list | tuple):
            todo.extend(item)


def _replaced(node: Json, by: dict[str, str]) -> Json:
    if isinstance(node, str):
        return by.get(node, node)
    if isinstance(node, list | tuple):
        return [_replaced(item, by) for item in node]
    if isinstance(node, dict):
        return {by.get(key, key): _replaced(value, by) for key, value in node.items()}
    return node


def lowered(words: str) -> str:
    """In lower case with every character where it was."""
    low = words.lower()
    return low if len(low) == len(words) else "".join(c.lower() if c.isascii() else c for c in words)


# ---- where -------------------------------------------------------------------------------------------------------


def _spans(words: str, depth: int) -> Iterator[Span]:
    distinct = set(WORD.findall(words))
    yield from known.learned().spans(words, distinct)
    yield from patterns.spans(words, lowered(words), "\n".join(distinct).lower())
    encoded = {word for word in distinct if len(word) >= SHORTEST_ENCODED}
    for word in encoded:
        if len(word) >= 16:
            yield from patterns.prefixed(word, words)
    if depth:
        yield from _inside(words, encoded, depth)


def _inside(words: str, encoded: set[str], depth: int) -> Iterator[Span]:
    """Words that say something secret once they are decoded, masked whole; all are looked at together first."""
    for word in _guilty({word: encodings.decoded(word) for word in encoded}, depth):
        for at in occurrences(words, word):
            yield at, _padded(words, at + len(word)), MASK
    if "%" in words or "\\" in words:
        escaped = {word for word in set(ESCAPED.findall(words)) if "%" in word or "\\" in word}
        for word in _guilty({word: [encodings.unescaped(word)] for word in escaped}, depth):
            yield from ((at, at + len(word), MASK) for at in occurrences(words, word))
    if "\n" in words and any(len(word) >= _LINE and not word.islower() for word in encoded):
        for begin, end, joined in encodings.wrapped(words):
            if _guilty({joined: encodings.decoded(joined)}, depth) or known.learned().spans(joined):
                yield begin, end, MASK


def _padded(words: str, end: int) -> int:
    while end < len(words) and words[end] == "=":
        end += 1
    return end


def _guilty(said: dict[str, list[str]], depth: int) -> list[str]:
    together = "\n".join(text for texts in said.values() for text in texts)
    if len(together) < _SHORTEST_WORTH_A_LOOK or not _secret_in(together, said, depth):
        return []
    return [word for word, texts in said.items() if any(_any(_look(text, depth)) for text in texts)]


def _secret_in(together: str, said: dict[str, list[str]], depth: int) -> bool:
    index = known.learned()
    if index.spans(together):
        return True
    readable = "\n".join(text for texts in said.values() for text in texts if text.isascii() and _readable(text))
    return bool(readable) and _any(_look(readable, depth))


def _look(said: str, depth: int) -> Iterator[Span]:
    """Bytes that are no text may hold known values; only a text has shapes."""
    return _spans(said, depth - 1) if _readable(said) else iter(known.learned().spans(said))


def _readable(said: str) -> bool:
    return said.isascii() and (
        said.isprintable() or said.replace("\n", " ").replace("\r", " ").replace("\t", " ").isprintable()
    )


def _any(found: Iterator[Span]) -> bool:
    return next(found, None) is not None
