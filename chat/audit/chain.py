"""How a row seals the one before it: canonical JSON, and a SHA-256 over both. Pure, so anybody can check an export."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

SEALED = (
    *("seq", "at", "kind", "actor", "identity", "door", "conversation_id", "run_id", "tool_call_id"),
    *("cluster", "tool", "effect", "decision", "rule", "policy_version", "approved_by"),
    *("request", "request_hash", "outcome"),
)  # fmt: skip
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode


def canonical(value: Any) -> str:
    """One spelling for one value: sorted keys, no blanks, nothing but ASCII. What JSON has no word for is a text."""
    return _encode(value)


def digest(prev_hash: str, values: Iterable[Any]) -> str:
    """`values`: of the fields SEALED, in that order, `at` already `written`. 64 hexadecimal digits."""
    row = _encode(dict(zip(SEALED, values, strict=True)))
    return hashlib.sha256((prev_hash + row).encode()).hexdigest()


def written(at: datetime) -> str:
    """To the microsecond, in UTC: what every database gives back as it was."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
