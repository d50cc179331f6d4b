"""ControllerRevisions: what StatefulSets and DaemonSets remember of their templates."""

import copy

from tools.demo.controllers.kinds import REVISIONS
from tools.demo.controllers.templates import template_hash
from tools.demo.controllers.world import World, owned, owner_reference
from tools.demo.store import Json, Resource

HASH = "controller-revision-hash"


def ensure_revision(world: World, resource: Resource, owner: Json) -> str:
    """The value of the pods' `controller-revision-hash` label for the owner's present template."""
    digest = template_hash(owner["spec"]["template"])
    name = f"{owner['metadata']['name']}-{digest}"
    label = name if resource.plural == "statefulsets" else digest
    known = owned(world, REVISIONS, owner)
    highest = max((each["revision"] for each in known), default=0)
    same = next((each for each in known if each["metadata"]["name"] == name), None)
    if same is None and not owner["metadata"].get("deletionTimestamp"):
        world.create(REVISIONS, revision(owner, name, label, highest + 1))
    elif same is not None and same["revision"] != highest:
        world.change(REVISIONS, same, lambda obj: obj.update(revision=highest + 1))
    return label


def revision(owner: Json, name: str, label: str, number: int) -> Json:
    template = copy.deepcopy(owner["spec"]["template"])
    template["$patch"] = "replace"
    labels = dict(owner["spec"]["selector"].get("matchLabels") or {})
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": name,
            "namespace": owner["metadata"]["namespace"],
            "labels": labels | {HASH: label},
            "ownerReferences": [owner_reference(owner)],
        },
        "data": {"spec": {"template": template}},
        "revision": number,
    }
