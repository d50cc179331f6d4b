"""What every controller works with: the store, the time, chance, events, and how to write."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tools.demo.clock import parse_time
from tools.demo.controllers.kinds import PODS
from tools.demo.controllers.recorder import LETTERS, Recorder
from tools.demo.kinds import Kinds
from tools.demo.store import Change, Json, Resource, Store

MANAGER = "kube-controller-manager"


@dataclass
class World:
    """`admit` and `delete` are the API server's own way to take in and to delete an object, without its HTTP.

    `hasty` shortens every wait and writes the plain statuses of the recording's node agent; `replaying` is true while
    the past of a story is being played; `memory` is what controllers remember between looks.
    """

    store: Store
    events: Recorder
    admit: Callable[[Resource, Json, str], Json]
    delete: Callable[[Resource, str, str, str | None], None]
    kinds: Kinds
    root_certificate: str = ""
    metrics: bool = True
    hasty: bool = False
    replaying: bool = False
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.store.clock.now()

    def text(self) -> str:
        return self.store.clock.text()

    def age(self, stamp: str | None) -> float:
        """Seconds since an RFC 3339 time; 0 when there is none."""
        return (self.now - parse_time(stamp)).total_seconds() if stamp else 0.0

    def create(self, resource: Resource, obj: Json, manager: str = MANAGER) -> Json:
        """Stores a new object after defaults and admission; ApiError when it is refused."""
        return self.admit(resource, copy.deepcopy(obj), manager)

    def change(
        self, resource: Resource, obj: Json, change: Callable[[Json], None], status: bool = False
    ) -> Json | None:
        """Changes an object as the controller manager does; None when it is gone."""
        meta = obj["metadata"]
        return self.store.mutate(
            resource,
            meta.get("namespace", ""),
            meta["name"],
            change,
            manager=MANAGER,
            subresource="status" if status else "",
        )

    def set_status(self, resource: Resource, obj: Json, status: Json) -> None:
        """Puts `status` in place of the old one, if it differs."""
        if obj.get("status") != status:
            self.change(resource, obj, lambda new: new.__setitem__("status", status), status=True)

    def remove(self, resource: Resource, obj: Json, policy: str | None = "Background") -> None:
        """Deletes as a client would: graceful for pods, respecting finalizers."""
        meta = obj["metadata"]
        self.delete(resource, meta.get("namespace", ""), meta["name"], policy)

    def unless_seen(self, key: str, inputs: Callable[[], Any], look: Callable[[], float | None]) -> float | None:
        """Looks only when `inputs` differ from the last time, or the time that look asked for has come."""
        seen: dict[str, tuple[Any, float | None]] = self.memory.setdefault("seen", {})
        now = self.now.timestamp()
        before, due = seen.get(key, (None, None))
        if before is not None and before == inputs() and (due is None or now < due - 0.001):
            return None if due is None else due - now
        wait = look()
        seen[key] = (inputs(), None if wait is None else now + wait)
        return wait

    def random_name(self, prefix: str) -> str:
        """`prefix` and five characters, as generateName makes it."""
        return prefix + "".join(self.store.random.choices(LETTERS, k=5))


def owner_reference(owner: Json) -> Json:
    """The reference that makes `owner` the controller of a new object."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def take_over(obj: Json, owner: Json) -> None:
    """Makes `owner` the controller of an object that had none."""
    obj["metadata"]["ownerReferences"] = [owner_reference(owner)]


def controller_of(obj: Json) -> Json | None:
    """The owner reference with `controller: true`, if any."""
    return next((each for each in obj["metadata"].get("ownerReferences") or [] if each.get("controller")), None)


def pods_of(kind: str) -> Callable[[Change], bool]:
    """For `cares`: of pods only those a controller of that kind has made; everything else matters."""

    def cares(change: Change) -> bool:
        if change.resource != PODS:
            return True
        return (controller_of(change.object) or {}).get("kind") == kind

    return cares


def owned(world: World, resource: Resource, owner: Json) -> list[Json]:
    """Objects in the owner's namespace that it controls."""
    uid = owner["metadata"]["uid"]
    found = []
    for obj in world.store.list(resource, owner["metadata"]["namespace"]):
        reference = controller_of(obj)
        if reference and reference["uid"] == uid:
            found.append(obj)
    return found


def condition(obj: Json, kind: str) -> Json | None:
    """The condition of that type in `status.conditions`, if it is there."""
    return next((each for each in obj.get("status", {}).get("conditions") or [] if each["type"] == kind), None)


def is_ready(pod: Json) -> bool:
    found = condition(pod, "Ready")
    return bool(found and found["status"] == "True")


def reachability(pod: Json | None) -> tuple[Any, ...]:
    """What decides whether a pod gets traffic: address, readiness, labels, being deleted, having ended."""
    if pod is None:
        return ()
    meta, status = pod["metadata"], pod.get("status", {})
    over = status.get("phase") in ("Succeeded", "Failed")
    return status.get("podIP"), is_ready(pod), meta.get("labels"), bool(meta.get("deletionTimestamp")), over


def is_active(pod: Json) -> bool:
    """Neither finished nor being deleted."""
    return not pod["metadata"].get("deletionTimestamp") and pod.get("status", {}).get("phase") not in (
        "Succeeded",
        "Failed",
    )


def is_available(world: World, pod: Json, min_ready_seconds: int) -> bool:
    """Ready, and for long enough."""
    found = condition(pod, "Ready")
    if not found or found["status"] != "True":
        return False
    return not min_ready_seconds or world.age(found["lastTransitionTime"]) >= min_ready_seconds
