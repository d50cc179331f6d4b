"""The demo cluster's memory: every object, one revision counter, and the recent changes watches live on."""

import asyncio
import random
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from tools.demo.clock import Clock
from tools.demo.errors import AlreadyExists, Conflict, Expired, Json, NotFound
from tools.demo.generation import has_generation, spec_changed

__all__ = ["Change", "Clock", "Json", "Resource", "Store"]

HISTORY = 5000  # changes kept for watches; older resourceVersions are answered 410


class Resource(NamedTuple):
    """What the address calls a kind: `Resource("apps", "deployments")`, `Resource("", "pods")`."""

    group: str
    plural: str


class Change(NamedTuple):
    """One write: `kind` is ADDED, MODIFIED or DELETED; `before` is the object it replaced."""

    revision: int
    kind: str
    resource: Resource
    namespace: str
    name: str
    object: Json
    before: Json | None


FieldTracker = Callable[..., list[Json]]
Objects = list[Json]
Changes = list[Change]


class Store:
    """Objects as plain JSON dicts, for one event loop.

    What `get`, `list` and changes hand out is the store's own: read it, never change it. Writers pass a new dict to
    `create` and `replace`, or change the copy that `mutate` gives them. Objects keep the apiVersion and kind they
    were stored with; cluster-scoped ones have the namespace "".
    """

    def __init__(self, clock: Clock | None = None, seed: int | None = None, track: FieldTracker | None = None) -> None:
        """`track` keeps managedFields for `mutate` (see tools.demo.managed_fields.track)."""
        self.clock = clock or Clock()
        self.random = random.Random(seed)
        self.revision = 100
        self._objects: dict[Resource, dict[tuple[str, str], Json]] = {}
        self._history: deque[Change] = deque()
        self._oldest = self.revision
        self._waiters: set[asyncio.Future[None]] = set()
        self._callbacks: list[Callable[[Change], None]] = []
        self._track = track

    def get(self, resource: Resource, namespace: str, name: str) -> Json | None:
        return self._objects.get(resource, {}).get((namespace, name))

    def list(self, resource: Resource, namespace: str | None = None) -> Objects:
        """All objects, or those of one namespace, ordered by namespace and name."""
        table = self._objects.get(resource, {})
        return [table[key] for key in sorted(table) if namespace is None or key[0] == namespace]

    def resources(self) -> set[Resource]:
        """Every resource that has at least one object."""
        return {resource for resource, table in self._objects.items() if table}

    def create(self, resource: Resource, obj: Json, dry_run: bool = False) -> Json:
        """Stores a copy with resourceVersion, generation and, unless given, uid and creationTimestamp.

        AlreadyExists if the name is taken.
        """
        obj = orjson.loads(orjson.dumps(obj))
        meta = obj.setdefault("metadata", {})
        key = (meta.get("namespace", ""), meta["name"])
        if key in self._objects.get(resource, {}):
            raise AlreadyExists(resource.group, resource.plural, key[1])
        meta["uid"] = meta.get("uid") or self.new_uid()
        meta["creationTimestamp"] = meta.get("creationTimestamp") or self.clock.text()
        if has_generation(resource.group, resource.plural):
            meta["generation"] = 1
        return obj if dry_run else self._write("ADDED", resource, obj, None)

    def replace(self, resource: Resource, obj: Json, subresource: str = "", dry_run: bool = False) -> Json:
        """Stores a copy in place of the old object; NotFound, or Conflict when it carries another resourceVersion.

        A write that changes nothing keeps the resourceVersion and wakes nobody; a changed spec bumps the generation.
        """
        obj = orjson.loads(orjson.dumps(obj))
        meta = obj["metadata"]
        old = self.get(resource, meta.get("namespace", ""), meta["name"])
        if old is None:
            raise NotFound(resource.group, resource.plural, meta["name"])
        before = old["metadata"]
        if meta.get("resourceVersion", "") not in ("", before["resourceVersion"]):
            raise Conflict(resource.group, resource.plural, meta["name"])
        meta.update({key: before[key] for key in ("uid", "creationTimestamp", "resourceVersion")})
        generation = before.get("generation")
        if generation is not None:
            bumped = subresource != "binding" and spec_changed(old, obj, subresource)
            meta["generation"] = max(generation + 1 if bumped else generation, meta.get("generation", 0))
        if obj == old:
            return old
        return obj if dry_run else self._write("MODIFIED", resource, obj, old)

    def mutate(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        change: Callable[[Json], None],
        manager: str = "demo-cluster",
        subresource: str = "",
    ) -> Json | None:
        """Lets `change` alter a copy of the object and stores it; None when the object is not there."""
        old = self.get(resource, namespace, name)
        if old is None:
            return None
        new = orjson.loads(orjson.dumps(old))
        change(new)
        if new == old:
            return old
        if self._track is not None:
            new["metadata"]["managedFields"] = self._track(
                old,
                new,
                manager=manager,
                operation="Update",
                subresource=subresource,
                api_version=new.get("apiVersion", "v1"),
                now=self.clock.text(),
            )
        new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
        return self.replace(resource, new, subresource)

    def remove(self, resource: Resource, namespace: str, name: str, last: Json | None = None) -> Json | None:
        """Takes the object away at once, whatever its finalizers; its last state, or None if it was not there.

        `last` replaces that last state in the DELETED change that watchers see.
        """
        old = self.get(resource, namespace, name)
        if old is None:
            return None
        final = last or old
        return self._write("DELETED", resource, {**final, "metadata": dict(final["metadata"])}, old)

    def events_since(self, revision: int, resource: Resource, namespace: str | None = None) -> Changes:
        """Changes after `revision`, oldest first; Expired when the history does not reach back that far."""
        if revision < self._oldest:
            raise Expired(f"too old resource version: {revision} ({self._oldest})")
        found: Changes = []
        for change in reversed(self._history):
            if change.revision <= revision:
                break
            if change.resource == resource and namespace in (None, change.namespace):
                found.append(change)
        return found[::-1]

    def list_at(self, resource: Resource, namespace: str | None, revision: int) -> Objects:
        """The list as it was at an earlier revision; Expired when the history does not reach back that far."""
        table = {(o["metadata"].get("namespace", ""), o["metadata"]["name"]): o for o in self.list(resource, namespace)}
        for change in reversed(self.events_since(revision, resource, namespace)):
            if change.before is None:
                table.pop((change.namespace, change.name), None)
            else:
                table[change.namespace, change.name] = change.before
        return [table[key] for key in sorted(table)]

    @property
    def oldest(self) -> int:
        """The earliest revision a watch can still start from."""
        return self._oldest

    def compact(self, revision: int | None = None) -> None:
        """Forgets the changes up to `revision` (all of them by default), as etcd's compaction does."""
        limit = self.revision if revision is None else revision
        while self._history and self._history[0].revision <= limit:
            self._history.popleft()
        self._oldest = max(self._oldest, limit)

    async def wait(self, revision: int) -> None:
        """Returns once the store has moved past `revision`."""
        while self.revision <= revision:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)

    @property
    def waiting(self) -> int:
        """How many are waiting for news: one for each open watch."""
        return len(self._waiters)

    def on_change(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Calls back after every write, in order; the returned function ends that."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def new_uid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def next_revision(self) -> int:
        """Uses up one revision without a change, for answers that only need a fresh number."""
        self.revision += 1
        return self.revision

    def _write(self, kind: str, resource: Resource, obj: Json, old: Json | None) -> Json:
        self.revision += 1
        meta: dict[str, Any] = obj["metadata"]
        meta["resourceVersion"] = str(self.revision)
        key = (meta.get("namespace", ""), meta["name"])
        table = self._objects.setdefault(resource, {})
        if kind == "DELETED":
            del table[key]
        else:
            table[key] = obj
        change = Change(self.revision, kind, resource, key[0], key[1], obj, old)
        self._history.append(change)
        if len(self._history) > HISTORY:
            self._oldest = self._history.popleft().revision
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        for callback in tuple(self._callbacks):
            callback(change)
        return obj
