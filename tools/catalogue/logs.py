"""Reads container logs: of a pod, of all pods of a workload, or of those a selector chooses."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from pydantic import Field

from tools import logtext, pods
from tools.catalogue.events import span
from tools.catalogue.workloads import MOST_PODS, pods_of
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput, Forbidden, KubeError, Unreachable
from tools.kube.resources import Target, valid_container
from tools.kube.together import beside, together
from tools.kube.transport import Request
from tools.logtext import Line
from tools.rendering import counted, moment
from tools.spec import Arguments, Result, Tool

_MOST_SOURCES = 12
_LARGEST_LOG = 1 << 20
_SCANNED_LINES = 5000
_AT_ONCE = 4  # logs in memory

Bounds: TypeAlias = tuple[datetime | None, datetime | None]


class LogsArguments(Arguments):
    target: str | None = Field(None, description="A pod, or kind/name: deployment/web, job/x, service/y.")
    namespace: str | None = Field(None, description="Left out: found by name.")
    label_selector: str | None = Field(None, description="Instead of target: app=web.")
    container: str | None = Field(None, description="Left out: all containers.")
    previous: bool = Field(False, description="Of the run before the last restart: why it crashed.")
    tail: int = Field(100, ge=1, le=2000, description="Lines per container.")
    since: str | None = Field(None, description="From 15m, 2h, 1d ago on, or a time: 2026-11-22T10:00:00Z.")
    until: str | None = Field(None, description="Up to then, written likewise.")
    match: str | None = Field(None, description="Only lines with these words; | for either. No regular expressions.")
    exclude: str | None = Field(None, description="Without lines with these words; | for either.")
    times: bool = Field(False, description="With the time of each line, for logs without one.")


@dataclass(frozen=True, slots=True)
class Source:
    """One container's log. kept: lines before they were folded; `problem`: why there is none."""

    pod: str
    container: str
    lines: tuple[Line, ...] = ()
    scanned: int = 0
    kept: int = 0
    cut: bool = False
    problem: str = ""


