"""Sets of field paths as `managedFields` keeps them (FieldsV1), and what two states of an object differ in."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.demo.schema import Field

Json = dict[str, Any]
Path = tuple[str, ...]  # ("f:spec", "f:containers", 'k:{"name":"web"}', "f:image")
Paths = frozenset[Path]

_ABSENT = object()
_KEY_DEFAULTS = {"protocol": "TCP"}


def compact(value: Any) -> str:
    """JSON without blanks, keys in order, as Go writes it inside path elements."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def item_element(schema: Field, item: Any, index: int) -> str:
    """How a list item is called in a path: by its keys, its value, or its place."""
    if schema.list_type == "map" and isinstance(item, dict):
        keys = {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in schema.keys}
        return "k:" + compact({key: value for key, value in keys.items() if value is not None})
    return "v:" + compact(item) if schema.list_type == "set" else f"i:{index}"


def deduced(value: Any) -> Field:
    """The type of a part no schema tells about (custom resources): objects by field, lists as one value."""
    return Field("map", of=Field("any")) if isinstance(value, dict) else Field("any")


def children(schema: Field, value: Any) -> Iterator[tuple[str, Field, Any]]:
    """(path element, schema, value) of each part that has its own owner."""
    if schema.kind == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            yield item_element(schema, item, index), schema.of or Field("any"), item
    elif isinstance(value, dict):
        for name, part in value.items():
            child = schema.child(name)
            yield f"f:{name}", deduced(part) if child is None or child.kind == "any" else child, part


def is_granular(schema: Field, value: Any) -> bool:
    """True when the value is to be split into its parts."""
    if schema.kind == "list":
        return schema.granular and isinstance(value, list)
    return schema.granular and isinstance(value, dict)


def field_set(schema: Field, value: Any, path: Path = ()) -> set[Path]:
    """The paths an applied configuration claims."""
    if not is_granular(schema, value):
        return {path}
    found: set[Path] = set()
    for element, part_schema, part in children(schema, value):
        here = (*path, element)
        found |= field_set(part_schema, part, here)
        named = schema.kind == "object" and element[2:] in schema.members
        if not named or part is None or part == {}:
            found.add(here)
    return found - {()}


@dataclass
class Comparison:
    """Paths that are new, changed or gone between two states."""

    added: set[Path] = field(default_factory=set)
    modified: set[Path] = field(default_factory=set)
    removed: set[Path] = field(default_factory=set)

    def without(self, excluded: Iterable[Path]) -> "Comparison":
        """The same with some subtrees left out."""
        roots = list(excluded)
        return Comparison(*(subtract_trees(each, roots) for each in (self.added, self.modified, self.removed)))


def compare(schema: Field, old: Any, new: Any) -> Comparison:
    """What an update changed."""
    found = Comparison()
    _compare(schema, old, new, (), found)
    for each in (found.added, found.modified, found.removed):
        each.discard(())
    return found


def _compare(schema: Field, old: Any, new: Any, path: Path, found: Comparison) -> None:
    if old is _ABSENT or new is _ABSENT:
        side, value = (found.added, new) if old is _ABSENT else (found.removed, old)
        side.add(path)
        if is_granular(schema, value):
            for element, part_schema, part in children(schema, value):
                pair = (_ABSENT, part) if old is _ABSENT else (part, _ABSENT)
                _compare(part_schema, *pair, (*path, element), found)
        return
    if old == new and isinstance(old, bool) == isinstance(new, bool):
        return
    if not is_granular(schema, old if new is None else new):
        found.modified.add(path)
        return
    before = {element: (part_schema, part) for element, part_schema, part in children(schema, old)}
    after = {element: (part_schema, part) for element, part_schema, part in children(schema, new)}
    for element in before.keys() | after.keys():
        part_schema = (after.get(element) or before[element])[0]
        old_part, new_part = before.get(element, (None, _ABSENT))[1], after.get(element, (None, _ABSENT))[1]
        _compare(part_schema, old_part, new_part, (*path, element), found)


def subtract_trees(paths: Iterable[Path], roots: Iterable[Path]) -> set[Path]:
    """The paths that lie at or under none of the roots."""
    heads = list(roots)
    return {path for path in paths if not any(path[: len(head)] == head for head in heads)}


def to_fields(paths: Iterable[Path]) -> Json:
    """FieldsV1: nested names, "." where an inner node is itself owned."""
    tree: Json = {}
    for path in sorted(paths):
        node = tree
        for element in path:
            node = node.setdefault(element, {})
        node["."] = {}
    return {key: _folded(child) for key, child in sorted(tree.items())}


def _folded(node: Json) -> Json:
    if set(node) <= {"."}:
        return {}
    return {key: {} if key == "." else _folded(child) for key, child in sorted(node.items())}


def from_fields(fields: Json, path: Path = ()) -> set[Path]:
    """The paths written in a FieldsV1."""
    if path and not fields:
        return {path}
    found: set[Path] = set()
    for element, inner in fields.items():
        found |= {path} if element == "." else from_fields(inner, (*path, element))
    return found


def spell(path: Path) -> str:
    """A path as conflict messages write it: .spec.containers[name="web"].image"""
    text = ""
    for element in path:
        kind, rest = element[:1], element[2:]
        if kind == "f":
            text += f".{rest}"
        elif kind == "k":
            text += "[" + ",".join(f"{key}={compact(value)}" for key, value in json.loads(rest).items()) + "]"
        else:
            text += f"[={rest}]" if kind == "v" else f"[{rest}]"
    return text
