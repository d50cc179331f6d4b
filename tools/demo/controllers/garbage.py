"""Garbage collection: dependents follow their owners, wait for them, or are let go."""

from tools.demo.controllers.world import World
from tools.demo.store import Change, Json, Resource

WATCHES = None  # owners may be of any kind
FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
SKIPPED = {Resource("", "events"), Resource("metrics.k8s.io", "pods"), Resource("metrics.k8s.io", "nodes")}


def cares(change: Change) -> bool:
    """Deletions, objects on their way out, and new dependents."""
    if change.resource in SKIPPED:
        return False
    meta = change.object["metadata"]
    owners_changed = meta.get("ownerReferences") and change.kind == "ADDED"
    return change.kind == "DELETED" or bool(meta.get("deletionTimestamp") or owners_changed)


def reconcile(world: World) -> float | None:
    everything = [
        (resource, obj)
        for resource in world.store.resources()
        if resource not in SKIPPED
        for obj in world.store.list(resource)
    ]
    alive = {obj["metadata"]["uid"] for _, obj in everything}
    waiting = {obj["metadata"]["uid"] for _, obj in everything if FOREGROUND in finalizers(obj)}
    dependents = [(resource, obj) for resource, obj in everything if obj["metadata"].get("ownerReferences")]
    for resource, obj in everything:
        if obj["metadata"].get("deletionTimestamp") and ORPHAN in finalizers(obj):
            let_go(world, resource, obj, dependents)
    for resource, obj in dependents:
        collect(world, resource, obj, alive, waiting)
    for resource, obj in everything:
        if obj["metadata"].get("deletionTimestamp") and FOREGROUND in finalizers(obj):
            end_foreground(world, resource, obj, dependents)
    return None


def finalizers(obj: Json) -> list[str]:
    return obj["metadata"].get("finalizers") or []


def owners(obj: Json) -> list[Json]:
    return obj["metadata"].get("ownerReferences") or []


def let_go(world: World, resource: Resource, owner: Json, dependents: list[tuple[Resource, Json]]) -> None:
    """Takes the owner out of its dependents, then lets it go."""
    uid = owner["metadata"]["uid"]
    for kind, obj in dependents:
        if any(each["uid"] == uid for each in owners(obj)):
            world.change(kind, obj, lambda new: drop_owner(new, uid))
    drop_finalizer(world, resource, owner, ORPHAN)


def drop_owner(obj: Json, uid: str) -> None:
    left = [each for each in owners(obj) if each["uid"] != uid]
    obj["metadata"].pop("ownerReferences", None)
    if left:
        obj["metadata"]["ownerReferences"] = left


def collect(world: World, resource: Resource, obj: Json, alive: set[str], waiting: set[str]) -> None:
    """Deletes a dependent whose owners are all gone, or all wait for it to go first."""
    fresh = world.store.get(resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
    if fresh is None or fresh["metadata"].get("deletionTimestamp") or not owners(fresh):
        return
    uids = {each["uid"] for each in owners(fresh)}
    present = uids & alive
    if not present:
        world.remove(resource, fresh, "Background")
    elif present <= waiting:
        world.remove(resource, fresh, "Foreground")


def end_foreground(world: World, resource: Resource, owner: Json, dependents: list[tuple[Resource, Json]]) -> None:
    uid = owner["metadata"]["uid"]
    for kind, obj in dependents:
        still = world.store.get(kind, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        if still and any(each["uid"] == uid and each.get("blockOwnerDeletion") for each in owners(still)):
            return
    drop_finalizer(world, resource, owner, FOREGROUND)


def drop_finalizer(world: World, resource: Resource, obj: Json, name: str) -> None:
    """Removes one finalizer; the last one takes the object with it."""
    meta = obj["metadata"]

    def change(new: Json) -> None:
        left = [each for each in finalizers(new) if each != name]
        new["metadata"].pop("finalizers", None)
        if left:
            new["metadata"]["finalizers"] = left

    changed = world.change(resource, obj, change)
    if changed is not None and not finalizers(changed) and changed["metadata"].get("deletionTimestamp"):
        world.store.remove(resource, meta.get("namespace", ""), meta["name"])
