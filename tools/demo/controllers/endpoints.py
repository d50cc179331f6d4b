"""Service -> Endpoints and EndpointSlices, from the pods its selector finds."""

from typing import Any

from tools.demo.controllers.kinds import ENDPOINTS, PODS, SERVICES, SLICES
from tools.demo.controllers.matching import service_matches
from tools.demo.controllers.world import World, is_ready, owner_reference, reachability
from tools.demo.store import Change, Json

WATCHES = (SERVICES, PODS, ENDPOINTS, SLICES)
CHANGED = "endpoints.kubernetes.io/last-change-trigger-time"
SERVICE_LABEL = "kubernetes.io/service-name"


def cares(change: Change) -> bool:
    """Of pods only what traffic can notice."""
    return (
        change.resource != PODS
        or change.kind != "MODIFIED"
        or reachability(change.before) != reachability(change.object)
    )


def reconcile(world: World) -> float | None:
    for service in world.store.list(SERVICES):
        if service["spec"].get("selector") and not service["metadata"].get("deletionTimestamp"):
            one(world, service)
    for endpoints in world.store.list(ENDPOINTS):
        labels = endpoints["metadata"].get("labels") or {}
        meta = endpoints["metadata"]
        made_here = "endpoints.kubernetes.io/managed-by" in labels
        if made_here and world.store.get(SERVICES, meta["namespace"], meta["name"]) is None:
            world.store.remove(ENDPOINTS, meta["namespace"], meta["name"])
    return None


def one(world: World, service: Json) -> None:
    selector, namespace = service["spec"]["selector"], service["metadata"]["namespace"]
    pods = [
        pod
        for pod in world.store.list(PODS, namespace)
        if service_matches(selector, pod["metadata"].get("labels")) and addressable(pod)
    ]
    pods.sort(key=lambda pod: [int(part) for part in pod["status"]["podIP"].split(".")])
    write_slice(world, service, pods)
    write_endpoints(world, service, [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")])


def addressable(pod: Json) -> bool:
    status = pod.get("status", {})
    return bool(status.get("podIP")) and status.get("phase") not in ("Succeeded", "Failed")


def ports(service: Json, pods: list[Json]) -> list[Json]:
    """The Service's ports as the pods know them; a named one is looked up in the first pod."""
    found = []
    for port in service["spec"].get("ports") or []:
        number = resolve(port, pods)
        if number is not None:
            found.append({"name": port.get("name", ""), "port": number, "protocol": port.get("protocol", "TCP")})
    return found


def resolve(port: Json, pods: list[Json]) -> int | None:
    target: Any = port.get("targetPort") or port["port"]
    if isinstance(target, int):
        return target
    for pod in pods:
        for container in pod["spec"]["containers"]:
            for each in container.get("ports") or []:
                if each.get("name") == target:
                    return int(each["containerPort"])
    return None


def write_slice(world: World, service: Json, pods: list[Json]) -> None:
    meta = service["metadata"]
    endpoints = [endpoint(pod, bool(service["spec"].get("publishNotReadyAddresses"))) for pod in pods]
    entries = [{key: port[key] for key in ("name", "protocol", "port")} for port in ports(service, pods)]
    existing = next((each for each in world.store.list(SLICES, meta["namespace"]) if belongs(each, service)), None)
    if existing is None:
        world.create(SLICES, new_slice(world, service, endpoints, entries))
    elif existing["endpoints"] != endpoints or (existing.get("ports") or []) != entries:

        def change(obj: Json) -> None:
            obj["endpoints"], obj["ports"] = endpoints, entries
            obj["metadata"].setdefault("annotations", {})[CHANGED] = world.text()

        world.change(SLICES, existing, change)


def belongs(each: Json, service: Json) -> bool:
    labels = each["metadata"].get("labels") or {}
    managed = labels.get("endpointslice.kubernetes.io/managed-by") == "endpointslice-controller.k8s.io"
    return managed and labels.get(SERVICE_LABEL) == service["metadata"]["name"]


def endpoint(pod: Json, anyway: bool) -> Json:
    leaving = bool(pod["metadata"].get("deletionTimestamp"))
    serving = is_ready(pod)
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": (serving or anyway) and not leaving, "serving": serving, "terminating": leaving},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": target(pod),
    }


def target(pod: Json) -> Json:
    meta = pod["metadata"]
    return {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}


def new_slice(world: World, service: Json, endpoints: list[Json], entries: list[Json]) -> Json:
    meta = service["metadata"]
    labels = dict(meta.get("labels") or {}) | {
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        SERVICE_LABEL: meta["name"],
    }
    if service["spec"].get("clusterIP") == "None":
        labels["service.kubernetes.io/headless"] = ""
    prefix = meta["name"] + "-"
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": world.random_name(prefix),
            "generateName": prefix,
            "namespace": meta["namespace"],
            "labels": labels,
            "annotations": {CHANGED: world.text()},
            "ownerReferences": [owner_reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": entries,
    }


def write_endpoints(world: World, service: Json, pods: list[Json]) -> None:
    meta = service["metadata"]
    subsets = subset(service, pods)
    existing = world.store.get(ENDPOINTS, meta["namespace"], meta["name"])
    if existing is None:
        body: Json = {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {
                "name": meta["name"],
                "namespace": meta["namespace"],
                "labels": dict(meta.get("labels") or {})
                | {"endpoints.kubernetes.io/managed-by": "endpoint-controller"},
                "annotations": {CHANGED: world.text()},
            },
        }
        world.create(ENDPOINTS, body | ({"subsets": subsets} if subsets else {}))
    elif existing.get("subsets", []) != subsets:
        world.change(ENDPOINTS, existing, lambda obj: renew(world, obj, subsets))


def renew(world: World, obj: Json, subsets: list[Json]) -> None:
    obj["metadata"].setdefault("annotations", {})[CHANGED] = world.text()
    obj.pop("subsets", None)
    if subsets:
        obj["subsets"] = subsets


def subset(service: Json, pods: list[Json]) -> list[Json]:
    if not pods:
        return []
    anyway = service["spec"].get("publishNotReadyAddresses")
    entries = [{key: value for key, value in port.items() if value} for port in ports(service, pods)]
    result: Json = {}
    for key, wanted in (("addresses", True), ("notReadyAddresses", False)):
        chosen = [pod for pod in pods if bool(is_ready(pod) or anyway) is wanted]
        if chosen:
            result[key] = [
                {"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": target(pod)}
                for pod in chosen
            ]
    return [result | ({"ports": entries} if entries else {})]
