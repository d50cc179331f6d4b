"""CustomResourceDefinitions: accepted and established at once, cleaned up when they go."""

import base64
import copy
import hashlib
from typing import Any

from tools.demo.errors import Json
from tools.demo.kinds import DEFINITIONS
from tools.demo.store import Resource, Store

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
CONDITIONS = (
    ("NamesAccepted", "NoConflicts", "no conflicts found"),
    ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
)
TERMINATING = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
OWNED_CONDITION: Json = {
    ".": {},
    **{f"f:{key}": {} for key in ("lastTransitionTime", "message", "reason", "status", "type")},
}


def default_definition(obj: Json) -> None:
    """The names and settings a definition may leave out."""
    spec = obj.get("spec") or {}
    given = spec.get("names") or {}
    if given.get("kind"):
        given.setdefault("singular", given["kind"].lower())
        given.setdefault("listKind", given["kind"] + "List")
    spec.setdefault("conversion", {"strategy": "None"})
    stored = [version["name"] for version in spec.get("versions") or [] if version.get("storage")]
    none = {"plural": "", "kind": ""}
    obj.setdefault("status", {"conditions": None, "acceptedNames": none, "storedVersions": stored})


def tidy_owners(owners: list[Json]) -> None:
    """In a definition, spec and names are structs, which nobody owns as such."""
    for entry in owners:
        if entry.get("subresource") != "status":
            entry["fieldsV1"].pop("f:status", None)
        spec = entry["fieldsV1"].get("f:spec") or {}
        spec.pop(".", None)
        (spec.get("f:names") or {}).pop(".", None)


def establish(store: Store, name: str) -> None:
    """What the API server's controllers do a moment after a definition was created: accept its names and serve it."""
    now = store.clock.text()

    def accept(obj: Json) -> None:
        names = copy.deepcopy(obj["spec"]["names"])
        conditions = [_condition(kind, reason, text, now) for kind, reason, text in CONDITIONS]
        obj["status"] = {**obj["status"], "conditions": conditions, "acceptedNames": names}
        obj["metadata"].setdefault("managedFields", []).append(_status_owner(names, now))

    _rewrite(store, name, accept)


def retire(store: Store, name: str) -> None:
    """Removes the objects of a definition that is about to go."""
    definition = store.get(DEFINITIONS, "", name)
    if definition is None:
        return
    spec = definition["spec"]
    instances = Resource(spec["group"], spec["names"]["plural"])
    for obj in store.list(instances):
        store.remove(instances, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


def mark_terminating(store: Store, obj: Json) -> Json:
    """The definition as the answer to its deletion shows it: waiting for its objects to go."""
    condition = _condition("Terminating", "InstanceDeletionPending", TERMINATING, store.clock.text())
    meta = {**obj["metadata"], "deletionTimestamp": store.clock.text(), "finalizers": [CLEANUP]}
    conditions = [*(obj["status"].get("conditions") or []), condition]
    return {**obj, "metadata": meta, "status": {**obj["status"], "conditions": conditions}}


def storage_hash(group: str, version: str, kind: str) -> str:
    """Discovery's storageVersionHash: eight bytes of a digest of the stored group, version and kind."""
    digest = hashlib.sha256(f"{group}/{version}/{kind}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()


def _rewrite(store: Store, name: str, change: Any) -> None:
    old = store.get(DEFINITIONS, "", name)
    if old is not None:
        new = copy.deepcopy(old)
        change(new)
        store.replace(DEFINITIONS, new, "status")


def _condition(kind: str, reason: str, text: str, now: str) -> Json:
    return {"type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": text}


def _status_owner(names: Json, now: str) -> Json:
    conditions: Json = {f'k:{{"type":"{kind}"}}': dict(OWNED_CONDITION) for kind, _, _ in CONDITIONS}
    accepted: Json = {f"f:{key}": {} for key in names}
    return {
        "manager": "kube-apiserver",
        "operation": "Update",
        "apiVersion": "apiextensions.k8s.io/v1",
        "time": now,
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:status": {"f:acceptedNames": accepted, "f:conditions": conditions}},
        "subresource": "status",
    }
