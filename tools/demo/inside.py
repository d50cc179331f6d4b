"""The API server's own way to take in and delete objects, for the parts of the cluster that work inside it."""

from tools.demo.defaults import apply_defaults
from tools.demo.deletion import delete
from tools.demo.errors import NotFound
from tools.demo.kinds import Kinds
from tools.demo.managed_fields import track
from tools.demo.options import DeleteOptions
from tools.demo.prepare import prepare_create
from tools.demo.store import Json, Resource, Store


class Inside:
    """Bound to one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.kinds = Kinds(store)

    def create(self, resource: Resource, obj: Json, manager: str) -> Json:
        """Defaults, then the store; ApiError when it is refused."""
        kind = self.kinds.of(resource)
        if kind is None:
            raise NotFound(resource.group, resource.plural, obj["metadata"]["name"])
        obj["metadata"]["uid"] = self._store.new_uid()
        apply_defaults(resource.group, resource.plural, obj)
        owners = track(None, obj, manager=manager, now=self._store.clock.text())
        if owners:
            obj["metadata"]["managedFields"] = owners
        prepare_create(self._store, kind, obj)
        return self._store.create(resource, obj)

    def delete(self, resource: Resource, namespace: str, name: str, policy: str | None) -> None:
        """As a client's DELETE; what is already gone is no error."""
        options = DeleteOptions(propagation=policy or "", grace=None)
        try:
            delete(self._store, resource, namespace, name, options)
        except NotFound:
            return
