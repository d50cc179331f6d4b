"""What the server itself writes into an object before storing it, after admission (the registry strategies)."""

from typing import Any

from tools.demo import quantity

Json = dict[str, Any]

CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
JOB_NAME = "batch.kubernetes.io/job-name"
# Kinds whose status only their status address may write.
WITH_STATUS = frozenset(
    [
        "pods",
        "namespaces",
        "nodes",
        "services",
        "persistentvolumes",
        "persistentvolumeclaims",
        "resourcequotas",
        "replicationcontrollers",
        "deployments",
        "replicasets",
        "statefulsets",
        "daemonsets",
        "jobs",
        "cronjobs",
        "horizontalpodautoscalers",
        "ingresses",
        "poddisruptionbudgets",
        "validatingadmissionpolicies",
    ],
)
KEPT_ON_CREATE = {"nodes"}  # the node agent registers a node with its status


def prepare(group: str, resource: str, obj: Json, old: Json | None, subresource: str = "") -> None:
    """Changes the object in place.

    On create the client's status gives way to the initial one; on update the part that this address does not write
    is taken from `old`. A Job needs its `metadata.uid` before this.
    """
    if old is None:
        _prepare_create(resource, obj)
        return
    if resource not in WITH_STATUS:
        return
    if subresource == "status":
        for key in (set(obj) | set(old)) - {"metadata", "status"}:
            _carry(obj, old, key)
        meta = obj.setdefault("metadata", {})
        for key in ("labels", "annotations", "finalizers", "ownerReferences"):
            if resource not in ("pods", "nodes", "persistentvolumeclaims", "persistentvolumes", "namespaces"):
                _carry(meta, old.get("metadata") or {}, key)
    elif not subresource:
        _carry(obj, old, "status")
        if resource == "namespaces":
            _carry(obj, old, "spec")


def _carry(obj: Json, old: Json, key: str) -> None:
    if key in old:
        obj[key] = old[key]
    else:
        obj.pop(key, None)


INITIAL: dict[str, Json] = {
    "services": {"loadBalancer": {}},
    "ingresses": {"loadBalancer": {}},
    "namespaces": {"phase": "Active"},
    "persistentvolumeclaims": {"phase": "Pending"},
    "persistentvolumes": {"phase": "Pending"},
    "replicasets": {"replicas": 0},
    "statefulsets": {"replicas": 0, "availableReplicas": 0},
    "daemonsets": {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    },
    "poddisruptionbudgets": {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0},
}


def _prepare_create(resource: str, obj: Json) -> None:
    if resource in WITH_STATUS and resource not in KEPT_ON_CREATE:
        obj["status"] = dict(INITIAL.get(resource, {}))
    if resource == "pods":
        obj["status"] = {"phase": "Pending", "qosClass": quality_of_service(obj)}
    elif resource == "horizontalpodautoscalers":
        first = obj.get("apiVersion") == "autoscaling/v1"
        other = {"currentReplicas": 0} if first else {"currentMetrics": None}
        obj["status"] = {"desiredReplicas": 0, **other}
    elif resource == "namespaces":
        spec = obj.setdefault("spec", {})
        spec["finalizers"] = list(dict.fromkeys([*(spec.get("finalizers") or []), "kubernetes"]))
    elif resource == "jobs":
        _select_own_pods(obj)


def _select_own_pods(job: Json) -> None:
    spec, meta = job.setdefault("spec", {}), job.setdefault("metadata", {})
    if spec.get("manualSelector"):
        return
    template = spec.setdefault("template", {}).setdefault("metadata", {})
    labels = template.setdefault("labels", {})
    uid, name = meta.get("uid", ""), meta.get("name", "")
    labels.update({CONTROLLER_UID: uid, JOB_NAME: name, "controller-uid": uid, "job-name": name})
    spec.setdefault("selector", {"matchLabels": {CONTROLLER_UID: uid}})


def quality_of_service(pod: Json) -> str:
    """Guaranteed, Burstable or BestEffort, from the cpu and memory of all containers."""
    spec = pod.get("spec") or {}
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    guaranteed, anything = bool(containers), False
    for container in containers:
        resources = container.get("resources") or {}
        limits, requests = (_counted(resources.get(key) or {}) for key in ("limits", "requests"))
        anything = anything or bool(limits or requests)
        if set(limits) != {"cpu", "memory"} or {**limits, **requests} != limits:
            guaranteed = False
    return "Guaranteed" if guaranteed else "Burstable" if anything else "BestEffort"


def _counted(amounts: Json) -> Json:
    parsed = {name: quantity.parse(amounts[name]) for name in ("cpu", "memory") if name in amounts}
    return {name: value for name, value in parsed.items() if value > 0}
