"""Objects as the API server writes them back: what Go's types always print, never print, or print otherwise."""

from typing import Any

from tools.demo import quantity
from tools.demo.schema import Field, of_object

Json = dict[str, Any]

REVIEWS = ("SelfSubjectAccessReview", "SubjectAccessReview", "LocalSubjectAccessReview", "SelfSubjectRulesReview")
# Fields that are printed even when nobody set them, by type.
ALWAYS: dict[str, Json] = {
    "Container": {"resources": {}},
    "EphemeralContainer": {"resources": {}},
    "DaemonSet": {"spec": {}, "status": {}},
    "DaemonSetSpec": {"selector": None, "template": {}, "updateStrategy": {}},
    "DaemonSetStatus": {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    },
    "Deployment": {"spec": {}, "status": {}},
    "DeploymentSpec": {"selector": None, "template": {}, "strategy": {}},
    "ReplicaSet": {"spec": {}, "status": {}},
    "ReplicaSetSpec": {"selector": None, "template": {}},
    "ReplicaSetStatus": {"replicas": 0},
    "StatefulSet": {"spec": {}, "status": {}},
    "StatefulSetSpec": {"selector": None, "template": {}, "serviceName": "", "updateStrategy": {}},
    "StatefulSetStatus": {"replicas": 0, "availableReplicas": 0},
    "PodTemplateSpec": {"metadata": {}, "spec": {}},
    "PodSpec": {"containers": None},
    "Pod": {"spec": {}, "status": {}},
    "Job": {"spec": {}, "status": {}},
    "JobSpec": {"template": {}},
    "CronJob": {"spec": {}, "status": {}},
    "CronJobSpec": {"schedule": "", "jobTemplate": {}},
    "JobTemplateSpec": {"metadata": {}, "spec": {}},
    "Service": {"spec": {}, "status": {}},
    "ServiceStatus": {"loadBalancer": {}},
    "Namespace": {"spec": {}, "status": {}},
    "Node": {"spec": {}, "status": {}},
    "PersistentVolumeClaim": {"spec": {}, "status": {}},
    "PersistentVolumeClaimSpec": {"resources": {}},
    "PersistentVolume": {"spec": {}, "status": {}},
    "Ingress": {"spec": {}, "status": {}},
    "IngressStatus": {"loadBalancer": {}},
    "IngressClass": {"spec": {}},
    "NetworkPolicy": {"spec": {}},
    "NetworkPolicySpec": {"podSelector": {}},
    "ResourceQuota": {"spec": {}, "status": {}},
    "LimitRange": {"spec": {}},
    "LimitRangeSpec": {"limits": None},
    "Lease": {"spec": {}},
    "HorizontalPodAutoscaler": {"spec": {}, "status": {}},
    "HorizontalPodAutoscalerSpec": {"scaleTargetRef": {}, "maxReplicas": 0},
    "HorizontalPodAutoscalerStatus": {"desiredReplicas": 0, "currentMetrics": None},
    "PodDisruptionBudget": {"spec": {}, "status": {}},
    "PodDisruptionBudgetStatus": {
        "disruptionsAllowed": 0,
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "expectedPods": 0,
    },
    "Role": {"rules": None},
    "ClusterRole": {"rules": None},
    "Event": {
        "involvedObject": {},
        "source": {},
        "firstTimestamp": None,
        "lastTimestamp": None,
        "eventTime": None,
        "reportingComponent": "",
        "reportingInstance": "",
    },
    "ContainerStatus": {"state": {}, "lastState": {}, "ready": False, "restartCount": 0},
    "ContainerStateTerminated": {"exitCode": 0},
    "ValidatingAdmissionPolicy": {"spec": {}, "status": {}},
    "ValidatingAdmissionPolicyBinding": {"spec": {}},
    "EndpointSlice": {"endpoints": None, "ports": None},
    "CustomResourceDefinitionStatus": {"conditions": None},
    **{name: {"spec": {}, "status": {}} for name in REVIEWS},
    "PodCondition": {"lastProbeTime": None, "lastTransitionTime": None},
}
ZERO: dict[str, Any] = {"string": "", "bytes": "", "int32": 0, "int64": 0, "bool": False}  # what null stands for inside
# Values that Go leaves out when they are zero, whatever type they stand in.
OMITTED_FALSE = frozenset(
    [
        "hostNetwork",
        "hostPID",
        "hostIPC",
        "stdin",
        "stdinOnce",
        "tty",
        "readOnly",
        "paused",
        "publishNotReadyAddresses",
        "unschedulable",
        "globalDefault",
    ],
)
OMITTED_ZERO = frozenset(
    [
        "minReadySeconds",
        "hostPort",
        "initialDelaySeconds",
        "nodePort",
        "readyReplicas",
        "availableReplicas",
        "updatedReplicas",
        "unavailableReplicas",
        "fullyLabeledReplicas",
        "active",
        "succeeded",
        "failed",
        "numberUnavailable",
        "numberAvailable",
        "updatedNumberScheduled",
        "observedGeneration",
        "currentReplicas",
        "count",
    ],
)
OMITTED_EMPTY = frozenset(
    [
        "value",
        "image",
        "nodeName",
        "hostname",
        "subdomain",
        "namespace",
        "serviceAccountName",
        "serviceAccount",
        "priorityClassName",
        "generateName",
        "clusterIP",
        "loadBalancerIP",
        "externalName",
        "subPath",
        "workingDir",
        "imagePullPolicy",
        "message",
        "reason",
        "volumeName",
        "podIP",
        "hostIP",
        "startTime",
        "schedulerName",
        "dnsPolicy",
        "restartPolicy",
        "resourceVersion",
        "uid",
        "selfLink",
    ],
)
PRINTED_EMPTY = frozenset({"Condition.message", "Condition.reason"})


