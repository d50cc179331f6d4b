"""Bodies of writes: read, checked against the kind's fields, and tidied the way a round through Go tidies them."""

import base64
import re
from dataclasses import dataclass
from typing import Any

import yaml

from tools.demo import go_json, go_text, protobuf, quantity
from tools.demo.custom_schema import unknown_fields
from tools.demo.errors import ApiError, BadRequest, Json
from tools.demo.http import Request
from tools.demo.kinds import Kind
from tools.demo.negotiation import body_type
from tools.demo.schema import Field, go_type, root

QUANTITY = re.compile(r"([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)")
HEADER_TYPE = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
METADATA = Field("object", ref="meta.v1.ObjectMeta")
SCHEME = "pkg/api/legacyscheme/scheme.go:30"


def read_body(request: Request) -> tuple[Any, list[str]]:
    """The parsed body and its duplicate keys; 415 for an unknown type, BadRequest for unreadable text."""
    form = body_type(request)
    if form == "protobuf":
        return protobuf.decode(request.body), []
    if form == "yaml":
        return read_yaml(request.body), []
    text = request.body.decode("utf-8", "replace")
    why = go_json.syntax_error(text)
    if why:
        raise BadRequest(f"couldn't get version/kind; json parse error: {why}")
    return go_json.loads(text)


def read_yaml(body: bytes) -> Any:
    try:
        return yaml.load(body, Loader=_Loader)
    except yaml.YAMLError as error:
        raise BadRequest(f"error converting YAML to JSON: yaml: {error}".splitlines()[0]) from None


