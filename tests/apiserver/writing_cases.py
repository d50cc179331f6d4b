"""What each changing tool is told to do on the real API server, how the cluster is then, and what is refused."""

from tests.apiserver.manifests import configmap, deployment
from tests.apiserver.stage_moves import (
    Check,
    absent,
    applied,
    closed,
    cordoned,
    field,
    fresh,
    marked,
    mode,
    owned_by_another,
    present,
    replicas,
    without,
)
from tests.apiserver.tool_case import Case
from tests.apiserver.tool_stage import Stage

WORKS: dict[str, list[Case]] = {}
FAILS: dict[str, list[Case]] = {}

ONE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: applied, namespace: "{ns}"}
data: {mode: fast}
"""
TWO = """
apiVersion: v1
kind: ConfigMap
metadata: {name: first}
data: {mode: fast}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: second}
spec:
  replicas: 1
  selector: {matchLabels: {app: second}}
  template:
    metadata: {labels: {app: second}}
    spec: {containers: [{name: app, image: "nginx:1.27"}]}
"""
HALF = """
apiVersion: v1
kind: ConfigMap
metadata: {name: good-half}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: bad-half}
spec:
  selector: {matchLabels: {app: x}}
  template: {metadata: {labels: {app: y}}, spec: {containers: [{name: c, image: i}]}}
"""
SERVER_FILLS = """
apiVersion: batch/v1
kind: Job
metadata: {name: numbered}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: app, image: "busybox:1.36"}]}
---
apiVersion: v1
kind: Service
metadata: {name: addressed}
spec:
  selector: {app: web}
  ports: [{port: 80, protocol: TCP}]
