"""What the API server fills in when a client leaves it out."""

from collections.abc import Callable
from typing import Any

from tools.demo.defaults import access, batch, networking, policies, storage, workloads
from tools.demo.defaults.pods import default_pod, default_template
from tools.demo.go_form import to_go_form

Json = dict[str, Any]

__all__ = ["apply_defaults", "default_template"]

DEFAULTS: dict[tuple[str, str], Callable[[Json], None]] = {
    ("", "pods"): default_pod,
    ("", "namespaces"): access.default_namespace,
    ("", "secrets"): access.default_secret,
    ("", "services"): networking.default_service,
    ("", "endpoints"): networking.default_endpoints,
    ("", "persistentvolumeclaims"): storage.default_claim,
    ("", "persistentvolumes"): storage.default_volume,
    ("", "limitranges"): policies.default_limit_range,
    ("", "nodes"): access.default_node,
    ("apps", "deployments"): workloads.default_deployment,
    ("apps", "replicasets"): workloads.default_replica_set,
    ("apps", "statefulsets"): workloads.default_stateful_set,
    ("apps", "daemonsets"): workloads.default_daemon_set,
    ("batch", "jobs"): batch.default_job,
    ("batch", "cronjobs"): batch.default_cron_job,
    ("autoscaling", "horizontalpodautoscalers"): policies.default_autoscaler,
    ("networking.k8s.io", "networkpolicies"): networking.default_network_policy,
    ("networking.k8s.io", "ingressclasses"): networking.default_ingress_class,
    ("discovery.k8s.io", "endpointslices"): networking.default_endpoint_slice,
    ("storage.k8s.io", "storageclasses"): storage.default_class,
    ("scheduling.k8s.io", "priorityclasses"): policies.default_priority_class,
    ("rbac.authorization.k8s.io", "rolebindings"): access.default_binding,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): access.default_binding,
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"): policies.default_admission_policy,
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"): policies.default_admission_binding,
}


def apply_defaults(group: str, resource: str, obj: Json) -> None:
    """Completes the object in place and brings it into the form the server answers with.

    Source: the defaulting functions of Kubernetes 1.36 (pkg/apis/*/v1/defaults.go), as seen in recorded answers.
    Expects an object that decodes (see validation.decode_error); custom resources are left alone.
    """
    to_go_form(obj)
    complete = DEFAULTS.get((group, resource))
    if complete is not None:
        complete(obj)
