"""Defaults of volumes, claims and storage classes."""

from typing import Any

from tools.demo.defaults.pods import default_volume_source

Json = dict[str, Any]


def default_claim(claim: Json) -> None:
    claim.setdefault("metadata", {})
    spec = claim.setdefault("spec", {})
    spec.setdefault("resources", {})
    spec.setdefault("volumeMode", "Filesystem")
    status = claim.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"


def default_volume(volume: Json) -> None:
    spec = volume.setdefault("spec", {})
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")
    if isinstance(spec.get("hostPath"), dict):
        default_volume_source(spec)
    status = volume.setdefault("status", {})
    if not status.get("phase"):
        status["phase"] = "Pending"


def default_class(storage_class: Json) -> None:
    storage_class.setdefault("reclaimPolicy", "Delete")
    storage_class.setdefault("volumeBindingMode", "Immediate")
