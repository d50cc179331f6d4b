"""Decides, without doing anything, what a kubelet would report of a pod of a given age."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from tests.apiserver.agent.container_rules import ContainerFate, Exists, container_fate, end_of

Object = dict[str, Any]

# Which phase a pod ends in when its last container ends for this reason.
_ENDS = {"Completed": "Succeeded", "Error": "Failed", "OOMKilled": "Failed"}


@dataclass(frozen=True)
class Occurrence:
    """One Event to be shown on the pod; a grown count means it happened again."""

    type: str
    reason: str
    message: str
    count: int = 1


@dataclass(frozen=True)
class PodReport:
    """The status to be patched, what to tell in Events, and in how many seconds to look again (None: on change)."""

    status: Object
    occurrences: tuple[Occurrence, ...] = ()
    look_again: float | None = None


@dataclass
class Surroundings:
    """What a kubelet knows besides the pod: the time, the pod's age in seconds, and which objects exist."""

    now: datetime.datetime
    age: float
    address: str
    exists: Exists
    stamp: str = field(init=False)

    def __post_init__(self) -> None:
        self.stamp = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")


def report(pod: Object, around: Surroundings) -> PodReport:
    """The report of one bound pod that is not being deleted. Source: kubelet's status_manager, as told by `kubectl`."""
    missing = _missing_volume(pod, around.exists)
    fates = [container_fate(pod, container, around.age, around.exists) for container in pod["spec"]["containers"]]
    if missing:
        fates = [ContainerFate(fate.name, waiting="ContainerCreating") for fate in fates]
    statuses = [_container_status(pod, fate, around) for fate in fates]
    ready = all(status["ready"] for status in statuses)
    phase = _phase(fates)
    status = {
        "phase": phase,
        "startTime": pod.get("status", {}).get("startTime") or around.stamp,
        "hostIP": "127.0.0.1",
        "podIP": around.address,
        "podIPs": [{"ip": around.address}],
        "containerStatuses": statuses,
        "conditions": _conditions(
            pod, phase, ready, [f.name for f, s in zip(fates, statuses, strict=True) if not s["ready"]], around
        ),
    }
    if pod["spec"].get("ephemeralContainers"):
        status["ephemeralContainerStatuses"] = [
            _finished_debug(pod, c, around) for c in pod["spec"]["ephemeralContainers"]
        ]
    if pod["spec"].get("initContainers"):
        status["initContainerStatuses"] = [_finished_init(pod, c, around) for c in pod["spec"]["initContainers"]]
    told = [Occurrence(*each) for fate in fates for each in fate.tells]
    if missing:
        told = [Occurrence("Warning", "FailedMount", missing, 1 + int(around.age // 5))]
    pauses = [fate.look_again for fate in fates if fate.look_again is not None]
    pauses += [5.0] if missing else []
    return PodReport(status, tuple(told), min(pauses, default=None))


def _missing_volume(pod: Object, exists: Exists) -> str:
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes", []):
        for kind, source, key in (
            ("secret", volume.get("secret"), "secretName"),
            ("configmap", volume.get("configMap"), "name"),
        ):
            if source and not source.get("optional") and not exists(kind, namespace, source[key], None):
                return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {kind} "{source[key]}" not found'
    return ""


def _phase(fates: list[ContainerFate]) -> str:
    if any(fate.waiting and fate.last_end is None for fate in fates):
        return "Pending"
    if all(fate.end for fate in fates):
        return "Failed" if any(_ENDS[fate.end[0]] == "Failed" for fate in fates if fate.end) else "Succeeded"
    return "Running"


def _container_status(pod: Object, fate: ContainerFate, around: Surroundings) -> Object:
    before = _previous(pod, fate.name)
    image = next(c["image"] for c in pod["spec"]["containers"] if c["name"] == fate.name)
    running_since = before.get("state", {}).get("running", {}).get("startedAt", around.stamp)
    restarts = max(fate.restarts, before.get("restartCount", 0))
    same_count = before.get("restartCount") == restarts
    status = {
        "name": fate.name,
        "image": image,
        "imageID": "" if fate.waiting and fate.last_end is None else f"rig.example/{image}",
        "containerID": f"rig://{pod['metadata']['uid']}/{fate.name}/{restarts}",
        "restartCount": restarts,
        "ready": fate.ready,
        "started": fate.running,
        "lastState": before.get("lastState", {}),
    }
    if fate.last_end:
        stamp = before.get("lastState", {}).get("terminated", {}).get("finishedAt") if same_count else None
        status["lastState"] = {"terminated": _ended(fate.last_end, stamp or around.stamp)}
    if fate.waiting:
        status["state"] = {"waiting": {"reason": fate.waiting, **({"message": fate.message} if fate.message else {})}}
    elif fate.end:
        stamp = before.get("state", {}).get("terminated", {}).get("finishedAt", around.stamp)
        status["state"] = {"terminated": _ended(fate.end, stamp)}
    else:
        status["state"] = {"running": {"startedAt": running_since}}
    return status


def _previous(pod: Object, name: str) -> Object:
    return next((s for s in pod.get("status", {}).get("containerStatuses") or [] if s["name"] == name), {})


def _ended(end: tuple[str, int], stamp: str) -> Object:
    return {"reason": end[0], "exitCode": end[1], "startedAt": stamp, "finishedAt": stamp}


def _finished_init(pod: Object, container: Object, around: Surroundings) -> Object:
    return _finished(pod, "initContainerStatuses", container, ("Completed", 0), around) | {"ready": True}


def _finished_debug(pod: Object, container: Object, around: Surroundings) -> Object:
    end = end_of(pod, container) or ("Completed", 0)
    return _finished(pod, "ephemeralContainerStatuses", container, end, around) | {"ready": False}


def _finished(pod: Object, told: str, container: Object, end: tuple[str, int], around: Surroundings) -> Object:
    before = next((s for s in pod.get("status", {}).get(told) or [] if s["name"] == container["name"]), {})
    stamp = before.get("state", {}).get("terminated", {}).get("finishedAt", around.stamp)
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": f"rig.example/{container['image']}",
        "restartCount": 0,
        "state": {"terminated": _ended(end, stamp)},
    }


def _conditions(pod: Object, phase: str, ready: bool, unready: list[str], around: Surroundings) -> list[Object]:
    reason = {}
    if not ready:
        names = " ".join(unready)
        reason = {"reason": "ContainersNotReady", "message": f"containers with unready status: [{names}]"}
    if phase in ("Succeeded", "Failed"):
        reason = {"reason": "PodCompleted" if phase == "Succeeded" else "PodFailed"}
    wanted = {
        "Initialized": {"status": "True"},
        "Ready": {"status": str(ready), **reason},
        "ContainersReady": {"status": str(ready), **reason},
    }
    before = {c["type"]: c for c in pod.get("status", {}).get("conditions") or []}
    made = [c for kind, c in before.items() if kind not in wanted]
    for kind, condition in wanted.items():
        old = before.get(kind, {})
        unchanged = old.get("status") == condition["status"]
        since = old["lastTransitionTime"] if unchanged and "lastTransitionTime" in old else around.stamp
        made.append({"type": kind, "lastProbeTime": None, "lastTransitionTime": since, **condition})
    return made
