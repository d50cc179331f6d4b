"""Whether a secret, or a part of it that matters, stands in a text in any writing that can be undone."""

from collections.abc import Iterator

from tools.redaction import encodings

WINDOW = 12


def parts_of(secret: str) -> set[str]:
    return {secret[at : at + WINDOW] for at in range(len(secret) - WINDOW + 1)}


def unwound(words: str) -> Iterator[str]:
    """The text, and whatever its base64, hex, percent and JSON say."""
    yield words
    for word in set(encodings.WORD.findall(words)):
        yield from encodings.decoded(word)
    for _, _, joined in encodings.wrapped(words):
        yield from encodings.decoded(joined)
    yield encodings.unescaped(words)


def never_in(secret: str, left: str) -> None:
    for seen in unwound(left):
        at = seen.find(secret)
        assert at < 0, f"told: {seen[max(0, at - 200) : at + 100]}"
        told = [part for part in parts_of(secret) if part in seen]
        assert told == [], f"told in part: {told} of {secret}, in {seen[:2000]}"
