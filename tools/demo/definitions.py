"""CustomResourceDefinitions: accepted and established as soon as they are created."""

from tools.demo.errors import Json
from tools.demo.managed_fields import track
from tools.demo.store import Store

ACCEPTED = {
    "type": "NamesAccepted",
    "status": "True",
    "reason": "NoConflicts",
    "message": "no conflicts found",
}
ESTABLISHED = {
    "type": "Established",
    "status": "True",
    "reason": "InitialNamesAccepted",
    "message": "the initial names have been accepted",
}


def complete_definition(store: Store, obj: Json) -> None:
    """Writes the status the API server's own controllers would write a moment later."""
    before = {key: value for key, value in obj.items() if key != "status"}
    now = store.clock.text()
    obj["status"] = {
        "conditions": [{**condition, "lastTransitionTime": now} for condition in (ACCEPTED, ESTABLISHED)],
        "acceptedNames": dict(obj["spec"]["names"]),
        "storedVersions": [version["name"] for version in obj["spec"]["versions"] if version.get("storage")],
    }
    obj["metadata"]["managedFields"] = track(
        before,
        obj,
        manager="kube-apiserver",
        operation="Update",
        subresource="status",
        api_version=obj["apiVersion"],
        now=now,
    )


def default_names(obj: Json) -> None:
    """The names a definition may leave out."""
    names = obj["spec"]["names"]
    names.setdefault("singular", names["kind"].lower())
    names.setdefault("listKind", names["kind"] + "List")
    obj["spec"].setdefault("conversion", {"strategy": "None"})
