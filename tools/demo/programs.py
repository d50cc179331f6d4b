"""What the software in an image does when it runs: what it needs, when it is ready, how it ends."""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tools.demo.images import parse_image
from tools.demo.quantity import parse

Json = dict[str, Any]
EXIT = re.compile(r"\bexit\s+(\d+)")
SLEEP = re.compile(r"\bsleep\s+(\d+)")
SHELLS = ("busybox", "alpine", "debian", "ubuntu")
MOUNTED = "file:"  # in front of what is mounted rather than set, among the things a container is given
FOREVER = ("infinity", "while true", "tail -f")


@dataclass(frozen=True)
class Program:
    """One row of the table `story/programs.yaml`; every field has a harmless default."""

    tags: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    needs_since: str = ""
    memory: str = ""
    cpu: str = ""
    listens: tuple[int, ...] = ()
    paths: tuple[str, ...] = ()
    starts: float = 1.0
    runs: float | None = None
    exit_code: int = 0
    rejects: tuple[str, ...] = ()  # (`<secret>/<key>` it mounts, word): with that word in it exit_code, else 0
    logs: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Fate:
    """What will become of a container that starts now. `exit_code` None: it keeps running."""

    exit_code: int | None = None
    after: float = 0.0
    reason: str = "Error"
    ready_after: float | None = 0.0
    unready: str = ""
    unhealthy: str = ""
    missing: str = ""


Programs = dict[str, Program]


def program_of(programs: Programs, container: Json) -> Program:
    """The row for the container's image: by full path, else by its last part."""
    name = parse_image(container["image"]).name
    return programs.get(name) or programs.get(name.rsplit("/", 1)[-1]) or Program()


def words(container: Json) -> str:
    return " ".join([*(container.get("command") or []), *(container.get("args") or [])])


def fate(program: Program, pod: Json, container: Json, environment: dict[str, str]) -> Fate:
    """Decided from the pod's spec and the environment the container really gets."""
    text = words(container)
    for rule in (missing_variable(program, container, environment), out_of_memory(program, container)):
        if rule is not None:
            return rule
    told = EXIT.search(text)
    pause = SLEEP.search(text)
    wait = float(pause.group(1)) if pause else 0.5
    if told or text.strip() in ("false", "/bin/false"):
        code = int(told.group(1)) if told else 1
        return Fate(code, wait, "Error" if code else "Completed", ready_after=0.0)
    if runs_once(program, pod, container) and not any(each in text for each in FOREVER):
        seconds = program.runs if program.runs is not None else wait
        content = environment.get(f"{MOUNTED}{program.rejects[0]}", "") if program.rejects else ""
        code = program.exit_code if not program.rejects or program.rejects[1] in content else 0
        return Fate(code, seconds, "Error" if code else "Completed")
    return probed(program, pod, container)


def runs_once(program: Program, pod: Json, container: Json) -> bool:
    owners = pod["metadata"].get("ownerReferences") or []
    if program.runs is not None or any(each["kind"] == "Job" for each in owners):
        return True
    if container in (pod["spec"].get("initContainers") or []):
        return True
    name = parse_image(container["image"]).name
    return name in SHELLS and "httpd" not in words(container) and "nc -l" not in words(container)


def missing_variable(program: Program, container: Json, environment: dict[str, str]) -> Fate | None:
    tag = parse_image(container["image"]).tag
    if program.needs_since and version(tag) < version(program.needs_since):
        return None
    missing = [name for name in program.needs if not environment.get(name)]
    return Fate(1, 1.5, "Error", ready_after=None, missing=missing[0]) if missing else None


def version(tag: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", tag))


def out_of_memory(program: Program, container: Json) -> Fate | None:
    limit = ((container.get("resources") or {}).get("limits") or {}).get("memory")
    if limit and program.memory and parse(limit) < parse(program.memory):
        return Fate(137, 25.0, "OOMKilled", ready_after=program.starts)
    return None


def probed(program: Program, pod: Json, container: Json) -> Fate:
    """A container that stays up: ready unless its probes ask for something it does not serve."""
    alive = container.get("livenessProbe")
    startup = container.get("startupProbe")
    for kind, probe in (("Startup", startup), ("Liveness", alive)):
        problem = probe_problem(program, pod, container, probe)
        if probe and problem:
            patience = probe.get("failureThreshold", 3) * probe.get("periodSeconds", 10)
            after = probe.get("initialDelaySeconds", 0) + patience
            return Fate(
                137, float(after), "Error", ready_after=program.starts, unhealthy=f"{kind} probe failed: {problem}"
            )
    ready = container.get("readinessProbe")
    problem = probe_problem(program, pod, container, ready)
    if ready and problem:
        return Fate(ready_after=None, unready=f"Readiness probe failed: {problem}")
    delay = float((ready or {}).get("initialDelaySeconds", 0))
    return Fate(ready_after=max(delay, program.starts if ready else min(program.starts, 0.5)))


def probe_problem(program: Program, pod: Json, container: Json, probe: Json | None) -> str:
    """The kubelet's words for a probe that fails; "" when it succeeds or there is none."""
    if not probe:
        return ""
    address = pod.get("status", {}).get("podIP", "10.244.0.1")
    if "exec" in probe:
        command = " ".join(probe["exec"].get("command") or [])
        return "command failed" if EXIT.search(command) or "false" in command.split() else ""
    action: Json = probe.get("httpGet") or probe.get("tcpSocket") or probe.get("grpc") or {}
    port = number(container, action.get("port", 0))
    open_ports = program.listens or tuple(each["containerPort"] for each in container.get("ports") or [])
    if open_ports and port not in open_ports:
        dial = f"dial tcp {address}:{port}: connect: connection refused"
        if "httpGet" not in probe:
            return dial
        scheme = action.get("scheme", "HTTP").lower()
        return f'Get "{scheme}://{address}:{port}{action.get("path", "/")}": {dial}'
    path = str(action.get("path", "/")).partition("?")[0]
    if "httpGet" in probe and program.paths and path not in program.paths:
        return "HTTP probe failed with statuscode: 404"
    return ""


def number(container: Json, port: int | str) -> int:
    if isinstance(port, int):
        return port
    named = {each.get("name"): each["containerPort"] for each in container.get("ports") or []}
    return int(named.get(port, port if port.isdigit() else 0))


def memory_need(program: Program) -> Fraction:
    return parse(program.memory) if program.memory else Fraction(0)
