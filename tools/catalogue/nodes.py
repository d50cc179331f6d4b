"""Closes and opens nodes for new pods."""

from pydantic import Field

from tools.catalogue.finding import exact
from tools.catalogue.objects import read
from tools.effects import Effect
from tools.kube.client import KubeClient, Selection
from tools.pods import part
from tools.rendering import counted
from tools.spec import Arguments, Result, Tool, one_change


class NodeArguments(Arguments):
    node: str = Field(min_length=1)


async def cordon(client: KubeClient, asked: NodeArguments) -> Result:
    """data: {"node", "schedulable": bool, "changed": bool, "pods": int that run there and go on}."""
    return await _set(client, asked.node, closed=True)


async def uncordon(client: KubeClient, asked: NodeArguments) -> Result:
    """data: as node_cordon."""
    return await _set(client, asked.node, closed=False)


async def _set(client: KubeClient, name: str, *, closed: bool) -> Result:
    target = await exact(client, "v1/nodes", name, None)
    before = bool(part(await read(client, target), "spec").get("unschedulable"))
    running = await client.table(await client.resolve("v1/pods"), Selection(fields=f"spec.nodeName={name}"))
    count = len(running.rows or [])
    data = {"node": name, "schedulable": not closed, "changed": before != closed, "pods": count}
    state = "closed for new pods" if closed else "open for new pods"
    if before == closed:
        return Result(f"Node {name} was {state} already.", "", data)
    await client.patch(target, {"spec": {"unschedulable": closed or None}})
    going_on = f" {counted(count, 'pod')} there {'goes' if count == 1 else 'go'} on running." if closed else ""
    return Result(f"Node {name} is {state} now.{going_on}", "", data)


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="node_cordon",
        title="Close a node",
        description="Keeps new pods off a node; those that run there go on.",
        effect=Effect.CHANGE,
        arguments=NodeArguments,
        run=cordon,
        intent=lambda asked: f"Cordon node {asked.node}",
        changes=one_change,
    ),
    Tool(
        name="node_uncordon",
        title="Open a node",
        description="Lets new pods onto a node again.",
        effect=Effect.CHANGE,
        arguments=NodeArguments,
        run=uncordon,
        intent=lambda asked: f"Uncordon node {asked.node}",
        changes=one_change,
    ),
)
