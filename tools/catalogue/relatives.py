"""What an object belongs to, and what belongs to it: owners up, pods and endpoints down."""

from tools import pods
from tools.catalogue.workloads import pods_behind, selector_of
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import KubeError
from tools.kube.resources import Target
from tools.pods import part

_HIGHEST = 5
_WITH_PODS = (
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Service",
    "ReplicationController",
)


async def owners(client: KubeClient, found: Object) -> list[Object]:
    """[{"kind", "name"}] from the nearest controller up."""
    chain: list[Object] = []
    current = found
    while len(chain) < _HIGHEST:
        refs = part(current, "metadata").get("ownerReferences") or []
        owner = next((ref for ref in refs if ref.get("controller")), refs[0] if refs else None)
        if owner is None:
            break
        chain.append({"kind": owner.get("kind"), "name": owner.get("name")})
        try:
            resource = await client.resolve(f"{owner.get('apiVersion')}/{owner.get('kind')}")
            namespace = part(current, "metadata").get("namespace") if resource.namespaced else None
            current = await client.get(Target(resource, namespace, str(owner.get("name"))))
        except KubeError:
            break
    return chain


async def belongings(client: KubeClient, found: Object) -> Object:
    """{"pods": [summaries, "troubled" containers beside], "endpoints": {"ready", "not_ready"}} as far as they make
    sense for the kind."""
    kind = found.get("kind")
    try:
        if kind == "Node":
            return {"pods": await _on_node(client, found)}
        if kind == "Service":
            with_pods = _told(await pods_behind(client, found)) if selector_of(found) else []
            return {"pods": with_pods, "endpoints": await _endpoints(client, found)}
        if kind in _WITH_PODS:
            mine = [pod for pod in await pods_behind(client, found) if _is_of(pod, found)]
            return {"pods": _told(sorted(mine, key=pods.is_well))}
    except KubeError:
        return {}
    return {}


def replicas(found: Object) -> Object | None:
    """{"wanted", "ready", "updated", "available"} of a workload, or None."""
    spec, status = part(found, "spec"), part(found, "status")
    if found.get("kind") == "DaemonSet":
        names = ("desiredNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable")
        wanted, ready, updated, available = (int(status.get(name) or 0) for name in names)
    elif found.get("kind") in ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"):
        wanted = 1 if spec.get("replicas") is None else int(spec["replicas"])
        counted = ("readyReplicas", "updatedReplicas", "availableReplicas")
        ready, updated, available = (int(status.get(name) or 0) for name in counted)
    else:
        return None
    return {"wanted": wanted, "ready": ready, "updated": updated, "available": available}


async def _on_node(client: KubeClient, node: Object) -> list[Object]:
    name = part(node, "metadata").get("name")
    resource = await client.resolve("v1/pods")
    page = await client.list_all(resource, Selection(fields=f"spec.nodeName={name}"), 300)
    return _told(sorted(page.items, key=pods.is_well))


def _told(found: list[Object]) -> list[Object]:
    return [{**pods.summary(pod), "troubled": pods.troubled(pod)} for pod in found]


async def _endpoints(client: KubeClient, service: Object) -> Object:
    """Addresses behind a Service, from the core Endpoints object: every version of Kubernetes has it."""
    meta = part(service, "metadata")
    target = Target(await client.resolve("v1/endpoints"), meta.get("namespace"), str(meta.get("name")))
    try:
        found = await client.get(target)
    except KubeError:
        return {"ready": [], "not_ready": []}
    ready, waiting = [], []
    for subset in found.get("subsets") or []:
        ports = [str(port.get("port")) for port in subset.get("ports") or []] or [""]
        ready += [_address(address, port) for address in subset.get("addresses") or [] for port in ports]
        waiting += [_address(address, port) for address in subset.get("notReadyAddresses") or [] for port in ports]
    return {"ready": ready, "not_ready": waiting}


def _address(address: Object, port: str) -> str:
    pod = part(address, "targetRef").get("name")
    where = f"{address.get('ip')}:{port}" if port else str(address.get("ip"))
    return f"{where} ({pod})" if pod else where


def _is_of(pod: Object, owner: Object) -> bool:
    """A selector may also match strangers; a Deployment's pods belong to its ReplicaSets, named after it."""
    refs = part(pod, "metadata").get("ownerReferences") or []
    uid, name = part(owner, "metadata").get("uid"), str(part(owner, "metadata").get("name"))
    if owner.get("kind") in ("Deployment", "CronJob"):
        return any(str(ref.get("name", "")).startswith(f"{name}-") for ref in refs)
    return any(ref.get("uid") == uid for ref in refs)
