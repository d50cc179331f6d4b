"""Deleting: preconditions, grace, finalizers, and what is left to the garbage collector."""

import copy
from datetime import timedelta
from typing import NamedTuple

from tools.demo.errors import ApiError, Conflict, Forbidden, Json, NotFound, object_details
from tools.demo.generation import has_generation
from tools.demo.options import DeleteOptions
from tools.demo.store import Resource, Store

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
PODS, NAMESPACES = Resource("", "pods"), Resource("", "namespaces")
PROTECTED = ("default", "kube-system", "kube-public")
DEFAULT_GRACE = 30


class Deleted(NamedTuple):
    """What came of a delete: the last state of the object, and whether it is really gone."""

    object: Json
    gone: bool


def delete(
    store: Store, resource: Resource, namespace: str, name: str, options: DeleteOptions | None = None
) -> Deleted:
    """Deletes one object the way the API server does.

    Pods on a node get their grace period and stay until the kubelet removes them with grace 0; anything with
    finalizers, and every Namespace, stays with a deletionTimestamp until they are gone. NotFound when there is no
    such object, Conflict when a precondition does not hold, Forbidden for the namespaces every cluster needs.
    """
    options = options or DeleteOptions()
    old = store.get(resource, namespace, name)
    if old is None:
        raise NotFound(resource.group, resource.plural, name)
    if resource == NAMESPACES and name in PROTECTED:
        raise Forbidden("", "namespaces", name, "this namespace may not be deleted")
    _check_preconditions(old, options)
    new = copy.deepcopy(old)
    _set_finalizers(new, resource, options)
    grace = _grace(new, resource, options)
    if _waits(new, resource, grace):
        return Deleted(_mark(store, resource, new, old, grace, options.dry_run), False)
    if resource == PODS:
        if not new["metadata"].get("deletionTimestamp"):
            new["metadata"]["generation"] = new["metadata"].get("generation", 0) + 1
        _stamp(store, new, 0)
    if options.dry_run:
        return Deleted(new if resource == PODS else old, True)
    return Deleted(_remove(store, resource, new, old), True)


def finish(store: Store, resource: Resource, namespace: str, name: str) -> bool:
    """Removes an object whose deletion waited for the finalizers that are gone now; True if it did."""
    obj = store.get(resource, namespace, name)
    if obj is None or not is_finished(obj, resource):
        return False
    store.remove(resource, namespace, name)
    return True


def is_finished(obj: Json, resource: Resource) -> bool:
    """True when a deletion has nothing left to wait for."""
    meta = obj["metadata"]
    if not meta.get("deletionTimestamp") or meta.get("finalizers"):
        return False
    if resource == NAMESPACES:
        return not (obj.get("spec") or {}).get("finalizers")
    return not meta.get("deletionGracePeriodSeconds")


def _check_preconditions(obj: Json, options: DeleteOptions) -> None:
    meta = obj["metadata"]
    if options.uid and options.uid != meta["uid"]:
        raise _broken(
            obj,
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({meta['uid']}). "
            "The object might have been deleted and then recreated",
        )
    if options.revision and options.revision != meta["resourceVersion"]:
        raise _broken(
            obj,
            f"the ResourceVersion in the precondition ({options.revision}) does not match the ResourceVersion in "
            f"record ({meta['resourceVersion']}). The object might have been modified",
        )


def _broken(obj: Json, why: str) -> ApiError:
    kind, name = obj["kind"], obj["metadata"]["name"]
    error = Conflict("", kind, name, why)
    error.details = object_details("", kind, name)
    return error


def _set_finalizers(obj: Json, resource: Resource, options: DeleteOptions) -> None:
    """The propagation policy becomes a finalizer that the garbage collector works off."""
    meta = obj["metadata"]
    policy = options.propagation
    if not policy and options.orphan is not None:
        policy = "Orphan" if options.orphan else "Background"
    kept = [name for name in meta.get("finalizers") or [] if not policy or name not in (FOREGROUND, ORPHAN)]
    if not policy and resource == Resource("batch", "jobs"):
        policy = "Orphan" if not kept else ""  # a Job's pods are preserved unless somebody says otherwise
    wanted = {"Foreground": FOREGROUND, "Orphan": ORPHAN}.get(policy)
    if wanted and wanted not in kept:
        kept.append(wanted)
    meta["finalizers"] = kept
    if not kept:
        del meta["finalizers"]


def _grace(obj: Json, resource: Resource, options: DeleteOptions) -> int:
    """Seconds a pod has to stop; 0 for everything else, and for pods no kubelet looks after."""
    if resource != PODS:
        return 0
    grace = options.grace
    if grace is None:
        grace = obj["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE)
    unattended = not obj["spec"].get("nodeName") or obj.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return 0 if unattended else 1 if grace < 0 else int(grace)


def _waits(obj: Json, resource: Resource, grace: int) -> bool:
    if obj["metadata"].get("finalizers") or grace > 0:
        return True
    return resource == NAMESPACES and bool((obj.get("spec") or {}).get("finalizers"))


def _mark(store: Store, resource: Resource, new: Json, old: Json, grace: int, dry_run: bool) -> Json:
    """Stores the object as being deleted; a second delete can only shorten the grace period."""
    meta = new["metadata"]
    left = meta.get("deletionGracePeriodSeconds", 0)
    again = bool(meta.get("deletionTimestamp"))
    if again and not (resource == PODS and grace < left):
        meta["finalizers"] = old["metadata"].get("finalizers", meta.get("finalizers"))
        if meta["finalizers"] is None:
            del meta["finalizers"]
        return old
    _stamp(store, new, grace)
    if resource == NAMESPACES:
        meta.pop("deletionGracePeriodSeconds")
        new["status"] = {**(new.get("status") or {}), "phase": "Terminating"}
    if not again and has_generation(resource.group, resource.plural):
        meta["generation"] = meta.get("generation", 0) + 1
    return store.replace(resource, new, "deletion", dry_run)


def _stamp(store: Store, obj: Json, grace: int) -> None:
    when = store.clock.now() + timedelta(seconds=grace)
    obj["metadata"]["deletionTimestamp"] = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    obj["metadata"]["deletionGracePeriodSeconds"] = grace


def _remove(store: Store, resource: Resource, new: Json, old: Json) -> Json:
    meta = old["metadata"]
    removed = store.remove(resource, meta.get("namespace", ""), meta["name"], new)
    return removed or new
