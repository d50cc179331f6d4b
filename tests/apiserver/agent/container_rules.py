"""Decides what becomes of one container: it runs, waits for something missing, crashes again and again, or is done."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
Exists = Callable[[str, str, str, str | None], bool]
End = tuple[str, int]

LOGS = "demo/logs"
MEMORY = "demo/memory"
REQUIRED_ENV = "demo/requires-env"
SECONDS = "demo/seconds"

_BAD = re.compile(r"bad|broken|wrong|typo|invalid|no-such|not-exist|nonexistent|missing", re.IGNORECASE)

_EXIT = re.compile(r"\bexit\s+([1-9]\d*)")
_STRESS = re.compile(r"--vm-bytes[= ]+(\S+)")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_JOB_SECONDS = 0.3
_LIVENESS_SECONDS = 3.0
_LONGEST_BACKOFF = 8.0


@dataclass(frozen=True)
class ContainerFate:
    """Where a container stands; with neither `waiting` nor `end` it runs."""

    name: str
    ready: bool = False
    waiting: str = ""
    message: str = ""
    end: End | None = None
    last_end: End | None = None
    restarts: int = 0
    look_again: float | None = None
    tells: tuple[tuple[str, str, str, int], ...] = ()

    @property
    def running(self) -> bool:
        return not self.waiting and self.end is None


def container_fate(pod: Object, container: Object, age: float, exists: Exists) -> ContainerFate:
    """Apply the rules in the order in which a kubelet would meet the obstacle."""
    name, image = container["name"], container["image"]
    if _BAD.search(image):
        return _bad_image(name, image, age)
    missing = _missing_reference(pod["metadata"]["namespace"], container, exists)
    if missing:
        tells = (("Warning", "Failed", f"Error: {missing}", 1 + int(age // 5)),)
        return ContainerFate(name, waiting="CreateContainerConfigError", message=missing, look_again=5.0, tells=tells)
    end = end_of(pod, container)
    if pod["spec"].get("restartPolicy", "Always") == "Always" or (end and pod["spec"]["restartPolicy"] == "OnFailure"):
        return _crashing(pod, name, end, age) if end else _running(container, age)
    seconds = float(annotation(pod, SECONDS, name) or _JOB_SECONDS)
    if age < seconds:
        return ContainerFate(name, ready=True, look_again=seconds - age, tells=_started(container))
    return ContainerFate(name, end=end or ("Completed", 0), tells=_started(container))


def end_of(pod: Object, container: Object) -> End | None:
    """Why the container's process ends by itself, and with which exit code; None if it would go on."""
    words = " ".join([*container.get("command", []), *container.get("args", [])])
    limit = container.get("resources", {}).get("limits", {}).get("memory")
    stress = _STRESS.search(words)
    need = annotation(pod, MEMORY, container["name"]) or (stress[1] if stress else "")
    if limit and need and quantity_bytes(need) > quantity_bytes(limit):
        return "OOMKilled", 137
    if missing_environment(pod, container):
        return "Error", 1
    wanted = _EXIT.search(words)
    return ("Error", int(wanted[1])) if wanted else None


def missing_environment(pod: Object, container: Object) -> str:
    """The first variable that the pod's annotation says the program needs and the container does not set."""
    wanted = annotation(pod, REQUIRED_ENV, container["name"]).split(",")
    given = {variable["name"] for variable in container.get("env", [])}
    return next((name.strip() for name in wanted if name.strip() and name.strip() not in given), "")


def annotation(pod: Object, key: str, container: str) -> str:
    """The annotation meant for this container (`key.container`), else the one for the whole pod."""
    notes = pod["metadata"].get("annotations") or {}
    return str(notes.get(f"{key}.{container}", notes.get(key, "")))


def quantity_bytes(quantity: str) -> int:
    """Bytes of a Kubernetes quantity, or of the plain letters that stress tools take (250M)."""
    number, unit = re.fullmatch(r"(\d+)([A-Za-z]*)", quantity).groups()  # type: ignore[union-attr]
    return int(number) * _UNITS[unit]


