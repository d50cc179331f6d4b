"""Frames that nobody should send, endlessly many, from a seed: wrong in form, in type, in size, or only in sense."""

import json
import random
import uuid
from collections.abc import Callable, Iterator
from typing import Any

ODD_TEXTS = (
    "", " ", "\x00", "\u202e", "\ud800", "' OR 1=1 --", "<script>alert(1)</script>", "../../etc/passwd", "%00",
    "x" * 70_000,
    "\U0001f469\u200d\U0001f680", "{{7*7}}", "${jndi:x}", "null", "-1", "1e999", "\ufeff", "\r\nSet-Cookie: a=b",
    "🏴" * 50,
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**53 + 1, 2**63, 10**40, [], {}, [[]], {"a": {}}, [None], ["x"] * 50,
    {"type": "send"},
)  # fmt: skip
RAW = (
    "", "{", "}", "[", "]", "[]", "null", "true", "NaN", "Infinity", '"x"', "{}", '{"type"}', '{"type":}',
    "{'type': 'send'}",
    '{"type": "send", "type": "stop"}', "[" * 10_000, '{"a":' * 10_000, "1" * 60_000, "\ufeff{}", "{}{}", "//",
    '{"message": NaN}',
    '{"message": "a", "message": "b"}', '{"\\ud800": 1}', '{"message": "\\ud800"}', "{" + " " * 65_000 + "}",
    "x" * 65_536, "x" * 65_537,
)  # fmt: skip
KNOWN: dict[str, tuple[str, ...]] = {
    "send": ("text", "conversation_id", "cluster"),
    "resume": ("conversation_id", "seq", "epoch", "at"),
    "stop": ("run_id",),
    "decide": ("approval_id", "decision", "reason"),
    "queue_edit": ("message_id", "text"),
    "queue_remove": ("message_id",),
    "steer": ("message_id",),
    "rename": ("conversation_id", "title"),
}
GOOD = {"text": "hello", "cluster": "", "seq": 0, "epoch": None, "decision": "approve", "reason": "", "title": "x"}


def endless(seed: int, strangers: tuple[str, ...] = ()) -> Iterator[str]:
    """Frames for ever. `strangers`: ids of somebody else's things, to be tried in every place for an id."""
    chance = random.Random(seed)
    makers: tuple[Callable[[random.Random, tuple[str, ...]], str], ...] = (_raw, _cut, _odd, _odd, _noise, _stranger)
    while True:
        yield chance.choice(makers)(chance, strangers)


def _good(chance: random.Random, strangers: tuple[str, ...]) -> dict[str, Any]:
    kind = chance.choice((*KNOWN, ""))
    if not kind:
        return {"message": "hello", "conversation_id": str(uuid.UUID(int=chance.getrandbits(128)))}
    fields = {name: GOOD.get(name, str(uuid.UUID(int=chance.getrandbits(128)))) for name in KNOWN[kind]}
    return {"type": kind, "id": str(uuid.UUID(int=chance.getrandbits(128))), **fields}


def _raw(chance: random.Random, strangers: tuple[str, ...]) -> str:
    return chance.choice(RAW)


def _cut(chance: random.Random, strangers: tuple[str, ...]) -> str:
    whole = json.dumps(_good(chance, strangers))
    return whole[: chance.randrange(len(whole))]


def _odd(chance: random.Random, strangers: tuple[str, ...]) -> str:
    """One or two fields of a good frame are something else, gone, or one too many; never a good one."""
    frame = _good(chance, strangers)
    frame[chance.choice([*frame, "extra", "id", "type"])] = chance.choice((*ODD_VALUES, *ODD_TEXTS))
    if chance.random() < 0.5:
        frame.pop(chance.choice(list(frame)))
    return json.dumps(frame)


def _noise(chance: random.Random, strangers: tuple[str, ...]) -> str:
    """Some characters of a good frame are others."""
    letters = list(json.dumps(_good(chance, strangers)))
    for _ in range(chance.randrange(1, 4)):
        letters[chance.randrange(len(letters))] = chr(chance.choice((0, 34, 44, 58, 91, 92, 123, 125, 0x2028, 0xFFFD)))
    return "".join(letters)


def _stranger(chance: random.Random, strangers: tuple[str, ...]) -> str:
    """A frame that is right in form, about what belongs to somebody else."""
    frame = _good(chance, strangers)
    for name in frame:
        if name.endswith("_id") and strangers:
            frame[name] = chance.choice(strangers)
    return json.dumps(frame)
