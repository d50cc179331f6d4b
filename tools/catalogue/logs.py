"""Reads container logs: of a pod, of all pods of a workload, or of those a selector chooses."""

from dataclasses import dataclass
from itertools import groupby

from pydantic import Field

from tools import logtext, pods
from tools.catalogue.events import span
from tools.catalogue.workloads import pods_of
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput, Forbidden, KubeError, Unreachable
from tools.kube.resources import Target, valid_container
from tools.kube.together import together
from tools.kube.transport import Request
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool

_MOST_SOURCES = 12
_LARGEST_LOG = 1 << 20
_SCANNED_LINES = 5000


class LogsArguments(Arguments):
    target: str | None = Field(None, description="A pod, or kind/name: deployment/web, job/x, service/y.")
    namespace: str | None = Field(None, description="Left out: found by name.")
    label_selector: str | None = Field(None, description="Instead of target: app=web.")
    container: str | None = Field(None, description="Left out: all containers.")
    previous: bool = Field(False, description="Of the run before the last restart: why it crashed.")
    tail: int = Field(100, ge=1, le=2000, description="Lines per container.")
    since: str | None = Field(None, description="Only the last 30s, 15m, 2h or 1d.")
    match: str | None = Field(None, description="Only lines with these words; | for either. No regular expressions.")
    exclude: str | None = Field(None, description="Without lines with these words; | for either.")


@dataclass(frozen=True, slots=True)
class Source:
    """One container's log. `problem`: why there is none."""

    pod: str
    container: str
    lines: tuple[str, ...] = ()
    scanned: int = 0
    cut: bool = False
    problem: str = ""


async def read_logs(client: KubeClient, asked: LogsArguments) -> Result:
    """data: {"namespace", "lines": [str, ...] in the order shown, "pods": [{"pod", "container", "lines": int,
    "scanned": int, "problem": str|null}], "previous": bool}. A line seen n times in a row ends in "(×n)"."""
    found = await pods_of(client, asked.target, asked.namespace, asked.label_selector)
    if not found:
        raise BadInput("There are no pods to read logs from: nothing matches, or the workload has none now.")
    wanted = _containers(found, asked)
    sources = await together(*(_read(client, pod, name, asked) for pod, name in wanted[:_MOST_SOURCES]))
    if len(sources) == 1 and sources[0].problem:
        raise BadInput(f"{sources[0].pod}: {sources[0].problem}")
    namespace = pods.part(found[0], "metadata").get("namespace", "")
    return Result(
        _header(sources, asked, len(wanted), namespace) + _hint(found, sources, asked),
        _body(sources),
        {
            "namespace": namespace,
            "lines": [line for source in sources for line in source.lines],
            "pods": [_fact(source) for source in sources],
            "previous": asked.previous,
        },
    )


def _containers(found: list[Object], asked: LogsArguments) -> list[tuple[Object, str]]:
    wanted = []
    for pod in sorted(found, key=pods.is_well):
        names = [container["name"] for container in pods.containers(pod)]
        if asked.container:
            valid_container(asked.container)
            wanted += [(pod, asked.container)] if asked.container in names else []
        else:
            wanted += [(pod, c["name"]) for c in pods.containers(pod) if c["role"] == "main" or not _through(c)]
    if not wanted:
        known = ", ".join(dict.fromkeys(c["name"] for pod in found for c in pods.containers(pod)))
        raise BadInput(f'There is no container "{asked.container}". Containers here: {known}.')
    return wanted


def _through(container: Object) -> bool:
    """An initial container that did its work: its log is rarely asked for."""
    return bool(container["state"] == "terminated" and container["exit_code"] == 0)


async def _read(client: KubeClient, pod: Object, container: str, asked: LogsArguments) -> Source:
    meta = pods.part(pod, "metadata")
    name = str(meta.get("name", ""))
    target = Target(await client.resolve("v1/pods"), meta.get("namespace"), name)
    filtered = bool(asked.match or asked.exclude)
    query = {"container": container, "tailLines": str(_SCANNED_LINES if filtered else asked.tail)}
    query |= {"limitBytes": str(_LARGEST_LOG)} | ({"previous": "true"} if asked.previous else {})
    since = span(asked.since)
    if since is not None:
        query["sinceSeconds"] = str(max(1, int(since.total_seconds())))
    request = Request(
        "GET", target.path("log"), query, accept="*/*", seconds=30, largest=_LARGEST_LOG, cut_at_largest=True
    )
    try:
        answer = await client.answer(request)
    except (Forbidden, Unreachable):
        raise
    except KubeError as fault:
        return Source(name, container, problem=_plainly(fault.sentence, asked))
    lines = logtext.lines(answer.body)
    kept = logtext.chosen(lines, asked.match, asked.exclude)[-asked.tail :]
    return Source(
        name, container, tuple(logtext.folded(kept)), len(lines), answer.cut or len(answer.body) >= _LARGEST_LOG
    )


def _plainly(sentence: str, asked: LogsArguments) -> str:
    if "waiting to start" in sentence:
        return "the container has not started, so it has no log yet. Events and k8s_describe say why."
    if asked.previous and "previous" in sentence:
        return "there was no run before this one, so there is no previous log."
    return sentence


def _header(sources: list[Source], asked: LogsArguments, wanted: int, namespace: str) -> str:
    shown, scanned = sum(len(s.lines) for s in sources), sum(s.scanned for s in sources)
    run = "previous log" if asked.previous else "log"
    what = f"{sources[0].pod} ({sources[0].container})" if len(sources) == 1 else counted(len(sources), "container")
    where = f" in {namespace}" if namespace else ""
    words = f"{counted(shown, 'line')} of the {run} of {what}{where}"
    if asked.match or asked.exclude:
        words = f"{shown:,} of {counted(scanned, 'scanned line')} match in the {run} of {what}{where}"
    if any(source.cut for source in sources):
        words += "; cut at 1 MiB"
    if wanted > len(sources):
        words += f"; {wanted - len(sources)} more containers not read"
    return f"{words}."


def _hint(found: list[Object], sources: list[Source], asked: LogsArguments) -> str:
    if not asked.previous and any(pods.summary(pod)["status"] == "CrashLoopBackOff" for pod in found):
        return " It keeps crashing: previous=true shows the run before the last restart."
    if not any(source.lines or source.problem for source in sources) and not asked.match:
        return " The log is empty."
    return ""


def _body(sources: list[Source]) -> str:
    parts = []
    for (pod, container), group in groupby(sources, key=lambda source: (source.pod, source.container)):
        for source in group:
            text = "\n".join(source.lines) if not source.problem else f"({source.problem})"
            parts.append(f"== {pod} ({container})\n{text}".rstrip() if len(sources) > 1 else text)
    return "\n".join(parts)


def _fact(source: Source) -> Object:
    return {
        "pod": source.pod,
        "container": source.container,
        "lines": len(source.lines),
        "scanned": source.scanned,
        "problem": source.problem or None,
    }


def _intent(asked: LogsArguments) -> str:
    what = asked.target or f"pods with {asked.label_selector}"
    where = f" in {asked.namespace}" if asked.namespace else ""
    return f"Read the {'previous ' if asked.previous else ''}log of {what}{where}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_logs",
        title="Read logs",
        description="Container logs of a pod, a workload or a selector; filtered and repeated lines folded.",
        effect=Effect.SENSITIVE,
        arguments=LogsArguments,
        run=read_logs,
        intent=_intent,
        core=True,
    ),
)
