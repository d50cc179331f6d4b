"""What the API server refuses in an object, every broken rule as one cause."""

from collections.abc import Callable
from typing import Any

from tools.demo.validation import access, networking, nodes, pods, policies, storage, workloads
from tools.demo.validation.causes import Cause
from tools.demo.validation.metadata import check_metadata, check_metadata_update

Json = dict[str, Any]
Check = Callable[[Json, Json | None], list[Cause]]

__all__ = ["Cause", "validate"]

CHECKS: dict[tuple[str, str], Check] = {
    ("", "pods"): pods.check_pod,
    ("", "nodes"): nodes.check_node,
    ("", "namespaces"): access.check_namespace,
    ("", "configmaps"): access.check_config_map,
    ("", "secrets"): access.check_secret,
    ("", "services"): networking.check_service,
    ("", "persistentvolumeclaims"): storage.check_claim,
    ("", "persistentvolumes"): storage.check_volume,
    ("", "limitranges"): policies.check_limit_range,
    ("", "resourcequotas"): policies.check_quota,
    ("apps", "deployments"): workloads.check_deployment,
    ("apps", "replicasets"): workloads.check_replica_set,
    ("apps", "statefulsets"): workloads.check_stateful_set,
    ("apps", "daemonsets"): workloads.check_daemon_set,
    ("batch", "jobs"): workloads.check_job,
    ("batch", "cronjobs"): workloads.check_cron_job,
    ("networking.k8s.io", "ingresses"): networking.check_ingress,
    ("networking.k8s.io", "networkpolicies"): networking.check_network_policy,
    ("autoscaling", "horizontalpodautoscalers"): policies.check_autoscaler,
    ("policy", "poddisruptionbudgets"): policies.check_budget,
    ("storage.k8s.io", "storageclasses"): storage.check_class,
    ("rbac.authorization.k8s.io", "roles"): access.check_role,
    ("rbac.authorization.k8s.io", "clusterroles"): access.check_role,
    ("rbac.authorization.k8s.io", "rolebindings"): access.check_binding,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): access.check_binding,
}


def validate(group: str, resource: str, obj: Json, old: Json | None) -> list[Cause]:
    """Broken rules of a defaulted object, in the order the server lists them; empty when it may be stored.

    `old` is the stored object of an update. Source: pkg/apis/*/validation of Kubernetes 1.36, as seen in recorded
    answers. A rule about metadata is listed twice on updates, because the server checks it twice.
    """
    meta = obj.get("metadata") or {}
    if old is None:
        found = check_metadata(group, resource, meta)
    else:
        found = 2 * [*check_metadata(group, resource, meta), *check_metadata_update(meta, old.get("metadata") or {})]
    check = CHECKS.get((group, resource))
    return found if check is None else [*found, *check(obj, old)]
