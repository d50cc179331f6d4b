"""What happened lately: events newest first, the same thing counted once."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from tools import filtering
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
    found = await recent(client, asked.namespace, kind=kind, name=name)
    if not found:
        await namespace_or_hint(client, await client.resolve("v1/events"), asked.namespace)
    since = span(asked.since)
    if since is not None:
        begin = datetime.now(UTC) - since
        found = [event for event in found if (moment(event["last"]) or _EPOCH) >= begin]
    if asked.types != "all":
        found = [event for event in found if event["type"].lower() == asked.types]
    shown = found[: asked.limit]
    where = f" in {asked.namespace}" if asked.namespace else " in all namespaces"
    about = f" about {asked.object}" if asked.object else ""
    kinds = "events" if asked.types == "all" else f"{asked.types} events"
    header = f"{len(shown)} of {len(found):,} {kinds}{about}{where}, newest first; narrow with object, types or since."
    if len(shown) == len(found):
        header = f"{counted(len(found), kinds.removesuffix('s'))}{about}{where}, newest first."
    if not found:
        header = f"No {kinds}{about}{where}{f' in the last {asked.since}' if asked.since else ''}."
    return Result(
        header,
        rendered(shown, with_namespace=not asked.namespace),
        {
            "namespace": asked.namespace,
            "total": len(found),
            "events": shown,
        },
    )


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
        key = (
            about.get("namespace", ""),
            thing,
            event.get("type", ""),
            event.get("reason", ""),
            event.get("message", ""),
        )
        series = part(event, "series")
        count = int(series.get("count") or event.get("count") or 1)
        first, last = _times(event, series)
        seen = groups.setdefault(key, _fact(event, about, thing, first, last))
        seen["count"] += count
        seen["first"] = min(seen["first"] or "", first or "") or first
        seen["last"] = max(seen["last"] or "", last or "")
    return sorted(groups.values(), key=lambda fact: moment(fact["last"]) or _EPOCH, reverse=True)


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


def _fact(event: Object, about: Object, thing: str, first: str, last: str) -> Object:
    return {
        "type": event.get("type") or "Normal",
        "reason": event.get("reason") or "",
        "object": thing,
        "namespace": about.get("namespace") or part(event, "metadata").get("namespace") or "",
        "message": (event.get("message") or "").strip(),
        "count": 0,
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


def warnings_first(events: list[Object], most: int) -> list[Any]:
    """The newest few, warnings before the rest."""
    return sorted(events, key=lambda event: event["type"] != "Warning")[:most]


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_events",
        title="Look at events",
        description="Events newest first, repeated ones counted: scheduling, pulling, probes, kills, mounts.",
        effect=Effect.READ,
        arguments=EventsArguments,
        run=list_events,
        intent=_intent,
    ),
)
