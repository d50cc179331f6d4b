"""Autoscalers in autoscaling/v1: the cpu target has a field there, everything else travels in annotations."""

import json
from collections.abc import Iterable

from tools.demo.errors import Json

PREFIX = "autoscaling.alpha.kubernetes.io/"
METRICS, CURRENT, CONDITIONS, BEHAVIOR = (
    PREFIX + name for name in ("metrics", "current-metrics", "conditions", "behavior")
)
CONDITION_KEYS = ("type", "status", "lastTransitionTime", "reason", "message")


def to_v2(obj: Json) -> Json:
    """What a client wrote in v1, as it is stored."""
    spec, meta = dict(obj.get("spec") or {}), dict(obj.get("metadata") or {})
    annotations = dict(meta.get("annotations") or {})
    cpu = spec.pop("targetCPUUtilizationPercentage", None)
    metrics = [_resource("cpu", {"type": "Utilization", "averageUtilization": cpu})] if cpu is not None else []
    metrics += [_new_metric(metric) for metric in _unpacked(annotations.pop(METRICS, ""))]
    if metrics:
        spec["metrics"] = metrics
    if BEHAVIOR in annotations:
        spec["behavior"] = json.loads(annotations.pop(BEHAVIOR))
    status = _new_status(obj.get("status"), annotations)
    meta.pop("annotations", None)
    if annotations:
        meta["annotations"] = annotations
    new = {**obj, "apiVersion": "autoscaling/v2", "metadata": meta, "spec": spec}
    return {**new, "status": status} if "status" in obj else new


def _new_status(old: Json | None, annotations: dict[str, str]) -> Json:
    """The status of v2, with what v1 keeps in annotations, which are taken away."""
    status = {key: value for key, value in (old or {}).items() if key != "currentCPUUtilizationPercentage"}
    current = [_new_metric(metric, "current") for metric in _unpacked(annotations.pop(CURRENT, ""))]
    conditions = list(_unpacked(annotations.pop(CONDITIONS, "")))
    found = {"currentMetrics": current, "conditions": conditions}
    return {**status, **{key: value for key, value in found.items() if value}}


def to_v1(obj: Json) -> Json:
    """A stored autoscaler as v1 shows it."""
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    annotations = dict(obj["metadata"].get("annotations") or {})
    metrics, current = spec.pop("metrics", None) or [], status.pop("currentMetrics", None) or []
    cpu = [metric for metric in metrics if _is_cpu(metric)]
    if cpu:
        spec["targetCPUUtilizationPercentage"] = cpu[0]["resource"]["target"]["averageUtilization"]
    used = [metric for metric in current if _is_cpu(metric, "current")]
    if used:
        status["currentCPUUtilizationPercentage"] = used[0]["resource"]["current"]["averageUtilization"]
    notes = {
        METRICS: [_old_metric(metric, "target") for metric in metrics if metric not in cpu],
        CURRENT: [_old_metric(metric, "current") for metric in current],
        CONDITIONS: [_ordered(condition) for condition in status.pop("conditions", None) or []],
        BEHAVIOR: spec.pop("behavior", None),
    }
    annotations |= {key: json.dumps(value, separators=(",", ":")) for key, value in notes.items() if value}
    meta = {**obj["metadata"], "annotations": annotations} if annotations else obj["metadata"]
    counts = {"currentReplicas": 0, "desiredReplicas": 0, **status}
    return {**obj, "apiVersion": "autoscaling/v1", "metadata": meta, "spec": spec, "status": counts}


def _resource(name: str, values: Json, part: str = "target") -> Json:
    return {"type": "Resource", "resource": {"name": name, part: values}}


def _is_cpu(metric: Json, part: str = "target") -> bool:
    own = metric.get("resource") or {}
    return own.get("name") == "cpu" and (own.get(part) or {}).get("averageUtilization") is not None


def _old_metric(metric: Json, part: str) -> Json:
    """The shape of autoscaling/v2beta1, which the annotations still have; other kinds of metric stay as they are."""
    if metric.get("type") != "Resource":
        return metric
    own = metric["resource"]
    values = own.get(part) or {}
    shown: Json = {"name": own["name"]}
    for new in ("averageUtilization", "averageValue"):
        if values.get(new) is not None:
            shown[part + new[0].upper() + new[1:]] = values[new]
    return {"type": "Resource", "resource": shown}


def _new_metric(metric: Json, part: str = "target") -> Json:
    own = metric.get("resource") or {}
    utilization, value = own.get(f"{part}AverageUtilization"), own.get(f"{part}AverageValue")
    if utilization is None and value is None:
        return metric
    values: Json = {} if utilization is None else {"averageUtilization": utilization}
    if value is not None:
        values["averageValue"] = value
    if part == "target":
        values["type"] = "AverageValue" if utilization is None else "Utilization"
    return _resource(own["name"], values, part)


def _unpacked(text: str) -> Iterable[Json]:
    found = json.loads(text) if text else []
    return found if isinstance(found, list) else []


def _ordered(condition: Json) -> Json:
    return {key: condition[key] for key in CONDITION_KEYS if key in condition}
