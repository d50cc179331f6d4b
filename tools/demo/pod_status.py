"""A pod's status as a kubelet writes it, from what it knows of the containers."""

import hashlib
from typing import NamedTuple

from tools.demo.containers import Container, container_id
from tools.demo.store import Json


class Sandbox(NamedTuple):
    """Where the pod runs; `plain` leaves out what the recording's simple node agent does not write."""

    address: str
    host: str
    start: str
    now: str
    plain: bool


def status_of(pod: Json, sandbox: Sandbox, inits: list[Container], runs: list[Container]) -> Json:
    """The whole status; conditions keep their times while they keep their state."""
    phase = phase_of(pod, inits, runs)
    ready = phase == "Running" and all(run.ready for run in runs)
    status: Json = {"phase": phase}
    if not sandbox.plain:
        status["observedGeneration"] = pod["metadata"].get("generation", 1)
    status["conditions"] = conditions(pod, sandbox, inits, runs, ready)
    status["hostIP"] = sandbox.host
    if not sandbox.plain:
        status["hostIPs"] = [{"ip": sandbox.host}]
    if sandbox.address:
        status |= {"podIP": sandbox.address, "podIPs": [{"ip": sandbox.address}]}
    status["startTime"] = sandbox.start
    specs = pod["spec"]
    if inits:
        pairs = zip(specs["initContainers"], inits, strict=True)
        status["initContainerStatuses"] = [container_status(pod, spec, run, sandbox, True) for spec, run in pairs]
    pairs = zip(specs["containers"], runs, strict=True)
    status["containerStatuses"] = [container_status(pod, spec, run, sandbox, False) for spec, run in pairs]
    status["qosClass"] = pod["status"].get("qosClass", "BestEffort")
    return status


def phase_of(pod: Json, inits: list[Container], runs: list[Container]) -> str:
    if any(run.ended and run.exit_code for run in inits):
        return "Failed"
    if not all(run.ended for run in inits):
        return "Pending"
    if all(run.ended for run in runs):
        return "Failed" if any(run.exit_code for run in runs) else "Succeeded"
    return "Running" if any(run.began for run in runs) else "Pending"


def conditions(pod: Json, sandbox: Sandbox, inits: list[Container], runs: list[Container], ready: bool) -> list[Json]:
    finished = all(run.ended for run in runs)
    completed = finished and not any(run.exit_code for run in runs)
    initialised = all(run.ended and not run.exit_code for run in inits)
    lacking = "" if ready else why_not(inits, runs, completed)
    plain_ready = ready or (sandbox.plain and completed)
    states: list[tuple[str, bool, str, str]] = [
        ("PodReadyToStartContainers", bool(sandbox.address) and not finished, "", ""),
        ("Initialized", initialised, *init_reason(initialised, inits)),
        ("Ready", plain_ready, *unready_reason(runs, lacking, completed)),
        ("ContainersReady", plain_ready, *unready_reason(runs, lacking, completed)),
    ]
    if sandbox.plain:
        states = [(kind, state, "", "") for kind, state, _, _ in states[1:]]
    known = {each["type"]: each for each in pod["status"].get("conditions") or []}
    made = [
        condition(known.get(kind), sandbox, pod, (kind, state, reason, text)) for kind, state, reason, text in states
    ]
    return [*made, scheduled(known.get("PodScheduled"), sandbox, pod)]


def why_not(inits: list[Container], runs: list[Container], completed: bool) -> str:
    return (
        "" if completed else "containers with unready status: [" + " ".join(r.name for r in runs if not r.ready) + "]"
    )


def init_reason(initialised: bool, inits: list[Container]) -> tuple[str, str]:
    if initialised:
        return "", ""
    names = " ".join(run.name for run in inits if not (run.ended and not run.exit_code))
    return "ContainersNotInitialized", f"containers with incomplete status: [{names}]"


def unready_reason(runs: list[Container], lacking: str, completed: bool) -> tuple[str, str]:
    if completed:
        return "PodCompleted", ""
    if all(run.ended for run in runs):
        return "PodFailed", ""
    return ("ContainersNotReady", lacking) if lacking else ("", "")


def condition(old: Json | None, sandbox: Sandbox, pod: Json, new: tuple[str, bool, str, str]) -> Json:
    kind, state, reason, message = new
    status = "True" if state else "False"
    since = old["lastTransitionTime"] if old and old["status"] == status else sandbox.now
    entry: Json = {"type": kind}
    if not sandbox.plain:
        entry["observedGeneration"] = pod["metadata"].get("generation", 1)
    entry |= {"status": status, "lastProbeTime": None, "lastTransitionTime": since}
    if reason and not (sandbox.plain or state):
        entry |= {"reason": reason} | ({"message": message} if message else {})
    return entry


def scheduled(old: Json | None, sandbox: Sandbox, pod: Json) -> Json:
    return condition(old, sandbox, pod, ("PodScheduled", True, "", ""))


def container_status(pod: Json, spec: Json, run: Container, sandbox: Sandbox, init: bool) -> Json:
    waiting = "waiting" in run.state
    ready = run.ready or (init and run.ended and not run.exit_code)
    status: Json = {"name": run.name, "state": shown(run, init), "lastState": run.last, "ready": ready}
    status |= {"restartCount": run.restarts, "image": spec["image"]}
    if sandbox.plain:
        started = "running" in run.state or ("terminated" in run.state and run.ended)
        return status | {"imageID": "fake", "started": started}
    pulled = bool(run.began)
    digest = hashlib.sha256(spec["image"].encode()).hexdigest()
    status["imageID"] = f"{spec['image'].partition(':')[0]}@sha256:{digest}" if pulled else ""
    if pulled and not (waiting and not run.last):
        status["containerID"] = container_id(pod, run)
    return status | {"started": ("running" in run.state and run.fate.exit_code is None) or run.ready}


def shown(run: Container, init: bool) -> Json:
    if run.stage == "new" and run.restarts and "terminated" in run.state:
        return {"waiting": {"reason": "PodInitializing" if init else "ContainerCreating"}}
    return run.state
