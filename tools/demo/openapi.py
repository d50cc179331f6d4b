"""OpenAPI v3 of what the demo API server takes, for `kubectl apply`, `diff` and `explain`."""

import functools
import hashlib
from typing import Any

import orjson

from tools.demo.errors import Json
from tools.demo.kinds import DEFINITIONS, Kind, built_in, custom_kinds
from tools.demo.schema import Field, root
from tools.demo.store import Store

PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    for name in ("dryRun", "fieldManager", "fieldValidation", "force")
]
LEAVES: dict[str, Json] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "double": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
    "time": {"type": "string", "format": "date-time"},
    "microTime": {"type": "string", "format": "date-time"},
    "quantity": {"type": "string"},
    "intOrString": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
    "any": {"x-kubernetes-preserve-unknown-fields": True},
}


class OpenApi:
    """The documents of every group version served."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def index(self) -> Json:
        """`/openapi/v3`."""
        versions = {prefix_of(kind): kind for kind in self._kinds()}
        paths = {}
        for prefix in versions:
            digest = hashlib.sha256(orjson.dumps(self.document(prefix))).hexdigest()[:32].upper()
            paths[prefix] = {"serverRelativeURL": f"/openapi/v3/{prefix}?hash={digest}"}
        return {"paths": paths}

    def document(self, prefix: str) -> Json | None:
        """`/openapi/v3/apis/apps/v1` and its kin, by what follows `/openapi/v3/`; None when it is not served."""
        kinds = [kind for kind in self._kinds() if prefix_of(kind) == prefix]
        if not kinds:
            return None
        if all(kind.definition is None for kind in kinds):
            return _built_in_document(prefix)
        return _document(kinds)

    def _kinds(self) -> list[Kind]:
        custom = [kind for definition in self._store.list(DEFINITIONS) for kind in custom_kinds(definition)]
        return [*built_in(), *custom]


def prefix_of(kind: Kind) -> str:
    """`api/v1` or `apis/apps/v1`."""
    return f"apis/{kind.api_version}" if kind.group else f"api/{kind.version}"


@functools.cache
def _built_in_document(prefix: str) -> Json:
    return _document([kind for kind in built_in() if prefix_of(kind) == prefix])


def _document(kinds: list[Kind]) -> Json:
    schemas: Json = {}
    paths: Json = {}
    for kind in kinds:
        gvk = [{"group": kind.group, "version": kind.version, "kind": kind.kind}]
        paths |= _paths(kind, gvk[0])
        if kind.definition is not None:
            own = dict((kind.definition.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"})
            schemas[f"{kind.group}.{kind.version}.{kind.kind}"] = {**own, "x-kubernetes-group-version-kind": gvk}
            continue
        field = root(kind.api_version, kind.kind)
        if field is not None:
            _collect(field, schemas)
            schemas[field.ref]["x-kubernetes-group-version-kind"] = gvk
    info = {"title": "Kubernetes", "version": "v1.36.2"}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _paths(kind: Kind, gvk: Json) -> Json:
    """The object's address, with the verbs a client asks the document about."""
    where = "/namespaces/{namespace}" if kind.namespaced else ""
    collection = f"/{prefix_of(kind)}{where}/{kind.plural}"
    named: Json = {
        "get": {"x-kubernetes-action": "get", "x-kubernetes-group-version-kind": gvk},
        "patch": {"x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": gvk, "parameters": PARAMETERS},
    }
    listed: Json = {
        "get": {"x-kubernetes-action": "list", "x-kubernetes-group-version-kind": gvk},
        "post": {"x-kubernetes-action": "post", "x-kubernetes-group-version-kind": gvk, "parameters": PARAMETERS},
    }
    return {collection: listed, collection + "/{name}": named}


def _collect(field: Field, schemas: Json) -> None:
    """Adds the type of a field, and every type it leads to."""
    if field.of is not None:
        _collect(field.of, schemas)
    if field.kind != "object" or not field.ref or field.ref in schemas:
        return
    schemas[field.ref] = {"type": "object"}
    properties = {}
    for name, member in field.members.items():
        _collect(member, schemas)
        properties[name] = _schema(member)
    schemas[field.ref]["properties"] = properties


def _schema(field: Field) -> Json:
    if field.kind == "object" and field.ref:
        return {"allOf": [{"$ref": f"#/components/schemas/{field.ref}"}], "default": {}}
    if field.kind == "map":
        return {"type": "object", "additionalProperties": _schema(field.of) if field.of else {}}
    if field.kind == "list":
        found: dict[str, Any] = {"type": "array", "items": _schema(field.of) if field.of else {}}
        if field.list_type:
            found["x-kubernetes-list-type"] = field.list_type
        if field.keys:
            found["x-kubernetes-list-map-keys"] = list(field.keys)
        if field.merge_key:
            found |= {"x-kubernetes-patch-merge-key": field.merge_key, "x-kubernetes-patch-strategy": "merge"}
        return found
    return dict(LEAVES.get(field.kind, {"type": "object"}))
