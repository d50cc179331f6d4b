"""Serves container logs over TLS the way a kubelet does, so that the API server has something to fetch."""

import asyncio
import datetime
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.apiserver.agent.client import Mirror
from tests.apiserver.agent.container_rules import LOGS, annotation, end_of, missing_environment

Object = dict[str, Any]
Line = tuple[datetime.datetime, str]

PREVIOUS_LOGS = "demo/previous-logs"
_AGED = re.compile(r"@-(\d+)s (.*)")
_FOLLOW_SECONDS = 1.0
_LISTS = ("container", "initContainer", "ephemeralContainer")


PODS = web.AppKey("pods", Mirror)


def add_routes(application: web.Application, pods: Mirror) -> None:
    """Serve logs of the mirrored pods from the agent's own web application."""
    application[PODS] = pods
    application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", _answer)


def log_lines(pod: Object, container: Object, since: datetime.datetime) -> list[Line]:
    """What the container wrote, one millisecond apart from its start; `@-90s text` was written 90 s before that."""
    text = annotation(pod, LOGS, container["name"]) or _own_words(pod, container)
    lines = []
    for number, line in enumerate(text.splitlines()):
        aged = _AGED.match(line)
        at = since + datetime.timedelta(milliseconds=number)
        lines.append((since - datetime.timedelta(seconds=int(aged[1])), aged[2]) if aged else (at, line))
    return lines


def cut(lines: list[Line], query: Mapping[str, str], now: datetime.datetime) -> bytes:
    """Apply sinceSeconds, sinceTime, tailLines, timestamps and limitBytes in a kubelet's order."""
    if "sinceSeconds" in query:
        oldest = now - datetime.timedelta(seconds=int(query["sinceSeconds"]))
        lines = [line for line in lines if line[0] >= oldest]
    if "sinceTime" in query:
        oldest = datetime.datetime.fromisoformat(query["sinceTime"].replace("Z", "+00:00"))
        lines = [line for line in lines if line[0] >= oldest]
    if "tailLines" in query:
        wanted = int(query["tailLines"])
        lines = lines[-wanted:] if wanted else []
    stamped = query.get("timestamps") == "true"
    text = "".join(
        f"{at.strftime('%Y-%m-%dT%H:%M:%S.%f')}000Z {line}\n" if stamped else f"{line}\n" for at, line in lines
    )
    limit = int(query.get("limitBytes", len(text.encode()) or 1))
    return text.encode()[:limit]


def refusal(status: Object, name: str, pod: str, *, previous: bool) -> str:
    """A kubelet's reason for having no log, or an empty text. Source: kubelet validateContainerLogStatus."""
    if previous and "terminated" not in status.get("lastState", {}):
        return f'previous terminated container "{name}" in pod "{pod}" not found'
    waiting = status.get("state", {}).get("waiting")
    if not status or (waiting and "terminated" not in status.get("lastState", {})):
        reason = (waiting or {}).get("reason", "ContainerCreating")
        pulling = reason in ("ImagePullBackOff", "ErrImagePull")
        told = "trying and failing to pull image" if pulling else reason
        return f'container "{name}" in pod "{pod}" is waiting to start: {told}'
    return ""


async def _answer(request: web.Request) -> web.StreamResponse:
    info, query = request.match_info, request.query
    mirror = request.app[PODS]
    key = (info["namespace"], info["pod"])
    pod = mirror.objects.get(key)
    container = _named(_containers(pod), info["container"]) if pod else {}
    if not pod or not container:
        return web.Response(status=404, text=f'pod "{info["pod"]}" has no container "{info["container"]}" here')
    status = _named(_statuses(pod), container["name"])
    previous = query.get("previous") == "true"
    no_log = refusal(status, container["name"], info["pod"], previous=previous)
    if no_log:
        return web.Response(status=400, text=no_log)
    lines = _lines_of(pod, container, status, previous=previous)
    now = datetime.datetime.now(datetime.UTC)
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    await response.write(cut(lines, query, now))
    while query.get("follow") == "true" and key in mirror.objects and "running" in status.get("state", {}):
        await asyncio.sleep(_FOLLOW_SECONDS)
        await response.write(b"still running\n")
    await response.write_eof()
    return response


def _lines_of(pod: Object, container: Object, status: Object, *, previous: bool) -> list[Line]:
    state = status["state"].get("running") or status["state"].get("terminated")
    if previous or not state:
        state = status["lastState"]["terminated"]
    since = datetime.datetime.fromisoformat(state["startedAt"].replace("Z", "+00:00"))
    before = annotation(pod, PREVIOUS_LOGS, container["name"]) if previous else ""
    return [(since, line) for line in before.splitlines()] or log_lines(pod, container, since)


def _containers(pod: Object) -> list[Object]:
    return [each for key in _LISTS for each in pod["spec"].get(f"{key}s") or []]


def _statuses(pod: Object) -> list[Object]:
    return [each for key in _LISTS for each in pod.get("status", {}).get(f"{key}Statuses") or []]


def _named(items: list[Object], name: str) -> Object:
    return next((item for item in items if item["name"] == name), {})


def _own_words(pod: Object, container: Object) -> str:
    lacking = missing_environment(pod, container)
    if lacking:
        return f"fatal: environment variable {lacking} is not set"
    end = end_of(pod, container)
    if end and end[0] == "OOMKilled":
        return ""
    begun = f"starting {container['image']}"
    return f"{begun}\nfatal: exit with code {end[1]}" if end else f"{begun}\nready to serve"