async def read_logs(client: KubeClient, asked: LogsArguments) -> Result:
    """data: {"namespace", "lines": [str, ...] of all containers by time, "sources": [number in "pods" for each line],
    "pods": [{"pod", "container", "lines": int, "scanned": int, "problem": str|null}], "previous": bool}. A line seen n
    times in a row ends in "(×n)"."""
    bounds = _bounds(asked)
    found = await pods_of(client, asked.target, asked.namespace, asked.label_selector)
    if not found:
        raise BadInput("There are no pods to read logs from: nothing matches, or the workload has none now.")
    wanted = _containers(found, asked)
    at_once = asyncio.Semaphore(_AT_ONCE)
    sources = await together(*(_one(client, at_once, *each, asked, bounds) for each in wanted[:_MOST_SOURCES]))
    if len(sources) == 1 and sources[0].problem:
        raise BadInput(f"{sources[0].pod}: {sources[0].problem}")
    namespace = pods.part(found[0], "metadata").get("namespace", "")
    merged = sorted(((line, n) for n, source in enumerate(sources) for line in source.lines), key=lambda one: one[0].at)
    return Result(
        _header(sources, asked, _left(len(wanted), len(found)), namespace) + _hint(found, sources, asked),
        _body(sources, merged, times=asked.times),
        {
            "namespace": namespace,
            "lines": [line.text for line, _ in merged],
            "sources": [n for _, n in merged],
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


def _bounds(asked: LogsArguments) -> tuple[datetime | None, datetime | None]:
    """From when to when. Raises BadInput."""
    since, until = when(asked.since), when(asked.until)
    if since and until and since >= until:
        raise BadInput(f"Nothing is since {asked.since} and until {asked.until}: the end is before the beginning.")
    return since, until


def when(words: str | None, now: datetime | None = None) -> datetime | None:
    """A time as people write it: how long before `now`, or the time itself. Raises BadInput."""
    at = moment(words) if words and "T" in words else None
    ago = span(words) if at is None else None
    return at or ((now or datetime.now(UTC)) - ago if ago else None)


async def _one(
    client: KubeClient, at_once: asyncio.Semaphore, pod: Object, container: str, asked: LogsArguments, bounds: Bounds
) -> Source:
    async with at_once:
        return await _read(client, pod, container, asked, bounds)


async def _read(client: KubeClient, pod: Object, container: str, asked: LogsArguments, bounds: Bounds) -> Source:
    meta = pods.part(pod, "metadata")
    name = str(meta.get("name", ""))
    target = Target(await client.resolve("v1/pods"), meta.get("namespace"), name)
    since, until = bounds
    many = bool(asked.match or asked.exclude or until)
    query = {"container": container, "tailLines": str(_SCANNED_LINES if many else asked.tail), "timestamps": "true"}
    query |= {"limitBytes": str(_LARGEST_LOG)} | ({"previous": "true"} if asked.previous else {})
    if since is not None:
        query["sinceTime"] = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    request = Request(
        "GET", target.path("log"), query, accept="*/*", seconds=30, largest=_LARGEST_LOG, cut_at_largest=True
    )
    try:
        answer = await client.answer(request)
    except (Forbidden, Unreachable):
        raise
    except KubeError as fault:
        return Source(name, container, problem=_plainly(fault.sentence, asked))
    cut = answer.cut or len(answer.body) >= _LARGEST_LOG
    return await beside(lambda: _source(name, container, logtext.stamped(answer.body), asked, until, cut=cut))


def _source(
    pod: str, container: str, found: list[Line], asked: LogsArguments, until: datetime | None, *, cut: bool
) -> Source:
    last = f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}999Z" if until else "~"
    kept = [line for line in logtext.chosen(found, asked.match, asked.exclude) if line.at <= last][-asked.tail :]
    return Source(pod, container, tuple(logtext.told(kept)), len(found), len(kept), cut)


def _plainly(sentence: str, asked: LogsArguments) -> str:
    if "waiting to start" in sentence:
        return "the container has not started, so it has no log yet. Events and k8s_describe say why."
    if asked.previous and "previous" in sentence:
        return "there was no run before this one, so there is no previous log."
    return sentence


def _left(wanted: int, found: int) -> str:
    """How many containers are not read, in words; empty for none."""
    more = wanted - _MOST_SOURCES
    return f"{'at least ' if found >= MOST_PODS else ''}{counted(more, 'more container')} not read" if more > 0 else ""


def _header(sources: list[Source], asked: LogsArguments, left: str, namespace: str) -> str:
    shown, scanned = sum(s.kept for s in sources), sum(s.scanned for s in sources)
    folded = shown - sum(len(s.lines) for s in sources)
    run = "previous log" if asked.previous else "log"
    what = f"{sources[0].pod} ({sources[0].container})" if len(sources) == 1 else counted(len(sources), "container")
    where = f" in {namespace}" if namespace else ""
    words = f"{counted(shown, 'line')} of the {run} of {what}{where}"
    if asked.match or asked.exclude:
        words = f"{shown:,} of {counted(scanned, 'scanned line')} match in the {run} of {what}{where}"
    if folded > 0:
        words += f", {folded} of them folded"
    if any(source.cut for source in sources):
        words += "; cut at 1 MiB"
    return f"{words}; {left}." if left else f"{words}."


def _hint(found: list[Object], sources: list[Source], asked: LogsArguments) -> str:
    if not asked.previous and any(pods.summary(pod)["status"] == "CrashLoopBackOff" for pod in found):
        return " It keeps crashing: previous=true shows the run before the last restart."
    if not any(source.lines or source.problem for source in sources) and not asked.match:
        return " The log is empty."
    return ""


def _body(sources: list[Source], merged: list[tuple[Line, int]], *, times: bool) -> str:
    """By time over all containers; each line says whose it is, if there are several."""
    names = _short_names(sources)
    told = [f"{source.pod} ({source.container}): {source.problem}" for source in sources if source.problem]
    for line, n in merged:
        at = f"{line.at[11:23]} " if times else ""
        told.append(f"{names[n]}{at}{line.text}")
    return "\n".join(told)


def _short_names(sources: list[Source]) -> list[str]:
    """Of a pod the end of its name, where that is enough to tell it from the others."""
    if len(sources) == 1:
        return [""]
    ends = {source.pod: source.pod.rpartition("-")[2] for source in sources}
    clear = len(set(ends.values())) == len(ends)
    several = len({source.container for source in sources}) > 1
    return [
        f"{ends[source.pod] if clear else source.pod}{f'/{source.container}' if several else ''}| "
        for source in sources
    ]


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
        description="Logs of a pod, a workload or a selector: by time over all replicas, filtered, repeats folded.",
        effect=Effect.SENSITIVE,
        arguments=LogsArguments,
        run=read_logs,
        intent=_intent,
        core=True,
    ),
)
