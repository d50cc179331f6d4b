"""Who owns which field: `metadata.managedFields` as the API server keeps it for updates and applies."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from tools.demo import field_sets
from tools.demo.field_sets import Path
from tools.demo.schema import Field, of_object

Json = dict[str, Any]
SELF = "current operation"

STRIPPED: frozenset[Path] = frozenset(
    {("f:apiVersion",), ("f:kind",), ("f:metadata",)}
    | {
        ("f:metadata", f"f:{name}")
        for name in (
            "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields",
            "resourceVersion",
        )
    },
)  # fmt: skip

# Structs and lists that a fresh object of a type has before anybody wrote a field: they are never "added".
FRESH: dict[str, tuple[str, ...]] = {
    "DeploymentSpec": ("strategy", "template"),
    "ReplicaSetSpec": ("template",),
    "DaemonSetSpec": ("template", "updateStrategy"),
    "StatefulSetSpec": ("template", "updateStrategy"),
    "JobSpec": ("template",),
    "CronJobSpec": ("jobTemplate",),
    "JobTemplateSpec": ("metadata", "spec"),
    "PodTemplateSpec": ("metadata", "spec"),
    "PodTemplate": ("template",),
    "PodSpec": ("containers",),
    "HorizontalPodAutoscalerSpec": ("scaleTargetRef",),
    "PersistentVolumeClaimSpec": ("resources",),
    "ServiceStatus": ("loadBalancer",),
    "IngressStatus": ("loadBalancer",),
    "NodeStatus": ("daemonEndpoints", "nodeInfo"),
    "NodeDaemonEndpoints": ("kubeletEndpoint",),
    "Event": ("source",),
    "CustomResourceDefinitionSpec": ("names",),
}
ROOT = ("metadata", "spec", "status")


class Manager(NamedTuple):
    """The identity an entry belongs to."""

    name: str
    operation: str
    api_version: str
    subresource: str = ""


Managers = dict[Manager, set[Path]]
Times = dict[Manager, str]


def read(obj: Json | None) -> tuple[Managers, Times]:
    """The owners recorded in an object."""
    managers: Managers = {}
    times: Times = {}
    for entry in ((obj or {}).get("metadata") or {}).get("managedFields") or []:
        who = Manager(
            entry.get("manager", ""),
            entry.get("operation", ""),
            entry.get("apiVersion", ""),
            entry.get("subresource", ""),
        )
        managers[who] = managers.get(who, set()) | field_sets.from_fields(entry.get("fieldsV1") or {})
        times[who] = entry.get("time", "")
    return managers, times


def write(managers: Managers, times: Times) -> list[Json]:
    """The list as the server orders it: applies first, then by time and name."""
    entries = []
    for who in sorted(managers, key=lambda each: (each.operation, times.get(each, ""), each.name, each.api_version)):
        paths = managers[who] - STRIPPED
        if not paths:
            continue
        entry = {
            "manager": who.name,
            "operation": who.operation,
            "apiVersion": who.api_version,
            **({"time": times[who]} if times.get(who) else {}),
            "fieldsType": "FieldsV1",
            "fieldsV1": field_sets.to_fields(paths),
        }
        entries.append({**entry, **({"subresource": who.subresource} if who.subresource else {})})
    return entries


def without_owners(obj: Json) -> Json:
    """The object with an empty ownership record, for comparisons."""
    meta = {key: value for key, value in (obj.get("metadata") or {}).items() if key != "managedFields"}
    return {**obj, "metadata": meta}


def fresh(schema: Field, obj: Any, top: bool = True) -> Json:
    """The skeleton an object of this type has before its first write."""
    names = ROOT if top else FRESH.get(schema.ref.rsplit(".", 1)[-1], ())
    if top:
        names = (*names, *FRESH.get(schema.ref.rsplit(".", 1)[-1], ()))
    skeleton: Json = {}
    for name in names:
        member = schema.members.get(name)
        if member is None or not isinstance(obj, dict) or name not in obj:
            continue
        skeleton[name] = fresh(member, obj[name], False) if member.kind == "object" else None
    return skeleton


def reset_fields(schema: Field, subresource: str) -> list[Path]:
    """What a write to this address cannot change, and therefore nobody comes to own by it."""
    if subresource == "status":
        return [("f:spec",)]
    return [("f:status",)] if "status" in schema.members and not subresource else []


def schema_of(obj: Json) -> Field:
    """The type of the object; for custom resources one deduced from the values."""
    return of_object(obj) or Field("map", of=Field("any"))


def settle(
    managers: Managers,
    found: field_sets.Comparison,
    myself: Manager | None = None,
) -> Managers:
    """Takes changed and removed fields away from everybody else; returns those who lost changed fields."""
    touched = found.modified | found.added
    lost: Managers = {}
    for who in list(managers):
        if who == myself:
            continue
        if conflict := managers[who] & touched:
            lost[who] = conflict
        managers[who] = managers[who] - touched - found.removed
    return lost


def drop_empty(managers: Managers) -> None:
    for who in [each for each, paths in managers.items() if not paths - STRIPPED]:
        del managers[who]


def track(  # noqa: PLR0913 - the write, and who did it where and when
    old: Json | None,
    new: Json,
    *,
    manager: str,
    operation: str = "Update",
    subresource: str = "",
    api_version: str = "",
    now: str,
    group: str = "",
    resource: str = "",
) -> list[Json]:
    """The `managedFields` of `new` after a create, replace or patch; `old` None means create.

    The type is read from the object, so `group` and `resource` may be left out.
    """
    managers, times = read(old if old is not None else new)
    if old is None:
        managers, times = {}, {}
    schema = schema_of(new)
    who = Manager(manager, operation, api_version or new.get("apiVersion", ""), subresource)
    if _given_up(new) and old is not None:
        managers, times = {}, {}
    before = without_owners(old) if old is not None else fresh(schema, new)
    found = field_sets.compare(schema, before, without_owners(new)).without(reset_fields(schema, subresource))
    settle(managers, found)
    mine = (found.added | found.modified) - STRIPPED
    if mine:
        managers[who] = managers.get(who, set()) | mine
        times[who] = now
    drop_empty(managers)
    return write(managers, times)


def _given_up(obj: Json) -> bool:
    """A client may clear the record by sending one empty entry."""
    entries = (obj.get("metadata") or {}).get("managedFields")
    return isinstance(entries, list) and len(entries) == 1 and not entries[0]


def owned_by(entries: Iterable[Json], manager: str) -> set[Path]:
    """Every path a manager owns, over all its entries."""
    return {
        path
        for entry in entries
        if entry.get("manager") == manager
        for path in field_sets.from_fields(entry.get("fieldsV1") or {})
    }
