"""What each reading tool is asked of the real API server, what its answer must say, and what it must be refused."""

from tests.apiserver.stage_moves import KEEPS_CUSTOM, managed_by_argo, released, rolled_out
from tests.apiserver.tool_case import Case

WORKS: dict[str, list[Case]] = {}
FAILS: dict[str, list[Case]] = {}

WORKS["k8s_list"] = [
    Case({"kind": "pods", "namespace": "{ns}"}, ("crash", "CrashLoopBackOff", "typo", "ImagePullBackOff", "Pending")),
    Case({"kind": "deploy", "namespace": "{ns}"}, ("web", "2/2")),
    Case({"kind": "pods", "namespace": "{ns}", "where": "STATUS!=Running"}, ("typo",), hides=("web-",)),
    Case({"kind": "pods", "namespace": "{ns}", "label_selector": "app=web"}, ("web-",), hides=("crash",)),
    Case({"kind": "pods", "namespace": "{ns}", "summary": True}, ("CrashLoopBackOff",)),
    Case(
        {"kind": "deployments", "namespace": "{ns}", "columns": ["spec.template.spec.containers[*].image"]}, ("nginx",)
    ),
    Case({"kind": "nodes", "sort": "-NAME"}, ("node-1", "node-3", "Ready")),
    Case({"kind": "namespaces"}, ("{ns}", "kube-system")),
    Case({"kind": "secrets", "namespace": "{ns}"}, ("keys", "Opaque")),
    Case({"kind": "pods.metrics.k8s.io", "namespace": "{ns}"}, ("web-",)),
    Case({"kind": "pods", "namespace": "{ns}"}, ("web-",), user="viewer"),
]
FAILS["k8s_list"] = [
    Case({"kind": "gizmos"}, ("gizmos",)),
    Case({"kind": "pods", "namespace": "no-such-namespace"}, ("no-such-namespace",)),
    Case({"kind": "pods", "namespace": "{ns}", "label_selector": "a in b"}, ("refuses",)),
    Case({"kind": "secrets", "namespace": "{ns}"}, ("secrets", "viewer"), user="viewer"),
]

WORKS["k8s_get"] = [
    Case({"kind": "deployment", "name": "web", "namespace": "{ns}"}, ("replicas: 2", "image: nginx")),
    Case({"kind": "configmap", "name": "settings", "namespace": "{ns}"}, ("mode: fast",)),
    Case({"kind": "secret", "name": "keys", "namespace": "{ns}"}, ("token",)),
    Case({"kind": "secret", "name": "keys", "namespace": "{ns}", "view": "full"}, ("token",)),
    Case({"kind": "deploy", "name": "web", "namespace": "{ns}", "path": "spec.replicas"}, ("2",)),
    Case({"kind": "pods", "name": ["crash", "typo"], "namespace": "{ns}"}, ("crash", "typo")),
    Case({"kind": "node", "name": "node-1"}, ("node-1",)),
    Case({"kind": "pod", "name": "giant", "namespace": "{ns}"}, ("giant",)),
]
FAILS["k8s_get"] = [
    Case({"kind": "deployment", "name": "wep", "namespace": "{ns}"}, ("wep", "web")),
    Case({"kind": "gizmo", "name": "x"}, ("gizmo",)),
    Case({"kind": "pod", "name": "no-such-pod"}, ("no-such-pod",)),
    Case({"kind": "secret", "name": "keys", "namespace": "{ns}"}, ("secrets",), user="viewer"),
]

WORKS["k8s_describe"] = [
    Case({"kind": "pod", "name": "crash", "namespace": "{ns}"}, ("CrashLoopBackOff", "BackOff")),
    Case({"kind": "pod", "name": "giant", "namespace": "{ns}"}, ("Insufficient cpu",)),
    Case({"kind": "pod", "name": "typo", "namespace": "{ns}"}, ("registry.invalid/web:9",)),
    Case({"kind": "deployment", "name": "web", "namespace": "{ns}"}, ("web", "2")),
    Case({"kind": "service", "name": "web", "namespace": "{ns}"}, ("web", "80")),
    Case({"kind": "node", "name": "node-1"}, ("node-1", "Ready")),
    Case({"kind": "job", "name": "once", "namespace": "{ns}"}, ("once",)),
    Case({"kind": "secret", "name": "keys", "namespace": "{ns}"}, ("keys", "token")),
    Case({"kind": "namespace", "name": "{ns}"}, ("{ns}",)),
]
FAILS["k8s_describe"] = [
    Case({"kind": "pod", "name": "krash", "namespace": "{ns}"}, ("krash", "crash")),
    Case({"kind": "gizmo", "name": "x"}, ("gizmo",)),
    Case({"kind": "node", "name": "node-1"}, ("nodes", "editor"), user="editor"),
]

