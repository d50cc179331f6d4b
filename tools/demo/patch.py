"""JSON patch, merge patch and strategic merge patch, answering as the API server does when they do not fit."""

import copy
from typing import Any

from tools.demo import go_text, strategic
from tools.demo.go_form import in_order
from tools.demo.schema import Field, of_object
from tools.demo.strategic import PatchError

Json = dict[str, Any]

__all__ = ["PatchError", "json_patch", "merge_patch", "strategic_merge"]

OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")
MAX_OPERATIONS = 10_000
_MISSING = object()


def _rejected() -> PatchError:
    return PatchError(422, "Invalid", "the server rejected our request due to an error in our request")


def _decode_error(value: Any, wanted: str) -> PatchError:
    kind = go_text.json_type(value)
    text = f"error decoding patch: json: cannot unmarshal {kind} into Go value of type {wanted}"
    return PatchError(400, "BadRequest", text)


def merge_patch(obj: Json, patch: Any) -> Json:
    """RFC 7386: null deletes, objects merge, everything else replaces. PatchError 400 when `patch` is no object."""
    if not isinstance(patch, dict):
        raise _decode_error(patch, "map[string]interface {}")
    return _merged(in_order(copy.deepcopy(obj)), patch)


def _merged(target: Any, patch: Json) -> Json:
    result = target if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value) if isinstance(value, dict) else copy.deepcopy(value)
    return dict(sorted(result.items()))  # the order shows where a refusal quotes the patched object


def json_patch(obj: Json, ops: Any) -> Json:
    """RFC 6902, all or nothing. PatchError 400 for a malformed list, 422 for an operation that cannot be done."""
    if not isinstance(ops, list):
        raise _decode_error(ops, "[]handlers.jsonPatchOp")
    if len(ops) > MAX_OPERATIONS:
        text = f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(ops)}"
        raise PatchError(413, "RequestEntityTooLarge", text)
    document: Any = copy.deepcopy(obj)
    for operation in ops:
        if not isinstance(operation, dict):
            raise _decode_error(operation, "handlers.jsonPatchOp")
        document = _perform(document, operation)
    if not isinstance(document, dict):
        raise _rejected()
    return document


def _perform(document: Any, operation: Json) -> Any:
    op, path = operation.get("op"), _pointer(operation.get("path"))
    if op not in OPERATIONS:
        raise _rejected()
    if op == "remove":
        return _remove(document, path)
    if op in ("move", "copy"):
        source = _pointer(operation.get("from"))
        value = copy.deepcopy(_read(document, source))
        return _add(_remove(document, source) if op == "move" else document, path, value)
    if "value" not in operation:
        raise _rejected()
    value = copy.deepcopy(operation["value"])
    if op == "test":
        if _read(document, path, None) != value:
            raise _rejected()
        return document
    if op == "replace":
        _read(document, path)
        return _add(_remove(document, path) if path else document, path, value)
    return _add(document, path, value)


def _pointer(text: Any) -> list[str]:
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise _rejected()
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _index(items: list[Any], key: str, size: int) -> int:
    if not key.lstrip("-").isdigit():
        raise _rejected()
    place = int(key)
    if place < 0:
        place += len(items)
    if not 0 <= place < size:
        raise _rejected()
    return place


def _read(document: Any, path: list[str], default: Any = _MISSING) -> Any:
    node = document
    for key in path:
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key != "-":
            node = node[_index(node, key, len(node))]
        elif default is not _MISSING:
            return default
        else:
            raise _rejected()
    return node


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent = _read(document, path[:-1])
    if isinstance(parent, dict):
        parent[path[-1]] = value
    elif isinstance(parent, list):
        parent.insert(len(parent) if path[-1] == "-" else _index(parent, path[-1], len(parent) + 1), value)
    else:
        raise _rejected()
    return document


def _remove(document: Any, path: list[str]) -> Any:
    if not path:
        raise _rejected()
    parent = _read(document, path[:-1])
    if isinstance(parent, dict) and path[-1] in parent:
        del parent[path[-1]]
    elif isinstance(parent, list):
        del parent[_index(parent, path[-1], len(parent))]
    else:
        raise _rejected()
    return document


def strategic_merge(group: str, resource: str, obj: Json, patch: Any) -> Json:
    """Kubernetes' own patch: lists of named things merge by key, `$patch` and its relatives steer.

    PatchError 400 when `patch` is no object, 415 for a custom resource, 500 for directives that make no sense.
    """
    if not isinstance(patch, dict):
        raise _decode_error(patch, "map[string]interface {}")
    schema: Field | None = of_object(obj)
    if schema is None:
        text = "the body of the request was in an unknown format - accepted media types include: "
        types = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
        raise PatchError(415, "UnsupportedMediaType", text + types)
    return strategic.merge_map(copy.deepcopy(obj), copy.deepcopy(patch), schema)
