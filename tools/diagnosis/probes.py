"""A program that runs but does not answer its checks: readiness, liveness, startup."""

from tools.diagnosis.case import Case
from tools.diagnosis.finding import Evidence, Finding, Severity, Sign, event, logs, read, spec, status
from tools.pods import Object, part, parts

READINESS = Sign(
    "readiness", Severity.CRITICAL, "a pod that runs and does not report ready: a check with the wrong path or port"
)
LIVENESS = Sign(
    "liveness", Severity.CRITICAL, "a container that is killed again and again by its liveness or startup check"
)
SIGNS = (READINESS, LIVENESS)
_KILLED = ("liveness probe failed", "startup probe failed")
_SILENT_START = 60.0
_LONG_START = 120.0
_EXITS_OF_A_KILL = (137, 143, None)


def killed(case: Case, container: Object, exit_code: int | None) -> Finding | None:
    """The end of a container that a check brought about."""
    notes = [note for note in case.world.warnings(case.thing) if str(note["message"]).lower().startswith(_KILLED)]
    if not notes or exit_code not in (*_EXITS_OF_A_KILL, 0):
        return None
    which = "startupProbe" if "startup" in str(notes[0]["message"]).lower() else "livenessProbe"
    title = f"is restarted again and again by its {which.removesuffix('Probe')} check"
    return LIVENESS.on(
        case.owner,
        title,
        "The program runs, but this check fails, so Kubernetes restarts it." + _port_hint(case, container, which),
        event(notes[0]["message"]),
        *_written(case, container, which),
        fix="Correct the path, port or delay of the check, or find out why the program does not answer.",
        step=read(case.owner),
        container=container["name"],
    )


def unready(case: Case) -> Finding | None:
    """A pod of which a container runs and is not ready, for longer than a start takes."""
    waiting = [c for c in case.containers() if c["role"] == "main" and c["state"] == "running" and not c["ready"]]
    if not waiting or case.phase != "Running":
        return None
    container = waiting[0]
    notes = [n for n in case.world.warnings(case.thing, "Unhealthy") if "probe failed" in str(n["message"]).lower()]
    lived = case.world.seconds_since(container["since"])
    if lived < _allowed(case, container) + (0 if notes else _SILENT_START):
        return None
    told = []
    if notes:
        times = f" ({notes[0]['count']} times)" if notes[0]["count"] > 1 else ""
        told = [event(f"{notes[0]['message']}{times}")]
    found = READINESS.on(
        case.owner,
        "runs, but does not report ready",
        "The program runs, but its readiness check does not succeed, so no requests are sent to it."
        + _port_hint(case, container, "readinessProbe"),
        status(f"Container {container['name']} runs, but is not ready."),
        *told,
        *_written(case, container, "readinessProbe"),
        fix="Either the program is not finished starting or something it needs does not answer, or the check asks the "
        "wrong path or port.",
        step=logs(case.thing),
        container=container["name"],
    )
    return found.worth(Severity.WARNING) if lived < _LONG_START else found


def _allowed(case: Case, container: Object) -> float:
    """The seconds that its checks give a program to become ready."""
    declared, allowed = case.declared(container["name"]), 0.0
    for which in ("startupProbe", "readinessProbe"):
        probe = part(declared, which)
        if probe:
            every, tries = int(probe.get("periodSeconds") or 10), int(probe.get("failureThreshold") or 3)
            allowed += int(probe.get("initialDelaySeconds") or 0) + every * tries
    return allowed


def _written(case: Case, container: Object, which: str) -> list[Evidence]:
    probe = part(case.declared(container["name"]), which)
    way = next((key for key in ("httpGet", "tcpSocket", "grpc", "exec") if key in probe), "")
    if not way:
        return []
    asked = part(probe, way)
    words = ", ".join(f"{key}: {asked[key]}" for key in ("path", "port", "command") if asked.get(key) is not None)
    return [spec(f"{which}.{way}: {words}")]


def _port_hint(case: Case, container: Object, which: str) -> str:
    """When the check asks a port that the container does not name."""
    declared = case.declared(container["name"])
    ports = parts(declared, "ports")
    probe = part(declared, which)
    asked = next((part(probe, way).get("port") for way in ("httpGet", "tcpSocket", "grpc") if part(probe, way)), None)
    known = {str(port.get(key)) for port in ports for key in ("containerPort", "name") if port.get(key)}
    if asked is None or not ports or str(asked) in known:
        return ""
    numbers = ", ".join(str(port.get("containerPort")) for port in ports)
    return f" The check asks port {asked}; the container names only {numbers}."
