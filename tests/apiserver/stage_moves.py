"""What cases do to the stage before a call, and what they look for in the cluster after it."""

import contextlib
import fcntl
import functools
import http.server
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.apiserver.cluster import await_true
from tests.apiserver.manifests import configmap, container, deployment, pod
from tests.apiserver.plain_http import APPLY
from tests.apiserver.tool_stage import SECRET, Stage
from tools.demo.story.releases import secret as kept_by_helm
from tools.kube.sending import FIELD_MANAGER

Json = Any
Move = Callable[[Stage], None]
Check = Callable[[Stage], bool]


def path_of(stage: Stage, plural: str, name: str, api: str = "v1") -> str:
    return f"{stage.all(plural, api)}/{name}"


def fresh(manifest: Json) -> Move:
    """Makes the object anew, whatever an earlier case did to it."""

    def make(stage: Stage) -> None:
        path = stage.one(manifest)
        stage.http.delete(path)
        stage.gone(path)
        stage.create(manifest)

    return make


def marked(*names: str) -> Move:
    """ConfigMaps with the label `set: doomed`."""

    def make(stage: Stage) -> None:
        for name in names:
            manifest = configmap(name)
            fresh({**manifest, "metadata": {**manifest["metadata"], "labels": {"set": "doomed"}}})(stage)

    return make


def without(plural: str, name: str, api: str = "v1") -> Move:
    """Takes the object away if it is there."""

    def take(stage: Stage) -> None:
        stage.http.delete(path_of(stage, plural, name, api))
        stage.gone(path_of(stage, plural, name, api))

    return take


def applied(manifest: Json) -> Move:
    """Has the portal's own field manager apply exactly this."""

    def make(stage: Stage) -> None:
        without("configmaps", manifest["metadata"]["name"])(stage)
        stage.http.patch(f"{stage.one(manifest)}?fieldManager={FIELD_MANAGER}", manifest, content_type=APPLY)

    return make


def closed(node: str, unschedulable: bool) -> Move:
    def make(stage: Stage) -> None:
        stage.http.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": unschedulable or None}})

    return make


def owned_by_another(name: str) -> Move:
    """A ConfigMap whose field another manager applied."""

    def make(stage: Stage) -> None:
        manifest = configmap(name, {"mode": "slow"})
        stage.http.patch(f"{stage.one(manifest)}?fieldManager=another&force=true", manifest, content_type=APPLY)

    return make


def field(plural: str, name: str, api: str, check: Callable[[Json], Json]) -> Check:
    """Whether something holds of the object as it is now."""

    def holds(stage: Stage) -> bool:
        answer = stage.http.get(path_of(stage, plural, name, api))
        return answer.status == 200 and bool(check(answer.json))

    return holds


def absent(plural: str, name: str, api: str = "v1") -> Check:
    return lambda stage: stage.http.get(path_of(stage, plural, name, api)).status == 404


def present(plural: str, name: str, api: str = "v1") -> Check:
    return lambda stage: stage.http.get(path_of(stage, plural, name, api)).status == 200


def replicas(wanted: int, name: str = "scaled") -> Check:
    return field("deployments", name, "apps/v1", lambda found: found["spec"]["replicas"] == wanted)


def mode(wanted: str, name: str) -> Check:
    return field("configmaps", name, "v1", lambda found: found["data"]["mode"] == wanted)


def cordoned(node: str, wanted: bool) -> Check:
    return lambda stage: bool(stage.spec(f"/api/v1/nodes/{node}").get("unschedulable")) is wanted


def rolled_out(stage: Stage) -> None:
    """A Deployment of two revisions that differ in their image."""
    fresh(deployment("rolled", 1, containers=[container("nginx:1")]))(stage)
    path = path_of(stage, "deployments", "rolled", "apps/v1")
    sets = stage.all("replicasets", "apps/v1", labelSelector="app=rolled")
    await_true(lambda: len(stage.http.get(sets).json["items"]) >= 1, 20, "the first revision is there")
    image = {"containers": [{"name": "app", "image": "nginx:2"}]}
    change = {"spec": {"template": {"spec": image}}}
    stage.http.patch(path, change, content_type="application/strategic-merge-patch+json")
    await_true(lambda: _newest(stage.http.get(sets).json["items"]) == "2", 20, "the second revision is there")


