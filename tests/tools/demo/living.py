"""A demo cluster whose clock stands still, with short words for making, changing and finding things in it."""

from datetime import UTC, datetime
from typing import Any

from tools.demo.cluster import DemoCluster
from tools.demo.controllers import kinds
from tools.demo.controllers.recorder import last_seen
from tools.demo.defaults import apply_defaults
from tools.demo.patch import strategic_merge
from tools.demo.store import Json, Resource

NOW = datetime(2026, 3, 4, 12, 0, 30, tzinfo=UTC)
PLACE = "place"


class Living:
    """Everything happens in one namespace; `wait` lets time pass."""

    def __init__(self, cluster: DemoCluster, namespace: str = PLACE) -> None:
        self.cluster, self.namespace, self.store = cluster, namespace, cluster.store

    @classmethod
    def bare(cls) -> "Living":
        """Three nodes with 4 CPUs and 16 GiB, StorageClass `standard`, one empty namespace."""
        living = cls(DemoCluster.bare(NOW))
        living.create(kinds.NAMESPACES, {"metadata": {"name": PLACE}})
        living.wait(1)
        return living

    def create(self, resource: Resource, obj: Json) -> Json:
        meta = obj["metadata"]
        if resource not in (kinds.NAMESPACES, kinds.NODES, kinds.STORAGE_CLASSES):
            meta.setdefault("namespace", self.namespace)
        kind = self.cluster.world.kinds.of(resource)
        assert kind is not None
        return self.cluster.world.create(resource, {"apiVersion": kind.api_version, "kind": kind.kind, **obj}, "test")

    def patch(self, resource: Resource, name: str, change: Json) -> None:
        """A strategic merge patch."""

        def apply(obj: Json) -> None:
            obj.update(strategic_merge(resource.group, resource.plural, obj, change))
            apply_defaults(resource.group, resource.plural, obj)

        assert self.store.mutate(resource, self.namespace, name, apply, manager="test") is not None

    def delete(self, resource: Resource, name: str, policy: str = "Background") -> None:
        self.cluster.world.delete(resource, self.namespace, name, policy)

    def wait(self, seconds: float = 10) -> None:
        self.cluster.pass_time(seconds)

    def get(self, resource: Resource, name: str) -> Json:
        found = self.find(resource, name)
        assert found is not None, f"{resource.plural} {name} is not there"
        return found

    def find(self, resource: Resource, name: str) -> Json | None:
        cluster_wide = resource in (kinds.NODES, kinds.NAMESPACES, kinds.VOLUMES)
        return self.store.get(resource, "" if cluster_wide else self.namespace, name)

    def all(self, resource: Resource, **labels: str) -> list[Json]:
        found = self.store.list(resource, self.namespace)
        return [each for each in found if labels.items() <= (each["metadata"].get("labels") or {}).items()]

    def pods(self, **labels: str) -> list[Json]:
        return self.all(kinds.PODS, **labels)

    def messages(self, reason: str, name: str = "") -> list[str]:
        """What events with that reason say, of one object or of all, the oldest first."""
        found = [
            each
            for each in self.store.list(kinds.EVENTS, self.namespace)
            if each["reason"] == reason and each["involvedObject"]["name"].startswith(name)
        ]
        return [each["message"] for each in sorted(found, key=lambda each: last_seen(each) or "")]

    def log(self, pod: Json, container: str = "", **options: Any) -> str:
        name = container or pod["spec"]["containers"][0]["name"]
        found = self.cluster.logs.read(pod, name, **options)
        assert isinstance(found, bytes), found
        return found.decode()


def container(image: str = "nginx:1.27", **more: Any) -> Json:
    return {"name": "app", "image": image, **more}


def template(*containers: Json, **spec: Any) -> Json:
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": list(containers) or [container()], **spec}}


def workload(name: str = "web", replicas: int = 2, pod: Json | None = None, **spec: Any) -> Json:
    """The metadata and spec a Deployment, ReplicaSet or StatefulSet has."""
    selector = {"matchLabels": {"app": "web"}}
    body = {"replicas": replicas, "selector": selector, "template": pod or template()}
    return {"metadata": {"name": name, "labels": {"app": "web"}}, "spec": body | spec}


def single(name: str, *containers: Json, **spec: Any) -> Json:
    """A pod of its own."""
    return {"metadata": {"name": name}, "spec": {"containers": list(containers) or [container()], **spec}}


def state(pod: Json) -> Json:
    """The state of the first container."""
    found: Json = pod["status"]["containerStatuses"][0]["state"]
    return found


def waiting_reason(pod: Json) -> str:
    return str(state(pod).get("waiting", {}).get("reason", ""))


def is_ready(pod: Json) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions") or [])


def conditions(obj: Json) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each.get("reason", "")) for each in obj["status"].get("conditions") or []}