def to_go_form(obj: Json) -> None:
    """Changes the object in place; custom resources stay as they are."""
    schema = of_object(obj)
    if schema is not None:
        _write_object(schema, obj)


def _write_object(schema: Field, value: Json) -> None:
    name = schema.ref.rsplit(".", 1)[-1]
    for key in list(value):
        child = schema.child(key)
        if child is not None:
            _write_member(name, child, key, value)
    for key, default in _always(schema.ref, name).items():
        if key not in value and key in schema.members:
            value[key] = {} if isinstance(default, dict) else default
            child = schema.child(key)
            if child is not None and isinstance(value[key], dict):
                _write_object(child, value[key])
    _order(schema, value)


def in_order(obj: Json) -> Json:
    """The same object, changed in place, with its fields in the order the server prints them."""
    schema = of_object(obj)
    if schema is not None:
        _order_all(schema, obj)
    return obj


def _order_all(schema: Field, value: Any) -> None:
    if schema.kind == "list" and isinstance(value, list) and schema.of:
        for item in value:
            _order_all(schema.of, item)
    elif isinstance(value, dict):
        for key, item in value.items():
            child = schema.child(key)
            if child is not None:
                _order_all(child, item)
        if schema.kind == "object":
            _order(schema, value)


def _order(schema: Field, value: Json) -> None:
    members = schema.members
    if list(value) != [key for key in members if key in value]:
        ordered = {key: value[key] for key in members if key in value}
        rest = {key: item for key, item in value.items() if key not in members}
        value.clear()
        value.update(ordered | rest)


def _always(ref: str, name: str) -> Json:
    if ref == "events.v1.Event":
        return {"eventTime": None}
    if ref == "autoscaling.v1.HorizontalPodAutoscalerStatus":
        return {"currentReplicas": 0, "desiredReplicas": 0}
    return ALWAYS.get(name, {})


def _write_member(type_name: str, field: Field, key: str, parent: Json) -> None:
    value = parent[key]
    if _is_omitted(type_name, field, key, value):
        del parent[key]
        return
    if field.kind == "quantity":
        parent[key] = _quantity(value)
    else:
        _write_value(field, value)


def _is_omitted(type_name: str, field: Field, key: str, value: Any) -> bool:
    if value is None:
        return True
    if value in ([], {}):
        return field.kind in ("list", "map")
    if value == "" and isinstance(value, str):
        return key in OMITTED_EMPTY and f"{type_name}.{key}" not in PRINTED_EMPTY
    if value is False:
        return key in OMITTED_FALSE
    return value == 0 and not isinstance(value, bool) and key in OMITTED_ZERO


def _write_value(field: Field, value: Any) -> None:
    if field.kind == "object" and isinstance(value, dict):
        _write_object(field, value)
    elif field.kind == "map" and isinstance(value, dict) and field.of:
        for key, item in value.items():
            if field.of.kind == "quantity":
                value[key] = _quantity("0" if item is None else item)
            elif item is None:
                value[key] = {} if field.of.kind == "object" else ZERO.get(field.of.kind)
            else:
                _write_value(field.of, item)
    elif field.kind == "list" and isinstance(value, list) and field.of:
        for index, item in enumerate(value):
            if item is None:
                value[index] = {} if field.of.kind == "object" else ZERO.get(field.of.kind)
            _write_value(field.of, value[index])


def _quantity(value: Any) -> Any:
    return quantity.canonical(value) if quantity.is_quantity(value) else value
