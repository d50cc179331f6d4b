"""The log subresource: which container is meant, which part of its log, once or as it grows."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

from tools.demo.api import Api, Call
from tools.demo.changing import current
from tools.demo.clock import parse_time
from tools.demo.errors import ApiError, BadRequest, Cause, Invalid, Json, NotFound
from tools.demo.http import Response
from tools.demo.kinds import Kind
from tools.demo.negotiation import MEDIA_TYPES, accepted, not_acceptable
from tools.demo.store import Resource

NODES, PODS = Resource("", "nodes"), Resource("", "pods")
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
FOLLOW_PAUSE = 0.5  # seconds between two looks at a log that is followed


def log(api: Api, call: Call, kind: Kind) -> Response:
    """GET `.../pods/<name>/log`: text, 204 for a pod that is on no node yet."""
    _check_accept(call)
    wish = _wish(call, api.store.clock.now())
    pod = current(api, call, kind)
    container = _container(pod, call.request.param("container"))
    node = pod["spec"].get("nodeName")
    if not node:
        return Response(204, content_type="")
    if api.store.get(NODES, "", node) is None:
        raise NotFound("", "pods", node)
    text = _read(api, pod, container, wish)
    if call.request.flag("follow") and not wish["previous"]:
        return Response(content_type="text/plain", stream=_follow(api, pod, container, wish, text))
    return Response(body=text, content_type="text/plain")


def _check_accept(call: Call) -> None:
    clauses = accepted(call.request)
    if any(parameters.get("as") for _, parameters in clauses):
        raise not_acceptable()
    known = ("*/*", "text/*", "text/plain", "application/*", *MEDIA_TYPES.split(", "))
    if clauses and not any(media_type in known for media_type, _ in clauses):
        text = f"406: Not Acceptable\n\nAvailable representations: text/plain, {MEDIA_TYPES}"
        raise ApiError(406, text, details={})


def _number(call: Call, name: str) -> int | None:
    text = call.request.param(name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _wish(call: Call, now: datetime) -> dict[str, Any]:
    """The parameters of PodLogs.read; Invalid when they make no sense."""
    tail, since, limit = (_number(call, name) for name in ("tailLines", "sinceSeconds", "limitBytes"))
    moment = call.request.param("sinceTime")
    causes = []
    if tail is not None and tail < 0:
        text = f"Invalid value: {tail}: must be greater than or equal to 0"
        causes.append(Cause("FieldValueInvalid", text, "tailLines"))
    if limit is not None and limit < 1:
        causes.append(Cause("FieldValueInvalid", f"Invalid value: {limit}: must be greater than 0", "limitBytes"))
    if since is not None and moment:
        text = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        causes.append(Cause("FieldValueForbidden", text, "[]"))
    if since is not None and since < 1:
        causes.append(Cause("FieldValueInvalid", f"Invalid value: {since}: must be greater than 0", "sinceSeconds"))
    if causes:
        raise Invalid("", "PodLogOptions", call.target.name, causes)
    return {
        "previous": call.request.flag("previous"),
        "tail": tail,
        "since": (now - parse_time(moment)).total_seconds() if moment else since,
        "timestamps": call.request.flag("timestamps"),
        "limit_bytes": limit,
    }


def _container(pod: Json, wanted: str) -> str:
    """The container meant; BadRequest when that is open or there is no such container."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    main = [container["name"] for container in spec.get("containers") or []]
    everything = [container["name"] for container in spec.get("initContainers") or []] + main
    everything += [container["name"] for container in spec.get("ephemeralContainers") or []]
    if wanted:
        if wanted not in everything:
            raise BadRequest(f"container {wanted} is not valid for pod {name}")
        return wanted
    if len(everything) == 1:
        return str(everything[0])
    chosen = (pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER)
    if chosen in everything:
        return str(chosen)
    raise BadRequest(f"a container name must be specified for pod {name}, choose one of: [{' '.join(everything)}]")


def _read(api: Api, pod: Json, container: str, wish: dict[str, Any]) -> bytes:
    found = api.logs.read(pod, container, **wish)
    if isinstance(found, ApiError):
        raise found
    return found


async def _follow(
    api: Api, pod: Json, container: str, wish: dict[str, Any], first: bytes
) -> AsyncGenerator[bytes, None]:
    """The log so far, then what is added, until the container ends or the pod is gone."""
    yield first
    meta, last = pod["metadata"], api.store.clock.now()
    while True:
        await asyncio.sleep(FOLLOW_PAUSE)
        latest = api.store.get(PODS, meta["namespace"], meta["name"])
        if latest is None or latest["metadata"]["uid"] != meta["uid"]:
            return
        now = api.store.clock.now()
        news = {**wish, "tail": None, "limit_bytes": None, "since": (now - last).total_seconds()}
        found = api.logs.read(latest, container, **news)
        last = now
        if isinstance(found, ApiError):
            return
        if found:
            yield found
        if (latest.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            return
