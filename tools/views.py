"""How much of an object a tool shows: slim leaves out what nobody asks for, the others are parts of it. Pure."""

from typing import Any, Literal, TypeAlias

Object: TypeAlias = dict[str, Any]
View: TypeAlias = Literal["slim", "status", "spec", "full"]

_NOISE = ("managedFields", "selfLink", "generation", "resourceVersion", "uid", "generateName")
_QUIET_ANNOTATIONS = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
)
_POD_DEFAULTS: Object = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "terminationGracePeriodSeconds": 30,
    "securityContext": {},
    "enableServiceLinks": True,
    "preemptionPolicy": "PreemptLowerPriority",
    "priority": 0,
    "serviceAccount": None,
}
_CONTAINER_DEFAULTS: Object = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "resources": {},
}
_CONDITION_TIMES = ("lastProbeTime", "lastHeartbeatTime", "lastUpdateTime", "observedGeneration")


def view(found: Object, how: View) -> Object:
    """full: all but managedFields; slim: without bookkeeping and defaults; status, spec: that part and the name."""
    if how == "full":
        return {**found, "metadata": {k: v for k, v in _meta(found).items() if k != "managedFields"}}
    if how == "slim":
        return slim(found)
    meta = {key: value for key, value in _meta(found).items() if key in ("name", "namespace")}
    part = _status(found.get("status")) if how == "status" else _tidy(found.get("spec"))
    return {"apiVersion": found.get("apiVersion"), "kind": found.get("kind"), "metadata": meta, how: part or {}}


def slim(found: Object) -> Object:
    shown = {key: found.get(key) for key in ("apiVersion", "kind")}
    shown["metadata"] = _slim_meta(_meta(found))
    for key, value in found.items():
        if key not in ("apiVersion", "kind", "metadata"):
            shown[key] = _status(value) if key == "status" else _tidy(value)
    return {key: value for key, value in shown.items() if value not in (None, {}, [])}


def _meta(found: Object) -> Object:
    meta = found.get("metadata")
    return meta if isinstance(meta, dict) else {}


def _slim_meta(meta: Object) -> Object:
    shown = {key: value for key, value in meta.items() if key not in _NOISE and value is not None}
    annotations = {k: v for k, v in (meta.get("annotations") or {}).items() if k not in _QUIET_ANNOTATIONS}
    shown.pop("annotations", None)
    if annotations:
        shown["annotations"] = annotations
    owners = meta.get("ownerReferences")
    if owners:
        shown["ownerReferences"] = [
            {"kind": owner.get("kind"), "name": owner.get("name")} for owner in owners if isinstance(owner, dict)
        ]
    return shown


def _status(status: Any) -> Any:
    if not isinstance(status, dict):
        return status
    shown = {
        key: value for key, value in status.items() if key not in ("images", "observedGeneration", "managedFields")
    }
    if isinstance(status.get("conditions"), list):
        shown["conditions"] = [_condition(condition) for condition in status["conditions"]]
    return shown


def _condition(condition: Any) -> Any:
    if not isinstance(condition, dict):
        return condition
    return {key: value for key, value in condition.items() if key not in _CONDITION_TIMES and value is not None}


def _tidy(node: Any) -> Any:
    """Without the defaults an API server fills into pod templates, and without empty leftovers."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    defaults = _POD_DEFAULTS if "containers" in node else _CONTAINER_DEFAULTS if "image" in node else {}
    shown = {}
    for key, value in node.items():
        if key == "creationTimestamp" and value is None:
            continue
        if key in defaults and (value == defaults[key] or key == "serviceAccount"):
            continue
        if key == "tolerations" and isinstance(value, list):
            value = [t for t in value if not (isinstance(t, dict) and t.get("tolerationSeconds") == 300)]
            if not value:
                continue
        shown[key] = _tidy(value)
    return shown
