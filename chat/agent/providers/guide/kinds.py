"""The vocabulary of kinds: what people call things, and what the API calls them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """resource: the API's plural; title: the API's Kind; others: short names, nicknames and German."""

    resource: str
    title: str
    others: tuple[str, ...] = ()
    namespaced: bool = True


KINDS: tuple[Kind, ...] = (
    Kind("pods", "Pod", ("po", "container", "containers", "instance", "instances")),
    Kind("deployments", "Deployment", ("deploy", "deploys", "dep", "bereitstellung", "bereitstellungen")),
    Kind("replicasets", "ReplicaSet", ("rs",)),
    Kind("statefulsets", "StatefulSet", ("sts",)),
    Kind("daemonsets", "DaemonSet", ("ds",)),
    Kind("jobs", "Job", ()),
    Kind("cronjobs", "CronJob", ("cj",)),
    Kind("services", "Service", ("svc", "svcs", "dienst", "dienste")),
    Kind("endpoints", "Endpoints", ("ep", "endpoint")),
    Kind("endpointslices", "EndpointSlice"),
    Kind("ingresses", "Ingress", ("ing",)),
    Kind("networkpolicies", "NetworkPolicy", ("netpol", "netpols")),
    Kind("configmaps", "ConfigMap", ("cm", "cms")),
    Kind("secrets", "Secret"),
    Kind("persistentvolumeclaims", "PersistentVolumeClaim", ("pvc", "pvcs", "claim", "claims", "volumeclaims")),
    Kind("persistentvolumes", "PersistentVolume", ("pv", "pvs", "volume", "volumes"), namespaced=False),
    Kind("storageclasses", "StorageClass", ("sc",), namespaced=False),
    Kind("namespaces", "Namespace", ("ns", "namensraum", "namensräume"), namespaced=False),
    Kind("nodes", "Node", ("knoten", "machine", "machines", "host", "hosts"), namespaced=False),
    Kind("events", "Event", ("ev",)),
    Kind("serviceaccounts", "ServiceAccount", ("sa",)),
    Kind("roles", "Role"),
    Kind("rolebindings", "RoleBinding"),
    Kind("clusterroles", "ClusterRole", namespaced=False),
    Kind("clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    Kind("horizontalpodautoscalers", "HorizontalPodAutoscaler", ("hpa", "hpas", "autoscaler", "autoscalers")),
    Kind("poddisruptionbudgets", "PodDisruptionBudget", ("pdb", "pdbs")),
    Kind("resourcequotas", "ResourceQuota", ("quota", "quotas")),
    Kind("limitranges", "LimitRange"),
    Kind("customresourcedefinitions", "CustomResourceDefinition", ("crd", "crds"), namespaced=False),
    Kind("priorityclasses", "PriorityClass", ("pc",), namespaced=False),
    Kind("leases", "Lease"),
)

WORKLOADS = ("deployments", "statefulsets", "daemonsets")
# What people say when they mean "whatever runs": read as every workload.
LOOSE = frozenset({"app", "apps", "application", "applications", "workload", "workloads", "anwendungen"})

TWO_WORDS = (
    ("config", "map"),
    ("stateful", "set"),
    ("daemon", "set"),
    ("replica", "set"),
    ("cron", "job"),
    ("network", "policy"),
    ("network", "policies"),
    ("storage", "class"),
    ("storage", "classes"),
    ("service", "account"),
    ("resource", "quota"),
    ("limit", "range"),
    ("role", "binding"),
    ("cluster", "role"),
    ("endpoint", "slice"),
    ("priority", "class"),
    ("volume", "claim"),
    ("persistent", "volumeclaim"),
    ("persistent", "volume"),
    ("disruption", "budget"),
    ("pod", "disruptionbudget"),
)


def _spellings() -> dict[str, Kind]:
    table: dict[str, Kind] = {}
    for kind in KINDS:
        for spelling in (kind.resource, kind.title.lower(), *kind.others):
            table[spelling] = kind
    return table


SPELLINGS = _spellings()


def kind_of(word: str) -> Kind | None:
    """The kind a single word names ("po", "Deployments", "deployments.apps"), or None."""
    low = word.lower()
    return SPELLINGS.get(low) or SPELLINGS.get(low.partition(".")[0])


def title_of(resource: str) -> str:
    """How a kind is called in a sentence: the API's Kind, or the word as it came."""
    kind = kind_of(resource)
    return kind.title if kind else resource


def is_namespaced(resource: str) -> bool:
    kind = kind_of(resource)
    return kind.namespaced if kind else True
