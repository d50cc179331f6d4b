"""The structural schema of a custom resource: defaults, pruning, checks and rules."""

import copy
import re
from collections.abc import Iterator
from typing import Any

from tools.demo import cel
from tools.demo.errors import Cause, Json
from tools.demo.jsonpath import find
from tools.demo.kinds import Kind

PRESERVE = "x-kubernetes-preserve-unknown-fields"
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}
UNCHECKED = Cause(
    "FieldValueInvalid",
    "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing "
    "errors to complete validation",
    "<nil>",
)


def schema_of(kind: Kind) -> Json:
    """The openAPIV3Schema of the served version, empty if it has none."""
    found: Json = ((kind.definition or {}).get("schema") or {}).get("openAPIV3Schema") or {}
    return found


def unknown_fields(kind: Kind, obj: Json) -> list[str]:
    """Fields the schema does not know, as the strict decoder words them."""
    schema = schema_of(kind)
    return [f'unknown field "{path}"' for path in _unknown(schema, obj, "")] if schema.get("properties") else []


def complete(kind: Kind, obj: Json) -> None:
    """Drops unknown fields and fills in defaults, in place."""
    schema = schema_of(kind)
    if schema.get("properties"):
        _prune(schema, obj, top=True)
        _default(schema, obj)


def causes(kind: Kind, obj: Json) -> list[Cause]:
    """What breaks the schema."""
    schema = schema_of(kind)
    found = [*_check(schema, obj, ""), *_scale_causes(kind, obj)] if schema else []
    if any(cause.reason != "FieldValueInvalid" for cause in found):
        return [*found, UNCHECKED] if _has_rules(schema) else found
    return found + list(_broken_rules(schema, obj, ""))


def _open(schema: Json) -> bool:
    return bool(schema.get(PRESERVE)) or "properties" not in schema


