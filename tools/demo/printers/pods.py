"""The row of a pod: readiness, the one word that sums its containers up, restarts."""

from datetime import datetime
from typing import Any

from tools.demo.errors import Json
from tools.demo.printers.durations import age

NONE = "<none>"


def pods(pod: Json, now: datetime) -> list[Any]:
    spec, status = pod["spec"], pod.get("status") or {}
    summary = Summary(pod)
    restarts = str(summary.restarts)
    if summary.restarts and summary.last_restart:
        restarts += f" ({age(summary.last_restart, now)} ago)"
    addresses = [entry["ip"] for entry in status.get("podIPs") or []] or [status.get("podIP", "")]
    return [
        pod["metadata"]["name"],
        f"{summary.ready}/{summary.total}",
        summary.reason,
        restarts,
        age(pod["metadata"].get("creationTimestamp"), now),
        addresses[0] or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        _readiness_gates(spec, status),
    ]


def _readiness_gates(spec: Json, status: Json) -> str:
    gates = [gate["conditionType"] for gate in spec.get("readinessGates") or []]
    true = sum(_condition(status, gate) == "True" for gate in gates)
    return f"{true}/{len(gates)}" if gates else NONE


def _condition(status: Json, kind: str) -> str:
    return next((c.get("status", "") for c in status.get("conditions") or [] if c.get("type") == kind), "")


class Summary:
    """What `kubectl get pods` says of a pod: `reason`, `ready` of `total` containers, `restarts`, `last_restart`."""

    def __init__(self, pod: Json) -> None:
        self._pod = pod
        self._spec, self._status = pod["spec"], pod.get("status") or {}
        sidecars = [c["name"] for c in self._spec.get("initContainers") or [] if c.get("restartPolicy") == "Always"]
        self._sidecars = set(sidecars)
        self.total = len(self._spec.get("containers") or []) + len(sidecars)
        self.ready = 0
        self.restarts = 0
        self.last_restart = ""
        self.reason = self._first_reason()
        initializing = self._look_at_init_containers()
        if not initializing or _condition(self._status, "Initialized") == "True":
            self._look_at_containers()
        self._look_at_deletion()

    def _first_reason(self) -> str:
        for condition in self._status.get("conditions") or []:
            if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
                return "SchedulingGated"
        return str(self._status.get("reason") or self._status.get("phase", ""))

    def _count_restart(self, container: Json) -> None:
        self.restarts += container.get("restartCount", 0)
        finished = (container.get("lastState") or {}).get("terminated", {}).get("finishedAt") or ""
        self.last_restart = max(self.last_restart, finished)

    def _look_at_init_containers(self) -> bool:
        """Sets the reason from the first init container that is not done; True when there is one."""
        statuses = self._status.get("initContainerStatuses") or []
        for index, container in enumerate(statuses):
            self._count_restart(container)
            state = container.get("state") or {}
            ended, waiting = state.get("terminated"), state.get("waiting") or {}
            if ended and ended.get("exitCode") == 0:
                continue
            if container["name"] in self._sidecars and container.get("started"):
                self.ready += bool(container.get("ready"))
                continue
            if ended:
                self.reason = "Init:" + _ending(ended)
            elif waiting.get("reason") and waiting["reason"] != "PodInitializing":
                self.reason = "Init:" + waiting["reason"]
            else:
                self.reason = f"Init:{index}/{len(self._spec.get('initContainers') or [])}"
            return True
        return False

    def _look_at_containers(self) -> None:
        self.restarts, self.last_restart = 0, ""
        for container in self._status.get("initContainerStatuses") or []:
            if container["name"] in self._sidecars:
                self._count_restart(container)
        running = False
        for container in reversed(self._status.get("containerStatuses") or []):
            self._count_restart(container)
            state = container.get("state") or {}
            if (state.get("waiting") or {}).get("reason"):
                self.reason = state["waiting"]["reason"]
            elif state.get("terminated"):
                self.reason = _ending(state["terminated"])
            elif container.get("ready") and "running" in state:
                running = True
                self.ready += 1
        if self.reason == "Completed" and running:
            self.reason = "Running" if _condition(self._status, "Ready") == "True" else "NotReady"

    def _look_at_deletion(self) -> None:
        if not self._pod["metadata"].get("deletionTimestamp"):
            return
        if self._status.get("reason") == "NodeLost":
            self.reason = "Unknown"
        elif self._status.get("phase") not in ("Succeeded", "Failed"):
            self.reason = "Terminating"


def _ending(terminated: Json) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    return f"Signal:{terminated['signal']}" if terminated.get("signal") else f"ExitCode:{terminated.get('exitCode', 0)}"
