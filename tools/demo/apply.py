"""Server-side apply: a manager states what it wants, the rest of the object is left to its owners."""

import copy
from typing import Any

from tools.demo import field_sets, go_text
from tools.demo.field_sets import Path, item_element
from tools.demo.managed_fields import (
    STRIPPED,
    Manager,
    Managers,
    drop_empty,
    read,
    reset_fields,
    schema_of,
    settle,
    without_owners,
    write,
)
from tools.demo.patch import PatchError
from tools.demo.schema import Field

Json = dict[str, Any]

__all__ = ["ApplyConflict", "PatchError", "check_types", "server_side_apply"]


class ApplyConflict(Exception):
    """Other managers own fields that the apply would change; `causes` is ready for the details of a 409."""

    def __init__(self, causes: list[Json], message: str) -> None:
        super().__init__(message)
        self.causes = causes
        self.message = message


def server_side_apply(  # noqa: PLR0913 - what is wanted, and who wants it where and when
    live: Json | None,
    wanted: Json,
    *,
    group: str,
    resource: str,
    manager: str,
    force: bool,
    now: str,
    subresource: str = "",
) -> Json:
    """The new object, with its managedFields; defaulting and validation are the caller's next steps.

    ApplyConflict when somebody else owns a field that would change and `force` is off; PatchError when the
    configuration does not fit the type (500) or brings managedFields of its own (400).
    """
    if (wanted.get("metadata") or {}).get("managedFields"):
        raise PatchError(400, "BadRequest", "metadata.managedFields must be nil")
    check_types(wanted)
    schema = schema_of(wanted)
    managers, times = read(live)
    me = Manager(manager, "Apply", wanted.get("apiVersion", ""), subresource)
    before = without_owners(live) if live is not None else {}
    reset = reset_fields(schema, subresource)
    claimed = field_sets.subtract_trees(field_sets.field_set(schema, wanted), reset) - STRIPPED
    last = next((paths for who, paths in managers.items() if who[:2] == me[:2] and who[3] == subresource), set())
    for who in [each for each in managers if each[:2] == me[:2] and each[3] == subresource]:
        del managers[who]
    managers[me] = claimed
    merged = merge(schema, copy.deepcopy(before), wanted)
    pruned = _pruned(schema, merged, last, managers)
    lost = settle(managers, field_sets.compare(schema, before, pruned).without(reset), me)
    if lost and not force:
        raise _conflict(lost)
    drop_empty(managers)
    if pruned != before or me not in times:
        times[me] = now
    pruned.setdefault("metadata", {})["managedFields"] = write(managers, times)
    return pruned


def _conflict(lost: Managers) -> ApplyConflict:
    found = [(who, field_sets.spell(path)) for who in sorted(lost) for path in sorted(lost[who])]
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {_called(who)}", "field": field}
        for who, field in found
    ]
    if len(found) == 1:
        who, field = found[0]
        return ApplyConflict(causes, f"Apply failed with 1 conflict: conflict with {_called(who)}: {field}")
    lines = []
    for who in sorted(lost):
        lines += [f"conflicts with {_called(who)}:", *(f"- {field}" for owner, field in found if owner == who)]
    return ApplyConflict(causes, f"Apply failed with {len(found)} conflicts: " + "\n".join(lines))


def _called(who: Manager) -> str:
    text = go_text.quoted(who.name)
    if who.subresource:
        text += f" with subresource {go_text.quoted(who.subresource)}"
    return f"{text} using {who.api_version}" if who.operation == "Update" else text


def merge(schema: Field, live: Any, wanted: Any) -> Any:
    """The live value with the wanted one laid over it, by field, list key and set value."""
    if not field_sets.is_granular(schema, wanted) or not isinstance(live, type(wanted)):
        if not isinstance(wanted, dict) or schema.kind != "object" or not field_sets.is_granular(schema, wanted):
            return copy.deepcopy(wanted)
        live = {}
    if isinstance(wanted, dict):
        for element, part_schema, part in field_sets.children(schema, wanted):
            name = element[2:]
            if part is None:
                live.pop(name, None)
            else:
                live[name] = merge(part_schema, live.get(name), part)
        return live
    return _merged_list(schema, live, wanted)


def _merged_list(schema: Field, live: list[Any], wanted: list[Any]) -> list[Any]:
    """Wanted order leads; items only the live list has keep their place among the others."""
    item = schema.of or Field("any")
    left = [(item_element(schema, each, i), each) for i, each in enumerate(live)]
    right = [(item_element(schema, each, i), each) for i, each in enumerate(wanted)]
    there, asked = dict(left), dict(right)
    result: list[Any] = []
    done: set[str] = set()
    while left or right:
        name = left[0][0] if left else ""
        if left and (name in done or name not in asked):
            if name not in done:
                result.append(left[0][1])
            left.pop(0)
            continue
        name, value = right.pop(0)
        done.add(name)
        result.append(merge(item, there[name], value) if name in there else copy.deepcopy(value))
    return result