WORKS["k8s_diagnose"] = [
    Case(
        {"namespace": "{ns}"},
        ("Pod crash in {ns} keeps crashing", "Pod typo in {ns} cannot fetch its image", "too much CPU"),
        hides=("Deployment web",),
    ),
    Case({"kind": "deployment", "name": "web", "namespace": "{ns}"}, ("around Deployment web", "0 findings")),
    Case({"kind": "pod", "name": "giant", "namespace": "{ns}"}, ("640 CPU cores", "node-1: ")),
    Case({"kind": "service", "name": "web", "namespace": "{ns}"}, ("0 findings",)),
    Case({"kind": "node", "name": "node-1"}, ("around Node node-1",)),
    Case({"kind": "job", "name": "once", "namespace": "{ns}"}, ("0 findings",)),
    Case({}, ("in the cluster", "Pod typo in {ns}")),
    Case({"namespace": "{ns}"}, ("Pod crash in {ns}", "secrets (403)"), user="viewer"),
    Case({"namespace": "{ns}"}, ("Pod crash in {ns}", "nodes (403)"), user="editor"),
]
FAILS["k8s_diagnose"] = [
    Case({"kind": "deployment", "name": "wep", "namespace": "{ns}"}, ("wep", "web")),
    Case({"kind": "gizmo", "name": "x"}, ("gizmo",)),
    Case({"kind": "secret", "name": "keys", "namespace": "{ns}"}, ("no rules for the kind Secret",)),
    Case({"kind": "pod"}, ("together",)),
    Case({"namespace": "no-such-namespace"}, ("no-such-namespace",)),
]

WORKS["k8s_discover"] = [
    Case({}, ("Deployment", "Pod")),
    Case({"query": "metrics"}, ("metrics.k8s.io",)),
    Case({"query": "deploy"}, ("apps/v1",)),
    Case(
        {"query": "deploy", "fields": "spec"}, ("Deployment.spec (apps/v1)", "replicas", "integer", "PodTemplateSpec")
    ),
    Case(
        {"query": "pod", "fields": "spec.containers[*].ports"}, ("[]ContainerPort", "containerPort", "Number of port")
    ),
]
FAILS["k8s_discover"] = [
    Case({"query": "deploy", "fields": "spec.replicaz"}, ('no field "replicaz"', "replicas")),
    Case({"query": "gizmo", "fields": "spec"}, ("gizmo",)),
]

WORKS["k8s_events"] = [
    Case({"namespace": "{ns}"}, ("FailedScheduling", "BackOff")),
    Case({"namespace": "{ns}", "object": "pod/typo", "types": "warning"}, ("typo", "Failed"), hides=("crash",)),
    Case({"namespace": "{ns}", "object": "giant", "since": "1h"}, ("Insufficient cpu",)),
]
FAILS["k8s_events"] = [
    Case({"namespace": "no-such-namespace"}, ("no-such-namespace",)),
    Case({"namespace": "{ns}", "since": "yesterday"}, ("yesterday",)),
    Case({"namespace": "default"}, ("events", "editor"), user="editor"),
]

WORKS["k8s_logs"] = [
    Case({"target": "deployment/web", "namespace": "{ns}"}, ("one", "two", "three")),
    Case({"target": "deployment/web", "namespace": "{ns}", "tail": 1}, ("three",), hides=("two",)),
    Case({"target": "web", "namespace": "{ns}", "match": "two|three"}, ("two", "three"), hides=("one\n",)),
    Case({"label_selector": "app=web", "namespace": "{ns}", "container": "app"}, ("three",)),
    Case({"target": "crash", "namespace": "{ns}", "previous": True}, ("exit with code 3",)),
    Case({"target": "job/once", "namespace": "{ns}"}, ("starting busybox",)),
    Case({"target": "service/web", "namespace": "{ns}"}, ("three",)),
]
FAILS["k8s_logs"] = [
    Case({"target": "no-such-pod", "namespace": "{ns}"}, ("no-such-pod",)),
    Case({"target": "crash", "namespace": "{ns}", "container": "side"}, ("side", "app")),
    Case({"target": "typo", "namespace": "{ns}"}, ("has not started",)),
    Case({"target": "job/once", "namespace": "{ns}", "previous": True}, ("no previous log",)),
    Case({"target": "gizmo/x", "namespace": "{ns}"}, ("gizmo",)),
]

