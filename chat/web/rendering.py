"""Turns an event into the one piece of HTML that stands for it, on page load and on push alike.

The placing rule, here and in static/js/lib/placing.js: a piece whose id is already in the feed replaces the one there,
any other piece goes to the end. The beginning of a run takes its message along, which may have waited for an earlier
run; and a message that leaves the queue otherwise, steered or removed, goes to where that happens.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from django.template.loader import render_to_string
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString

from chat import given
from chat.web import markdown, text_findings, text_tables
from chat.web.plain import plain

HUES = 8
Json = Any
Fields = Mapping[str, Json]


class Line(Protocol):
    """What is needed of an event: `chat.models.Event` fits."""

    @property
    def seq(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def data(self) -> Json: ...
    @property
    def at(self) -> datetime: ...


def _numbered(event: Line) -> str:
    return f"event-{event.data['conversation_id']}-{event.seq}"


_IDS: dict[str, Callable[[Line], str]] = {
    "user_message": lambda event: f"message-{event.data['message_id']}",
    "message_edited": lambda event: f"message-{event.data['message_id']}",
    "message_removed": lambda event: f"message-{event.data['message_id']}",
    "message_steered": lambda event: f"message-{event.data['message_id']}",
    "conversation_renamed": _numbered,
    "run_started": lambda event: f"run-{event.data['run_id']}",
    "thinking_end": lambda event: f"thinking-{event.data['run_id']}-{event.data['block']}",
    "text_end": lambda event: f"block-{event.data['run_id']}-{event.data['block']}",
    "tool_call_start": lambda event: f"call-{event.data['tool_call_id']}",
    "tool_call_end": lambda event: f"call-{event.data['tool_call_id']}",
    "approval_requested": lambda event: f"approval-{event.data['approval_id']}",
    "arguments_edited": lambda event: f"call-{event.data['tool_call_id']}",
    "approval_decided": lambda event: f"approval-{event.data['approval_id']}",
    "notice": _numbered,
    "error": _numbered,
    "complete": lambda event: f"end-{event.data['run_id']}",
}


def dom_id(event: Line) -> str:
    """The id of the piece's root element: events that tell of the same thing share it."""
    return _IDS[event.type](event)


def render(event: Line, request: Fields | None = None) -> SafeString:
    """The piece for one event. `request`: the data of the approval_requested that an approval_decided answers."""
    context = {"id": dom_id(event), "event": event, "data": event.data, **_extra(event, request)}
    return SafeString(render_to_string(f"chat/events/_{event.type}.html", context).strip())


def page(events: Iterable[Line], requests: Mapping[str, Fields] | None = None) -> list[SafeString]:
    """All pieces of a feed after the placing rule. `requests`: approval_requested data by approval id, for approvals
    that were asked for before the first of these events."""
    known = dict(requests or {})
    newest: dict[str, Line] = {}
    for event in events:
        place(newest, event)
        if event.type == "approval_requested":
            known[event.data["approval_id"]] = event.data
    return [render(event, known.get(event.data.get("approval_id", ""))) for event in newest.values()]


def place(placed: dict[str, Line], event: Line) -> None:
    """The placing rule, on a feed as a dict from id to the event shown there: order is the order on the page."""
    if event.type == "run_started" and dom_id(event) not in placed:
        for key, message in list(placed.items()):
            if message.type in ("user_message", "message_edited") and message.data["run_id"] == event.data["run_id"]:
                placed[key] = placed.pop(key)
    if event.type in ("message_steered", "message_removed"):
        placed.pop(dom_id(event), None)
    placed[dom_id(event)] = event


def _extra(event: Line, request: Fields | None) -> dict[str, Json]:
    make = _EXTRAS.get(event.type)
    return make(event.data, request) if make else {}


def _said(data: Fields, request: Fields | None) -> dict[str, Json]:
    return {"html": markdown.to_html(data["text"])}


def _call(data: Fields, request: Fields | None) -> dict[str, Json]:
    return {
        "call": data,
        "arguments": arguments(data["arguments"]),
        "namespace": data["arguments"].get("namespace", ""),
        "hue": hue(data.get("cluster", "")),
    }


def hue(cluster: str) -> int:
    """One of the HUES colours of clusters, always the same for the same name."""
    return zlib.crc32(cluster.encode()) % HUES


def _called(data: Fields, request: Fields | None) -> dict[str, Json]:
    result = plain(data["result"])
    findings = text_findings.find(data["tool_name"], result)
    tokens = given.tokens(data["tool_name"], data["result"])
    told = {"result": result, "findings": findings, "table": text_tables.find(result), "tokens": tokens}
    return {**_call(data, request), **told}


def _asked(data: Fields, request: Fields | None) -> dict[str, Json]:
    expires_at = parse_datetime(data["expires_at"])
    return {**_call(data, request), "asked": data, "expires_at": expires_at, "plan": data.get("plan") or {}}


def _decided(data: Fields, request: Fields | None) -> dict[str, Json]:
    return {**(_asked(request, None) if request else {}), "asked": request}


def _ended(data: Fields, request: Fields | None) -> dict[str, Json]:
    usage: Fields = data.get("usage") or {}
    return {"tokens": sum(value for key, value in usage.items() if key.endswith("_tokens"))}


_EXTRAS: dict[str, Callable[[Fields, Fields | None], dict[str, Json]]] = {
    "text_end": _said,
    "tool_call_start": _call,
    "tool_call_end": _called,
    "approval_requested": _asked,
    "arguments_edited": _call,
    "approval_decided": _decided,
    "complete": _ended,
}


def arguments(given: Fields) -> list[tuple[str, str]]:
    """Arguments as (name, text), in the order given; what is not text is shown as JSON."""
    return [
        (
            plain(str(name)),
            plain(value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)),
        )
        for name, value in given.items()
        if value is not None
    ]