def _pruned(schema: Field, merged: Json, last: set[Path], managers: Managers) -> Json:
    """Without what the manager applied last time, does not want any more, and nobody else owns."""
    if not last:
        return merged
    present = _with_parents(schema, merged, field_sets.field_set(schema, merged))
    kept = {path for paths in managers.values() for path in paths}
    kept |= {path[:length] for path in kept for length in range(1, len(path)) if path[length - 1][:1] == "f"}
    gone = (_with_parents(schema, merged, last) & present) - kept - STRIPPED
    return _without(schema, merged, gone, ()) or {}


def _with_parents(schema: Field, value: Any, paths: set[Path]) -> set[Path]:
    """The paths and the named fields on the way to them."""
    parents = {path[:length] for path in paths for length in range(1, len(path))}
    return paths | {path for path in parents if _is_named(schema, path)}


def _is_named(schema: Field, path: Path) -> bool:
    """True for a field the type declares, false for a map key or a list item."""
    here: Field | None = schema
    for element in path[:-1]:
        if here is None:
            return False
        here = here.of if here.kind == "list" else here.child(element[2:])
    return here is not None and here.kind == "object" and path[-1][:1] == "f"


def _without(schema: Field, value: Any, gone: set[Path], path: Path) -> Any:
    """The value less the given paths; None when nothing is left of a map or list."""
    if not field_sets.is_granular(schema, value) or not any(each[: len(path)] == path for each in gone):
        return value
    parts = [
        (element, _without(part_schema, part, gone, (*path, element)))
        for element, part_schema, part in field_sets.children(schema, value)
        if (*path, element) not in gone
    ]
    if isinstance(value, list):
        return [part for _, part in parts if part is not None] or None
    return {element[2:]: part for element, part in parts if part is not None} or None


def check_types(wanted: Json) -> None:
    """PatchError (500) when the configuration says something that its type has no place for."""
    problems = sorted(_misfits(schema_of(wanted), wanted, ()))
    if not problems:
        return
    meta = wanted.get("metadata") or {}
    name = f"{meta.get('namespace', '')}/{meta.get('name', '')}"
    what = problems[0] if len(problems) == 1 else "errors:\n" + "\n".join(f"  {each}" for each in problems)
    kind = f"{wanted.get('apiVersion', '')}, Kind={wanted.get('kind', '')}"
    raise PatchError(500, "", f"failed to create typed patch object ({name}; {kind}): {what}")


def _misfits(schema: Field, value: Any, path: Path) -> list[str]:
    """What the configuration says that the type has no place for."""
    where = field_sets.spell(path)
    if value is None or schema.kind == "any":
        return []
    if schema.kind in ("object", "map"):
        if not isinstance(value, dict):
            return [f"{where}: expected map, got {_valued(value)}"]
        unknown = [key for key in value if schema.kind == "object" and key not in schema.members]
        found = [f"{where}.{key}: field not declared in schema" for key in unknown]
        for key, part in value.items():
            child = schema.child(key)
            found += _misfits(child, part, (*path, f"f:{key}")) if child else []
        return found
    if schema.kind == "list":
        return _list_misfits(schema, value, path)
    return _leaf_misfits(schema.kind, value, where)


def _list_misfits(schema: Field, value: Any, path: Path) -> list[str]:
    where = field_sets.spell(path)
    if not isinstance(value, list):
        return [f"{where}: expected list, got {_valued(value)}"]
    found: list[str] = []
    seen: set[str] = set()
    for index, item in enumerate(value):
        element = item_element(schema, item, index)
        missing = [key for key in schema.keys if isinstance(item, dict) and key not in item and key != "protocol"]
        if missing and len(missing) == len([key for key in schema.keys if key != "protocol"]):
            keys = ", ".join(go_text.quoted(key) for key in missing)
            found.append(f"{where}: element {index}: associative list with keys has an element that omits key field "
                         f"{keys} (and doesn't have default value)")  # fmt: skip
            continue
        if element in seen:
            found.append(f"{where}: duplicate entries for key {field_sets.spell((element,))}")
        seen.add(element)
        found += _misfits(schema.of or Field("any"), item, (*path, element))
    return found


_NUMBERS = {"int32", "int64", "double"}


def _leaf_misfits(kind: str, value: Any, where: str) -> list[str]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in _NUMBERS and not number:
        return [f"{where}: expected numeric (int or float), got {_valued(value)}"]
    if kind == "bool" and not isinstance(value, bool):
        return [f"{where}: expected boolean, got {_valued(value)}"]
    if kind in ("string", "bytes", "time", "microTime") and not isinstance(value, str):
        return [f"{where}: expected string, got {_valued(value)}"]
    return []


def _valued(value: Any) -> str:
    return f"&value.valueUnstructured{{Value:{go_text.plain(value)}}}"