def _newest(sets: list[Json]) -> str:
    return max((str(one["metadata"]["annotations"].get(_REVISION, "0")) for one in sets), default="0")


_REVISION = "deployment.kubernetes.io/revision"


def released(stage: Stage) -> None:
    """A Helm release as Helm keeps it, with a Secret in its manifest and in its values."""
    manifest = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: keys}}\nstringData: {{token: {SECRET}}}\n"
    row = {
        "name": "web",
        "namespace": stage.namespace,
        "revision": 1,
        "status": "deployed",
        "chart": "web",
        "version": "1.2.3",
        "app_version": "4.5.6",
        "description": "Install complete",
        "values": {"replicas": 2, "seen": SECRET},
        "manifest": manifest,
    }
    fresh(kept_by_helm(row, "2026-11-22T10:00:00Z"))(stage)


KEEPS_CUSTOM = 22  # minor version; 1.20 ends when it is given an object of a custom kind


def managed_by_argo(stage: Stage) -> None:
    """An application of Argo CD that is not in order, of a kind that is defined for it."""
    if stage.plane.minor < KEEPS_CUSTOM:
        return
    defined = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": schema}
    names = {"plural": "applications", "singular": "application", "kind": "Application"}
    spec = {"group": "argoproj.io", "scope": "Namespaced", "names": names, "versions": [version]}
    meta = {"name": "applications.argoproj.io"}
    stage.http.post(defined, {"kind": "CustomResourceDefinition", "metadata": meta, "spec": spec})
    await_true(lambda: stage.http.get(stage.all("applications", _ARGO)).status == 200, 20, "the kind is served")
    application = {
        "apiVersion": _ARGO,
        "kind": "Application",
        "metadata": {"name": "web"},
        "spec": {"source": {"repoURL": "https://git.example.com/web/deploy.git", "path": "."}},
        "status": {"sync": {"status": "OutOfSync"}, "health": {"status": "Degraded"}},
    }
    fresh(application)(stage)


_ARGO = "argoproj.io/v1alpha1"


class _Echo(http.server.BaseHTTPRequestHandler):
    """Says what it was asked."""

    def do_GET(self) -> None:
        body = f"{self.command} {self.path}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Keeps quiet."""


def _own_address() -> str:
    """An address of this machine that is not loopback, which an API server would not be sent to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                asked = struct.pack("256s", name.encode()[:15])
                found = socket.inet_ntoa(fcntl.ioctl(probe.fileno(), 0x8915, asked)[20:24])  # SIOCGIFADDR
                if not found.startswith("127."):
                    return found
    pytest.skip("This machine has no address but loopback.")


@functools.cache
def _echo() -> tuple[str, int]:
    server = http.server.ThreadingHTTPServer((_own_address(), 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return str(server.server_address[0]), int(server.server_address[1])


def served_outside(stage: Stage) -> None:
    """A Service and a pod behind it whose address a real server has: the pods of the rig listen nowhere. An API server
    hands requests on to addresses of pods only."""
    address, port = _echo()
    meta = {"name": "outside"}
    stage.http.post(stage.all("services"), {"kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 80}]}})
    stage.http.post(stage.all("pods"), pod("outside", schedulerName="nobody"))
    status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
    stage.http.patch(f"{path_of(stage, 'pods', 'outside')}/status", {"status": status})
    target = {"kind": "Pod", "name": "outside", "namespace": stage.namespace}
    subset = {"addresses": [{"ip": address, "targetRef": target}], "ports": [{"port": port}]}
    stage.http.post(stage.all("endpoints"), {"kind": "Endpoints", "metadata": meta, "subsets": [subset]})
