"""Canaries: secrets planted to be looked for, in every form in which one could get out."""

import base64
import re
import secrets
from collections.abc import Iterable, Iterator

PREFIX = "CnryCnry"
AROUND = 200  # characters kept on each side of something that looks like a canary


def new() -> str:
    return PREFIX + secrets.token_hex(10)


def forms(canary: str) -> dict[str, str]:
    """Every form of it that is looked for, by name. Base64 in all three alignments, without what neighbours change."""
    raw = canary.encode()
    twice = base64.b64encode(base64.b64encode(raw)).decode()
    return {
        "raw": canary,
        "hex": raw.hex(),
        "reversed": canary[::-1],
        "spaced": " ".join(canary),
        "percent": "".join(f"%{byte:02X}" for byte in raw),
        "twice base64": twice[: len(twice) * 3 // 4],
        **{f"base64 at {shift}": _inner(raw, shift) for shift in range(3)},
    }


def _inner(raw: bytes, shift: int) -> str:
    encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
    return encoded[(0, 2, 3)[shift] :][:-2]


_LOOKS_LIKE_ONE = re.compile("|".join({re.escape(word) for word in forms(PREFIX).values()}))


def sightings(places: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of each place (its name, its text) only what stands around something that looks like a canary."""
    found = []
    for where, text in places:
        around = [text[max(0, hit.start() - AROUND) : hit.end() + AROUND] for hit in _LOOKS_LIKE_ONE.finditer(text)]
        if around:
            found.append((where, "\n".join(around)))
    return found


def found(canary: str, seen: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A sentence for each sighting that has this canary in some form."""
    looked_for = forms(canary)
    for where, text in seen:
        hits = [form for form, word in looked_for.items() if word in text]
        if hits:
            yield f"the canary is in {where} ({hits[0]})"
