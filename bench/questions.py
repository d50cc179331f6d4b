"""Twenty everyday questions about the demo cluster, and how each party looks them up.

Each way is the shortest sensible one: filters wherever the party has them. `{app}` stands for the name of a pod of that
app, which is told to everybody; only our tools can do without. A fact must stand in the answers, or the way does not
count as an answer.
"""

from dataclasses import dataclass
from typing import Any

Call = tuple[str, dict[str, Any]]
SHOP, PAYMENTS = {"namespace": "shop"}, {"namespace": "payments"}


@dataclass(frozen=True, slots=True)
class Question:
    """ours, peer: tools with their arguments; kubectl: command lines; facts: what the answers must hold."""

    words: str
    facts: tuple[str, ...]
    ours: tuple[Call, ...]
    peer: tuple[Call, ...]
    kubectl: tuple[str, ...]


def _of(version: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, **more}


def _warnings(**place: str) -> Call:
    return "events_list", {"fieldSelector": "type=Warning", **place}


def _about(name: str, **place: str) -> Call:
    return "events_list", {"fieldSelector": f"involvedObject.name={name}", **place}


_UNWELL = {"kind": "pods", "where": "STATUS!=Running,STATUS!=Completed"}
_IMAGES = {"kind": "pods", "columns": ["spec.containers[*].image"], **SHOP}

