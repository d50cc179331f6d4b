"""Names of new objects: given, made from generateName, or missing."""

from tools.demo.errors import AlreadyExists, ApiError, Cause, Invalid, Json
from tools.demo.kinds import Kind
from tools.demo.store import Store

LETTERS = "bcdfghjklmnpqrstvwxz2456789"
LONGEST_BASE = 58


def checked_name(store: Store, kind: Kind, obj: Json) -> None:
    """Gives the object a name if it only has a generateName; Invalid without either, AlreadyExists if taken."""
    meta = obj["metadata"]
    if not meta.get("name"):
        if not meta.get("generateName"):
            cause = Cause("FieldValueRequired", "Required value: name or generateName is required", "metadata.name")
            raise Invalid(kind.group, kind.kind, "", [cause])
        meta["name"] = fresh_name(store, kind, meta["generateName"], meta.get("namespace", ""))
    existing = store.get(kind.resource, meta.get("namespace", ""), meta["name"])
    if existing is not None and existing["metadata"].get("deletionTimestamp"):
        raise _being_deleted(kind, meta["name"])


def _being_deleted(kind: Kind, name: str) -> ApiError:
    error = AlreadyExists(kind.group, kind.plural, name)
    error.message = f"object is being deleted: {error.message}"
    return error


def fresh_name(store: Store, kind: Kind, base: str, namespace: str) -> str:
    """The base and five random letters, as the API server picks them, not in use yet."""
    while True:
        name = base[:LONGEST_BASE] + "".join(store.random.choices(LETTERS, k=5))
        if store.get(kind.resource, namespace, name) is None:
            return name
