"""What an object's metadata tells of who wrote to it and when: the times and fields of its managers. Pure."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tools.kube.resources import Resource
from tools.kube.sending import FIELD_MANAGER
from tools.kube.shapes import ListMeta
from tools.pods import Object
from tools.rendering import moment

_REVISION = "deployment.kubernetes.io/revision"
_BOOKKEEPING = ("status", f"metadata.annotations.{_REVISION}", "metadata.ownerReferences", "metadata.finalizers")
_MOST_FIELDS = 3
_AT_ONCE = timedelta(seconds=2)  # what is written that soon after the making belongs to it


class _Manager(msgspec.Struct):
    manager: str = ""
    operation: str = ""
    time: str | None = None
    subresource: str = ""
    fieldsV1: dict[str, Any] | None = None


class _Owner(msgspec.Struct):
    kind: str = ""
    name: str = ""


class _Meta(msgspec.Struct):
    name: str = ""
    namespace: str = ""
    creationTimestamp: str | None = None
    deletionTimestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    ownerReferences: list[_Owner] | None = None
    managedFields: list[_Manager] | None = None


class _Container(msgspec.Struct):
    name: str = ""
    image: str | None = None


class _PodSpec(msgspec.Struct):
    containers: list[_Container] | None = None


class _Template(msgspec.Struct):
    spec: _PodSpec | None = None


class _Spec(msgspec.Struct):
    template: _Template | None = None


class Item(msgspec.Struct):
    metadata: _Meta
    spec: _Spec | None = None


class Items(msgspec.Struct):
    """A list as far as it tells who wrote: metadata only, or with the images of pod templates."""

    items: list[Item] | None = None
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)


def changes(resource: Resource, page: Items, begin: datetime) -> list[Object]:
    """[{"at", "namespace", "object", "what", "by"}] since `begin`, in no order."""
    return [change for item in page.items or [] for change in _of(resource, item.metadata, begin)]


def _of(resource: Resource, meta: _Meta, begin: datetime) -> Iterator[Object]:
    thing = f"{resource.kind}/{meta.name}"
    created = moment(meta.creationTimestamp)
    helm = (meta.labels or {}).get("owner") == "helm" and resource.kind in ("Secret", "ConfigMap")
    first = min(meta.managedFields or [], key=lambda entry: entry.time or "~", default=_Manager())
    if created and created >= begin:
        yield _change(meta.creationTimestamp, meta, thing, _helm_words(meta) if helm else "created", first.manager)
    if meta.deletionTimestamp and (going := moment(meta.deletionTimestamp)) and going >= begin:
        yield _change(meta.deletionTimestamp, meta, thing, "asked to be deleted", "")
    for entry in [] if helm else meta.managedFields or []:
        at = moment(entry.time)
        if at is None or at < begin or (created and at - created <= _AT_ONCE) or entry.subresource == "status":
            continue
        fields = [path for path in _leaves(entry.fieldsV1 or {}) if not path.startswith(_BOOKKEEPING)]
        if fields:
            yield _change(entry.time, meta, thing, _field_words(fields, entry), entry.manager)


def _change(at: str | None, meta: _Meta, thing: str, what: str, by: str) -> Object:
    ours = by == FIELD_MANAGER or by.startswith(f"{FIELD_MANAGER}-")
    who = f"this portal ({by})" if ours else by or "-"
    return {"at": at, "namespace": meta.namespace, "object": thing, "what": what, "by": who}


def _helm_words(meta: _Meta) -> str:
    labels = meta.labels or {}
    return f"Helm release {labels.get('name')}, revision {labels.get('version')}: {labels.get('status')}"


def _field_words(fields: list[str], entry: _Manager) -> str:
    verb = "scaled" if entry.subresource == "scale" else "applied" if entry.operation == "Apply" else "changed"
    if len(fields) > _MOST_FIELDS:
        return f"{verb}; its {len(fields)} fields begin with {', '.join(fields[:_MOST_FIELDS])}"
    return f"{verb}: {', '.join(fields)}"


def _leaves(fields: dict[str, Any], path: str = "") -> Iterator[str]:
    """The paths that a manager owns (`FieldsV1`): `spec.template.spec.containers[app].image`."""
    for key, below in fields.items():
        kind, _, name = key.partition(":")
        if kind == "f":
            step = f"{path}.{name}" if path else name
        elif kind == "k":
            step = f"{path}[{_key_words(name)}]"
        else:
            continue
        if isinstance(below, dict) and any(inner[:2] in ("f:", "k:") for inner in below):
            yield from _leaves(below, step)
        else:
            yield step


def _key_words(text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return ",".join(str(value) for value in found.values()) if isinstance(found, dict) else text


def rollouts(owner: str, items: list[Item], begin: datetime) -> Iterator[Object]:
    """Each ReplicaSet of a Deployment as a change: which images came with it."""
    ordered = sorted(items, key=lambda item: item.metadata.creationTimestamp or "")
    for before, item in zip([None, *ordered], ordered, strict=False):
        at = moment(item.metadata.creationTimestamp)
        if at and at >= begin:
            revision = (item.metadata.annotations or {}).get(_REVISION, "?")
            words = f"rollout to revision {revision}: {_image_words(before, item)}"
            yield _change(item.metadata.creationTimestamp, item.metadata, f"Deployment/{owner}", words, "")


def _image_words(before: Item | None, item: Item) -> str:
    old, new = _images(before), _images(item)
    moved = [f"{name} {old[name]} → {image}" for name, image in new.items() if name in old and old[name] != image]
    if moved:
        return ", ".join(moved)
    return "same images" if before else ", ".join(new.values())


def _images(item: Item | None) -> dict[str, str]:
    template = item.spec.template if item and item.spec else None
    spec = template.spec if template else None
    return {each.name: each.image or "" for each in (spec.containers if spec else None) or []}
