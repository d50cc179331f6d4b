"""The admission plugins of the API server: what they fill in, and what they refuse."""

from typing import Any

from tools.demo.admission import accounts, limits, policy, quota, scheduling, security, storage
from tools.demo.store import Resource, Store

Json = dict[str, Any]

__all__ = ["admit", "warnings"]

NAMESPACES = Resource("", "namespaces")


def admit(store: Store, group: str, resource: str, obj: Json, old: Json | None, operation: str) -> None:
    """Runs the plugins over a defaulted object and changes it in place; `operation` is CREATE or UPDATE.

    Raises ApiError, mostly Forbidden (403). Fields set here belong to no field manager, so ownership is to be
    computed before. Namespaces that are absent or terminating are the caller's business.
    """
    kind = Resource(group, resource)
    if kind == Resource("", "pods") and operation == "CREATE":
        limits.fill_in(store, obj)
        accounts.give_account(store, obj)
        scheduling.give_priority(store, obj)
        scheduling.tolerate_node_trouble(obj)
    if operation == "CREATE":
        storage.choose_class(store, kind, obj)
        storage.protect(kind, obj)
    elif old is not None:
        storage.check_growth(store, kind, obj, old)
    limits.check(store, kind, obj, operation)
    security.enforce(store, kind, obj, old)
    policy.check(store, kind, obj, old, operation)
    quota.check(store, kind, obj, old)


def warnings(store: Store, group: str, resource: str, obj: Json) -> list[str]:
    """Texts for Warning headers: what a stricter pod security level would refuse."""
    namespace = store.get(NAMESPACES, "", (obj.get("metadata") or {}).get("namespace", ""))
    labels = ((namespace or {}).get("metadata") or {}).get("labels") or {}
    return security.warnings(labels, Resource(group, resource), obj)
