"""Creates and updates: defaults, admission, ownership, validation, in the API server's order."""

import copy
from dataclasses import dataclass

from tools.demo.admission import admit
from tools.demo.api_names import checked_name
from tools.demo.custom_schema import causes as schema_causes
from tools.demo.custom_schema import complete
from tools.demo.decoding import tidy
from tools.demo.defaults import apply_defaults
from tools.demo.definitions import default_definition, establish, tidy_owners
from tools.demo.deletion import is_finished
from tools.demo.errors import ApiError, Cause, Conflict, FieldCause, Invalid, Json, NotFound
from tools.demo.kinds import DEFINITIONS, Kind, Kinds
from tools.demo.lifecycle import check_namespace
from tools.demo.managed_fields import track
from tools.demo.options import WriteOptions
from tools.demo.prepare import carry_over, drop_unsettable, prepare_create, prepare_update
from tools.demo.schema import of_object
from tools.demo.store import Resource, Store
from tools.demo.validation import validate

SERVER_SIDE = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")
UNCONDITIONAL = "must be specified for an update"


@dataclass(frozen=True)
class Writer:
    """Writes objects as clients do; controllers use it too, so their objects look as everybody's."""

    store: Store
    kinds: Kinds

    def create(self, resource: Resource, obj: Json, manager: str = "demo-cluster") -> Json:
        """A new object, for callers inside the cluster; the kind is told by the resource. ApiError if refused."""
        kind = self.kinds.of(resource)
        if kind is None:
            raise NotFound(resource.group, resource.plural, obj["metadata"].get("name", ""))
        obj = {"apiVersion": kind.api_version, "kind": kind.kind, **obj}
        return self.add(kind, obj, WriteOptions(manager=manager))

    def add(self, kind: Kind, obj: Json, options: WriteOptions, api_version: str = "") -> Json:
        """Stores a new object, in the stored version; `api_version` is the one the client wrote in."""
        obj = tidy(copy.deepcopy(obj), of_object(obj))
        meta = obj.setdefault("metadata", {})
        if meta.get("resourceVersion"):
            raise ApiError(500, "resourceVersion should not be set on objects to be created", "")
        for key in (
            "uid",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation",
            "selfLink",
        ):
            meta.pop(key, None)
        if kind.namespaced:
            check_namespace(self.store, kind, obj)
        else:
            meta.pop("namespace", None)
        group, plural = kind.resource
        drop_unsettable(kind, obj)
        self._complete(kind, obj)
        owners = (
            meta.pop("managedFields", None) if options.applied else self._owners(None, obj, options, "", api_version)
        )
        admit(self.store, group, plural, obj, None, "CREATE")
        checked_name(self.store, kind, obj)
        meta["uid"] = self.store.new_uid()
        prepare_create(self.store, kind, obj, dry_run=options.dry_run)
        self._validate(kind, obj, None)
        if owners:
            meta["managedFields"] = owners
        stored = self.store.create(kind.resource, obj, options.dry_run)
        if kind.resource == DEFINITIONS and not options.dry_run:
            establish(self.store, meta["name"])
        return stored

    def change(self, kind: Kind, old: Json, new: Json, options: WriteOptions, subresource: str = "") -> Json:
        """Stores a changed object; one whose deletion only waited for this is removed. Conflict when it is stale."""
        new = tidy(copy.deepcopy(new), of_object(new))
        self._check_versions(kind, old, new)
        group, plural = kind.resource
        carry_over(kind, new, old, subresource)
        self._complete(kind, new)
        new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
        self._settle_owners(old, new, options, subresource)
        admit(self.store, group, plural, new, old, "UPDATE")
        if not subresource:
            prepare_update(self.store, kind, new, old, dry_run=options.dry_run)
        self._validate(kind, new, old)
        stored = self.store.replace(kind.resource, new, subresource, options.dry_run)
        if is_finished(stored, kind.resource) and not options.dry_run:
            self.store.remove(kind.resource, stored["metadata"].get("namespace", ""), stored["metadata"]["name"])
        return stored

    def _complete(self, kind: Kind, obj: Json) -> None:
        """Defaults, of the built-in kinds or of the custom one's schema."""
        if kind.definition is not None:
            complete(kind, obj)
        elif kind.resource == DEFINITIONS:
            default_definition(obj)
        apply_defaults(*kind.resource, obj)

    def _owners(
        self, old: Json | None, new: Json, options: WriteOptions, subresource: str, api_version: str = ""
    ) -> list[Json]:
        owners = track(
            old,
            new,
            manager=options.manager,
            operation="Update",
            subresource=subresource,
            api_version=api_version or new["apiVersion"],
            now=self.store.clock.text(),
        )
        if new.get("kind") == "CustomResourceDefinition":
            tidy_owners(owners)
        return owners

    def _settle_owners(self, old: Json, new: Json, options: WriteOptions, subresource: str) -> None:
        meta = new["metadata"]
        owners = meta.get("managedFields") if options.applied else self._owners(old, new, options, subresource)
        meta.pop("managedFields", None)
        if owners:
            meta["managedFields"] = [_timeless(entry) for entry in owners] if subresource == "scale" else owners

    def _check_versions(self, kind: Kind, old: Json, new: Json) -> None:
        meta, before = new["metadata"], old["metadata"]
        name, wanted = before["name"], meta.get("resourceVersion") or ""
        if wanted and not wanted.isdigit():
            raise ApiError(500, f'strconv.ParseUint: parsing "{wanted}": invalid syntax', "")
        if kind.definition is not None and not wanted:
            cause = Cause("FieldValueInvalid", f"Invalid value: 0: {UNCONDITIONAL}", "metadata.resourceVersion")
            raise Invalid(kind.group, kind.plural, name, [cause])
        if wanted and wanted != before["resourceVersion"]:
            raise Conflict(kind.group, kind.plural, name)
        if meta.get("uid") and meta["uid"] != before["uid"]:
            place = f"{before.get('namespace', '')}/{name}".lstrip("/")
            why = (
                f"StorageError: invalid object, Code: 4, Key: /registry/{kind.plural}/{place}, ResourceVersion: 0, "
                f"AdditionalErrorMsg: Precondition failed: UID in precondition: {meta['uid']}, "
                f"UID in object meta: {before['uid']}"
            )
            raise Conflict(kind.group, kind.plural, name, why)

    def _validate(self, kind: Kind, obj: Json, old: Json | None) -> None:
        causes: list[FieldCause] = [*validate(*kind.resource, obj, old), *schema_causes(kind, obj)]
        if causes:
            raise Invalid(kind.group, kind.kind, obj["metadata"].get("name", ""), causes)


def _timeless(entry: Json) -> Json:
    """Ownership taken through the scale subresource carries no time."""
    if entry.get("subresource") != "scale":
        return entry
    return {key: value for key, value in entry.items() if key != "time"}