def _bad_image(name: str, image: str, age: float) -> ContainerFate:
    times = 1 + int(age // 5)
    unknown = (
        f'Failed to pull image "{image}": rpc error: code = NotFound desc = failed to resolve reference: not found'
    )
    tells = (
        ("Normal", "Pulling", f'Pulling image "{image}"', times),
        ("Warning", "Failed", unknown, times),
        ("Warning", "Failed", "Error: ImagePullBackOff", times),
        ("Normal", "BackOff", f'Back-off pulling image "{image}"', times),
    )
    message = f'Back-off pulling image "{image}"'
    return ContainerFate(name, waiting="ImagePullBackOff", message=message, look_again=5.0, tells=tells)


def _missing_reference(namespace: str, container: Object, exists: Exists) -> str:
    sources = [(s.get("secretRef"), s.get("configMapRef")) for s in container.get("envFrom", [])]
    for variable in container.get("env", []):
        given = variable.get("valueFrom", {})
        sources.append((given.get("secretKeyRef"), given.get("configMapKeyRef")))
    for secret, configmap in sources:
        for kind, source in (("secret", secret), ("configmap", configmap)):
            if not source or source.get("optional"):
                continue
            if not exists(kind, namespace, source["name"], None):
                return f'{kind} "{source["name"]}" not found'
            key = source.get("key")
            if key and not exists(kind, namespace, source["name"], key):
                shown = "Secret" if kind == "secret" else "ConfigMap"
                return f"couldn't find key {key} in {shown} {namespace}/{source['name']}"
    return ""


def _crashing(pod: Object, name: str, end: End, age: float) -> ContainerFate:
    restarts, next_at = 1, 1.0
    while age >= next_at:
        restarts += 1
        next_at += min(2.0 ** (restarts - 1), _LONGEST_BACKOFF)
    meta = pod["metadata"]
    message = f"back-off 10s restarting failed container={name} pod={meta['name']}_{meta['namespace']}({meta['uid']})"
    tells = (
        ("Normal", "Started", f"Started container {name}", restarts + 1),
        ("Warning", "BackOff", f"Back-off restarting failed container {name} in pod {meta['name']}", restarts),
    )
    return ContainerFate(
        name,
        waiting="CrashLoopBackOff",
        message=message,
        last_end=end,
        restarts=restarts,
        look_again=next_at - age,
        tells=tells,
    )


def _running(container: Object, age: float) -> ContainerFate:
    name = container["name"]
    alive, ready = _probe_fault(container, "livenessProbe"), _probe_fault(container, "readinessProbe")
    tells = _started(container)
    times = 1 + int(age // _LIVENESS_SECONDS)
    if ready:
        tells += (("Warning", "Unhealthy", f"Readiness probe failed: {ready}", times),)
    if not alive:
        return ContainerFate(name, ready=not ready, look_again=_LIVENESS_SECONDS if ready else None, tells=tells)
    tells += (
        ("Warning", "Unhealthy", f"Liveness probe failed: {alive}", times),
        ("Normal", "Killing", f"Container {name} failed liveness probe, will be restarted", times),
    )
    restarts = int(age // _LIVENESS_SECONDS)
    last = ("Error", 137) if restarts else None
    pause = _LIVENESS_SECONDS - age % _LIVENESS_SECONDS
    return ContainerFate(name, ready=False, last_end=last, restarts=restarts, look_again=pause, tells=tells)


def _probe_fault(container: Object, which: str) -> str:
    asked = container.get(which, {}).get("httpGet") or container.get(which, {}).get("tcpSocket")
    if not asked:
        return ""
    ports = {p["containerPort"] for p in container.get("ports", [])} | {
        p.get("name") for p in container.get("ports", [])
    }
    if container.get("ports") and asked["port"] not in ports:
        return f"dial tcp: connect to port {asked['port']}: connection refused"
    if _BAD.search(asked.get("path", "")):
        return "HTTP probe failed with statuscode: 404"
    return ""


def _started(container: Object) -> tuple[tuple[str, str, str, int], ...]:
    name, image = container["name"], container["image"]
    return (
        ("Normal", "Pulled", f'Container image "{image}" already present on machine', 1),
        ("Normal", "Created", f"Created container {name}", 1),
        ("Normal", "Started", f"Started container {name}", 1),
    )
