"""Objects live in namespaces: those that exist and are not on their way out."""

from tools.demo.deletion import NAMESPACES
from tools.demo.errors import Forbidden, Json, NotFound
from tools.demo.kinds import Kind
from tools.demo.store import Store

REVIEWS = ("localsubjectaccessreviews",)


def check_namespace(store: Store, kind: Kind, obj: Json) -> None:
    """NotFound for a namespace that is not there, Forbidden for a new object in one that is being deleted."""
    meta = obj["metadata"]
    namespace = store.get(NAMESPACES, "", meta["namespace"])
    if namespace is None:
        raise NotFound("", "namespaces", meta["namespace"])
    if namespace["metadata"].get("deletionTimestamp") and kind.plural not in REVIEWS:
        why = f"unable to create new content in namespace {meta['namespace']} because it is being terminated"
        error = Forbidden(kind.group, kind.plural, meta.get("name", ""), why)
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {meta['namespace']} is being terminated",
            "field": "metadata.namespace",
        }
        error.details = {**(error.details or {}), "causes": [cause]}
        raise error
