"""The whole cluster as data, and what is different in it later, less what controllers own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.hostile.ground import Ground
from tests.scenarios.place import Object, Served
from tools.changes import differences

Dump = dict[tuple[str, str], Object]  # by namespace and "deployments/web"
# Made, kept and removed by controllers alone; of most other kinds only the status is theirs.
_OF_CONTROLLERS = {
    "componentstatuses", "controllerrevisions", "endpoints", "endpointslices", "events", "leases", "persistentvolumes",
}  # fmt: skip
_IN_EVERY_NAMESPACE = {"configmaps/kube-root-ca.crt", "serviceaccounts/default"}
_NOT_WANTED = ("managedFields", "resourceVersion", "generation", "selfLink")
_NOTED_BY_CONTROLLERS = ("deployment.kubernetes.io/", "pv.kubernetes.io/", "volume.", "node.alpha.kubernetes.io/")


@dataclass(frozen=True)
class Difference:
    """what: "deployments/web"; namespace: empty for what belongs to none."""

    namespace: str
    what: str
    how: str

    def __str__(self) -> str:
        return f"{self.what}{f' in {self.namespace}' if self.namespace else ''}: {self.how}"


async def dump(ground: Ground, kinds: Mapping[str, Served]) -> Dump:
    """But for namespaces that are being deleted: what is in them goes by itself."""
    found: Dump = {}
    _, namespaces = await ground.ask("GET", "/api/v1/namespaces")
    going = {each["metadata"]["name"] for each in namespaces["items"] if each["metadata"].get("deletionTimestamp")}
    for served in kinds.values():
        if not served.listed or served.plural in _OF_CONTROLLERS:
            continue
        code, listed = await ground.ask("GET", served.path())
        assert code == 200, f"{served.plural} cannot be listed: {listed}"
        for item in listed["items"]:
            namespace, name = item["metadata"].get("namespace", ""), item["metadata"]["name"]
            what = f"{served.plural}/{name}"
            home = name if served.plural == "namespaces" else namespace
            if home not in going and not _is_of_a_controller(item, what):
                found[namespace, what] = _wanted(item)
    return found


def compared(before: Dump, after: Dump) -> list[Difference]:
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [Difference(*key, _how(before.get(key), after.get(key))) for key in changed]


def _how(before: Object | None, after: Object | None) -> str:
    if before is None:
        return "was made"
    return "was deleted" if after is None else "; ".join(differences(before, after)[:5]) or "was made anew"


def _is_of_a_controller(item: Object, what: str) -> bool:
    owners = item["metadata"].get("ownerReferences") or []
    token = item.get("type") == "kubernetes.io/service-account-token"
    return any(owner.get("controller") for owner in owners) or token or what in _IN_EVERY_NAMESPACE


def _wanted(item: Object) -> Object:
    """What somebody wants of it: without its status and bookkeeping, and without the node that a scheduler chose."""
    meta = {key: value for key, value in item["metadata"].items() if key not in _NOT_WANTED}
    notes: dict[str, Any] = meta.pop("annotations", None) or {}
    meta["annotations"] = {key: value for key, value in notes.items() if not key.startswith(_NOTED_BY_CONTROLLERS)}
    wanted = {key: value for key, value in item.items() if key not in ("status", "secrets")} | {"metadata": meta}
    if "nodeName" in (item.get("spec") or {}):
        wanted["spec"] = {key: value for key, value in item["spec"].items() if key != "nodeName"}
    return wanted
