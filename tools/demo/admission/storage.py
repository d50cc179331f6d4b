"""Default classes of claims and Ingresses, and whether a claim may grow."""

from typing import Any

from tools.demo import quantity
from tools.demo.errors import Forbidden
from tools.demo.store import Resource, Store

Json = dict[str, Any]

CLAIMS = Resource("", "persistentvolumeclaims")
VOLUMES = Resource("", "persistentvolumes")
INGRESSES = Resource("networking.k8s.io", "ingresses")
STORAGE_CLASSES = Resource("storage.k8s.io", "storageclasses")
INGRESS_CLASSES = Resource("networking.k8s.io", "ingressclasses")
PROTECTION = {CLAIMS: "kubernetes.io/pvc-protection", VOLUMES: "kubernetes.io/pv-protection"}
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
NO_GROWTH = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


def protect(kind: Resource, obj: Json) -> None:
    """A claim or volume in use outlives its deletion: its controller takes the finalizer off in time."""
    if kind in PROTECTION:
        meta = obj["metadata"]
        meta["finalizers"] = list(dict.fromkeys([*(meta.get("finalizers") or []), PROTECTION[kind]]))


def choose_class(store: Store, kind: Resource, obj: Json) -> None:
    """Gives a claim or an Ingress that names no class the default one."""
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    if kind == CLAIMS and spec.get("storageClassName") is None:
        annotations = (obj.get("metadata") or {}).get("annotations") or {}
        chosen = _default(store, STORAGE_CLASSES, "storageclass.kubernetes.io/is-default-class")
        if chosen and BETA_CLASS not in annotations:
            spec["storageClassName"] = chosen
    elif kind == INGRESSES and spec.get("ingressClassName") is None:
        chosen = _default(store, INGRESS_CLASSES, "ingressclass.kubernetes.io/is-default-class")
        if chosen:
            spec["ingressClassName"] = chosen


def _default(store: Store, classes: Resource, annotation: str) -> str:
    """The newest class marked as default."""
    marked = [
        each for each in store.list(classes) if (each["metadata"].get("annotations") or {}).get(annotation) == "true"
    ]
    newest = max(marked, key=lambda each: str(each["metadata"].get("creationTimestamp", "")), default=None)
    return str(newest["metadata"]["name"]) if newest else ""


def check_growth(store: Store, kind: Resource, obj: Json, old: Json) -> None:
    """Forbidden when a bound claim asks for more than its class can grow to."""
    if kind != CLAIMS:
        return
    new, before = (_requested(each) for each in (obj, old))
    if new is None or before is None or new <= before or (old.get("status") or {}).get("phase") != "Bound":
        return
    chosen = store.get(STORAGE_CLASSES, "", (old.get("spec") or {}).get("storageClassName") or "")
    if not (chosen or {}).get("allowVolumeExpansion"):
        raise Forbidden(kind.group, kind.plural, obj["metadata"]["name"], NO_GROWTH)


def _requested(claim: Json) -> Any:
    text = (((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage")
    return None if text is None else quantity.parse(text)
