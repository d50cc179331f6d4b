"""Says what differs between two states of an object, field by field. Pure."""

import json
from typing import Any

_LONGEST_VALUE = 80
_IGNORED = {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"}


def differences(before: Any, after: Any, path: str = "") -> list[str]:
    """`spec.replicas: 2 → 3`, one line per field; bookkeeping and status are left out."""
    if before == after:
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [key for key in {**before, **after} if key not in _IGNORED and (path or key != "status")]
        return [
            line
            for key in keys
            for line in differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
        ]
    if isinstance(before, list) and isinstance(after, list) and _named(before) and _named(after):
        return _by_name(before, after, path)
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [line for n, (old, new) in pairs for line in differences(old, new, f"{path}[{n}]")]
    return [f"{path}: {_shown(before)} → {_shown(after)}"]


def _by_name(before: list[Any], after: list[Any], path: str) -> list[str]:
    old = {item["name"]: item for item in before}
    new = {item["name"]: item for item in after}
    return [line for name in {**old, **new} for line in differences(old.get(name), new.get(name), f"{path}[{name}]")]


def _named(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in items)


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
