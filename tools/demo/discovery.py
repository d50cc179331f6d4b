"""What the demo API server says it serves: versions, groups and resources, plain and aggregated."""

from tools.demo.definitions import storage_hash
from tools.demo.errors import Json
from tools.demo.kinds import DEFINITIONS, Kind, custom_kinds, recorded
from tools.demo.store import Store

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class Discovery:
    """The recorded lists of Kubernetes 1.36.2, with the groups of CustomResourceDefinitions added."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def version(self) -> Json:
        answer: Json = recorded()["version"]
        return answer

    def core(self, address: str) -> Json:
        """`/api`; `address` is the server's own host and port."""
        network = {"clientCIDR": "0.0.0.0/0", "serverAddress": address}
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [network]}

    def groups(self) -> Json:
        """`/apis`."""
        groups = [_group([f"{name}/{v}" for v in versions]) for name, versions in self._groups().items()]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}

    def group(self, name: str) -> Json | None:
        """`/apis/<group>`."""
        versions = self._groups().get(name)
        return (
            {"kind": "APIGroup", "apiVersion": "v1", **_group([f"{name}/{v}" for v in versions])} if versions else None
        )

    def resources(self, group_version: str) -> Json | None:
        """`/api/v1` and `/apis/<group>/<version>`."""
        found: Json | None = recorded()["resources"].get(group_version)
        if found is not None:
            return found
        kinds = [kind for kind in self._custom() if kind.api_version == group_version]
        if not kinds:
            return None
        entries = [entry for kind in kinds for entry in self._custom_entries(kind)]
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": entries}

    def aggregated(self, core: bool) -> Json:
        """Everything under `/api` (`core`) or `/apis` in one answer."""
        items = list(recorded()["api" if core else "apis"])
        if not core:
            items += self._custom_aggregated()
        return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}

    def _custom(self) -> list[Kind]:
        return [kind for definition in self._store.list(DEFINITIONS) for kind in custom_kinds(definition)]

    def _groups(self) -> dict[str, list[str]]:
        found = {g["metadata"]["name"]: [v["version"] for v in g["versions"]] for g in recorded()["apis"]}
        for kind in self._custom():
            versions = found.setdefault(kind.group, [])
            if kind.version not in versions:
                versions.append(kind.version)
        return found

    def _custom_entries(self, kind: Kind) -> list[Json]:
        names = self._names(kind)
        entry: Json = {
            "name": kind.plural,
            "singularName": names.get("singular") or kind.kind.lower(),
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
        }
        entry |= {key: names[key] for key in ("shortNames", "categories") if names.get(key)}
        entries = [{**entry, "storageVersionHash": storage_hash(kind.group, kind.version, kind.kind)}]
        for name, subresource in kind.subresources.items():
            extra: Json = {"name": f"{kind.plural}/{name}", "singularName": "", "namespaced": kind.namespaced}
            if subresource.api_version:
                extra["group"], _, extra["version"] = subresource.api_version.partition("/")
            entries.append({**extra, "kind": subresource.kind, "verbs": ["get", "patch", "update"]})
        return entries

    def _names(self, kind: Kind) -> Json:
        definition = self._store.get(DEFINITIONS, "", f"{kind.plural}.{kind.group}") or {}
        names: Json = definition["spec"]["names"]
        return names

    def _custom_aggregated(self) -> list[Json]:
        groups: dict[str, dict[str, list[Json]]] = {}
        for kind in self._custom():
            groups.setdefault(kind.group, {}).setdefault(kind.version, []).append(self._aggregated_entry(kind))
        return [
            {
                "metadata": {"name": group},
                "versions": [
                    {"version": version, "resources": resources, "freshness": "Current"}
                    for version, resources in versions.items()
                ],
            }
            for group, versions in groups.items()
        ]

    def _aggregated_entry(self, kind: Kind) -> Json:
        names = self._names(kind)
        own = {"group": kind.group, "version": kind.version, "kind": kind.kind}
        entry: Json = {
            "resource": kind.plural,
            "responseKind": own,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "singularResource": names.get("singular") or kind.kind.lower(),
            "verbs": sorted(kind.verbs),
        }
        entry |= {key: names[key] for key in ("shortNames", "categories") if names.get(key)}
        subresources = []
        for name, subresource in kind.subresources.items():
            group, _, version = subresource.api_version.partition("/")
            other = {"group": group, "version": version, "kind": subresource.kind} if version else own
            subresources.append({"subresource": name, "responseKind": other, "verbs": sorted(subresource.verbs)})
        return {**entry, "subresources": subresources} if subresources else entry


def _group(group_versions: list[str]) -> Json:
    versions = [{"groupVersion": text, "version": text.partition("/")[2]} for text in group_versions]
    return {"name": group_versions[0].partition("/")[0], "versions": versions, "preferredVersion": versions[0]}
