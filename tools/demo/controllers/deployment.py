"""Deployment -> ReplicaSets: revisions, rolling updates, recreation, scaling and clean-up of old ones."""

from functools import partial
from typing import Any

from tools.demo.controllers import deployment_status as progress
from tools.demo.controllers.kinds import DEPLOYMENTS, PODS, REPLICA_SETS
from tools.demo.controllers.matching import matches
from tools.demo.controllers.sizing import leeway, wanted
from tools.demo.controllers.templates import HASH_LABEL, same_template, template_hash, without_hash
from tools.demo.controllers.world import World, controller_of, owned, owner_reference, take_over
from tools.demo.store import Change, Json

WATCHES = (DEPLOYMENTS, REPLICA_SETS, PODS)
SOURCE = "deployment-controller"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
NOT_COPIED = {REVISION, HISTORY, DESIRED, MAXIMUM, "kubectl.kubernetes.io/last-applied-configuration"}


def cares(change: Change) -> bool:
    """Of pods only that one is gone: recreation waits for that."""
    return change.resource != PODS or change.kind == "DELETED"


def reconcile(world: World) -> float | None:
    """One step for every Deployment; the seconds until the next progress deadline."""
    due: list[float] = []
    for deployment in world.store.list(DEPLOYMENTS):
        key, inputs = f"deployment {deployment['metadata']['uid']}", partial(versions, world, deployment)
        wait = world.unless_seen(key, inputs, partial(one, world, deployment))
        if wait is not None:
            due.append(wait)
    return min(due, default=None)


def one(world: World, deployment: Json) -> float | None:
    sets = adopt(world, deployment)
    new = find_new(deployment, sets)
    old = [each for each in sets if each is not new]
    if not deployment["metadata"].get("deletionTimestamp"):
        if deployment["spec"].get("paused"):
            scale_in_place(world, deployment, sets)
        else:
            new = ensure_new(world, deployment, new, old)
            roll(world, deployment, new, old)
    sets = owned(world, REPLICA_SETS, deployment)
    fresh = world.store.get(DEPLOYMENTS, deployment["metadata"]["namespace"], deployment["metadata"]["name"])
    if fresh is None:
        return None
    return progress.sync(world, fresh, sets, find_new(fresh, sets))


def versions(world: World, deployment: Json) -> Any:
    """What a look at a Deployment depends on."""
    namespace = deployment["metadata"]["namespace"]
    sets = [each["metadata"]["resourceVersion"] for each in world.store.list(REPLICA_SETS, namespace)]
    recreate = deployment["spec"].get("strategy", {}).get("type") == "Recreate"
    fresh = world.store.get(DEPLOYMENTS, namespace, deployment["metadata"]["name"]) or deployment
    return fresh["metadata"]["resourceVersion"], sets, recreate and len(world.store.list(PODS, namespace))


def adopt(world: World, deployment: Json) -> list[Json]:
    """The ReplicaSets of this Deployment; matching orphans become its own."""
    if not deployment["metadata"].get("deletionTimestamp"):
        for each in world.store.list(REPLICA_SETS, deployment["metadata"]["namespace"]):
            free = not controller_of(each) and not each["metadata"].get("deletionTimestamp")
            if free and matches(deployment["spec"]["selector"], each["metadata"].get("labels")):
                world.change(REPLICA_SETS, each, partial(take_over, owner=deployment))
    return owned(world, REPLICA_SETS, deployment)


def find_new(deployment: Json, sets: list[Json]) -> Json | None:
    """The oldest ReplicaSet whose template is the Deployment's."""
    template = deployment["spec"]["template"]
    same = [each for each in sets if same_template(each["spec"]["template"], template)]
    if not same:
        digest = template_hash(without_hash(template))
        same = [each for each in sets if (each["metadata"].get("labels") or {}).get(HASH_LABEL) == digest]
    return min(same, key=lambda each: each["metadata"]["creationTimestamp"], default=None)


def ensure_new(world: World, deployment: Json, new: Json | None, old: list[Json]) -> Json:
    """The current ReplicaSet, made or brought to the newest revision."""
    highest = max((int(revision_of(each)) for each in old), default=0)
    if new is None:
        new = create_new(world, deployment, old, str(highest + 1))
    elif int(revision_of(new)) <= highest and old:
        new = promote(world, new, str(highest + 1)) or new
    revision = revision_of(new)
    if (deployment["metadata"].get("annotations") or {}).get(REVISION) != revision:
        world.change(DEPLOYMENTS, deployment, lambda obj: annotate(obj, {REVISION: revision}), status=True)
    return new


def revision_of(replica_set: Json) -> str:
    return str((replica_set["metadata"].get("annotations") or {}).get(REVISION, "0"))


def annotate(obj: Json, values: dict[str, str]) -> None:
    obj["metadata"].setdefault("annotations", {}).update(values)


def promote(world: World, replica_set: Json, revision: str) -> Json | None:
    """A ReplicaSet used again gets a new revision and remembers the one it had."""

    def change(obj: Json) -> None:
        notes = obj["metadata"].setdefault("annotations", {})
        earlier = [text for text in notes.get(HISTORY, "").split(",") if text]
        notes[HISTORY] = ",".join([*earlier, notes.get(REVISION, "0")])
        notes[REVISION] = revision

    return world.change(REPLICA_SETS, replica_set, change)


