"""A plan as people judge it: each step's object, what changes in it, and what could not be tried out. Pure.

Values of Secrets never come here; that one has changed does, because it is what is decided about.
"""

import difflib
from collections.abc import Sequence
from typing import Any

from tools import redaction
from tools.changes import differences
from tools.effects import Effect
from tools.kube.plan import Object, Step
from tools.ownership import owners
from tools.rendering import as_yaml
from tools.views import slim
from tools.visible import visible_all

LARGEST = 256 << 10  # bytes of all differences of a plan together
_MOST_LINES = 100
_CONTEXT = 3


def shown(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """[{"verb", "kind", "namespace", "name", "words", "effect", "untried", "trial", "blocked",
    "lines": ["spec.replicas: 2 → 3"], "diff": [[" " | "-" | "+" | "@", line]], "cut": bool, "owners": [sentences]}]"""
    known = redaction.values_of([found for step in steps for found in (step.before, step.after) if found])
    room, told = LARGEST, []
    for step in steps:
        one = _step(step, known)
        size = sum(len(line.encode()) + 8 for _, line in one["diff"])
        if size > room:
            one |= {"diff": _fitting(one["diff"], room), "cut": True}
        room = max(0, room - size)
        told.append(one)
    return told


def _step(step: Step, known: set[str]) -> dict[str, Any]:
    before, after = _clean(step, known)
    unknown = bool(step.untried) and step.after is None
    lines = [] if unknown or before is None or after is None else differences(before, after)
    return {
        "verb": _verb(step),
        "kind": step.kind,
        "namespace": step.namespace,
        "name": step.name,
        "words": visible_all(step.words),
        "effect": step.effect.value,
        "untried": visible_all(step.untried),
        "trial": step.trial,
        "lines": visible_all(lines[:_MOST_LINES]),
        "diff": [] if unknown else visible_all(_diff(before, after, whole=step.effect is Effect.DESTROY)),
        "cut": False,
        "blocked": visible_all(step.blocked),
        "owners": visible_all([*step.taken, *(owners(step.whole) if step.whole else [])]),
    }


def _verb(step: Step) -> str:
    if step.verb in ("patch", "update"):
        return "create" if step.before is None and step.after is not None else "change"
    return {"deletecollection": "delete all"}.get(step.verb, step.verb)


# ---- before and after --------------------------------------------------------------------------------------------


def _clean(step: Step, known: set[str]) -> tuple[Object | None, Object | None]:
    before = redaction.data(step.before, known) if step.before else None
    after = redaction.data(step.after, known) if step.after else None
    if before is not None and after is not None:
        after = _told_apart(step.before, step.after, before, after)
    return _wanted(before), _wanted(after)


def _wanted(found: Object | None) -> Object | None:
    """Without status, bookkeeping and defaults."""
    return None if found is None else slim({key: value for key, value in found.items() if key != "status"})


def _told_apart(raw_before: Any, raw_after: Any, before: Any, after: Any) -> Any:
    """`after`, where what is masked alike but is not alike says that it has changed."""
    if isinstance(after, str) and after == before and raw_before != raw_after:
        return f"{after} (changed)"
    if isinstance(after, dict) and all(isinstance(one, dict) for one in (raw_before, raw_after, before)):
        return {
            key: _told_apart(raw_before.get(key), raw_after.get(key), before.get(key), value)
            for key, value in after.items()
        }
    if isinstance(after, list) and all(
        isinstance(one, list) and len(one) == len(after) for one in (raw_before, raw_after, before)
    ):
        return [_told_apart(*four) for four in zip(raw_before, raw_after, before, after, strict=True)]
    return after


def _diff(before: Object | None, after: Object | None, *, whole: bool) -> list[list[str]]:
    old = as_yaml(before).split("\n") if before else []
    new = as_yaml(after).split("\n") if after else []
    context = max(len(old), len(new)) if whole else _CONTEXT
    found = difflib.unified_diff(old, new, n=context, lineterm="")
    return [
        ["@", "…"] if line.startswith("@@") else [line[:1], line[1:]]
        for line in list(found)[2:]
        if not (whole and line.startswith("@@"))
    ]


def _fitting(diff: list[list[str]], room: int) -> list[list[str]]:
    kept = []
    for sign, line in diff:
        room -= len(line.encode()) + 8
        if room < 0:
            break
        kept.append([sign, line])
    return kept
