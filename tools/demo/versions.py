"""One stored form per object, several served ones: events of two groups, autoscalers of two versions."""

from typing import Any

from tools.demo.errors import Json
from tools.demo.kinds import Kind

EVENT_NAMES = {  # events.k8s.io/v1 → core v1
    "note": "message",
    "regarding": "involvedObject",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}


def to_stored(kind: Kind, obj: Json) -> Json:
    """An object as a client sent it, in the version the store keeps."""
    if kind.group == "events.k8s.io" and kind.plural == "events":
        renamed = {EVENT_NAMES.get(key, key): value for key, value in obj.items()}
        return {**renamed, "apiVersion": "v1"}
    if kind.plural == "horizontalpodautoscalers" and kind.version == "v1":
        return _autoscaler_to_v2(obj)
    return obj


def from_stored(kind: Kind, obj: Json) -> Json:
    """A stored object in the version a client asked for."""
    if kind.group == "events.k8s.io" and kind.plural == "events":
        back = {old: new for new, old in EVENT_NAMES.items()}
        return {**{back.get(key, key): value for key, value in obj.items()}, "apiVersion": "events.k8s.io/v1"}
    if kind.plural == "horizontalpodautoscalers" and kind.version == "v1":
        return _autoscaler_to_v1(obj)
    return obj


def _autoscaler_to_v2(obj: Json) -> Json:
    spec = dict(obj.get("spec") or {})
    cpu = spec.pop("targetCPUUtilizationPercentage", None)
    if cpu is not None:
        target = {"type": "Utilization", "averageUtilization": cpu}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    status = dict(obj.get("status") or {})
    status.pop("currentCPUUtilizationPercentage", None)
    new = {**obj, "apiVersion": "autoscaling/v2", "spec": spec}
    return {**new, "status": status} if "status" in obj else new


def _autoscaler_to_v1(obj: Json) -> Json:
    """What v1 cannot say goes into annotations on the real server; here the cpu target and the counts are kept."""
    spec: dict[str, Any] = {
        key: value for key, value in (obj.get("spec") or {}).items() if key not in ("metrics", "behavior")
    }
    status = {
        key: value for key, value in (obj.get("status") or {}).items() if key not in ("currentMetrics", "conditions")
    }
    cpu = _cpu((obj.get("spec") or {}).get("metrics"), "target")
    if cpu is not None:
        spec["targetCPUUtilizationPercentage"] = cpu
    used = _cpu((obj.get("status") or {}).get("currentMetrics"), "current")
    if used is not None:
        status["currentCPUUtilizationPercentage"] = used
    new = {**obj, "apiVersion": "autoscaling/v1", "spec": spec}
    return {**new, "status": {"currentReplicas": 0, "desiredReplicas": 0, **status}} if "status" in obj else new


def _cpu(metrics: list[Json] | None, part: str) -> int | None:
    for metric in metrics or []:
        own = metric.get("resource") or {}
        if metric.get("type") == "Resource" and own.get("name") == "cpu":
            found: int | None = (own.get(part) or {}).get("averageUtilization")
            return found
    return None
