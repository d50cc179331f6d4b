"""Which printer makes the cells of which kind."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tools.demo.errors import Json
from tools.demo.printers import core, others, workloads
from tools.demo.printers.pods import pods

Printer = Callable[[Json, datetime], list[Any]]
RBAC = "rbac.authorization.k8s.io"

PRINTERS: dict[tuple[str, str], Printer] = {
    ("", "componentstatuses"): core.component_statuses,
    ("", "configmaps"): core.config_maps,
    ("", "endpoints"): core.endpoints,
    ("", "events"): core.events,
    ("", "namespaces"): core.namespaces,
    ("", "nodes"): core.nodes,
    ("", "persistentvolumeclaims"): core.claims,
    ("", "persistentvolumes"): core.volumes,
    ("", "pods"): pods,
    ("", "replicationcontrollers"): workloads.replica_sets,
    ("", "resourcequotas"): core.resource_quotas,
    ("", "secrets"): core.secrets,
    ("", "serviceaccounts"): core.service_accounts,
    ("", "services"): core.services,
    ("apps", "controllerrevisions"): workloads.controller_revisions,
    ("apps", "daemonsets"): workloads.daemon_sets,
    ("apps", "deployments"): workloads.deployments,
    ("apps", "replicasets"): workloads.replica_sets,
    ("apps", "statefulsets"): workloads.stateful_sets,
    ("autoscaling", "horizontalpodautoscalers"): workloads.autoscalers,
    ("batch", "cronjobs"): workloads.cron_jobs,
    ("batch", "jobs"): workloads.jobs,
    ("coordination.k8s.io", "leases"): others.leases,
    ("discovery.k8s.io", "endpointslices"): others.endpoint_slices,
    ("events.k8s.io", "events"): core.events,
    ("networking.k8s.io", "ingresses"): others.ingresses,
    ("networking.k8s.io", "ingressclasses"): others.ingress_classes,
    ("networking.k8s.io", "networkpolicies"): others.network_policies,
    ("policy", "poddisruptionbudgets"): others.disruption_budgets,
    (RBAC, "clusterrolebindings"): others.bindings,
    (RBAC, "rolebindings"): others.bindings,
    ("scheduling.k8s.io", "priorityclasses"): others.priority_classes,
    ("storage.k8s.io", "storageclasses"): others.storage_classes,
}


def printer(group: str, plural: str) -> Printer:
    """The kind's own printer, or the one that shows name and creation time."""
    return PRINTERS.get((group, plural), others.name_and_creation)
