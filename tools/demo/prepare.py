"""What the API server itself writes into new and changed objects: first status, and what clients may not change."""

from typing import Any

from tools.demo.allocation import allocate
from tools.demo.errors import Json
from tools.demo.kinds import Kind
from tools.demo.store import Store

FIRST_STATUS: dict[tuple[str, str], Json] = {
    ("", "namespaces"): {"phase": "Active"},
    ("", "persistentvolumeclaims"): {"phase": "Pending"},
    ("", "persistentvolumes"): {"phase": "Pending"},
    ("", "pods"): {"phase": "Pending"},
    ("", "services"): {"loadBalancer": {}},
    ("", "replicationcontrollers"): {"replicas": 0},
    ("", "resourcequotas"): {},
    ("apps", "daemonsets"): {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    },
    ("apps", "deployments"): {},
    ("apps", "replicasets"): {"replicas": 0},
    ("apps", "statefulsets"): {"replicas": 0, "availableReplicas": 0},
    ("autoscaling", "horizontalpodautoscalers"): {"desiredReplicas": 0, "currentMetrics": None},
    ("batch", "cronjobs"): {},
    ("batch", "jobs"): {},
    ("networking.k8s.io", "ingresses"): {"loadBalancer": {}},
    ("policy", "poddisruptionbudgets"): {
        "disruptionsAllowed": 0,
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "expectedPods": 0,
    },
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"): {},
    ("certificates.k8s.io", "certificatesigningrequests"): {},
}
KEEP_STATUS = {("", "nodes")}  # a kubelet registers its node with a status


def drop_unsettable(kind: Kind, obj: Json) -> None:
    """Takes out what a create cannot set: the status of kinds that have it as a subresource."""
    if "status" in kind.subresources and (kind.group, kind.plural) not in KEEP_STATUS:
        obj.pop("status", None)


def prepare_create(store: Store, kind: Kind, obj: Json, *, dry_run: bool = False) -> None:
    """Completes a new object just before it is validated."""
    key = kind.resource.group, kind.resource.plural
    if key in FIRST_STATUS:
        obj["status"] = dict(FIRST_STATUS[key])
    if key == ("", "pods"):
        obj["status"]["qosClass"] = qos_class(obj["spec"])
    elif key == ("", "namespaces"):
        obj.setdefault("spec", {})["finalizers"] = ["kubernetes"]
    elif key == ("", "services"):
        allocate(store, obj, None, dry_run=dry_run)
    elif key == ("batch", "jobs"):
        _select_own_pods(obj)


def _select_own_pods(job: Json) -> None:
    """A Job's pods are found by the Job's uid, unless its author chose the selector."""
    spec, meta = job["spec"], job["metadata"]
    if spec.get("manualSelector"):
        return
    uid = meta["uid"]
    labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
    labels |= {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": meta["name"]}
    labels |= {"controller-uid": uid, "job-name": meta["name"]}
    meta.setdefault("labels", dict(labels))
    spec.setdefault("selector", {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}})
    if not meta.get("labels"):
        meta["labels"] = dict(labels)


def carry_over(kind: Kind, new: Json, old: Json, subresource: str) -> None:
    """Puts back what this address cannot change."""
    meta, before = new["metadata"], old["metadata"]
    for key in ("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "uid"):
        meta.pop(key, None)
        if key in before:
            meta[key] = before[key]
    meta.pop("selfLink", None)
    if subresource == "status":
        _keep_all_but_status(kind, new, old)
    elif "status" in kind.subresources:
        _keep(new, old, "status")
    if (kind.group, kind.plural) == ("", "namespaces") and subresource != "finalize":
        _keep(new, old, "spec")


def prepare_update(store: Store, kind: Kind, new: Json, old: Json, *, dry_run: bool = False) -> None:
    """Completes a changed object just before it is validated."""
    if (kind.group, kind.plural) == ("", "services"):
        allocate(store, new, old, dry_run=dry_run)


def _keep(new: Json, old: Json, key: str) -> None:
    new.pop(key, None)
    if key in old:
        new[key] = old[key]


def _mirror_address(pod: Json) -> None:
    """`podIPs` begins with `podIP`, whichever of them was written."""
    status = pod.get("status") or {}
    if status.get("podIP") and (status.get("podIPs") or [{}])[0].get("ip") != status["podIP"]:
        status["podIPs"] = [{"ip": status["podIP"]}]


def _keep_all_but_status(kind: Kind, new: Json, old: Json) -> None:
    """Custom resources keep their metadata too, Deployments their labels."""
    for key in (set(new) | set(old)) - {"status", "metadata", "apiVersion", "kind"}:
        _keep(new, old, key)
    if kind.definition is not None:
        kept = {key: value for key, value in old["metadata"].items() if key not in ("managedFields", "resourceVersion")}
        own = {key: new["metadata"][key] for key in ("managedFields", "resourceVersion") if key in new["metadata"]}
        new["metadata"] = {**kept, **own}
    elif (kind.group, kind.plural) == ("apps", "deployments"):
        _keep(new["metadata"], old["metadata"], "labels")
    if kind.resource == ("", "pods"):
        _mirror_address(new)
    first = FIRST_STATUS.get((kind.group, kind.plural))
    if first is not None:
        new["status"] = {**first, **(new.get("status") or {})}


def qos_class(spec: Json) -> str:
    """Guaranteed, Burstable or BestEffort, from the requests and limits of all containers."""
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    requests: list[Any] = []
    guaranteed = bool(containers)
    for container in containers:
        resources = container.get("resources") or {}
        wanted = {k: v for k, v in (resources.get("requests") or {}).items() if k in ("cpu", "memory")}
        limits = {k: v for k, v in (resources.get("limits") or {}).items() if k in ("cpu", "memory")}
        requests += [*wanted, *limits]
        if set(limits) != {"cpu", "memory"} or any(wanted.get(key, limits[key]) != limits[key] for key in limits):
            guaranteed = False
    if not requests:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"
