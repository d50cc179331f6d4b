"""The API server's own way to take in and delete objects, for the parts of the cluster that work inside it."""

from tools.demo.deletion import delete
from tools.demo.errors import NotFound
from tools.demo.kinds import Kinds
from tools.demo.options import DeleteOptions
from tools.demo.store import Json, Resource, Store
from tools.demo.writing import Writer


class Inside:
    """Bound to one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.kinds = Kinds(store)
        self._writer = Writer(store, self.kinds)

    def create(self, resource: Resource, obj: Json, manager: str) -> Json:
        """As a client's POST: defaults, admission, validation; ApiError when it is refused."""
        return self._writer.create(resource, obj, manager)

    def delete(self, resource: Resource, namespace: str, name: str, policy: str | None) -> None:
        """As a client's DELETE; what is already gone is no error."""
        try:
            delete(self._store, resource, namespace, name, DeleteOptions(propagation=policy or ""))
        except NotFound:
            return
