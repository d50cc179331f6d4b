"""Rules of nodes: their taints."""

from typing import Any

from tools.demo.validation import names
from tools.demo.validation.causes import Cause, duplicate, invalid, one_of, required

Json = dict[str, Any]

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def check_node(node: Json, old: Json | None) -> list[Cause]:
    """The server names the field as if taints were metadata."""
    found: list[Cause] = []
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate((node.get("spec") or {}).get("taints") or []):
        here, key, effect = f"metadata.taints[{index}]", taint.get("key") or "", taint.get("effect") or ""
        found += (
            [invalid(f"{here}.key", key, why) for why in names.qualified(key)] if key else [required(f"{here}.key")]
        )
        found += [invalid(f"{here}.value", taint["value"], why) for why in names.label_value(taint.get("value") or "")]
        found += one_of(f"{here}.effect", effect, EFFECTS, needed=True)
        if (key, effect) in seen:
            found.append(duplicate(here, taint))
        seen.add((key, effect))
    return found
