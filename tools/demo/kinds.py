"""The kinds the demo API server serves: the recorded built-in ones, and those CustomResourceDefinitions add."""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.demo.errors import Json
from tools.demo.store import Resource, Store

DATA = Path(__file__).parent / "data"
DEFINITIONS = Resource("apiextensions.k8s.io", "customresourcedefinitions")
STORED_ELSEWHERE = {Resource("events.k8s.io", "events"): Resource("", "events")}


@dataclass(frozen=True)
class Subresource:
    """`pods/log` and the like: the kind it answers with and the verbs it takes."""

    kind: str
    verbs: frozenset[str]
    api_version: str = ""


@dataclass(frozen=True)
class Kind:
    """One resource in one version, as discovery describes it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    verbs: frozenset[str]
    subresources: Mapping[str, Subresource] = field(default_factory=dict)
    definition: Json | None = None  # the served version of a CustomResourceDefinition, None for built-in kinds
    list_kind: str = ""

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> Resource:
        """Where the objects are kept: one place for all versions, and one for both groups of events."""
        own = Resource(self.group, self.plural)
        return STORED_ELSEWHERE.get(own, own)


class Kinds:
    """Finds the kind behind an address."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._built_in = {(kind.group, kind.version, kind.plural): kind for kind in built_in()}
        self.groups = frozenset(kind.group for kind in self._built_in.values())

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        found = self._built_in.get((group, version, plural))
        if found is not None or group in self.groups:
            return found
        definition = self._store.get(DEFINITIONS, "", f"{plural}.{group}")
        return next((k for k in custom_kinds(definition) if k.version == version), None) if definition else None

    def of(self, resource: Resource) -> Kind | None:
        """The kind in its preferred version, for code that starts from the store."""
        for kind in self._built_in.values():
            if (kind.group, kind.plural) == resource:
                return kind
        definition = self._store.get(DEFINITIONS, "", f"{resource.plural}.{resource.group}")
        return next(iter(custom_kinds(definition)), None) if definition else None

    def named(self, api_version: str, kind_name: str) -> Kind | None:
        """The kind an object's `apiVersion` and `kind` name, for manifests and owner references."""
        for kind in self._built_in.values():
            if kind.api_version == api_version and kind.kind == kind_name:
                return kind
        for definition in self._store.list(DEFINITIONS):
            for kind in custom_kinds(definition):
                if kind.api_version == api_version and kind.kind == kind_name:
                    return kind
        return None

    def namespaced(self) -> list[Kind]:
        """Every namespaced kind that can be listed, once per stored resource."""
        found: dict[Resource, Kind] = {}
        custom = [kind for definition in self._store.list(DEFINITIONS) for kind in custom_kinds(definition)]
        for kind in [*self._built_in.values(), *custom]:
            if kind.namespaced and "list" in kind.verbs:
                found.setdefault(kind.resource, kind)
        return list(found.values())


@functools.cache
def recorded() -> dict[str, Any]:
    """Discovery of Kubernetes 1.36.2: `version`, `api` and `apis` (aggregated), `resources` (by group version)."""
    data: dict[str, Any] = json.loads((DATA / "discovery.json").read_text())
    return data


@functools.cache
def built_in() -> tuple[Kind, ...]:
    """The kinds of the recorded resource lists, preferred versions first."""
    lists = recorded()["resources"]
    order = ["v1", *(f"{g['metadata']['name']}/{v['version']}" for g in recorded()["apis"] for v in g["versions"])]
    return tuple(kind for group_version in order for kind in _kinds_of_list(lists[group_version]))


def _kinds_of_list(resource_list: Json) -> Iterator[Kind]:
    group, _, version = resource_list["groupVersion"].rpartition("/")
    entries = resource_list["resources"]
    for entry in entries:
        if "/" not in entry["name"]:
            yield Kind(
                group,
                version,
                entry["name"],
                entry["kind"],
                entry["namespaced"],
                frozenset(entry["verbs"]),
                _subresources(entries, entry["name"]),
                None,
                entry["kind"] + "List",
            )


def _subresources(entries: list[Json], plural: str) -> dict[str, Subresource]:
    found = {}
    for entry in entries:
        parent, _, name = entry["name"].partition("/")
        if parent == plural and name:
            api_version = f"{entry['group']}/{entry['version']}" if entry.get("group") else entry.get("version", "")
            found[name] = Subresource(entry["kind"], frozenset(entry["verbs"]), api_version)
    return found


ALL_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
READ_WRITE = frozenset({"get", "patch", "update"})


def custom_kinds(definition: Json) -> Iterator[Kind]:
    """The kinds a CustomResourceDefinition serves, one per served version, the newest first."""
    spec = definition["spec"]
    names = definition.get("status", {}).get("acceptedNames") or spec["names"]
    versions = sorted(
        (v for v in spec["versions"] if v.get("served")), key=lambda v: version_rank(v["name"]), reverse=True
    )
    for version in versions:
        offered = version.get("subresources") or {}
        subresources = {}
        if "status" in offered:
            subresources["status"] = Subresource(names["kind"], READ_WRITE)
        if "scale" in offered:
            subresources["scale"] = Subresource("Scale", READ_WRITE, "autoscaling/v1")
        yield Kind(
            spec["group"],
            version["name"],
            names["plural"],
            names["kind"],
            spec["scope"] == "Namespaced",
            frozenset(ALL_VERBS),
            subresources,
            version,
            names.get("listKind") or names["kind"] + "List",
        )


def version_rank(name: str) -> tuple[int, int, int]:
    """Orders API versions as Kubernetes prefers them: v2 before v1, v1 before v1beta2, beta before alpha."""
    head, stage, minor = name, 2, "0"
    for word, rank in (("beta", 1), ("alpha", 0)):
        if word in name:
            head, _, minor = name.partition(word)
            stage = rank
    digits = head.lstrip("v")
    if not digits.isdigit():
        return (-1, 0, 0)
    return (stage, int(digits), int(minor or 0))