"""
SHARED = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {mode: fast}\n"

WORKS["k8s_apply"] = [
    Case({"manifest": ONE}, ("created",), before=without("configmaps", "applied"), after=mode("fast", "applied")),
    Case(
        {"manifest": ONE.replace("fast", "slow")},
        ("changed", "fast", "slow"),
        before=applied(configmap("applied", {"mode": "fast"})),
        after=mode("slow", "applied"),
    ),
    Case({"manifest": ONE}, ("unchanged",), before=applied(configmap("applied", {"mode": "fast"}))),
    Case({"manifest": TWO, "namespace": "{ns}"}, ("2 created",), after=present("deployments", "second", "apps/v1")),
    Case({"manifest": SERVER_FILLS, "namespace": "{ns}"}, ("2 created",), after=present("services", "addressed")),
    Case(
        {"manifest": ONE.replace("applied", "tried"), "dry_run": True},
        ("nothing is stored",),
        after=absent("configmaps", "tried"),
    ),
    Case(
        {"manifest": SHARED, "namespace": "{ns}", "force": True},
        before=owned_by_another("shared"),
        after=mode("fast", "shared"),
    ),
]
FAILS["k8s_apply"] = [
    Case({"manifest": "a: [1", "namespace": "{ns}"}, ("line",)),
    Case({"manifest": "apiVersion: v1\nkind: Gizmo\nmetadata: {name: x}", "namespace": "{ns}"}, ("Gizmo",)),
    Case(
        {"manifest": SHARED, "namespace": "{ns}"},
        ("another",),
        before=owned_by_another("shared"),
        after=mode("slow", "shared"),
    ),
    Case(
        {"manifest": HALF, "namespace": "{ns}"},
        ("1 created", "1 failed", "bad-half"),
        after=present("configmaps", "good-half"),
    ),
    Case({"manifest": ONE.replace("applied", "denied")}, ("viewer",), "viewer", after=absent("configmaps", "denied")),
    Case({"manifest": SHARED, "namespace": "no-such-namespace"}, ("no-such-namespace",)),
]

WORKS["k8s_patch"] = [
    Case(
        {"kind": "deploy", "name": "patched", "namespace": "{ns}", "patch": {"spec": {"replicas": 0}}},
        ("replicas",),
        before=fresh(deployment("patched", 1)),
        after=replicas(0, "patched"),
    ),
    Case(
        {
            "kind": "deployment",
            "name": "patched",
            "namespace": "{ns}",
            "patch": {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "nginx:1.28"}]}}}},
        },
        ("nginx:1.27", "nginx:1.28"),
        before=fresh(deployment("patched", 0)),
    ),
    Case(
        {
            "kind": "deployment",
            "name": "patched",
            "namespace": "{ns}",
            "patch": [{"op": "replace", "path": "/spec/replicas", "value": 2}],
        },
        ("2",),
        before=fresh(deployment("patched", 0)),
        after=replicas(2, "patched"),
    ),
    Case(
        {"kind": "cm", "name": "settings", "namespace": "{ns}", "patch": {"data": {"more": "yes"}}, "type": "merge"},
        ("more",),
        after=field("configmaps", "settings", "v1", lambda found: found["data"] == {"mode": "fast", "more": "yes"}),
    ),
]
FAILS["k8s_patch"] = [
    Case({"kind": "deploy", "name": "ghost", "namespace": "{ns}", "patch": {"spec": {"replicas": 1}}}, ("ghost",)),
    Case({"kind": "deploy", "name": "web", "patch": {"spec": {"replicas": 1}}}, ("namespace",)),
    Case({"kind": "gizmo", "name": "x", "namespace": "{ns}", "patch": {"a": 1}}, ("gizmo",)),
    Case(
        {"kind": "deploy", "name": "web", "namespace": "{ns}", "patch": {"spec": {"replicas": -1}}},
        ("replicas",),
        after=replicas(2, "web"),
    ),
    Case(
        {"kind": "deploy", "name": "web", "namespace": "{ns}", "patch": {"spec": {"replicas": 5}}},
        ("viewer",),
        "viewer",
        after=replicas(2, "web"),
    ),
]

WORKS["k8s_scale"] = [
    Case(
        {"name": "scaled", "namespace": "{ns}", "replicas": 3},
        ("from 1 to 3",),
        before=fresh(deployment("scaled", 1)),
        after=replicas(3),
    ),
    Case({"name": "scaled", "namespace": "{ns}", "replicas": 0}, ("already",), before=fresh(deployment("scaled", 0))),
    Case(
        {"name": "scaled", "namespace": "{ns}", "replicas": 1},
        ("from 0 to 1",),
        "editor",
        before=fresh(deployment("scaled", 0)),
        after=replicas(1),
    ),
]
FAILS["k8s_scale"] = [
    Case({"name": "ghost", "namespace": "{ns}", "replicas": 1}, ("ghost",)),
    Case({"kind": "service", "name": "web", "namespace": "{ns}", "replicas": 1}, ("service",)),
    Case({"name": "web", "namespace": "{ns}", "replicas": 9}, ("viewer",), "viewer", after=replicas(2, "web")),
]


WORKS["k8s_delete"] = [
    Case(
        {"kind": "configmap", "name": "doomed", "namespace": "{ns}"},
        ("Deleted",),
        before=fresh(configmap("doomed")),
        after=absent("configmaps", "doomed"),
    ),
    Case(
        {"kind": "deployment", "name": "doomed", "namespace": "{ns}", "propagation": "foreground"},
        ("doomed",),
        before=fresh(deployment("doomed")),
        after=absent("deployments", "doomed", "apps/v1"),
    ),
    Case(
        {"kind": "configmap", "label_selector": "set=doomed", "namespace": "{ns}"},
        ("Deleted 2 objects",),
        before=marked("first-doomed", "second-doomed"),
        after=absent("configmaps", "second-doomed"),
    ),
]
FAILS["k8s_delete"] = [
    Case({"kind": "configmap", "name": "ghost", "namespace": "{ns}"}, ("ghost",)),
    Case(
        {"kind": "configmap", "label_selector": "set=doomed", "max_count": 1, "namespace": "{ns}"},
        ("2 configmaps", "max_count"),
        before=marked("first-doomed", "second-doomed"),
        after=present("configmaps", "second-doomed"),
    ),
    Case({"kind": "pod", "label_selector": "!no-such", "namespace": "{ns}", "max_count": 1}, ("max_count",)),
    Case({"kind": "pod", "label_selector": "a in (", "namespace": "{ns}"}, ("refuses",)),
    Case({"kind": "pod", "name": "crash"}, ("namespace",), after=present("pods", "crash")),
    Case(
        {"kind": "pod", "name": "crash", "namespace": "{ns}", "uid": "00000000-0000-0000-0000-000000000000"},
        ("nothing was deleted",),
        after=present("pods", "crash"),
    ),
    Case({"kind": "pod", "name": "crash", "namespace": "{ns}"}, ("viewer",), "viewer", after=present("pods", "crash")),
]


def no_namespace(name: str) -> Check:
    return lambda stage: stage.http.get(f"/api/v1/namespaces/{stage.filled(name)}").status == 404


def remove_namespace(stage: Stage) -> bool:
    """The new namespace is there with its label; it is taken away again."""
    path = f"/api/v1/namespaces/{stage.namespace}-more"
    labels = stage.http.get(path).json["metadata"]["labels"]
    stage.http.delete(path)
    return bool(labels["team"] == "tests")


WORKS["namespace_create"] = [
    Case({"name": "{ns}-more", "labels": {"team": "tests"}}, ("{ns}-more",), after=remove_namespace)
]
FAILS["namespace_create"] = [
    Case({"name": "{ns}"}, ("{ns}",)),
    Case({"name": "No_Good"}, ("No_Good",)),
    Case({"name": "{ns}-denied"}, ("viewer",), "viewer", after=no_namespace("{ns}-denied")),
]

WORKS["node_cordon"] = [
    Case({"node": "node-2"}, ("node-2", "closed"), before=closed("node-2", False), after=cordoned("node-2", True)),
    Case({"node": "node-2"}, ("already",), before=closed("node-2", True)),
]
WORKS["node_uncordon"] = [
    Case({"node": "node-2"}, ("node-2", "open"), before=closed("node-2", True), after=cordoned("node-2", False))
]
FAILS["node_cordon"] = [
    Case({"node": "node-9"}, ("node-9",)),
    Case({"node": "node-3"}, ("editor",), "editor", after=cordoned("node-3", False)),
]
FAILS["node_uncordon"] = [
    Case({"node": "node-9"}, ("node-9",)),
    Case({"node": "node-3"}, ("viewer",), "viewer", after=cordoned("node-3", False)),
]
