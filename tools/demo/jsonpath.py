"""The simple JSONPath of custom columns and scale paths: `.spec.a[0].b`, `[*]`, `[?(@.type=="x")]`."""

import re
from typing import Any

STEP = re.compile(
    r"""\.(?P<key>(?:\\.|[^.\[\]])+)
      | \[(?P<index>-?\d+)\]
      | \[(?P<all>\*)\]
      | \['(?P<quoted>[^']*)'\]
      | \[\?\(@\.(?P<field>[^=\s]+)\s*==\s*["'](?P<wanted>[^"']*)["']\)\]""",
    re.VERBOSE,
)


def find(obj: Any, path: str) -> list[Any]:
    """Every value the path leads to; none when a step is missing or the path is not of the simple kind."""
    found = [obj]
    at = 0
    while at < len(path):
        step = STEP.match(path, at)
        if step is None:
            return []
        found = [value for current in found for value in _take(current, step)]
        at = step.end()
    return [value for value in found if value is not None]


def _take(value: Any, step: re.Match[str]) -> list[Any]:
    key = step["quoted"] if step["key"] is None else step["key"].replace("\\.", ".")
    if key == "*" and isinstance(value, dict):
        return list(value.values())
    if key is not None:
        return [value[key]] if isinstance(value, dict) and key in value else []
    if not isinstance(value, list):
        return []
    if step["all"]:
        return value
    if step["index"] is not None:
        position = int(step["index"])
        return [value[position]] if -len(value) <= position < len(value) else []
    return [item for item in value if isinstance(item, dict) and str(item.get(step["field"])) == step["wanted"]]