def _with_text_keys(value: Any) -> Any:
    """YAML allows any key, JSON only text."""
    if isinstance(value, list):
        return [_with_text_keys(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key if isinstance(key, str) else go_text.plain(key): _with_text_keys(item) for key, item in value.items()}


class _Loader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [entry for entry in entries if entry[0] != "tag:yaml.org,2002:timestamp"]
    for first, entries in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_object(request: Request, kind: Kind) -> tuple[Json, list[str]]:
    """The object of a create or replace, and what is odd about its fields; BadRequest when it is not of the kind."""
    try:
        body, duplicates = read_body(request)
    except BadRequest as error:
        raise _unrecognised(kind, request.body, error.message) from None
    if not isinstance(body, dict):
        what = go_text.json_type(body)
        why = f"json parse error: json: cannot unmarshal {what} into Go value of type {HEADER_TYPE}"
        raise _unrecognised(kind, request.body, f"couldn't get version/kind; {why}")
    obj = {**body, "apiVersion": body.get("apiVersion") or kind.api_version, "kind": body.get("kind") or kind.kind}
    check_kind(obj, kind)
    odd = [f'duplicate field "{path}"' for path in duplicates]
    return obj, odd + check_fields(obj, kind)


def _unrecognised(kind: Kind, raw: bytes, why: str) -> ApiError:
    if not raw:
        shown = "<empty>"
    elif len(raw) <= 30 and not why.endswith("}"):
        shown = raw.decode("utf-8", "replace")
    else:
        shown = raw.hex() if len(raw) <= 30 else raw.decode("utf-8", "replace")
    return BadRequest(f"the object provided is unrecognized (must be of type {kind.kind}): {why} ({shown})")


def check_kind(obj: Json, kind: Kind) -> None:
    """BadRequest when the object says it is something else."""
    for key in ("apiVersion", "kind"):
        if not isinstance(obj[key], str):
            what = go_text.json_type(obj[key])
            why = f"json parse error: json: cannot unmarshal {what} into Go struct field .{key} of type string"
            raise BadRequest(f"couldn't get version/kind; {why}")
    api_version, name = obj["apiVersion"], obj["kind"]
    if api_version == kind.api_version and name == kind.kind:
        return
    if api_version != kind.api_version:
        raise BadRequest(
            f"the API version in the data ({api_version}) does not match the expected API version ({kind.api_version})"
        )
    version = kind.version
    if root(api_version, name) is None:
        why = f'no kind "{name}" is registered for version "{api_version}" in scheme "{SCHEME}"'
    else:
        why = f"converting ({version}.{name}) to (core.{kind.kind}): unknown conversion"
    raise BadRequest(f'{name} in version "{version}" cannot be handled as a {kind.kind}: {why}')


def check_fields(obj: Json, kind: Kind) -> list[str]:
    """The unknown fields, as the strict decoder words them; BadRequest for values of the wrong type."""
    schema = root(obj["apiVersion"], obj["kind"])
    checker = Checker(kind.kind)
    if schema is None:
        checker.look(METADATA, obj.get("metadata"), "metadata", Place("ObjectMeta", ("metadata",)))
    else:
        checker.look(schema, obj, "", Place(kind.kind))
    if checker.wrong:
        raise BadRequest(
            f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {checker.wrong[0]}'
        )
    return unknown_fields(kind, obj) if schema is None else checker.unknown


@dataclass(frozen=True)
class Place:
    """Where Go's decoder says it is: the innermost struct's name, and the path of fields from the root."""

    struct: str
    path: tuple[str, ...] = ()

    def into(self, field: Field, key: str) -> "Place":
        """The place of a field of an object; what is in a map or list is still at the map's or list's place."""
        if field.kind != "object":
            return self
        return Place(field.ref.rpartition(".")[2] or self.struct, (*self.path, key))

    def __str__(self) -> str:
        return ".".join((self.struct, *self.path))


class Checker:
    """Walks an object beside its type and notes what does not fit."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.unknown: list[str] = []
        self.wrong: list[str] = []

    def look(self, field: Field, value: Any, path: str, place: Place) -> None:
        if value is None or field.kind == "any":
            return
        if field.kind in ("object", "map"):
            self._look_at_mapping(field, value, path, place)
        elif field.kind == "list":
            if not isinstance(value, list):
                self._misfit(field, value, place)
                return
            for index, item in enumerate(value):
                if field.of:
                    self.look(field.of, item, f"{path}[{index}]", place)
        else:
            self._look_at_leaf(field, value, place)

    def _look_at_mapping(self, field: Field, value: Any, path: str, place: Place) -> None:
        if not isinstance(value, dict):
            self._misfit(field, value, place)
            return
        for key, item in value.items():
            here = f"{path}.{key}" if path else key
            child = field.child(key)
            if child is None and field.kind == "object":
                if path or key not in ("apiVersion", "kind"):
                    self.unknown.append(f'unknown field "{here}"')
            elif child is not None:
                self.look(child, item, here, place.into(field, key))

    def _look_at_leaf(self, field: Field, value: Any, place: Place) -> None:
        if field.kind == "quantity":
            text = str(value)
            if isinstance(value, bool | dict | list) or not QUANTITY.fullmatch(text):
                self.wrong.append(
                    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                )
            elif not quantity.is_quantity(text):
                self.wrong.append("unable to parse quantity's suffix")
        elif field.kind == "bytes":
            self._look_at_bytes(value, field, place)
        elif not _fits(field.kind, value):
            self._misfit(field, value, place)

    def _look_at_bytes(self, value: Any, field: Field, place: Place) -> None:
        if not isinstance(value, str):
            self._misfit(field, value, place)
            return
        try:
            base64.b64decode(value, validate=True)
        except ValueError:
            bad = re.search(r"[^A-Za-z0-9+/]", value)
            at = bad.start() if bad and bad[0] != "=" else len(value) // 4 * 4
            self.wrong.append(f"illegal base64 data at input byte {at}")

    def _misfit(self, field: Field, value: Any, place: Place) -> None:
        what = go_text.json_type(value)
        self.wrong.append(f"json: cannot unmarshal {what} into Go struct field {place} of type {go_type(field)}")


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "string" | "time" | "microTime":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "int32" | "int64":
            most = 2**31 if kind == "int32" else 2**63
            return isinstance(value, int) and not isinstance(value, bool) and -most <= value < most
        case "double":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "intOrString":
            return isinstance(value, str) or _fits("int32", value)
    return True


def tidy(obj: Json, schema: Field | None) -> Json:
    """The object without unknown fields, nulls, and empty lists and maps, which Go does not write back."""
    if schema is None:
        return {key: value for key, value in obj.items() if value is not None}
    tidied: Json = _tidy(schema, obj)
    return tidied


def _tidy(field: Field | None, value: Any) -> Any:
    if isinstance(value, list):
        return [_tidy(field.of if field else None, item) for item in value]
    if not isinstance(value, dict) or field is None or field.kind == "any":
        return value
    result: Json = {}
    for key, item in value.items():
        child = field.child(key)
        if item is None or (child is None and field.kind == "object" and key not in ("apiVersion", "kind")):
            continue
        kept = _tidy(child, item)
        if kept in ({}, []) and child is not None and child.kind in ("list", "map"):
            continue
        result[key] = kept
    return result
