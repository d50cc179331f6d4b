"""Logs of the nodes as their kubelets serve them: of services by a query, and of a few files. Nothing is stored."""

import html
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tools.demo.api import Api, Call
from tools.demo.changing import current
from tools.demo.clock import parse_time
from tools.demo.http import Response, text_response
from tools.demo.kinds import Kind
from tools.demo.log_lines import Line
from tools.demo.store import Json, Resource, Store

PODS = Resource("", "pods")
PULLS = ("ImagePullBackOff", "ErrImagePull")
TROUBLE, ROUTINE = timedelta(seconds=13), timedelta(minutes=1)  # between two lines of a kubelet
REACHES = timedelta(minutes=30)  # as far back as a node keeps what its services say
MOST_TAIL = 100_000
HTML = "text/html; charset=utf-8"
FILES = {
    "kern.log": ("Linux version 6.12.0-demo", "Memory: 16384000K available", "eth0: link is up, 10000 Mbps"),
    "apt/history.log": ("Commandline: apt-get upgrade", "Upgrade: containerd (2.0.1, 2.0.2)"),
}


def node_logs(api: Api, call: Call, kind: Kind) -> Response:
    """GET `.../nodes/<name>/proxy/logs/<file>`, or `?query=<service>`, as a kubelet with NodeLogQuery answers."""
    node = current(api, call, kind)
    path = "/".join(call.target.rest[1:])
    service = call.request.param("query")
    if service:
        return _of_service(api, call, node["metadata"]["name"], service) if not path else _not_both()
    if path in FILES:
        return text_response("".join(f"[    0.{n:06}] {line}\n" for n, line in enumerate(FILES[path])))
    return _listing(f"{path}/" if path else "", call.request.path.endswith("/"))


def _not_both() -> Response:
    return text_response("path not allowed in query mode\n", 406)


def _listing(folder: str, slash: bool) -> Response:
    inside = sorted({_first(name.removeprefix(folder)) for name in FILES if name.startswith(folder)})
    if not inside:
        return text_response("404 page not found\n", 404)
    if not slash:
        return Response(301, headers=[("Location", f"{folder.rstrip('/').rpartition('/')[2]}/")], content_type="")
    links = "".join(f'<a href="{html.escape(name)}">{html.escape(name)}</a>\n' for name in inside)
    return Response(200, f"<!doctype html>\n<pre>\n{links}</pre>\n".encode(), HTML)


def _first(name: str) -> str:
    head, slash, _ = name.partition("/")
    return head + slash


def _of_service(api: Api, call: Call, node: str, service: str) -> Response:
    now = api.store.clock.now()
    found = services(api.store, node, now).get(service)
    if found is None:
        return text_response(f"\nlog not found for {service}\n")
    tail, since = call.request.param("tailLines"), call.request.param("sinceTime")
    if tail and not (tail.isdigit() and int(tail) <= MOST_TAIL):
        return text_response(f'tailLines: Invalid value: "{tail}": must be between 0 and {MOST_TAIL}\n', 400)
    lines = [line for line in found if not since or line.at >= parse_time(since)]
    lines = lines[-int(tail) :] if tail and int(tail) else [] if tail else lines
    words = [f"{line.at:%b %d %H:%M:%S.%f} {node} {service}[812]: {line.text}\n" for line in lines]
    return text_response("".join(words) or "-- No entries --\n")


def services(store: Store, node: str, now: datetime) -> dict[str, list[Line]]:
    """What each service of the node has said lately, in order."""
    pods = [pod for pod in store.list(PODS) if pod["spec"].get("nodeName") == node]
    kubelet = [line for pod in pods for line in _about(pod, now)]
    kubelet += [Line(at, _klog("I", at, f'"Housekeeping" pods={len(pods)}')) for at in _every(ROUTINE, now)]
    runtime = [
        Line(at, f'time="{at:%Y-%m-%dT%H:%M:%SZ}" level=info msg="image usage collected"')
        for at in _every(ROUTINE, now)
    ]
    return {"kubelet": sorted(kubelet), "containerd": runtime}


def _about(pod: Json, now: datetime) -> Iterable[Line]:
    """A kubelet complains of a container that it cannot start again and again."""
    meta = pod["metadata"]
    born = parse_time(meta["creationTimestamp"])
    for status in (pod.get("status") or {}).get("containerStatuses") or []:
        waiting = (status.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") == "CrashLoopBackOff" or waiting.get("reason") in PULLS:
            why = f'failed to \\"StartContainer\\" for \\"{status["name"]}\\" with {waiting["reason"]}'
            where = f'pod="{meta["namespace"]}/{meta["name"]}" podUID="{meta["uid"]}"'
            words = f'"Error syncing pod, skipping" err="{why}: {waiting.get("message", "")}" {where}'
            yield from (Line(at, _klog("E", at, words)) for at in _every(TROUBLE, now) if at >= born)


def _every(step: timedelta, now: datetime) -> list[datetime]:
    """The same moments whenever it is asked."""
    last = datetime.fromtimestamp(now.timestamp() // step.total_seconds() * step.total_seconds(), UTC)
    return [last - n * step for n in range(int(REACHES / step), -1, -1)]


def _klog(level: str, at: datetime, words: str) -> str:
    return f"{level}{at:%m%d %H:%M:%S.%f}     812 kubelet.go:2430] {words}"
