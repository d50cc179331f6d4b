"""One pod's case: the pod, the workload that made it, and what was said about both."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tools.diagnosis.finding import Thing
from tools.diagnosis.world import World, labels_of, name_of, space_of, template_of, thing_of
from tools.pods import Object, containers, part, parts

_HASH = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class Case:
    """owner: what a person would change: the Deployment behind the ReplicaSet behind the pod, or the pod itself."""

    world: World
    pod: Object
    owner: Thing

    @property
    def thing(self) -> Thing:
        return Thing("Pod", name_of(self.pod), space_of(self.pod))

    @property
    def spec(self) -> Object:
        return part(self.pod, "spec")

    @property
    def phase(self) -> str:
        return str(part(self.pod, "status").get("phase") or "")

    def containers(self) -> list[Object]:
        """See tools.pods.containers."""
        return containers(self.pod)

    def declared(self, name: str) -> Object:
        """A container as the pod's spec has it."""
        every = parts(self.spec, "initContainers") + parts(self.spec, "containers")
        return next((container for container in every if container.get("name") == name), {})

    def log(self, container: str) -> Sequence[str]:
        """The last lines of this container, or of the same one in a pod of the same owner."""
        mine = self.world.logs.get((self.thing.namespace, self.thing.name, container))
        return mine or next((lines for key, lines in self.world.logs.items() if self._is_mate(key, container)), ())

    def _is_mate(self, key: tuple[str, str, str], container: str) -> bool:
        pod = self.world.find("pods", key[1], key[0]) if key[2] == container else None
        return pod is not None and responsible(self.world, pod) == self.owner

    def said(self, *reasons: str) -> str:
        return self.world.said(self.thing, *reasons)


def case_of(world: World, pod: Object) -> Case:
    return Case(world, pod, responsible(world, pod))


def responsible(world: World, item: Object) -> Thing:
    """The topmost owner that a person looks after; a CronJob's Job speaks for itself."""
    thing = thing_of(item)
    owner = _controller(item)
    kind, name = str(owner.get("kind") or ""), str(owner.get("name") or "")
    if not name or kind in ("Node", "CronJob"):
        return thing
    if kind != "ReplicaSet":
        return Thing(kind, name, thing.namespace)
    made = world.find("replicasets", name, thing.namespace)
    if made is not None:
        return responsible(world, made)
    hashed = str(labels_of(item).get(_HASH) or "")
    stem = name.removesuffix(f"-{hashed}") if hashed else name
    return Thing("Deployment", stem, thing.namespace) if stem != name else Thing(kind, name, thing.namespace)


def _controller(item: Object) -> Object:
    owners = parts(part(item, "metadata"), "ownerReferences")
    return next((owner for owner in owners if owner.get("controller")), owners[0] if owners else {})


def earlier_images(world: World, owner: Thing) -> list[str]:
    """Images of earlier revisions of a Deployment that are not the current one's, newest first."""
    made = _revisions(world, owner)
    now = _images(made[0]) if made else []
    return [image for each in made[1:] for image in _images(each) if image not in now]


def still_serving(world: World, owner: Thing) -> int:
    """Ready pods of earlier revisions of a Deployment."""
    return sum(int(part(made, "status").get("readyReplicas") or 0) for made in _revisions(world, owner)[1:])


def _revisions(world: World, owner: Thing) -> list[Object]:
    deployment = world.find("deployments", owner.name, owner.namespace) if owner.kind == "Deployment" else None
    return sorted(world.owned("replicasets", deployment), key=_revision, reverse=True) if deployment else []


def _revision(made: Object) -> int:
    said = str(part(part(made, "metadata"), "annotations").get("deployment.kubernetes.io/revision") or "")
    return int(said) if re.fullmatch(r"\d{1,9}", said) else 0


def _images(made: Object) -> list[str]:
    return [str(container.get("image") or "") for container in parts(part(template_of(made), "spec"), "containers")]