WORKS["k8s_top"] = [
    Case({"scope": "nodes"}, ("node-1", "250m")),
    Case({"scope": "containers", "namespace": "{ns}"}, ("CONTAINER", "app", "32Mi")),
    Case({"namespace": "{ns}"}, ("web-",)),
    Case({"namespace": "{ns}", "label_selector": "app=web", "sort": "memory"}, ("web-",), hides=("crash",)),
]
FAILS["k8s_top"] = [
    Case({"namespace": "no-such-namespace"}, ("no-such-namespace",)),
    Case({"scope": "nodes"}, ("nodes", "editor"), user="editor"),
]

WORKS["k8s_rollout_status"] = [Case({"name": "web", "namespace": "{ns}"}, ("web", "2"))]
FAILS["k8s_rollout_status"] = [
    Case({"name": "wep", "namespace": "{ns}"}, ("wep", "web")),
    Case({"name": "web", "kind": "statefulset", "namespace": "{ns}"}, ("web",)),
]

WORKS["k8s_rollout_history"] = [
    Case({"name": "web", "namespace": "{ns}"}, ("1", "nginx")),
    Case(
        {"name": "rolled", "namespace": "{ns}", "revision": 2},
        ("from revision 1 to 2: 1 change", "spec.containers[app].image: nginx:1 → nginx:2"),
        before=rolled_out,
    ),
]
FAILS["k8s_rollout_history"] = [
    Case({"name": "wep", "namespace": "{ns}"}, ("wep", "web")),
    Case({"name": "web", "namespace": "{ns}", "revision": 1}, ("keeps no revision before 1",)),
    Case({"name": "web", "namespace": "{ns}", "revision": 7}, ("keeps no revision 7",)),
]

WORKS["clusters_list"] = [Case({}, ("admin", "viewer", "v1."))]
FAILS["clusters_list"] = []  # it tells of clusters that do not answer, and never fails itself

WORKS["cluster_status"] = [
    Case({}, ("3 of 3 nodes", "CrashLoopBackOff", "ImagePullBackOff")),
    Case({}, ("nodes",), user="viewer"),
]
FAILS["cluster_status"] = []  # what may not be read is told as such: see the tests on clusters that do not answer

WORKS["k8s_can_i"] = [
    Case({"verb": "delete", "kind": "pods", "namespace": "{ns}"}, ("Yes: ",)),
    Case({"verb": "delete", "kind": "pods", "namespace": "{ns}"}, ("No: ", "may not delete pods"), user="viewer"),
    Case({"verb": "get", "kind": "pods/log", "namespace": "{ns}"}, ("Yes: ", "may get pods/log"), user="viewer"),
    Case({"verb": "list", "kind": "nodes"}, ("No: ", "may not list nodes"), user="editor"),
    Case({"namespace": "{ns}"}, ("RESOURCES", "get,list,watch"), user="viewer"),
]
FAILS["k8s_can_i"] = [
    Case({"verb": "get", "kind": "gizmos"}, ("gizmos",)),
    Case({"verb": "get"}, ("Give verb and kind",)),
]

WORKS["k8s_wait"] = [
    Case({"kind": "deploy", "name": "web", "namespace": "{ns}"}, ("done: 2 of 2",)),
    Case({"kind": "job", "name": "once", "namespace": "{ns}", "until": "Complete"}, ("Complete=True",)),
    Case({"kind": "pod", "name": "giant", "namespace": "{ns}", "timeout_seconds": 1}, ("Pending", "Not ready after")),
    Case({"kind": "secret", "name": "keys", "namespace": "{ns}", "until": "exists"}, ("there",)),
    Case({"kind": "pod", "name": "never", "namespace": "{ns}", "until": "deleted"}, ("gone",), user="viewer"),
]
FAILS["k8s_wait"] = [
    Case({"kind": "gizmo", "name": "x"}, ("gizmo",)),
    Case({"kind": "pod", "name": "crash", "namespace": "{ns}", "until": "be happy"}, ("is not a condition",)),
]

WORKS["k8s_relations"] = [
    Case({"kind": "service", "name": "web", "namespace": "{ns}"}, ("2 of 2 endpoints ready", "node/node-")),
    Case({"kind": "deploy", "name": "web", "namespace": "{ns}"}, ("replicaset/web-", "pod/web-"), user="viewer"),
    Case({"kind": "secret", "name": "keys", "namespace": "{ns}"}, ("Secret keys in {ns}",)),
]
FAILS["k8s_relations"] = [
    Case({"kind": "service", "name": "wep", "namespace": "{ns}"}, ("wep", "web")),
    Case({"kind": "secret", "name": "kees", "namespace": "{ns}"}, ("kees", "keys")),
]

