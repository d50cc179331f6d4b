"""Rules of `metadata`: names, labels, annotations, owners, finalizers."""

from collections.abc import Callable
from typing import Any

from tools.demo.validation import names
from tools.demo.validation.causes import IMMUTABLE, Cause, forbidden, invalid, required

Json = dict[str, Any]

ANNOTATION_BYTES = 256 * 1024
STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
# Kinds whose names are not DNS subdomains.
NAME_FORMS: dict[tuple[str, str], Callable[[str], list[str]]] = {
    ("", "namespaces"): names.label,
    ("", "services"): names.label,
    ("rbac.authorization.k8s.io", "roles"): names.path_segment,
    ("rbac.authorization.k8s.io", "clusterroles"): names.path_segment,
    ("rbac.authorization.k8s.io", "rolebindings"): names.path_segment,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): names.path_segment,
}


def check_metadata(group: str, resource: str, meta: Json) -> list[Cause]:
    """A new object's metadata."""
    found: list[Cause] = []
    form = NAME_FORMS.get((group, resource), names.subdomain)
    prefix = meta.get("generateName") or ""
    if prefix:
        found += [invalid("metadata.generateName", prefix, why) for why in form(prefix.rstrip("-") or prefix)]
    name = meta.get("name") or ""
    if not name:
        found.append(required("metadata.name", "name or generateName is required"))
    else:
        found += [invalid("metadata.name", name, why) for why in form(name)]
    found += check_labels(meta.get("labels") or {}, "metadata.labels")
    found += check_annotations(meta.get("annotations") or {}, "metadata.annotations")
    found += _check_owners(meta.get("ownerReferences") or [])
    return found + _check_finalizers(meta.get("finalizers") or [])


def check_labels(labels: Json, field: str) -> list[Cause]:
    found: list[Cause] = []
    for key in sorted(labels):
        found += [invalid(field, key, why) for why in names.qualified(key)]
        found += [invalid(field, labels[key], why) for why in names.label_value(labels[key] or "")]
    return found


def check_annotations(annotations: Json, field: str) -> list[Cause]:
    found = [invalid(field, key, why) for key in sorted(annotations) for why in names.qualified(key.lower())]
    size = sum(len(key.encode()) + len(str(value).encode()) for key, value in annotations.items())
    if size > ANNOTATION_BYTES:
        why = f"Too long: may not be more than {ANNOTATION_BYTES} bytes"
        found.append(Cause("FieldValueTooLong", why, field))
    return found


def _check_owners(owners: list[Json]) -> list[Cause]:
    found: list[Cause] = []
    for owner in owners:
        field = "metadata.ownerReferences"
        if not owner.get("apiVersion"):
            found.append(invalid(f"{field}.apiVersion", owner.get("apiVersion") or "", "version must not be empty"))
        for key in ("kind", "name", "uid"):
            if not owner.get(key):
                found.append(invalid(f"{field}.{key}", owner.get(key) or "", "must not be empty"))
    controllers = [owner for owner in owners if owner.get("controller")]
    if len(controllers) > 1:
        first, second = (f"{each.get('kind')}/{each.get('name')}" for each in controllers[:2])
        why = f'Only one reference can have Controller set to true. Found "true" in references for {first} and {second}'
        found.append(invalid("metadata.ownerReferences", owners, why))
    return found


def _check_finalizers(finalizers: list[str]) -> list[Cause]:
    found: list[Cause] = []
    for index, finalizer in enumerate(finalizers):
        field = f"metadata.finalizers[{index}]"
        found += [invalid(field, finalizer, why) for why in names.qualified(finalizer)]
        if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            found.append(invalid(field, finalizer, why))
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        why = "finalizer orphan and foregroundDeletion cannot be both set"
        found.append(invalid("metadata.finalizers", finalizers, why))
    return found


def check_metadata_update(meta: Json, before: Json) -> list[Cause]:
    """What may not change between two states of an object."""
    found: list[Cause] = []
    if before.get("deletionTimestamp"):
        new = [each for each in meta.get("finalizers") or [] if each not in (before.get("finalizers") or [])]
        if new:
            listed = ", ".join(f'"{each}"' for each in sorted(new))
            why = "no new finalizers can be added if the object is being deleted, found new finalizers "
            found.append(forbidden("metadata.finalizers", f"{why}[]string{{{listed}}}"))
    for key in ("name", "namespace", "uid", "creationTimestamp"):
        if before.get(key) and meta.get(key) not in (None, "", before[key]):
            found.append(invalid(f"metadata.{key}", meta[key], IMMUTABLE))
    return found
