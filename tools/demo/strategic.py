"""Strategic merge: how a patch's maps and lists fold into an object when list items have names."""

from typing import Any

from tools.demo import go_text
from tools.demo.schema import Field

Json = dict[str, Any]

DIRECTIVE = "$patch"
RETAIN = "$retainKeys"
DELETE_PRIMITIVES = "$deleteFromPrimitiveList/"
ORDER = "$setElementOrder/"


class PatchError(Exception):
    """A patch that cannot be applied; `status` and `reason` go into the answer."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message


def _broken(message: str) -> PatchError:
    return PatchError(500, "", message)


def merge_map(original: Json, patch: Json, schema: Field) -> Json:
    """`original` with `patch` folded in; both may be changed on the way."""
    if DIRECTIVE in patch:
        return _directed(original, patch, schema)
    if RETAIN in patch:
        keep = patch.pop(RETAIN)
        if not isinstance(keep, list):
            raise _broken("invalid patch format of retainKeys")
        original = {key: value for key, value in original.items() if key in keep}
    for key in patch:
        if key.startswith((ORDER, DELETE_PRIMITIVES)) and not isinstance(patch[key], list):
            raise _broken(f"invalid patch format of {key.partition('/')[0]} list")
    orders = {key.removeprefix(ORDER): patch.pop(key) for key in list(patch) if key.startswith(ORDER)}
    for key in [each for each in patch if each.startswith(DELETE_PRIMITIVES)]:
        name, gone = key.removeprefix(DELETE_PRIMITIVES), patch.pop(key)
        if isinstance(original.get(name), list):
            original[name] = [each for each in original[name] if each not in gone]
    for key, value in patch.items():
        if value is None:
            original.pop(key, None)
        else:
            child = schema.child(key) or Field("any")
            original[key] = _merge_value(original.get(key), value, child, orders.pop(key, None))
    for key, order in orders.items():
        if isinstance(original.get(key), list):
            original[key] = _ordered(original[key], original[key], order, (schema.child(key) or Field("any")).merge_key)
    return original


def _directed(original: Json, patch: Json, schema: Field) -> Json:
    directive = patch[DIRECTIVE]
    if directive not in ("replace", "delete", "merge"):
        raise _broken(f"unknown patch type: {go_text.plain(directive)} in map: {go_text.plain(patch)}")
    rest = {key: value for key, value in patch.items() if key != DIRECTIVE}
    if directive == "merge":
        return merge_map(original, rest, schema)
    return rest if directive == "replace" else {}


def _merge_value(original: Any, patch: Any, schema: Field, order: list[Any] | None) -> Any:
    if isinstance(patch, dict) and "replace" not in schema.strategies:
        return merge_map(original if isinstance(original, dict) else {}, patch, schema)
    if isinstance(patch, list) and "merge" in schema.strategies:
        before = original if isinstance(original, list) else []
        if not schema.merge_key:
            merged = [*before, *(each for each in patch if each not in before)]
        else:
            merged = merge_list(before, patch, schema)
        return _ordered(merged, before, patch if order is None else order, schema.merge_key)
    return patch


def merge_list(original: list[Any], patch: list[Any], schema: Field) -> list[Any]:
    """A list of named things: same name merges, a new name is added at the end."""
    key, item = schema.merge_key, schema.of or Field("any")
    if any(isinstance(each, dict) and each.get(DIRECTIVE) == "replace" and len(each) == 1 for each in patch):
        return [each for each in patch if not (isinstance(each, dict) and DIRECTIVE in each)]
    result = list(original)
    for each in patch:
        if not isinstance(each, dict):
            raise _broken(f"invalid patch format: {go_text.plain(each)}")
        if key not in each:
            raise _broken(f"map: {go_text.plain(each)} does not contain declared merge key: {key}")
        place = next((i for i, old in enumerate(result) if isinstance(old, dict) and old.get(key) == each[key]), None)
        if each.get(DIRECTIVE) == "delete":
            result = [old for old in result if not (isinstance(old, dict) and old.get(key) == each[key])]
        elif place is None:
            result.append(merge_map({}, each, item))
        else:
            result[place] = merge_map(result[place], each, item)
    return result


def _ordered(items: list[Any], before: list[Any], order: list[Any], key: str) -> list[Any]:
    """Items in the wanted order; those it does not name keep their place before named ones they preceded.

    A new named item comes before all unnamed ones: odd, but what the server does.
    """

    def name(each: Any) -> Any:
        return each.get(key) if key and isinstance(each, dict) else each

    wanted, old = [name(each) for each in order], [name(each) for each in before]

    def place(each: Any) -> int:
        return old.index(name(each)) if name(each) in old else len(old)

    named = sorted((each for each in items if name(each) in wanted), key=lambda each: wanted.index(name(each)))
    others = sorted((each for each in items if name(each) not in wanted), key=place)
    result: list[Any] = []
    while named and others:
        first = name(named[0]) in old and place(others[0]) < place(named[0])
        result.append(others.pop(0) if first else named.pop(0))
    return result + others + named