def _unknown(schema: Json, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(schema.get("items") or {}, item, f"{path}[{index}]")
    if not isinstance(value, dict):
        return
    known = schema.get("properties") or {}
    for key, item in value.items():
        here = f"{path}.{key}" if path else key
        if key in known:
            yield from _unknown(known[key], item, here)
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from _unknown(schema["additionalProperties"], item, here)
        elif (known or path) and not _open(schema) and (path or key not in ("apiVersion", "kind", "metadata")):
            yield here


def _prune(schema: Json, value: Any, top: bool = False) -> None:
    if isinstance(value, list):
        for item in value:
            _prune(schema.get("items") or {}, item)
    if not isinstance(value, dict):
        return
    known = schema.get("properties") or {}
    for key in list(value):
        if top and key in ("apiVersion", "kind", "metadata"):
            continue
        if key in known:
            _prune(known[key], value[key])
        elif isinstance(schema.get("additionalProperties"), dict):
            _prune(schema["additionalProperties"], value[key])
        elif not _open(schema):
            del value[key]


def _default(schema: Json, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _default(schema.get("items") or {}, item)
    if not isinstance(value, dict):
        return
    for key, child in (schema.get("properties") or {}).items():
        if key not in value and "default" in child:
            value[key] = copy.deepcopy(child["default"])
        if key in value:
            _default(child, value[key])


def _check(schema: Json, value: Any, path: str) -> Iterator[Cause]:
    wrong = _wrong_type(schema, value, path)
    if wrong:
        yield wrong
        return
    if isinstance(value, dict):
        yield from _check_object(schema, value, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check(schema.get("items") or {}, item, f"{path}[{index}]")
    elif value is not None:
        yield from _check_scalar(schema, value, path)


def _wrong_type(schema: Json, value: Any, path: str) -> Cause | None:
    wanted = schema.get("type", "")
    if value is None or wanted not in TYPES or schema.get("x-kubernetes-int-or-string"):
        return None
    fits = isinstance(value, TYPES[wanted]) and not (isinstance(value, bool) and wanted in ("integer", "number"))
    if fits:
        return None
    shown = next((name for name, kind in TYPES.items() if isinstance(value, kind)), "string")
    text = f'Invalid value: "{shown}": {path} in body must be of type {wanted}: "{shown}"'
    return Cause("FieldValueTypeInvalid", text, path)


def _check_object(schema: Json, value: Json, path: str) -> Iterator[Cause]:
    for key in schema.get("required") or []:
        if key not in value:
            yield Cause("FieldValueRequired", "Required value", f"{path}.{key}" if path else key)
    extra = schema.get("additionalProperties")
    for key, item in value.items():
        child = (schema.get("properties") or {}).get(key, extra if isinstance(extra, dict) else None)
        if child is not None:
            yield from _check(child, item, f"{path}.{key}" if path else key)


def _check_scalar(schema: Json, value: Any, path: str) -> Iterator[Cause]:
    allowed = schema.get("enum")
    if allowed and value not in allowed:
        listed = ", ".join(_shown(each) for each in allowed)
        text = f"Unsupported value: {_shown(value)}: supported values: {listed}"
        yield Cause("FieldValueNotSupported", text, path)
    for key, words, broken in (("maximum", "less", 1), ("minimum", "greater", -1)):
        bound = schema.get(key)
        if bound is not None and (value - bound) * broken > 0:
            text = f"Invalid value: {value}: {path} in body should be {words} than or equal to {bound}"
            yield Cause("FieldValueInvalid", text, path)
    if schema.get("pattern") and isinstance(value, str) and not re.search(schema["pattern"], value):
        text = f"Invalid value: {_shown(value)}: {path} in body should match '{schema['pattern']}'"
        yield Cause("FieldValueInvalid", text, path)


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _has_rules(schema: Json) -> bool:
    return bool(schema.get("x-kubernetes-validations")) or any(map(_has_rules, _children(schema)))


def _children(schema: Json) -> list[Json]:
    return [*(schema.get("properties") or {}).values(), *([schema["items"]] if "items" in schema else [])]


def _broken_rules(schema: Json, value: Any, path: str) -> Iterator[Cause]:
    """The x-kubernetes-validations that do not hold; what cannot be evaluated here does not count."""
    for rule in schema.get("x-kubernetes-validations") or []:
        try:
            holds = cel.evaluate(rule["rule"], {"self": value})
        except cel.CelError:
            continue
        if holds is False:
            text = rule.get("message") or f"failed rule: {rule['rule']}"
            yield Cause(rule.get("reason") or "FieldValueInvalid", f"Invalid value: {text}", path or "<nil>")
    if isinstance(value, dict):
        for key, child in (schema.get("properties") or {}).items():
            if key in value:
                yield from _broken_rules(child, value[key], f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _broken_rules(schema.get("items") or {}, item, f"{path}[{index}]")


def _scale_causes(kind: Kind, obj: Json) -> Iterator[Cause]:
    """The number of replicas has to be a number where the scale subresource looks for it."""
    path = (((kind.definition or {}).get("subresources") or {}).get("scale") or {}).get("specReplicasPath", "")
    for value in find(obj, path) if path else []:
        if isinstance(value, bool) or not isinstance(value, int):
            text = f"{path} accessor error: {value} is of the type {_go_kind(value)}, expected int64"
            yield Cause("FieldValueInvalid", f"Invalid value: 0: {text}", path)


def _go_kind(value: Any) -> str:
    kinds = {str: "string", bool: "bool", float: "float64", list: "[]interface {}"}
    return kinds.get(type(value), "map[string]interface {}")


def disown_structs(kind: Kind, owners: list[Json]) -> None:
    """An apply owns the fields of a declared object, not the object as such."""
    schema = schema_of(kind)
    for entry in owners:
        if entry.get("operation") == "Apply":
            _disown(schema, entry.get("fieldsV1") or {})


def _disown(schema: Json, fields: Json) -> None:
    for key, child in (schema.get("properties") or {}).items():
        part = fields.get(f"f:{key}")
        if part and child.get("properties"):
            if part.keys() != {"."}:
                part.pop(".", None)
            _disown(child, part)
