"""Pods from templates, and the hash that names a template."""

import copy
import json
import zlib

from tools.demo.controllers.recorder import LETTERS
from tools.demo.controllers.world import World, owner_reference
from tools.demo.store import Json

HASH_LABEL = "pod-template-hash"


def template_hash(template: Json, collisions: int = 0) -> str:
    """Eight to ten safe characters that depend on the template alone (and on how often they collided)."""
    text = json.dumps(template, sort_keys=True) + str(collisions or "")
    number = 1_000_000_000 + zlib.crc32(text.encode()) % 3_000_000_000
    return "".join(LETTERS[ord(digit) % len(LETTERS)] for digit in str(number))


def without_hash(template: Json) -> Json:
    """The template as the Deployment has it."""
    plain = copy.deepcopy(template)
    labels = plain.get("metadata", {}).get("labels")
    if labels:
        labels.pop(HASH_LABEL, None)
    return plain


def same_template(one: Json, other: Json) -> bool:
    """Equal but for the hash label, without copying."""
    if one["spec"] != other["spec"]:
        return False
    first, second = one.get("metadata") or {}, other.get("metadata") or {}
    return plain_labels(first) == plain_labels(second) and rest(first) == rest(second)


def plain_labels(meta: Json) -> Json:
    return {key: text for key, text in (meta.get("labels") or {}).items() if key != HASH_LABEL}


def rest(meta: Json) -> Json:
    return {key: value for key, value in meta.items() if key not in ("labels", "creationTimestamp") and value}


def pod_from(world: World, owner: Json, template: Json, name: str = "") -> Json:
    """A new pod of `owner`; without `name` it gets a generated one."""
    prefix = owner["metadata"]["name"] + "-"
    meta = copy.deepcopy(template.get("metadata") or {})
    meta.pop("creationTimestamp", None)
    meta |= {
        "name": name or world.random_name(prefix),
        "generateName": prefix,
        "namespace": owner["metadata"]["namespace"],
        "ownerReferences": [owner_reference(owner)],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": copy.deepcopy(template["spec"])}