QUESTIONS: tuple[Question, ...] = (
    Question(
        "How is the cluster?",
        ("node-1", "v1.36.2", "CrashLoopBackOff", "FailedScheduling"),
        (("cluster_status", {}), ("k8s_list", {"kind": "nodes"})),
        (("resources_list", _of("v1", "Node")), ("pods_list", {}), _warnings()),
        ("get nodes,pods -A -o yaml", "get events -A --field-selector type=Warning -o yaml"),
    ),
    Question(
        "Which pods are not well?",
        ("checkout-", "CrashLoopBackOff", "recommendations-", "ImagePullBackOff", "fraud-model-", "Pending"),
        (("k8s_list", _UNWELL),),
        (("pods_list", {}),),
        ("get pods -A -o yaml",),
    ),
    Question(
        "Why does checkout crash?",
        ("PAYMENT_API_URL is not set", "shop/checkout:1.9.0"),
        (
            ("k8s_describe", {"kind": "deployment", "name": "checkout", **SHOP}),
            ("k8s_logs", {"target": "deployment/checkout", "tail": 20, **SHOP}),
        ),
        (
            ("pods_get", {"name": "{checkout}", **SHOP}),
            _about("{checkout}", **SHOP),
            ("pods_log", {"name": "{checkout}", "tail": 20, **SHOP}),
        ),
        ("describe pod {checkout} -n shop", "get pod {checkout} -n shop -o yaml", "logs {checkout} -n shop --tail=20"),
    ),
    Question(
        "Why is the rollout of recommendations stuck?",
        ("recommendations:2.4.1-relase", "ImagePullBackOff"),
        (("k8s_rollout_status", {"kind": "deployment", "name": "recommendations", **SHOP}),),
        (
            ("resources_get", _of("apps/v1", "Deployment", name="recommendations", **SHOP)),
            ("pods_list_in_namespace", {"labelSelector": "app=recommendations", **SHOP}),
        ),
        ("get deployment recommendations -n shop -o yaml", "get pods -l app=recommendations -n shop -o yaml"),
    ),
    Question(
        "Why is fraud-model pending?",
        ("Insufficient cpu", "fraud-model-"),
        (("k8s_describe", {"kind": "pod", "name": "{fraud-model}", **PAYMENTS}),),
        (("pods_get", {"name": "{fraud-model}", **PAYMENTS}), _about("{fraud-model}", **PAYMENTS)),
        ("describe pod {fraud-model} -n payments", "get pod {fraud-model} -n payments -o yaml"),
    ),
    Question(
        "Which images run in shop?",
        ("shop/cart:1.3.1", "shop/checkout:1.9.0", "redis"),
        (("k8s_list", _IMAGES),),
        (
            ("resources_list", _of("apps/v1", "Deployment", **SHOP)),
            ("resources_list", _of("apps/v1", "StatefulSet", **SHOP)),
        ),
        ("get pods -n shop -o yaml",),
    ),
    Question(
        "What are the newest warnings in payments?",
        ("FailedScheduling", "BackoffLimitExceeded"),
        (("k8s_events", {"types": "warning", **PAYMENTS}),),
        (_warnings(**PAYMENTS),),
        ("get events -n payments --field-selector type=Warning -o yaml",),
    ),
    Question(
        "What runs on node-2?",
        ("grafana-", "gateway-", "cart-"),
        (("k8s_list", {"kind": "pods", "field_selector": "spec.nodeName=node-2"}),),
        (("pods_list", {"fieldSelector": "spec.nodeName=node-2"}),),
        ("get pods -A --field-selector spec.nodeName=node-2 -o yaml",),
    ),
    Question(
        "How busy are the nodes?",
        ("node-1", "node-2", "node-3"),
        (("k8s_top", {"scope": "nodes"}),),
        (("nodes_top", {}),),
        ("get nodes.metrics.k8s.io -o yaml",),
    ),
    Question(
        "What do the pods of shop use?",
        ("redis-0", "storefront-", "cart-"),
        (("k8s_top", {"scope": "pods", **SHOP}),),
        (("pods_top", {"all_namespaces": False, **SHOP}),),
        ("get pods.metrics.k8s.io -n shop -o yaml",),
    ),
    Question(
        "How is storefront set up?",
        ("shop/storefront:", "replicas: 3", "app: storefront"),
        (("k8s_get", {"kind": "deployment", "name": "storefront", "view": "spec", **SHOP}),),
        (("resources_get", _of("apps/v1", "Deployment", name="storefront", **SHOP)),),
        ("get deployment storefront -n shop -o yaml",),
    ),
    Question(
        "What is in the configuration of shop?",
        ("CATALOG_URL", "http://catalog.shop.svc:8080", "EUR"),
        (("k8s_get", {"kind": "configmap", "name": "shop-config", **SHOP}),),
        (("resources_get", _of("v1", "ConfigMap", name="shop-config", **SHOP)),),
        ("get configmap shop-config -n shop -o yaml",),
    ),
    Question(
        "Which keys has the secret shop-tls?",
        ("tls.crt", "tls.key"),
        (("k8s_get", {"kind": "secret", "name": "shop-tls", **SHOP}),),
        (("resources_get", _of("v1", "Secret", name="shop-tls", **SHOP)),),
        ("get secret shop-tls -n shop -o yaml",),
    ),
    Question(
        "Where does the ingress of shop lead?",
        ("shop.example.com", "storefront", "/checkout"),
        (("k8s_get", {"kind": "ingress", "name": "shop", "view": "spec", **SHOP}),),
        (("resources_get", _of("networking.k8s.io/v1", "Ingress", name="shop", **SHOP)),),
        ("get ingress shop -n shop -o yaml",),
    ),
    Question(
        "Which volumes are claimed, and how large are they?",
        ("data-postgres-0", "10Gi", "data-prometheus-0", "20Gi", "Bound"),
        (("k8s_list", {"kind": "pvc"}),),
        (("resources_list", _of("v1", "PersistentVolumeClaim")),),
        ("get pvc -A -o yaml",),
    ),
    Question(
        "Why did the settlement fail?",
        ("BackoffLimitExceeded", "certificate expired"),
        (
            ("k8s_describe", {"kind": "job", "name": "settlement", **PAYMENTS}),
            ("k8s_logs", {"target": "job/settlement", "match": "error", **PAYMENTS}),
        ),
        (
            ("resources_get", _of("batch/v1", "Job", name="settlement", **PAYMENTS)),
            ("pods_log", {"name": "{settlement}", **PAYMENTS}),
        ),
        (
            "describe job settlement -n payments",
            "get job settlement -n payments -o yaml",
            "logs {settlement} -n payments",
        ),
    ),
    Question(
        "Which jobs are planned?",
        ("report", "*/30 * * * *", "newsletter", "0 6 * * 1"),
        (("k8s_list", {"kind": "cronjobs"}),),
        (("resources_list", _of("batch/v1", "CronJob")),),
        ("get cronjobs -A -o yaml",),
    ),
    Question(
        "How is storefront scaled?",
        ("storefront", "70"),
        (("k8s_list", {"kind": "hpa", **SHOP}),),
        (("resources_list", _of("autoscaling/v2", "HorizontalPodAutoscaler", **SHOP)),),
        ("get hpa -n shop -o yaml",),
    ),
    Question(
        "What ran before in recommendations?",
        ("recommendations:2.4.1-relase", "recommendations:2.4.0"),
        (("k8s_rollout_history", {"kind": "deployment", "name": "recommendations", **SHOP}),),
        (("resources_list", _of("apps/v1", "ReplicaSet", labelSelector="app=recommendations", **SHOP)),),
        ("get replicasets -l app=recommendations -n shop -o yaml",),
    ),
    Question(
        "What does search say before it dies?",
        ("97 % of the container limit",),
        (("k8s_logs", {"target": "deployment/search", "previous": True, **SHOP}),),
        (("pods_log", {"name": "{search}", "previous": True, **SHOP}),),
        ("logs {search} -n shop --previous",),
    ),
)