def create_new(world: World, deployment: Json, old: list[Json], revision: str) -> Json:
    meta, spec = deployment["metadata"], deployment["spec"]
    digest = template_hash(without_hash(spec["template"]))
    name = f"{meta['name']}-{digest}"
    template = without_hash(spec["template"])
    template["metadata"].setdefault("labels", {})[HASH_LABEL] = digest
    selector = {**spec["selector"], "matchLabels": {**spec["selector"].get("matchLabels", {}), HASH_LABEL: digest}}
    kept = {key: text for key, text in (meta.get("annotations") or {}).items() if key not in NOT_COPIED}
    size = first_size(deployment, old)
    obj: Json = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": meta["namespace"],
            "labels": dict(template["metadata"]["labels"]),
            "annotations": kept | size_notes(deployment) | {REVISION: revision},
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {"replicas": size, "selector": selector, "template": template},
    }
    if spec.get("minReadySeconds"):
        obj["spec"]["minReadySeconds"] = spec["minReadySeconds"]
    made = world.create(REPLICA_SETS, obj)
    if size:
        tell(world, deployment, name, 0, size)
    return made


def tell(world: World, deployment: Json, name: str, before: int, after: int) -> None:
    direction = "up" if after > before else "down"
    text = f"Scaled {direction} replica set {name} from {before} to {after}"
    world.events.record(SOURCE, deployment, "ScalingReplicaSet", text)


def size_notes(deployment: Json) -> dict[str, str]:
    return {DESIRED: str(wanted(deployment)), MAXIMUM: str(wanted(deployment) + leeway(deployment)[0])}


def first_size(deployment: Json, old: list[Json]) -> int:
    running = sum(size_of(each) for each in old)
    if deployment["spec"].get("strategy", {}).get("type") == "Recreate":
        return 0 if running or any(each.get("status", {}).get("replicas") for each in old) else wanted(deployment)
    room = wanted(deployment) + leeway(deployment)[0] - running
    return max(0, min(room, wanted(deployment)))


def size_of(replica_set: Json) -> int:
    return int(replica_set["spec"].get("replicas", 0))


def resize(world: World, deployment: Json, replica_set: Json, size: int) -> bool:
    """Sets the size and the notes about the Deployment's size; True when the size changed."""
    before, notes = size_of(replica_set), size_notes(deployment)
    current = replica_set["metadata"].get("annotations") or {}
    if before == size and all(current.get(key) == text for key, text in notes.items()):
        return False

    def change(obj: Json) -> None:
        obj["spec"]["replicas"] = size
        annotate(obj, notes)

    world.change(REPLICA_SETS, replica_set, change)
    if before != size:
        tell(world, deployment, replica_set["metadata"]["name"], before, size)
    return before != size


def scale_in_place(world: World, deployment: Json, sets: list[Json]) -> None:
    """While paused only the size follows, on the newest ReplicaSet that has pods."""
    running = sorted((each for each in sets if size_of(each)), key=lambda each: int(revision_of(each)))
    if running and sum(size_of(each) for each in running) != wanted(deployment):
        others = sum(size_of(each) for each in running[:-1])
        resize(world, deployment, running[-1], max(0, wanted(deployment) - others))


def roll(world: World, deployment: Json, new: Json, old: list[Json]) -> None:
    """One step towards all pods being of the new ReplicaSet."""
    if deployment["spec"].get("strategy", {}).get("type") == "Recreate":
        recreate(world, deployment, new, old)
    else:
        total = sum(size_of(each) for each in [new, *old])
        if not grow(world, deployment, new, total):
            shrink(world, deployment, new, old)
    if progress.complete(deployment) and not any(size_of(each) for each in old):
        forget(world, deployment, old)


def recreate(world: World, deployment: Json, new: Json, old: list[Json]) -> None:
    active = [each for each in old if size_of(each)]
    if active:
        for each in active:
            resize(world, deployment, each, 0)
        return
    uids = {each["metadata"]["uid"] for each in old}
    pods = world.store.list(PODS, deployment["metadata"]["namespace"])
    if not any((controller_of(pod) or {}).get("uid") in uids for pod in pods):
        resize(world, deployment, new, wanted(deployment))


def grow(world: World, deployment: Json, new: Json, total: int) -> bool:
    size, goal = size_of(new), wanted(deployment)
    if size > goal:
        return resize(world, deployment, new, goal)
    room = goal + leeway(deployment)[0] - total
    return resize(world, deployment, new, min(goal, size + max(0, room)))


def shrink(world: World, deployment: Json, new: Json, old: list[Json]) -> bool:
    """Takes down unhealthy old pods first, then as many healthy ones as may be missing."""
    sets = [new, *old]
    least = wanted(deployment) - leeway(deployment)[1]
    lagging = size_of(new) - available(new)
    spare = sum(size_of(each) for each in sets) - least - lagging
    if spare <= 0 or not any(size_of(each) for each in old):
        return False
    changed = False
    for each in sorted(old, key=lambda item: item["metadata"]["creationTimestamp"]):
        sick = min(spare, size_of(each) - available(each))
        if size_of(each) and sick > 0:
            changed = resize(world, deployment, each, size_of(each) - sick) or changed
            spare -= sick
    if changed:
        return True
    spare = sum(available(each) for each in sets) - least
    for each in sorted(old, key=lambda item: item["metadata"]["creationTimestamp"]):
        down = min(max(0, spare), size_of(each))
        if down:
            changed = resize(world, deployment, each, size_of(each) - down) or changed
            spare -= down
    return changed


def available(replica_set: Json) -> int:
    return int(replica_set.get("status", {}).get("availableReplicas", 0))


def forget(world: World, deployment: Json, old: list[Json]) -> None:
    """Removes the oldest empty ReplicaSets beyond revisionHistoryLimit."""
    empty = [each for each in old if not size_of(each) and not each.get("status", {}).get("replicas")]
    extra = len(empty) - int(deployment["spec"].get("revisionHistoryLimit", 10))
    for each in sorted(empty, key=lambda item: int(revision_of(item)))[: max(0, extra)]:
        world.remove(REPLICA_SETS, each)
