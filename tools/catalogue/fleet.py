"""Tells which clusters there are, and how one of them is."""

import asyncio
from collections import Counter

from channels.db import database_sync_to_async

from tools import clusters, pods
from tools.catalogue import events
from tools.clusters import Health
from tools.effects import Effect
from tools.kube.client import KubeClient, Object, Selection
from tools.kube.errors import KubeError
from tools.kube.shapes import rows_by_column
from tools.pods import part
from tools.rendering import counted, table
from tools.spec import Arguments, Result, Tool

_MOST_SHOWN = 15


class NoArguments(Arguments):
    pass


async def list_clusters(client: KubeClient, asked: NoArguments) -> Result:
    """data: {"clusters": [{"name", "server", "demo": bool, "reachable": bool, "version", "latency_ms", "problem",
    "people_act": "impersonate", "token" or "shared"}]}."""
    known = await database_sync_to_async(clusters.names)()
    healths = await asyncio.gather(*(clusters.check(name) for name in known))
    reachable = sum(1 for health in healths if health.reachable)
    rows = [
        [h.name, h.version or "-", "yes" if h.reachable else "no", h.identity_mode, h.server, h.problem]
        for h in healths
    ]
    return Result(
        f"{counted(len(healths), 'cluster')}, {reachable} reachable.",
        table(["NAME", "VERSION", "REACHABLE", "PEOPLE ACT", "SERVER", "PROBLEM"], rows),
        {"clusters": [_fact(health) for health in healths]},
    )


def _fact(health: Health) -> Object:
    return {
        "name": health.name,
        "server": health.server,
        "demo": health.is_demo,
        "reachable": health.reachable,
        "version": health.version,
        "latency_ms": health.latency_ms,
        "problem": health.problem,
        "people_act": health.identity_mode,
    }


async def cluster_status(client: KubeClient, asked: NoArguments) -> Result:
    """data: {"cluster", "version", "nodes": {"total", "ready", "not_ready": [names], "cordoned": [names]}, "pods":
    {"total", "by_status": {"Running": 20, ...}, "unwell": [pod summaries]}, "warnings": [see k8s_events], "problems":
    [sentences about what could not be read]}."""
    version, nodes, found, warnings = await asyncio.gather(
        client.version(), _nodes(client), _pods(client), _warnings(client), return_exceptions=True
    )
    if isinstance(version, BaseException):
        raise version
    problems = [fault.sentence for fault in (nodes, found, warnings) if isinstance(fault, KubeError)]
    for answer in (nodes, found, warnings):
        if isinstance(answer, BaseException) and not isinstance(answer, KubeError):
            raise answer
    data: Object = {
        "cluster": client.cluster,
        "version": version.get("gitVersion"),
        "nodes": nodes if isinstance(nodes, dict) else None,
        "pods": found if isinstance(found, dict) else None,
        "warnings": warnings if isinstance(warnings, list) else [],
        "problems": problems,
    }
    return Result(_header(data), _body(data), data)


async def _nodes(client: KubeClient) -> Object:
    page = await client.list_all(await client.resolve("v1/nodes"), Selection(), 2000)
    names = {str(part(node, "metadata").get("name")): node for node in page.items}
    unready = [name for name, node in names.items() if not _is_ready(node)]
    cordoned = [name for name, node in names.items() if part(node, "spec").get("unschedulable")]
    return {"total": len(names), "ready": len(names) - len(unready), "not_ready": unready, "cordoned": cordoned}


def _is_ready(node: Object) -> bool:
    states = part(node, "status").get("conditions") or []
    return any(state.get("type") == "Ready" and state.get("status") == "True" for state in states)


async def _pods(client: KubeClient) -> Object:
    """From the server's own columns: a twentieth of the bytes of whole pods."""
    found = await client.table_all(await client.resolve("v1/pods"), Selection())
    summaries = [pods.row_summary(row) for row in rows_by_column(found)]
    counts = Counter(summary["status"] for summary in summaries)
    unwell = [summary for summary in summaries if not summary["well"]]
    return {"total": len(summaries), "by_status": dict(counts.most_common()), "unwell": unwell[:100]}


async def _warnings(client: KubeClient) -> list[Object]:
    return (await events.recent(client, None, warnings=True))[:_MOST_SHOWN]


def _header(data: Object) -> str:
    parts = [f"Cluster {data['cluster']} ({data['version']})"]
    if data["nodes"]:
        parts.append(f"{data['nodes']['ready']} of {counted(data['nodes']['total'], 'node')} ready")
    if data["pods"]:
        unwell = len(data["pods"]["unwell"])
        parts.append(f"{counted(data['pods']['total'], 'pod')}, {unwell or 'none'} not well")
    return f"{parts[0]}: {'; '.join(parts[1:])}." if parts[1:] else f"{parts[0]}."


def _body(data: Object) -> str:
    parts = list(data["problems"])
    for key, words in (("not_ready", "Nodes not ready"), ("cordoned", "Nodes closed for new pods")):
        if data["nodes"] and data["nodes"][key]:
            parts.append(f"{words}: {', '.join(data['nodes'][key])}")
    if data["pods"] and data["pods"]["by_status"]:
        parts.append("Pods: " + ", ".join(f"{status} {count}" for status, count in data["pods"]["by_status"].items()))
    if data["pods"] and data["pods"]["unwell"]:
        shown = data["pods"]["unwell"][:_MOST_SHOWN]
        rows = [[pod["namespace"], pod["name"], pod["ready"], pod["status"], pod["restarts"]] for pod in shown]
        parts.append(table(["NAMESPACE", "POD", "READY", "STATUS", "RESTARTS"], rows))
        if len(shown) < len(data["pods"]["unwell"]):
            parts.append(f"… and {len(data['pods']['unwell']) - len(shown)} more that are not well.")
    if data["warnings"]:
        parts.append("Newest warnings:\n" + events.rendered(data["warnings"][:10], with_namespace=True))
    return "\n\n".join(parts)


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="clusters_list",
        title="List clusters",
        description="The registered clusters, whether each answers, and its version.",
        effect=Effect.READ,
        arguments=NoArguments,
        run=list_clusters,
        intent=lambda asked: "List the clusters",
        core=True,
    ),
    Tool(
        name="cluster_status",
        title="Check a cluster",
        description="One cluster at a glance: version, nodes, pods that are not well, newest warnings.",
        effect=Effect.READ,
        arguments=NoArguments,
        run=cluster_status,
        intent=lambda asked: "Check the cluster" + (f" {asked.cluster}" if asked.cluster else ""),
        core=True,
    ),
)
