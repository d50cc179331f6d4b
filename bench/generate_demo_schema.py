"""Boil a server's OpenAPI v2 document down to the field table the demo cluster works with.

    kubectl get --raw /openapi/v2 > openapi.json
    kubectl get all,pv,pvc,nodes -A -o json > answers.jsonl    (or any answers, one JSON document a line)
    python bench/generate_demo_schema.py openapi.json answers.jsonl > tools/demo/data/schema.json

A document with "$defs" in place of "definitions" (JSON schema of the same types) does as well. The document lists
fields by the alphabet; the answers tell in which order the server prints them.
"""

import itertools
import json
import re
import sys
from collections.abc import Iterable
from typing import Any

STABLE = re.compile(r"^v\d+$")
LEAVES = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intOrString",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "microTime",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "any",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
}
PREFIXES = (
    "io.k8s.apiextensions-apiserver.pkg.apis.",
    "io.k8s.kube-aggregator.pkg.apis.",
    "io.k8s.apimachinery.pkg.apis.",
    "io.k8s.api.",
)
PLAIN = {"string": "string", "integer": "int64", "boolean": "bool", "number": "double", "object": "any"}
FORMATS = {"int32": "int32", "int64": "int64", "byte": "bytes", "double": "double", "date-time": "time"}
GROUPS = (
    "core", "apps", "autoscaling", "batch", "certificates", "coordination", "discovery", "events", "flowcontrol",
    "networking", "node", "policy", "rbac", "resource", "scheduling", "storage", "admissionregistration",
    "authentication", "authorization", "apiextensions", "apiregistration",
)  # fmt: skip


class Table:
    """The types reachable from the kinds, each under a short name."""

    def __init__(self, definitions: dict[str, Any]) -> None:
        self.definitions = definitions
        self.types: dict[str, Any] = {}
        self.kinds: dict[str, str] = {}

    def add_kinds(self) -> None:
        for name, definition in sorted(self.definitions.items()):
            group = self.short(name).split(".")[0]
            for gvk in definition.get("x-kubernetes-group-version-kind", []):
                listed = gvk["kind"].endswith("List") or gvk["kind"] != name.rsplit(".", 1)[-1]
                if listed or group not in GROUPS or not STABLE.match(gvk["version"]):
                    continue
                self.kinds[f"{gvk['group']}/{gvk['version']}/{gvk['kind']}".lstrip("/")] = self.short(name)
                self.add(name)

    def short(self, name: str) -> str:
        for prefix in PREFIXES:
            name = name.removeprefix(prefix)
        return name

    def add(self, name: str) -> None:
        short = self.short(name)
        if short in self.types:
            return
        definition = self.definitions[name]
        fields: dict[str, Any] = {}
        self.types[short] = {"fields": fields}
        if definition.get("x-kubernetes-map-type") == "atomic":
            self.types[short]["atomic"] = True
        for key, schema in sorted(definition.get("properties", {}).items()):
            fields[key] = self.field(schema)

    def put_in_order(self, answers: Iterable[Any]) -> None:
        """Sorts the fields of every type as they come in the answers."""
        seen = Sequences(self)
        for answer in answers:
            seen.look(answer)
        for name, each in self.types.items():
            each["fields"] = {key: each["fields"][key] for key in seen.merged(name, sorted(each["fields"]))}

    def field(self, schema: dict[str, Any]) -> Any:
        extra: dict[str, Any] = {}
        if schema.get("x-kubernetes-map-type") == "atomic":
            extra["atomic"] = True
        if strategy := schema.get("x-kubernetes-patch-strategy"):
            extra["strategy"] = strategy
        reference = schema.get("$ref") or next((each["$ref"] for each in schema.get("oneOf", []) if "$ref" in each), "")
        if reference:
            name = reference.rsplit("/", 1)[-1]
            if name in LEAVES or "properties" not in self.definitions[name]:
                return LEAVES.get(name, "any")
            self.add(name)
            return {"type": "object", "ref": self.short(name), **extra}
        return self.nested(schema, extra)

    def nested(self, schema: dict[str, Any], extra: dict[str, Any]) -> Any:
        declared = schema.get("type", "object")
        kind = next(each for each in declared if each != "null") if isinstance(declared, list) else declared
        if kind == "array":
            extra["list"] = schema.get("x-kubernetes-list-type", "atomic")
            if keys := schema.get("x-kubernetes-list-map-keys"):
                extra["keys"] = keys
            if merge := schema.get("x-kubernetes-patch-merge-key"):
                extra["merge"] = merge
            return {"type": "list", "of": self.field(schema["items"]), **extra}
        if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
            return {"type": "map", "of": self.field(schema["additionalProperties"]), **extra}
        return FORMATS.get(schema.get("format", ""), PLAIN[kind])


class Sequences:
    """For every type, which field was seen before which."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.before: dict[str, set[tuple[str, str]]] = {}

    def look(self, value: Any) -> None:
        """Finds the objects in any answer."""
        if isinstance(value, dict):
            kind = self.table.kinds.get(f"{value.get('apiVersion')}/{value.get('kind')}")
            if kind:
                self.walk({"type": "object", "ref": kind}, value)
            elif str(value.get("kind", "")).endswith("List"):
                kind = self.table.kinds.get(f"{value.get('apiVersion')}/{value['kind'].removesuffix('List')}")
                for item in value.get("items") or []:
                    self.walk({"type": "object", "ref": kind}, item) if kind else self.look(item)
            else:
                for item in value.values():
                    self.look(item)
        elif isinstance(value, list):
            for item in value:
                self.look(item)

    def walk(self, field: Any, value: Any) -> None:
        if isinstance(field, str):
            return
        if field["type"] == "list" and isinstance(value, list):
            for item in value:
                self.walk(field["of"], item)
        elif isinstance(value, dict) and field["type"] == "map":
            for item in value.values():
                self.walk(field["of"], item)
        elif isinstance(value, dict) and field["type"] == "object":
            keys = list(value)
            self.before.setdefault(field["ref"], set()).update(itertools.combinations(keys, 2))
            for key, item in value.items():
                self.walk(self.table.types[field["ref"]]["fields"].get(key, "any"), item)

    def merged(self, name: str, keys: list[str]) -> list[str]:
        """The keys in an order no answer contradicts; those never seen come last."""
        pairs = self.before.get(name, set())
        known = {key for pair in pairs for key in pair}
        rest, result = sorted(keys, key=lambda key: (key not in known, key)), []
        while rest:
            free = (key for key in rest if not any((other, key) in pairs for other in rest if other != key))
            result.append(next(free, rest[0]))
            rest.remove(result[-1])
        return result


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as source:
        document = json.load(source)
    table = Table(document.get("definitions") or document["$defs"])
    table.add_kinds()
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as source:
            table.put_in_order(json.loads(line) for line in source)
    # One type a line: the file can be read, and a renewal shows in a diff what changed.
    lines = [f"{json.dumps(name)}: {json.dumps(each)}" for name, each in sorted(table.types.items())]
    kinds = json.dumps(table.kinds, sort_keys=True, indent=0)
    sys.stdout.write('{"kinds": ' + kinds + ',\n"types": {\n' + ",\n".join(lines) + "\n}}\n")


if __name__ == "__main__":
    main()
