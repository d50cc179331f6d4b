"""What every cluster starts with: its namespaces, the built-in roles and priority classes."""

import functools
import json
from typing import Any

from tools.demo.authorization import CLUSTER_BINDINGS, CLUSTER_ROLES, RBAC
from tools.demo.errors import Json
from tools.demo.kinds import DATA
from tools.demo.store import Resource, Store

NAMESPACES = Resource("", "namespaces")
PRIORITY_CLASSES = Resource("scheduling.k8s.io", "priorityclasses")
SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
BOOTSTRAP_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
AUTOUPDATE = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
CRITICAL = (
    ("system-cluster-critical", 2000000000, "must run in the cluster, but can be moved to another node if necessary."),
    ("system-node-critical", 2000001000, "must not be moved from their current node."),
)


@functools.cache
def _roles() -> dict[str, Any]:
    """`roles`: rules by ClusterRole; `bindings`: the groups each is bound to."""
    data: dict[str, Any] = json.loads((DATA / "rbac.json").read_text())
    return data


def bootstrap(store: Store) -> None:
    """Fills an empty store with what a new cluster has before anybody used it."""
    for name in SYSTEM_NAMESPACES:
        store.create(NAMESPACES, _namespace(name))
    for name, rules in _roles()["roles"].items():
        role = {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": _meta(name), "rules": rules}
        store.create(CLUSTER_ROLES, role)
    for name, groups in _roles()["bindings"].items():
        store.create(CLUSTER_BINDINGS, _binding(name, groups))
    for name, value, text in CRITICAL:
        store.create(PRIORITY_CLASSES, _priority_class(name, value, f"Used for system critical pods that {text}"))


def _meta(name: str) -> Json:
    return {"name": name, "labels": dict(BOOTSTRAP_LABELS), "annotations": dict(AUTOUPDATE)}


def _namespace(name: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def _binding(name: str, groups: list[str]) -> Json:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": _meta(name),
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": group} for group in groups],
    }


def _priority_class(name: str, value: int, text: str) -> Json:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": value,
        "description": text,
        "preemptionPolicy": "PreemptLowerPriority",
    }
