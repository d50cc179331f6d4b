"""What every namespace gets (an account, the root certificate), and the end of deleted ones."""

from tools.demo.controllers.kinds import CONFIG_MAPS, EVENTS, NAMESPACES, PODS, SERVICE_ACCOUNTS
from tools.demo.controllers.world import World
from tools.demo.store import Change, Json, Resource

WATCHES = None  # any change may have emptied a namespace
ROOT_CERTIFICATE = "kube-root-ca.crt"
DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


def cares(change: Change) -> bool:
    """Namespaces themselves, and whatever left or is to leave one."""
    leaving = change.kind == "DELETED" or change.object["metadata"].get("deletionTimestamp")
    return change.resource == NAMESPACES or bool(leaving)


def reconcile(world: World) -> float | None:
    for namespace in world.store.list(NAMESPACES):
        if namespace["metadata"].get("deletionTimestamp"):
            empty(world, namespace)
        else:
            furnish(world, namespace["metadata"]["name"])
    return None


def furnish(world: World, name: str) -> None:
    if world.store.get(SERVICE_ACCOUNTS, name, "default") is None:
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}
        world.create(SERVICE_ACCOUNTS, account)
    if world.store.get(CONFIG_MAPS, name, ROOT_CERTIFICATE) is None:
        bundle = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": ROOT_CERTIFICATE,
                "namespace": name,
                "annotations": {"kubernetes.io/description": DESCRIPTION},
            },
            "data": {"ca.crt": world.root_certificate},
        }
        world.create(CONFIG_MAPS, bundle)


def empty(world: World, namespace: Json) -> None:
    """Deletes the contents; once nothing is left, the namespace itself."""
    name = namespace["metadata"]["name"]
    for resource in world.store.resources():
        for obj in world.store.list(resource, name):
            if resource == EVENTS:
                world.store.remove(resource, name, obj["metadata"]["name"])
            elif not obj["metadata"].get("deletionTimestamp"):
                remove(world, resource, obj)
    left = [resource for resource in world.store.resources() if world.store.list(resource, name)]
    if left:
        return
    if namespace["spec"].get("finalizers") == ["kubernetes"]:
        world.change(NAMESPACES, namespace, lambda obj: obj["spec"].update(finalizers=[]))
    fresh = world.store.get(NAMESPACES, "", name)
    if fresh and not fresh["spec"].get("finalizers") and not fresh["metadata"].get("finalizers"):
        world.store.remove(NAMESPACES, "", name)


def remove(world: World, resource: Resource, obj: Json) -> None:
    if resource.group == "metrics.k8s.io":
        world.store.remove(resource, obj["metadata"]["namespace"], obj["metadata"]["name"])
    else:
        world.remove(resource, obj, "Background" if resource != PODS else None)
