"""Compares what pods and nodes use with what they asked for and may have at most."""

from typing import Any, Literal

from pydantic import Field

from tools.catalogue.everywhere import read_where_allowed
from tools.catalogue.finding import namespace_or_hint
from tools.effects import Effect
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import NotFound, UnknownKind, Unsupported
from tools.kube.resources import valid_namespace
from tools.pods import part, parts
from tools.quantities import cpu, memory, number, percent
from tools.rendering import some_of, table
from tools.spec import Arguments, Result, Tool

_SORTS = {"cpu": "cpu_cores", "memory": "memory_bytes"}


class TopArguments(Arguments):
    scope: Literal["pods", "nodes", "containers"] = "pods"
    namespace: str | None = Field(None, description="Left out: all namespaces.")
    label_selector: str | None = None
    sort: Literal["cpu", "memory", "name"] = "cpu"
    limit: int = Field(30, ge=1, le=500)


async def top(client: KubeClient, asked: TopArguments) -> Result:
    """data: {"kind": "pods"|"nodes"|"containers", "columns", "rows", "total", "items": [{"namespace", "name",
    "container" of containers, "cpu_cores", "memory_bytes", "cpu_request", "cpu_limit", "memory_request",
    "memory_limit"}]}; for nodes request is what can be given out (allocatable) and there is no limit. Numbers in cores
    and bytes, null when not set. CPU% is of the request, MEM% of the limit; for nodes both are of the room."""
    if asked.namespace:
        valid_namespace(asked.namespace)
    of_nodes = asked.scope == "nodes"
    used, objects, missing = await _read(client, asked)
    if not objects and not of_nodes:
        await namespace_or_hint(client, await client.resolve("v1/pods"), asked.namespace)
    known = {_key(item): item for item in objects}
    items = [item for sample in used for item in _MEASURES[asked.scope](sample, known.get(_key(sample), {}))]
    items.sort(key=lambda item: item["name"] if asked.sort == "name" else -(item[_SORTS[asked.sort]] or 0))
    shown = items[: asked.limit]
    columns, rows = _node_rows(shown) if of_nodes else _pod_rows(shown, asked)
    data = {"kind": asked.scope, "columns": columns, "rows": rows, "total": len(items), "items": shown}
    return Result(_header(asked, items, len(shown)) + missing, table(columns, rows) if rows else "", data)


async def _read(client: KubeClient, asked: TopArguments) -> tuple[list[Object], list[Object], str]:
    """What is used, by what, and a sentence about namespaces that may not be read."""
    kind = "nodes" if asked.scope == "nodes" else "pods"
    resource = await client.resolve(f"v1/{kind}")

    async def read(namespace: str | None) -> tuple[list[Object], list[Object]]:
        selection = Selection(namespace, asked.label_selector or "")
        used = await _metrics(client, kind, selection)
        return used, (await client.list_all(resource, selection, 5000)).items

    everywhere = await read_where_allowed(client, resource, asked.namespace if kind == "pods" else None, read)
    used = [sample for found, _ in everywhere.found for sample in found]
    return used, [item for _, found in everywhere.found for item in found], everywhere.sentence


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


def _pod(sample: Object, pod: Object) -> list[Object]:
    return [_measured(sample, parts(sample, "containers"), parts(part(pod, "spec"), "containers"))]


def _containers(sample: Object, pod: Object) -> list[Object]:
    declared = {str(one.get("name")): one for one in parts(part(pod, "spec"), "containers")}
    used = [(str(one.get("name")), one) for one in parts(sample, "containers")]
    return [_measured(sample, [one], [declared.get(name, {})]) | {"container": name} for name, one in used]


def _measured(sample: Object, used: list[Object], containers: list[Object]) -> Object:
    namespace, name = _key(sample)
    return {
        "namespace": namespace,
        "name": name,
        "cpu_cores": _sum(part(c, "usage").get("cpu") for c in used),
        "memory_bytes": _sum(part(c, "usage").get("memory") for c in used),
        "cpu_request": _asked(containers, "requests", "cpu"),
        "cpu_limit": _asked(containers, "limits", "cpu"),
        "memory_request": _asked(containers, "requests", "memory"),
        "memory_limit": _asked(containers, "limits", "memory"),
    }


def _node(sample: Object, node: Object) -> list[Object]:
    room = part(part(node, "status"), "allocatable")
    usage = part(sample, "usage")
    fact = {
        "namespace": "",
        "name": _key(sample)[1],
        "cpu_cores": number(usage.get("cpu")),
        "memory_bytes": number(usage.get("memory")),
        "cpu_request": number(room.get("cpu")),
        "cpu_limit": None,
        "memory_request": number(room.get("memory")),
        "memory_limit": None,
    }
    return [fact]


_MEASURES = {"pods": _pod, "nodes": _node, "containers": _containers}


def _sum(quantities: Any) -> float | None:
    found = [size for size in map(number, quantities) if size is not None]
    return sum(found) if found else None


def _asked(containers: list[Object], what: str, resource: str) -> float | None:
    return _sum(part(part(container, "resources"), what).get(resource) for container in containers)


def _pod_rows(items: list[Object], asked: TopArguments) -> tuple[list[str], list[list[str]]]:
    of_containers = asked.scope == "containers"
    columns = [
        "NAMESPACE",
        "NAME",
        *(["CONTAINER"] if of_containers else []),
        "CPU",
        "CPU REQUEST",
        "CPU%",
        "MEMORY",
        "MEM REQUEST",
        "MEM LIMIT",
        "MEM%",
    ]
    rows = [
        [
            item["namespace"],
            item["name"],
            *([item["container"]] if of_containers else []),
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
    return (columns[1:], [row[1:] for row in rows]) if asked.namespace else (columns, rows)


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
    where = f" in {asked.namespace}" if asked.namespace and asked.scope != "nodes" else ""
    if not items:
        return f"No metrics of {asked.scope}{where} yet."
    total = f"{cpu(_sum_of(items, 'cpu_cores'))} CPU and {memory(_sum_of(items, 'memory_bytes'))} memory in use"
    return f"{some_of(shown, len(items), asked.scope[:-1])}{where} by {asked.sort}; {total} in all."


def _sum_of(items: list[Object], key: str) -> float:
    return sum(item[key] or 0 for item in items)


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_top",
        title="Measure usage",
        description="CPU and memory in use by pods, containers or nodes, against requests, limits and capacity.",
        effect=Effect.READ,
        arguments=TopArguments,
        run=top,
        intent=lambda asked: f"Measure what {asked.scope} use" + (f" in {asked.namespace}" if asked.namespace else ""),
        core=True,
    ),
)
