"""What tests of approvals have in common: a question that waits, and what the cluster says meanwhile."""

from tests.chat.sockets import Client
from tests.conftest import in_database
from tests.tools.api import ANYTHING, SOMEBODY, announced
from tools import clusters, registry, toolbox
from tools.effects import Effect
from tools.kube.client import KubeClient, Selection
from tools.kube.guard import Permit
from tools.kube.resources import Target
from tools.kube.transport import Transport


async def asked(client: Client) -> dict:
    await client.send("make it")
    return (await client.until("approval_requested"))["data"]


async def status_of(model, pk) -> str:
    return (await in_database(model.objects.get, pk=pk)).status


async def exists(cluster: str, namespace: str) -> bool:
    client = await reader(cluster, Effect.READ)
    found = await client.list_all(await client.resolve("namespaces"), Selection())
    return namespace in [item["metadata"]["name"] for item in found.items]


async def outside(cluster: str, tool_name: str, **arguments) -> None:
    """Somebody else changes something, past the portal's runs."""
    tool = registry.find(tool_name)
    permit = Permit("somebody-else", cluster, tool.effect, announce=announced, plan=ANYTHING)
    outcome = await toolbox.run(tool, toolbox.parse(tool, arguments), cluster, permit, SOMEBODY)
    assert outcome.status == "completed", outcome.text


def manifest(name: str, mode: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {{mode: {mode}}}"


async def mode_of(cluster: str, name: str) -> str:
    client = await reader(cluster, Effect.SENSITIVE)
    found = await client.get(Target(await client.resolve("configmaps"), "shop", name))
    return found["data"]["mode"]


async def reader(cluster: str, ceiling: Effect) -> KubeClient:
    access = await in_database(clusters.access, cluster, SOMEBODY)
    return KubeClient(Transport(cluster, access), Permit("test", cluster, ceiling))
