"""What the status of a pod says: ready, restarts, and why it waits or died, as kubectl would print it. Pure."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]
_BEGINNING = ("ContainerCreating", "PodInitializing")


def summary(pod: Object) -> Object:
    """{"namespace", "name", "ready": "1/2", "status": "CrashLoopBackOff", "restarts": 4, "node", "created",
    "well": bool}."""
    meta, status, spec = part(pod, "metadata"), part(pod, "status"), part(pod, "spec")
    starting = parts(status, "initContainerStatuses")
    lasting = _lasting(pod)
    states = [s for s in starting if s.get("name") in lasting] + parts(status, "containerStatuses")
    wanted = len(spec.get("containers") or states) + len(lasting)
    ready = sum(1 for state in states if state.get("ready"))
    word = reason(pod)
    return {
        "namespace": meta.get("namespace", ""),
        "name": meta.get("name", ""),
        "ready": f"{ready}/{wanted}",
        "status": word,
        "restarts": sum(int(s.get("restartCount") or 0) for s in (starting if word.startswith("Init:") else states)),
        "node": spec.get("nodeName", ""),
        "created": meta.get("creationTimestamp"),
        "well": word in ("Completed", "Succeeded") or (word == "Running" and ready == wanted),
    }


def row_summary(row: Object) -> Object:
    """The same from a row of the API server's table (columns Ready, Status, Restarts, Node)."""
    meta, word, (ready, _, wanted) = row["meta"], str(row.get("Status")), str(row.get("Ready")).partition("/")
    restarts = str(row.get("Restarts")).split(" ")[0]
    return {
        "namespace": meta.namespace,
        "name": meta.name,
        "ready": str(row.get("Ready")),
        "status": word,
        "restarts": int(restarts) if restarts.isdigit() else 0,
        "node": str(row.get("Node") or "").replace("<none>", ""),
        "created": meta.creationTimestamp,
        "well": word in ("Completed", "Succeeded") or (word == "Running" and ready == wanted),
    }


def reason(pod: Object) -> str:
    """The STATUS column: the reason that matters most, else the phase (`printPod` of the API server)."""
    status = part(pod, "status")
    if part(pod, "metadata").get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    starting = _init_reason(pod)
    if starting:
        return starting
    shown = _phase(status)
    states = parts(status, "containerStatuses")
    for state in reversed(states):
        shown = _state_reason(state) or shown
    if shown == "Completed" and any(state.get("ready") and "running" in part(state, "state") for state in states):
        return "Running" if _holds(status, "Ready") else "NotReady"
    return shown


def _phase(status: Object) -> str:
    gated = any(
        c.get("type") == "PodScheduled" and c.get("reason") == "SchedulingGated" for c in parts(status, "conditions")
    )
    return "SchedulingGated" if gated else str(status.get("reason") or status.get("phase") or "Unknown")


def _holds(status: Object, condition: str) -> bool:
    return any(c.get("type") == condition and c.get("status") == "True" for c in parts(status, "conditions"))


def is_well(pod: Object) -> bool:
    """Running and ready, or done: nothing anybody needs to look at."""
    return bool(summary(pod)["well"])


def containers(pod: Object) -> list[Object]:
    """[{"name", "role": "init"|"main", "image", "ready", "restarts",
    "state": "waiting"|"running"|"terminated"|"unknown",
    "reason", "message", "exit_code", "since", "last": {"reason", "exit_code", "message", "finished"} | None}].
    """
    spec, status = part(pod, "spec"), part(pod, "status")
    found = []
    for role, declared, told in (
        ("init", "initContainers", "initContainerStatuses"),
        ("main", "containers", "containerStatuses"),
    ):
        states = {state.get("name"): state for state in parts(status, told)}
        for container in parts(spec, declared):
            found.append(_container(role, container, states.get(container.get("name")) or {}))
    return found


def troubled(pod: Object) -> list[Object]:
    """Those of `containers` that wait for a reason, ended badly, or ended before."""
    return [each for each in containers(pod) if each["last"] or _in_trouble(each)]


def _in_trouble(container: Object) -> bool:
    if container["state"] == "terminated":
        return bool(container["exit_code"] != 0)
    return container["state"] == "waiting" and container["reason"] not in (None, *_BEGINNING)


def images(template: Mapping[str, Any]) -> list[str]:
    """Images of a pod template's or pod's spec."""
    return [str(container.get("image", "")) for container in parts(template, "containers")]


def parts(found: Mapping[str, Any], key: str) -> list[Object]:
    value = found.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def part(found: Mapping[str, Any], key: str) -> Object:
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def _container(role: str, container: Object, state: Object) -> Object:
    now = part(state, "state")
    name = next(iter(now), "unknown")
    detail = part(now, name)
    last = part(part(state, "lastState"), "terminated")
    return {
        "name": container.get("name", ""),
        "role": role,
        "image": container.get("image", ""),
        "ready": bool(state.get("ready")),
        "restarts": int(state.get("restartCount") or 0),
        "state": name,
        "reason": detail.get("reason"),
        "message": detail.get("message"),
        "exit_code": detail.get("exitCode"),
        "since": detail.get("startedAt"),
        "last": {
            "reason": last.get("reason"),
            "exit_code": last.get("exitCode"),
            "message": last.get("message"),
            "finished": last.get("finishedAt"),
        }
        if last
        else None,
    }


def _state_reason(state: Object) -> str:
    now = part(state, "state")
    waiting, ended = part(now, "waiting"), part(now, "terminated")
    if waiting.get("reason"):
        return str(waiting["reason"])
    if "terminated" not in now:
        return ""
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _init_reason(pod: Object) -> str:
    """`Init:1/2`, `Init:CrashLoopBackOff`, or nothing once all initial containers are through."""
    wanted = parts(part(pod, "spec"), "initContainers")
    lasting = _lasting(pod)
    states = parts(part(pod, "status"), "initContainerStatuses")
    for place, state in enumerate(states):
        now = part(state, "state")
        if part(now, "terminated").get("exitCode") == 0 and "terminated" in now:
            continue
        if state.get("name") in lasting and state.get("started"):
            continue
        why = _state_reason(state)
        return f"Init:{why}" if why and why != "PodInitializing" else f"Init:{place}/{len(wanted)}"
    return ""


def _lasting(pod: Object) -> set[str]:
    """Sidecars: initial containers that stay."""
    initial = parts(part(pod, "spec"), "initContainers")
    return {str(container.get("name")) for container in initial if container.get("restartPolicy") == "Always"}