WORKS["k8s_images"] = [
    Case({"namespace": "{ns}"}, ("registry.invalid/web:9", "nginx")),
    Case({"namespace": "{ns}", "match": "invalid"}, ("1 image",), hides=("nginx",)),
]
FAILS["k8s_images"] = [
    Case({"namespace": "no-such-namespace"}, ("no-such-namespace",)),
    Case({}, ("pods", "editor"), user="editor"),
]

WORKS["secret_inspect"] = [
    Case({"name": "keys", "namespace": "{ns}"}, ("token", "No value is shown")),
    Case({"namespace": "{ns}"}, ("TLS Secret",)),
]
FAILS["secret_inspect"] = [
    Case({"name": "kees", "namespace": "{ns}"}, ("kees", "keys")),
    Case({"name": "keys", "namespace": "{ns}"}, ("secrets", "viewer"), user="viewer"),
]

WORKS["helm_list"] = [Case({"namespace": "{ns}"}, ("web-1.2.3", "deployed"), before=released)]
FAILS["helm_list"] = [Case({"namespace": "{ns}"}, ("secrets", "viewer"), user="viewer")]

WORKS["helm_get"] = [
    Case({"release": "web", "namespace": "{ns}"}, ("replicas: 2",), before=released),
    Case({"release": "web", "what": "manifest"}, ("name: keys",), before=released),
    Case({"release": "web", "what": "history"}, ("Install complete",), before=released),
]
FAILS["helm_get"] = [Case({"release": "wep", "namespace": "{ns}"}, ("wep", "web"), before=released)]

WORKS["gitops_status"] = [
    Case(
        {"namespace": "{ns}"},
        ("OutOfSync", "Degraded", "deploy.git"),
        before=managed_by_argo,
        since=KEEPS_CUSTOM,
        older="Argo CD",
    ),
]
FAILS["gitops_status"] = [Case({"name": "nothing"}, ("Argo CD",))]

WORKS["k8s_changes"] = [
    Case({"namespace": "{ns}"}, ("Deployment/web", "rollout to revision 1: nginx", "Secret/keys")),
    Case({"object": "deployment/web", "namespace": "{ns}"}, ("Deployment/web", "created"), hides=("Secret/",)),
    Case({"namespace": "{ns}"}, ("Deployment/web", "secrets: The cluster does not allow"), user="viewer"),
]
FAILS["k8s_changes"] = [
    Case({"namespace": "no-such-namespace"}, ("no-such-namespace",)),
    Case({"namespace": "{ns}", "since": "yesterday"}, ("yesterday",)),
]

EVERYWHERE = ["admin", "viewer", "nowhere"]
WORKS["fleet_query"] = [
    Case(
        {"tool": "k8s_list", "arguments": {"kind": "deploy", "namespace": "{ns}"}, "clusters": EVERYWHERE},
        ("k8s_list in 3 clusters, 2 answered.", "== admin\n", "== viewer\n", "2/2", "not judged for cluster"),
    ),
    Case(
        {"tool": "k8s_images", "arguments": {"namespace": "{ns}"}, "clusters": ["viewer", "editor"]},
        ("2 answered", "nginx"),
    ),
    Case(
        {"tool": "k8s_top", "arguments": {"scope": "nodes"}, "clusters": ["admin", "editor"]}, ("node-1", "not allow")
    ),
]
FAILS["fleet_query"] = [
    Case({"tool": "k8s_delete", "clusters": ["admin"]}, ("k8s_delete", "k8s_list")),
    Case({"tool": "k8s_list", "arguments": {"kid": "pods"}, "clusters": ["admin"]}, ("kid", "kind")),
]

WORKS["k8s_compare"] = [
    Case(
        {"kind": "deploy", "name": "web", "namespace": "{ns}", "other": {"cluster": "viewer"}},
        ("no difference in what is wanted", "(admin, viewer)"),
    ),
    Case(
        {"kind": "pod", "name": "crash", "namespace": "{ns}", "other": {"name": "typo"}},
        ("spec.containers[app].image: nginx:1.27 → registry.invalid/web:9",),
    ),
]
FAILS["k8s_compare"] = [
    Case({"kind": "deploy", "name": "web", "namespace": "{ns}", "other": {"name": "wep"}}, ("wep", "web")),
    Case(
        {"kind": "secret", "name": "keys", "namespace": "{ns}", "other": {"cluster": "viewer"}}, ("secrets", "viewer")
    ),
]

WORKS["node_stats"] = [
    Case({"node": "node-1", "limit": 100}, ("250m CPU", "1024Mi memory", "90% of inodes free", "web-"))
]
FAILS["node_stats"] = [
    Case({"node": "node-9"}, ("node-9",)),
    Case({"node": "node-1"}, ("nodes/proxy", "viewer"), user="viewer"),
]
