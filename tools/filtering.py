"""Picks, tests and sorts what a list shows: paths into objects, conditions, and order. Pure.

A path is dotted, `status.phase`, with `[0]` or `[*]` for lists and `['a.b/c']` for keys with dots.
A condition is `<path or column> <operator> <value>`; several are joined by commas and must all hold.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tools.kube.errors import BadInput

_STEP = re.compile(r"\.?([A-Za-z0-9_-]+)|\[(\d+|\*)\]|\[['\"]([^'\"]+)['\"]\]")
_CONDITION = re.compile(r"\s*([A-Za-z0-9_.\[\]*'\"/ -]+?)\s*(!=|>=|<=|==|!~|=|>|<|~)\s*(.*?)\s*")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_SPAN = re.compile(r"(?:(\d+)y)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_SECONDS = (31536000, 86400, 3600, 60, 1)


def values_at(node: Any, path: str) -> list[Any]:
    """Everything the path leads to; `[*]` may lead to many. Raises BadInput for a path that cannot be read."""
    found = [node]
    for step in _steps(path):
        found = [value for item in found for value in _step(item, step)]
    return found


def shown_at(node: Any, path: str) -> str:
    """The values of a path as one cell."""
    values = [value for value in values_at(node, path) if value is not None]
    return ",".join(_shown(value) for value in values) if values else "<none>"


@dataclass(frozen=True, slots=True)
class Condition:
    """`operator`: = != > < >= <= ~ (contains) !~."""

    path: str
    operator: str
    value: str

    def holds(self, values: Sequence[Any]) -> bool:
        """Whether it holds for any of the values; the negative ones for all of them."""
        if self.operator in ("!=", "!~"):
            return all(self._one(value) for value in values)
        return any(self._one(value) for value in values or [None])

    def _one(self, value: Any) -> bool:
        text = _shown(value)
        if self.operator in ("=", "!="):
            return (text.lower() == self.value.lower()) == (self.operator == "=")
        if self.operator in ("~", "!~"):
            return (self.value.lower() in text.lower()) == (self.operator == "~")
        left, right = measure(text), measure(self.value)
        if left is None or right is None:
            return False
        return {">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right}[self.operator]


def conditions(where: str) -> list[Condition]:
    """Raises BadInput with an example."""
    found = []
    for part in re.split(r",| and ", where):
        match = _CONDITION.fullmatch(part)
        if not match:
            raise BadInput(f'"{part.strip()[:80]}" is not a condition. Write for example STATUS!=Running, RESTARTS>3.')
        path, operator, value = match.groups()
        found.append(Condition(path.strip(), "=" if operator == "==" else operator, value.strip("'\"")))
    return found


def measure(text: str) -> float | None:
    """A number, also from cells such as `5 (2m ago)`, `3/4`, and ages such as `5d3h` in seconds."""
    first = text.split(" ", 1)[0].split("/", 1)[0]
    if _NUMBER.fullmatch(first):
        return float(first)
    match = _SPAN.fullmatch(first)
    if first and match and any(match.groups()):
        return float(sum(int(part or 0) * size for part, size in zip(match.groups(), _SECONDS, strict=True)))
    return None


def order(cell: str) -> tuple[int, float, str]:
    """A sort key: numbers and ages by size, before words."""
    size = measure(cell)
    return (1, 0.0, cell.lower()) if size is None else (0, size, "")


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    text, at = path.strip().lstrip("."), 0
    while at < len(text):
        match = _STEP.match(text, at)
        if not match:
            raise BadInput(f'"{path[:80]}" is not a path. Write for example status.phase or spec.containers[*].image.')
        key, index, quoted = match.groups()
        steps.append(key or quoted or (-1 if index == "*" else int(index)))
        at = match.end()
    if not steps:
        raise BadInput("An empty path leads nowhere. Write for example status.phase.")
    return steps


def _step(node: Any, step: str | int) -> list[Any]:
    if isinstance(step, str):
        if isinstance(node, dict) and step in node:
            return [node[step]]
        return []
    if not isinstance(node, list):
        return []
    return node if step == -1 else node[step : step + 1]


def _shown(value: Any) -> str:
    if value is None:
        return "<none>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ",".join(f"{key}={_shown(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ",".join(_shown(item) for item in value)
    return str(value)
