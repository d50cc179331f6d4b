"""Creates namespaces."""

from pydantic import Field

from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.resources import valid_namespace
from tools.spec import Arguments, Result, Tool, one_change


class NamespaceArguments(Arguments):
    name: str = Field(min_length=1)
    labels: dict[str, str] | None = None


async def create(client: KubeClient, asked: NamespaceArguments) -> Result:
    """data: {"name"}."""
    resource = await client.resolve("v1/namespaces")
    meta: Object = {"name": valid_namespace(asked.name)} | ({"labels": asked.labels} if asked.labels else {})
    await client.create(resource, None, {"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
    return Result(f"Namespace {asked.name} is there now.", "", {"name": asked.name})


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="namespace_create",
        title="Create a namespace",
        description="Creates a namespace.",
        effect=Effect.CHANGE,
        arguments=NamespaceArguments,
        run=create,
        intent=lambda asked: f"Create namespace {asked.name}",
        changes=one_change,
    ),
)
