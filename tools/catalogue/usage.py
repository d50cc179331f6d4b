"""Compares what pods and nodes use with what they asked for and may have at most."""

from typing import Any, Literal

from pydantic import Field

from tools.catalogue.finding import namespace_or_hint
from tools.effects import Effect
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import NotFound, UnknownKind, Unsupported
from tools.kube.resources import valid_namespace
from tools.pods import part
from tools.quantities import cpu, memory, number, percent
from tools.rendering import counted, table
from tools.spec import Arguments, Result, Tool

_SORTS = {"cpu": "cpu_cores", "memory": "memory_bytes"}


class TopArguments(Arguments):
    scope: Literal["pods", "nodes"] = "pods"
    namespace: str | None = Field(None, description="Left out: all namespaces.")
    label_selector: str | None = None
    sort: Literal["cpu", "memory", "name"] = "cpu"
    limit: int = Field(30, ge=1, le=500)


async def top(client: KubeClient, asked: TopArguments) -> Result:
    """data: {"kind": "pods"|"nodes", "columns", "rows", "total", "items": [{"namespace", "name", "cpu_cores",
    "memory_bytes", "cpu_request", "cpu_limit", "memory_request", "memory_limit"}]}; for nodes request is what can be
    given out (allocatable) and there is no limit. Numbers in cores and bytes, null when not set.
    CPU% is of the request, MEM% of the limit; for nodes both are of the room."""
    if asked.namespace:
        valid_namespace(asked.namespace)
    selection = Selection(asked.namespace if asked.scope == "pods" else None, asked.label_selector or "")
    used = await _metrics(client, asked.scope, selection)
    objects = (await client.list_all(await client.resolve(f"v1/{asked.scope}"), selection, 5000)).items
    if not objects and asked.scope == "pods":
        await namespace_or_hint(client, await client.resolve("v1/pods"), asked.namespace)
    known = {_key(item): item for item in objects}
    measure = _pod if asked.scope == "pods" else _node
    items = [measure(sample, known.get(_key(sample), {})) for sample in used]
    items.sort(key=lambda item: item["name"] if asked.sort == "name" else -(item[_SORTS[asked.sort]] or 0))
    shown = items[: asked.limit]
    columns, rows = _pod_rows(shown, asked.namespace) if asked.scope == "pods" else _node_rows(shown)
    data = {"kind": asked.scope, "columns": columns, "rows": rows, "total": len(items), "items": shown}
    return Result(_header(asked, items, len(shown)), table(columns, rows) if rows else "", data)


async def _metrics(client: KubeClient, scope: str, selection: Selection) -> list[Object]:
    missing = "This cluster has no metrics (metrics.k8s.io). Install metrics-server to see what pods and nodes use."
    try:
        resource = await client.resolve(f"{scope}.metrics.k8s.io")
        return (await client.list_all(resource, selection, 5000)).items
    except (UnknownKind, NotFound):
        raise Unsupported(missing) from None


def _key(item: Object) -> tuple[str, str]:
    meta = part(item, "metadata")
    return str(meta.get("namespace", "")), str(meta.get("name", ""))


def _pod(sample: Object, pod: Object) -> Object:
    namespace, name = _key(sample)
    containers = part(pod, "spec").get("containers") or []
    return {
        "namespace": namespace,
        "name": name,
        "cpu_cores": _sum(part(c, "usage").get("cpu") for c in sample.get("containers") or []),
        "memory_bytes": _sum(part(c, "usage").get("memory") for c in sample.get("containers") or []),
        "cpu_request": _asked(containers, "requests", "cpu"),
        "cpu_limit": _asked(containers, "limits", "cpu"),
        "memory_request": _asked(containers, "requests", "memory"),
        "memory_limit": _asked(containers, "limits", "memory"),
    }


def _node(sample: Object, node: Object) -> Object:
    room = part(part(node, "status"), "allocatable")
    usage = part(sample, "usage")
    return {
        "namespace": "",
        "name": _key(sample)[1],
        "cpu_cores": number(usage.get("cpu")),
        "memory_bytes": number(usage.get("memory")),
        "cpu_request": number(room.get("cpu")),
        "cpu_limit": None,
        "memory_request": number(room.get("memory")),
        "memory_limit": None,
    }


def _sum(quantities: Any) -> float | None:
    found = [size for size in map(number, quantities) if size is not None]
    return sum(found) if found else None


def _asked(containers: list[Object], what: str, resource: str) -> float | None:
    return _sum(part(part(container, "resources"), what).get(resource) for container in containers)


def _pod_rows(items: list[Object], namespace: str | None) -> tuple[list[str], list[list[str]]]:
    columns = ["NAMESPACE", "NAME", "CPU", "CPU REQUEST", "CPU%", "MEMORY", "MEM REQUEST", "MEM LIMIT", "MEM%"]
    rows = [
        [
            item["namespace"],
            item["name"],
            cpu(item["cpu_cores"]),
            cpu(item["cpu_request"]),
            percent(item["cpu_cores"], item["cpu_request"]),
            memory(item["memory_bytes"]),
            memory(item["memory_request"]),
            memory(item["memory_limit"]),
            percent(item["memory_bytes"], item["memory_limit"]),
        ]
        for item in items
    ]
    return (columns[1:], [row[1:] for row in rows]) if namespace else (columns, rows)


def _node_rows(items: list[Object]) -> tuple[list[str], list[list[str]]]:
    columns = ["NAME", "CPU", "CPU ROOM", "CPU%", "MEMORY", "MEM ROOM", "MEM%"]
    return columns, [
        [
            item["name"],
            cpu(item["cpu_cores"]),
            cpu(item["cpu_request"]),
            percent(item["cpu_cores"], item["cpu_request"]),
            memory(item["memory_bytes"]),
            memory(item["memory_request"]),
            percent(item["memory_bytes"], item["memory_request"]),
        ]
        for item in items
    ]


def _header(asked: TopArguments, items: list[Object], shown: int) -> str:
    where = f" in {asked.namespace}" if asked.namespace and asked.scope == "pods" else ""
    if not items:
        return f"No metrics of {asked.scope}{where} yet."
    total = f"{cpu(_sum_of(items, 'cpu_cores'))} CPU and {memory(_sum_of(items, 'memory_bytes'))} memory in use"
    number_shown = (
        f"{shown} of {counted(len(items), asked.scope[:-1])}"
        if shown < len(items)
        else counted(len(items), asked.scope[:-1])
    )
    return f"{number_shown}{where} by {asked.sort}; {total} in all."


def _sum_of(items: list[Object], key: str) -> float:
    return sum(item[key] or 0 for item in items)


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_top",
        title="Measure usage",
        description="CPU and memory in use by pods or nodes, against requests, limits and capacity.",
        effect=Effect.READ,
        arguments=TopArguments,
        run=top,
        intent=lambda asked: f"Measure what {asked.scope} use" + (f" in {asked.namespace}" if asked.namespace else ""),
        core=True,
    ),
)
