"""Stands in for metrics-server: an aggregated API with steady figures for every node and running pod."""

import base64
import datetime
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.apiserver.agent.client import Client, Mirror

Object = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

GROUP = "metrics.k8s.io"
CPU = "demo/cpu"
PODS, NODE_NAMES = web.AppKey("pods", Mirror), web.AppKey("node_names", tuple)
_VERSION = f"{GROUP}/v1beta1"
_BASE = f"/apis/{_VERSION}"
_SERVICE = {"name": "metrics-server", "namespace": "kube-system"}


async def register(client: Client, port: int, authority: bytes) -> None:
    """Tell the API server where metrics.k8s.io lives and let viewers read it, as metrics-server's manifests do.

    The Service leads to loopback by name, because Endpoints may not hold loopback addresses.
    """
    ports = [{"port": port, "protocol": "TCP"}]
    service = {"metadata": _SERVICE, "spec": {"type": "ExternalName", "externalName": "localhost", "ports": ports}}
    spec = {
        "group": GROUP,
        "version": "v1beta1",
        "service": {**_SERVICE, "port": port},
        "caBundle": base64.b64encode(authority).decode(),
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
    }
    aggregated = "rbac.authorization.k8s.io/aggregate-to-view"
    role = {
        "metadata": {"name": "system:aggregated-metrics-reader", "labels": {aggregated: "true"}},
        "rules": [{"apiGroups": [GROUP], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"]}],
    }
    await client.send("POST", "/api/v1/namespaces/kube-system/services", service)
    await client.send(
        "POST", "/apis/apiregistration.k8s.io/v1/apiservices", {"metadata": {"name": f"v1beta1.{GROUP}"}, "spec": spec}
    )
    await client.send("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", role)


def add_routes(application: web.Application, pods: Mirror, node_names: tuple[str, ...]) -> None:
    """Serve the discovery document and both resources from the agent's own web application."""
    application[PODS], application[NODE_NAMES] = pods, node_names
    router = application.router
    router.add_get(_BASE, _discovery)
    router.add_get("/stats/summary", _summary)
    router.add_get(_BASE + "/nodes", _nodes)
    router.add_get(_BASE + "/nodes/{name}", _node)
    router.add_get(_BASE + "/pods", _pods)
    router.add_get(_BASE + "/namespaces/{namespace}/pods", _pods)
    router.add_get(_BASE + "/namespaces/{namespace}/pods/{name}", _pod)


def node_metrics(name: str) -> Object:
    """Usage of one node, the same at every reading."""
    return _measured("NodeMetrics", {"name": name}) | {"usage": {"cpu": "250m", "memory": "1Gi"}}


def pod_metrics(pod: Object) -> Object:
    """Usage of each container: the annotation `demo/cpu`, else 10m, and 32Mi."""
    meta = pod["metadata"]
    cpu = (meta.get("annotations") or {}).get(CPU, "10m")
    named = {"name": meta["name"], "namespace": meta["namespace"], "labels": meta.get("labels") or {}}
    containers = [{"name": c["name"], "usage": {"cpu": cpu, "memory": "32Mi"}} for c in pod["spec"]["containers"]]
    return _measured("PodMetrics", named) | {"containers": containers}


async def _discovery(_: web.Request) -> web.Response:
    verbs = ["get", "list"]
    resources = [
        {"name": "nodes", "singularName": "", "namespaced": False, "kind": "NodeMetrics", "verbs": verbs},
        {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": verbs},
    ]
    found = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": _VERSION, "resources": resources}
    return web.json_response(found)


@web.middleware
async def plain_json_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a client that takes nothing but tables, as an API without them must."""
    forms = [form for form in request.headers.get("Accept", "*/*").split(",") if "as=" not in form]
    if request.path.startswith(_BASE) and not forms:
        message = "only the following media types are accepted: application/json"
        return _refused(406, "NotAcceptable", message, {})
    return await handler(request)


async def _summary(request: web.Request) -> web.Response:
    """What a kubelet says of its node, with a null where it measures nothing."""
    disk = {
        "availableBytes": 40 << 30,
        "capacityBytes": 60 << 30,
        "usedBytes": 20 << 30,
        "inodes": 100,
        "inodesFree": 90,
    }
    node = {
        "nodeName": "node",
        "cpu": {"usageNanoCores": 250_000_000},
        "memory": {"workingSetBytes": 1 << 30},
        "fs": disk,
    }
    pods = [
        {"podRef": {"name": name, "namespace": where}, "memory": {"workingSetBytes": 32 << 20}, "cpu": None}
        for (where, name), pod in request.app[PODS].objects.items()
        if _runs(pod)
    ]
    return web.json_response({"node": node, "pods": pods})


async def _nodes(request: web.Request) -> web.Response:
    return _list("NodeMetricsList", [node_metrics(name) for name in request.app[NODE_NAMES]])


async def _node(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    return web.json_response(node_metrics(name)) if name in request.app[NODE_NAMES] else _absent("nodes", name)


async def _pods(request: web.Request) -> web.Response:
    namespace = request.match_info.get("namespace")
    pairs = [pair.split("=") for pair in request.query.get("labelSelector", "").split(",") if pair]
    found = []
    for (where, _name), pod in request.app[PODS].objects.items():
        labels = pod["metadata"].get("labels") or {}
        fits = all(labels.get(pair[0]) == pair[-1] for pair in pairs)
        if fits and namespace in (None, where) and _runs(pod):
            found.append(pod_metrics(pod))
    return _list("PodMetricsList", found)


async def _pod(request: web.Request) -> web.Response:
    key = (request.match_info["namespace"], request.match_info["name"])
    pod = request.app[PODS].objects.get(key)
    return web.json_response(pod_metrics(pod)) if pod and _runs(pod) else _absent("pods", key[1])


def _runs(pod: Object) -> bool:
    return bool(pod.get("status", {}).get("phase") == "Running")


def _list(kind: str, items: list[Object]) -> web.Response:
    return web.json_response({"kind": kind, "apiVersion": _VERSION, "metadata": {}, "items": items})


def _absent(resource: str, name: str) -> web.Response:
    details = {"name": name, "group": GROUP, "kind": resource}
    return _refused(404, "NotFound", f'{resource}.{GROUP} "{name}" not found', details)


def _refused(code: int, reason: str, message: str, details: Object) -> web.Response:
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return web.json_response({**status, "reason": reason, "details": details, "code": code}, status=code)


def _measured(kind: str, metadata: Object) -> Object:
    now = datetime.datetime.now(datetime.UTC)
    metadata = {**metadata, "creationTimestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
    return {
        "kind": kind,
        "apiVersion": _VERSION,
        "metadata": metadata,
        "timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "window": "10s",
    }
