"""What happened lately: events newest first, the same thing counted once."""

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import Field

from tools import filtering
from tools.catalogue.everywhere import read_where_allowed
from tools.catalogue.finding import namespace_or_hint
from tools.effects import Effect
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import BadInput
from tools.kube.resources import valid_name, valid_namespace
from tools.pods import part
from tools.rendering import age, counted, moment, table
from tools.spec import Arguments, Result, Tool

_SCANNED = 4000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class EventsArguments(Arguments):
    namespace: str | None = Field(None, description="Left out: all namespaces.")
    object: str | None = Field(None, description="Only about this: a name, or kind/name such as pod/web-1.")
    types: Literal["all", "warning", "normal"] = "all"
    since: str | None = Field(None, description="Only the last 30s, 15m, 2h or 1d.")
    limit: int = Field(50, ge=1, le=500)


async def list_events(client: KubeClient, asked: EventsArguments) -> Result:
    """data: {"namespace": str|null, "total": int, "events": [{"type", "reason", "object": "Pod/web-1", "namespace",
    "message", "count", "first", "last"}]} newest first; times as the API writes them."""
    kind, name = await _about(client, asked.object)
    if asked.namespace:
        valid_namespace(asked.namespace)
    resource = await client.resolve("v1/events")

    async def read(namespace: str | None) -> list[Object]:
        return await recent(client, namespace, kind=kind, name=name)

    everywhere = await read_where_allowed(client, resource, asked.namespace, read)
    found = sorted((event for part in everywhere.found for event in part), key=_when, reverse=True)
    if not found:
        await namespace_or_hint(client, await client.resolve("v1/events"), asked.namespace)
    since = span(asked.since)
    if since is not None:
        begin = datetime.now(UTC) - since
        found = [event for event in found if _when(event) >= begin]
    if asked.types != "all":
        found = [event for event in found if event["type"].lower() == asked.types]
    shown = found[: asked.limit]
    data = {"namespace": asked.namespace, "total": len(found), "events": shown}
    header = _header(asked, len(found), len(shown)) + everywhere.sentence
    return Result(header, rendered(shown, with_namespace=not asked.namespace), data)


def _header(asked: EventsArguments, found: int, shown: int) -> str:
    kind = "event" if asked.types == "all" else f"{asked.types} event"
    about = f" about {asked.object}" if asked.object else ""
    where = about + (f" in {asked.namespace}" if asked.namespace else " in all namespaces")
    if not found:
        return f"No {kind}s{where}{f' in the last {asked.since}' if asked.since else ''}."
    if shown < found:
        return f"{shown} of {counted(found, kind)}{where}, newest first; narrow with object, types or since."
    return f"{counted(found, kind)}{where}, newest first."


async def recent(
    client: KubeClient, namespace: str | None, *, kind: str = "", name: str = "", warnings: bool = False
) -> list[Object]:
    """Grouped events, newest first, as in the tool's data. `kind` as objects write it (Pod)."""
    fields = [f"involvedObject.kind={kind}"] * bool(kind) + [f"involvedObject.name={name}"] * bool(name)
    fields += ["type=Warning"] * warnings
    resource = await client.resolve("v1/events")
    page = await client.list_all(resource, Selection(namespace, fields=",".join(fields)), _SCANNED)
    return grouped(page.items)


def grouped(events: list[Object]) -> list[Object]:
    """Events that say the same about the same object become one, with their counts added up."""
    groups: dict[tuple[str, ...], Object] = {}
    for event in events:
        about = part(event, "involvedObject")
        thing = f"{about.get('kind', '')}/{about.get('name', '')}"
        words = _unnamed(str(event.get("message") or ""), str(about.get("name") or ""))
        key = (about.get("namespace", ""), thing, event.get("type", ""), event.get("reason", ""), words)
        fact = _fact(event, about, thing)
        seen = groups.get(key)
        groups[key] = _merged(seen, fact) if seen else fact
    return sorted(groups.values(), key=_when, reverse=True)


def _unnamed(message: str, owner: str) -> str:
    """Without the random ends of names: a controller that fails again fails with another name each time."""
    return re.sub(rf"{re.escape(owner)}-[a-z0-9]{{5}}\b", owner, message) if owner else message


def rendered(events: list[Object], *, with_namespace: bool = False) -> str:
    if not events:
        return ""
    columns = ["LAST", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE"]
    rows = [
        [age(event["last"]), event["type"], event["reason"], event["object"], event["count"], event["message"]]
        for event in events
    ]
    if with_namespace:
        columns.insert(1, "NAMESPACE")
        for row, event in zip(rows, events, strict=True):
            row.insert(1, event["namespace"])
    return table(columns, rows)


def span(words: str | None) -> timedelta | None:
    """`15m`, `2h`, `1d` as a span. Raises BadInput."""
    if not words:
        return None
    seconds = filtering.measure(words) if words[-1:] in "smhd" else None
    if seconds is None or seconds <= 0:
        raise BadInput(f'"{words[:20]}" is not a span of time. Write 30s, 15m, 2h or 1d.')
    return timedelta(seconds=min(seconds, 366 * 86400))


def _merged(one: Object, other: Object) -> Object:
    """The newer of two with the counts of both."""
    older, newer = sorted((one, other), key=_when)
    first = min((one["first"], other["first"]), key=lambda stamp: moment(stamp) or _EPOCH)
    return {**newer, "first": first, "count": older["count"] + newer["count"]}


def _when(fact: Object) -> datetime:
    return moment(fact["last"]) or _EPOCH


def _fact(event: Object, about: Object, thing: str) -> Object:
    series = part(event, "series")
    first, last = _times(event, series)
    return {
        "type": event.get("type") or "Normal",
        "reason": event.get("reason") or "",
        "object": thing,
        "namespace": about.get("namespace") or part(event, "metadata").get("namespace") or "",
        "message": (event.get("message") or "").strip(),
        "count": int(series.get("count") or event.get("count") or 1),
        "first": first,
        "last": last,
    }


def _times(event: Object, series: Object) -> tuple[str, str]:
    created = part(event, "metadata").get("creationTimestamp") or ""
    once = event.get("eventTime") or created
    last = series.get("lastObservedTime") or event.get("lastTimestamp") or once
    return str(event.get("firstTimestamp") or once), str(last)


async def _about(client: KubeClient, words: str | None) -> tuple[str, str]:
    if not words:
        return "", ""
    kind, _, name = words.rpartition("/")
    valid_name(name)
    return ((await client.resolve(kind)).kind if kind else "", name)


def _intent(asked: EventsArguments) -> str:
    kinds = {"all": "events", "warning": "warnings", "normal": "normal events"}[asked.types]
    about = f" about {asked.object}" if asked.object else ""
    return f"Look at {kinds}{about}" + (f" in {asked.namespace}" if asked.namespace else "")


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_events",
        title="Look at events",
        description="Events newest first, repeated ones counted: scheduling, pulling, probes, kills, mounts.",
        effect=Effect.READ,
        arguments=EventsArguments,
        run=list_events,
        intent=_intent,
        core=True,
    ),
)
