"""Pod logs: what a container printed, worked out from its program, its times and the present moment."""

from datetime import datetime, timedelta

from tools.demo.clock import parse_time
from tools.demo.errors import ApiError, BadRequest, Json
from tools.demo.log_lines import Line, Window, lines_of
from tools.demo.programs import Programs, program_of
from tools.demo.store import Store

ANNOTATION = "demo/logs"
WAITING = {
    "ImagePullBackOff": "trying and failing to pull image",
    "ErrImagePull": "image can't be pulled",
}


class ContainerLogs:
    """Reads logs as a kubelet serves them; nothing is stored, so nothing grows."""

    def __init__(self, store: Store, programs: Programs) -> None:
        self._store = store
        self._programs = programs

    def read(  # noqa: PLR0913, the parameters of the log subresource, one by one
        self,
        pod: Json,
        container: str,
        *,
        previous: bool = False,
        tail: int | None = None,
        since: float | None = None,
        timestamps: bool = False,
        limit_bytes: int | None = None,
        follow: bool = False,
    ) -> bytes | ApiError:
        """The log's bytes, or the kubelet's refusal; `since` in seconds before now."""
        now = self._store.clock.now()
        start = None if since is None else now - timedelta(seconds=since)
        found = self._lines(pod, container, previous, Window(start, now, tail))
        if isinstance(found, ApiError):
            return found
        if start is not None:
            found = [line for line in found if line.at > start]
        if tail is not None:
            found = found[-tail:] if tail else []
        text = "".join(f"{stamp(line.at)} {line.text}\n" if timestamps else f"{line.text}\n" for line in found)
        return text.encode()[:limit_bytes]

    def _lines(self, pod: Json, container: str, previous: bool, window: Window) -> list[Line] | ApiError:
        status = status_of(pod, container)
        name = pod["metadata"]["name"]
        state, last = status.get("state") or {}, (status.get("lastState") or {}).get("terminated")
        if previous and not last:
            return BadRequest(f'previous terminated container "{container}" in pod "{name}" not found')
        run = last if previous else state.get("running") or state.get("terminated") or last
        if not run:
            reason = (state.get("waiting") or {}).get("reason", "ContainerCreating")
            why = WAITING.get(reason, reason)
            return BadRequest(f'container "{container}" in pod "{name}" is waiting to start: {why}')
        noted = (pod["metadata"].get("annotations") or {}).get(ANNOTATION)
        if noted is not None:
            return annotated(noted, parse_time(run["startedAt"]))
        spec = spec_of(pod, container)
        return lines_of(program_of(self._programs, spec), pod, spec, run, window)


def status_of(pod: Json, container: str) -> Json:
    status = pod.get("status", {})
    for key in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for each in status.get(key) or []:
            if each["name"] == container:
                return dict(each)
    return {}


def spec_of(pod: Json, container: str) -> Json:
    everyone = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or [])]
    return next(each for each in everyone if each["name"] == container)


def annotated(text: str, started: datetime) -> list[Line]:
    """The annotation's lines; `@-<seconds> ` in front says how long before the start a line was printed."""
    found = []
    for line in text.splitlines():
        age, words = 0.0, line
        if line.startswith("@-") and " " in line:
            first, _, rest = line.partition(" ")
            if first[2:].isdigit():
                age, words = float(first[2:]), rest
        found.append(Line(started - timedelta(seconds=age), words))
    return found


def stamp(moment: datetime) -> str:
    """RFC 3339 with nanoseconds, as container runtimes write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
