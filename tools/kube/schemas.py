"""What fields a kind has, from the OpenAPI of its cluster: v3, a document a group version, or v2 before 1.24.

A document is megabytes; only the few definitions on the way to a path are ever decoded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from tools.kube.client import KubeClient
from tools.kube.errors import BadInput, NotFound, Unsupported
from tools.kube.resources import Resource
from tools.kube.together import beside
from tools.kube.transport import Request

_LARGEST = 24 << 20
_MOST_STEPS = 40
Schema: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldFact:
    """type: `string`, `[]Container`, `map[string]string`; about: the first sentence of its description."""

    name: str
    type: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Described:
    """The place a path leads to. fields: empty for a plain value."""

    type: str
    about: str
    fields: tuple[FieldFact, ...]


class _Components(msgspec.Struct):
    schemas: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)


class _Document(msgspec.Struct):
    """OpenAPI v3 (components) or v2 (definitions)."""

    components: _Components | None = None
    definitions: dict[str, msgspec.Raw] | None = None

    @property
    def schemas(self) -> Mapping[str, msgspec.Raw]:
        return self.components.schemas if self.components else self.definitions or {}


async def describe(client: KubeClient, resource: Resource, path: str) -> Described:
    """Raises BadInput for a path that leads nowhere, Unsupported when the cluster describes no fields of the kind."""
    document = await _document(client, resource)
    return await beside(lambda: _described(document, resource, path))


async def _document(client: KubeClient, resource: Resource) -> _Document:
    place = f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"
    for path in (f"/openapi/v3/{place}", "/openapi/v2"):
        try:
            return await client.decoded(Request("GET", path, largest=_LARGEST), _Document)
        except NotFound:
            continue
    raise Unsupported(f'Cluster "{client.cluster}" does not describe the fields of its kinds.')


def _described(document: _Document, resource: Resource, path: str) -> Described:
    node = _root(document, resource)
    walked: list[str] = []
    for step in [step for step in path.replace("[*]", "").replace("[]", "").split(".") if step][:_MOST_STEPS]:
        node = _element(document, node)
        fields = node.get("properties") or {}
        if step not in fields:
            where = ".".join(walked) or resource.kind
            known = ", ".join(sorted(fields)[:40]) or "no fields of their own"
            raise BadInput(f'{where} has no field "{step[:60]}". It has: {known}.')
        node = _resolved(document, fields[step])
        walked.append(step)
    whole = _element(document, node)
    required = set(whole.get("required") or [])
    fields = {name: _resolved(document, below) for name, below in (whole.get("properties") or {}).items()}
    facts = [FieldFact(name, _type(below), name in required, _sentence(below)) for name, below in fields.items()]
    return Described(_type(node), _sentence(node) or _sentence(whole), tuple(facts))


def _root(document: _Document, resource: Resource) -> Schema:
    wanted = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    for name, raw in document.schemas.items():
        if name.endswith(f".{resource.kind}"):
            schema: Schema = msgspec.json.decode(raw)
            if wanted in (schema.get("x-kubernetes-group-version-kind") or []):
                return schema
    raise Unsupported(f"The cluster does not describe the fields of {resource.kind} ({resource.api_version}).")


def _resolved(document: _Document, node: Schema) -> Schema:
    """Without references: `$ref`, or the `allOf` of one that v3 wraps it in. The words stay those of the field."""
    whole = node.get("allOf") or []
    reference = node.get("$ref") or (whole[0].get("$ref") if len(whole) == 1 else None)
    if not isinstance(reference, str):
        return node
    name = reference.rpartition("/")[2]
    raw = document.schemas.get(name)
    found: Schema = msgspec.json.decode(raw) if raw is not None else {}
    words = node.get("description") or found.get("description")
    return {**found, "description": words, "named": name.rpartition(".")[2]}


def _element(document: _Document, node: Schema) -> Schema:
    """Of a list or a map what stands in it, which has the fields."""
    for key in ("items", "additionalProperties"):
        below = node.get(key)
        if isinstance(below, dict) and not node.get("properties"):
            return _element(document, _resolved(document, below))
    return node


def _type(node: Schema) -> str:
    kind = str(node.get("type") or "object")
    if kind == "array":
        return f"[]{_below(node.get('items'))}"
    more = node.get("additionalProperties")
    if isinstance(more, dict):
        return f"map[string]{_below(more)}"
    values = [str(value) for value in node.get("enum") or [] if value != ""]
    if values:
        return "|".join(values[:8])
    if node.get("x-kubernetes-int-or-string") or node.get("format") == "int-or-string":
        return "int|string"
    return str(node.get("named") or kind) if kind == "object" or node.get("named") in ("Quantity", "Time") else kind


def _below(node: Any) -> str:
    if not isinstance(node, dict):
        return "any"
    whole = node.get("allOf") or []
    reference = node.get("$ref") or (whole[0].get("$ref") if len(whole) == 1 else None)
    return str(reference).rpartition(".")[2] if reference else _type(node)


def _sentence(node: Schema) -> str:
    words = " ".join(str(node.get("description") or "").split())
    first = words.partition(". ")[0].removesuffix(".")
    return first if len(first) <= 140 else first[:139] + "…"
