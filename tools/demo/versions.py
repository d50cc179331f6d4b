"""One stored form per object, several served ones: events of two groups, autoscalers of two versions."""

from tools.demo import autoscaler_versions
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
        return autoscaler_versions.to_v2(obj)
    return obj


def from_stored(kind: Kind, obj: Json) -> Json:
    """A stored object in the version a client asked for."""
    if kind.group == "events.k8s.io" and kind.plural == "events":
        back = {old: new for new, old in EVENT_NAMES.items()}
        served = {back.get(key, key): value for key, value in obj.items()}
        if not served.get("reportingInstance"):
            served.pop("reportingInstance", None)
        return {**served, "apiVersion": "events.k8s.io/v1"}
    if kind.plural == "horizontalpodautoscalers" and kind.version == "v1":
        return autoscaler_versions.to_v1(obj)
    if kind.definition is not None and obj.get("apiVersion") != kind.api_version:
        return {**obj, "apiVersion": kind.api_version}
    return obj
