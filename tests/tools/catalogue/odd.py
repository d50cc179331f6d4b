"""A cluster that answers as a test says, the tools asked of it, and a bound on the memory that takes."""

import contextlib
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web

from tests.tools.api import Api
from tools import registry, toolbox
from tools.kube.client import KubeClient
from tools.spec import Result

MEGABYTE = 1 << 20
VERBS = ["get", "list", "watch"]
Answer = Callable[[web.Request], Any]


def _kinds(**named: str) -> dict[str, Any]:
    found = [
        {"name": plural, "kind": kind, "namespaced": kind not in ("Node", "Namespace"), "verbs": VERBS}
        for plural, kind in named.items()
    ]
    return {"resources": found}


CORE = _kinds(
    pods="Pod",
    configmaps="ConfigMap",
    namespaces="Namespace",
    nodes="Node",
    secrets="Secret",
    services="Service",
    events="Event",
    endpoints="Endpoints",
    persistentvolumeclaims="PersistentVolumeClaim",
)
APPS = _kinds(
    deployments="Deployment", replicasets="ReplicaSet", statefulsets="StatefulSet", daemonsets="DaemonSet",
    controllerrevisions="ControllerRevision",
)  # fmt: skip
SERVED = {
    "apps": APPS,
    "batch": _kinds(jobs="Job", cronjobs="CronJob"),
    "metrics.k8s.io": _kinds(pods="PodMetrics", nodes="NodeMetrics"),
    "networking.k8s.io": _kinds(ingresses="Ingress"),
    "argoproj.io": _kinds(applications="Application"),
    "a.b": _kinds(things="Thing"),
}
GROUPS = [{"name": group, "versions": [{"version": "v1"}], "preferredVersion": {"version": "v1"}} for group in SERVED]
DISCOVERY = {
    "/api": {"kind": "APIVersions"},
    "/apis": {"groups": GROUPS},
    "/api/v1": CORE,
    **{f"/apis/{group}/v1": kinds for group, kinds in SERVED.items()},
}
COLUMNS = [{"name": name} for name in ("Name", "Ready", "Status", "Restarts", "Age")]


def cluster(answer: Answer) -> Any:
    """Serves its kinds, and to anything else answers so."""

    async def handler(request: web.Request) -> web.StreamResponse:
        found = DISCOVERY.get(request.path)
        answered = web.json_response(found) if found else answer(request)
        return answered if isinstance(answered, web.StreamResponse) else await answered(request)

    return handler


async def ask(api: Api, wanted: str, /, **arguments: Any) -> Result:
    tool = registry.find(wanted)
    return await tool.run(KubeClient(api.transport(), api.client().permit), toolbox.parse(tool, arguments))


def rows(first: int, many: int, namespace: str = "shop", proceed: str = "") -> dict[str, Any]:
    """A page of a table of pods."""
    found = [
        {
            "cells": [f"web-{n}", "1/1", "Running", 0, "5d"],
            "object": {"metadata": {"name": f"web-{n}", "namespace": namespace, "labels": {"app": "web"}}},
        }
        for n in range(first, first + many)
    ]
    return {"columnDefinitions": COLUMNS, "rows": found, "metadata": {"continue": proceed}}


def pods(first: int, many: int, proceed: str = "") -> dict[str, Any]:
    """The same pods, whole."""
    spec = {"nodeName": "n1", "containers": [{"name": "app", "image": "registry.example.com/shop/web:1.2.3"}]}
    running = {
        "name": "app",
        "ready": True,
        "restartCount": 0,
        "state": {"running": {}},
        "imageID": "sha256:" + "a" * 64,
    }
    status = {"phase": "Running", "containerStatuses": [running]}
    found = [
        {
            "metadata": {"name": f"web-{n}", "namespace": "shop", "labels": {"app": "web"}},
            "spec": spec,
            "status": status,
        }
        for n in range(first, first + many)
    ]
    return {"items": found, "metadata": {"continue": proceed}}


def fifty_thousand(request: web.Request) -> web.Response:
    """Of whatever is listed, page by page as large as was asked for."""
    if request.path.endswith("/log"):
        return web.Response(body=b"2026-11-22T10:00:00Z a line\n")
    first, many = int(request.query.get("continue") or 0), min(int(request.query.get("limit") or 500), 500)
    last = first + many
    page = rows if "as=Table" in request.headers["Accept"] else pods
    return web.json_response(page(first, many, proceed=str(last) if last < 50_000 else ""))


@contextlib.contextmanager
def within(megabytes: int = 60) -> Iterator[None]:
    """Fails when what happens inside ever holds more than that."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < megabytes * MEGABYTE, f"{peak / MEGABYTE:.0f} MiB"
