"""Rules of volumes, claims and storage classes."""

from typing import Any

from tools.demo import quantity
from tools.demo.internal_form import claim_spec, comparison
from tools.demo.validation import names
from tools.demo.validation.causes import IMMUTABLE, Cause, forbidden, invalid, one_of, required

Json = dict[str, Any]

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
CLAIM_CHANGES = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)


def check_claim(claim: Json, old: Json | None) -> list[Cause]:
    spec = claim.get("spec") or {}
    found: list[Cause] = []
    modes = spec.get("accessModes") or []
    if not modes:
        found.append(required("spec.accessModes", "at least 1 access mode is required"))
    for mode in modes:
        found += one_of("spec.accessModes", mode, ACCESS_MODES)
    requests = (spec.get("resources") or {}).get("requests") or {}
    if "storage" not in requests:
        found.append(required("spec.resources[storage]"))
    elif quantity.parse(requests["storage"]) <= 0:
        why = "must be greater than zero"
        found.append(invalid("spec.resources[storage]", str(requests["storage"]), why))
    name = spec.get("storageClassName") or ""
    found += [invalid("spec.storageClassName", name, why) for why in (names.subdomain(name) if name else [])]
    return found if old is None else [*found, *_check_claim_update(spec, old)]


def _check_claim_update(spec: Json, old: Json) -> list[Cause]:
    before = old.get("spec") or {}
    if _frozen(spec, before) != _frozen(before, before):
        kept = {
            "resources": before.get("resources"),
            "volumeAttributesClassName": before.get("volumeAttributesClassName"),
        }
        difference = comparison(claim_spec(before), claim_spec({**spec, **kept}))
        return [forbidden("spec", f"{CLAIM_CHANGES}\n{difference}")]
    new, current = (((each.get("resources") or {}).get("requests") or {}).get("storage") for each in (spec, before))
    capacity = ((old.get("status") or {}).get("capacity") or {}).get("storage")
    if new is None or current is None or quantity.parse(new) >= quantity.parse(current):
        return []
    if capacity is None:
        return [forbidden("spec.resources.requests.storage", "field can not be less than previous value")]
    if quantity.parse(new) < quantity.parse(capacity):
        return [forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")]
    return []


def _frozen(spec: Json, before: Json) -> Json:
    """What stays: everything but the request; a volume and a class may still be filled in."""
    rest = {key: value for key, value in spec.items() if key not in ("resources", "volumeAttributesClassName")}
    for key in ("volumeName", "storageClassName"):
        if not before.get(key):
            rest.pop(key, None)
    return rest


def check_volume(volume: Json, old: Json | None) -> list[Cause]:
    spec = volume.get("spec") or {}
    found: list[Cause] = []
    modes = spec.get("accessModes") or []
    if not modes:
        found.append(required("spec.accessModes"))
    for mode in modes:
        found += one_of("spec.accessModes", mode, ACCESS_MODES)
    if not spec.get("capacity"):
        found.append(required("spec.capacity"))
    policies = ("Delete", "Recycle", "Retain")
    return found + one_of("spec.persistentVolumeReclaimPolicy", spec.get("persistentVolumeReclaimPolicy"), policies)


def check_class(storage_class: Json, old: Json | None) -> list[Cause]:
    found: list[Cause] = []
    if not storage_class.get("provisioner"):
        found.append(required("provisioner"))
    found += one_of("reclaimPolicy", storage_class.get("reclaimPolicy"), ("Delete", "Retain"))
    modes = ("Immediate", "WaitForFirstConsumer")
    found += one_of("volumeBindingMode", storage_class.get("volumeBindingMode"), modes, needed=True)
    if old is not None:
        for key in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"):
            if storage_class.get(key) != old.get(key):
                why = (
                    "updates to parameters are forbidden."
                    if key == "parameters"
                    else f"updates to {key} are forbidden."
                )
                found.append(
                    forbidden(key, why)
                    if key != "volumeBindingMode"
                    else invalid(key, storage_class.get(key), IMMUTABLE)
                )
    return found
