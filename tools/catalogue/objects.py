"""Reads objects as YAML: one or several by name, whole or in part."""

from typing import Any

from pydantic import Field

from tools import filtering
from tools.catalogue.finding import locate, with_hint
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import NotFound
from tools.kube.resources import Target
from tools.kube.together import beside, together
from tools.rendering import as_yaml, counted
from tools.spec import Arguments, Result, Tool
from tools.views import View, slim, view

_MOST = 20


class GetArguments(Arguments):
    kind: str = Field(description="Any kind the cluster serves.", min_length=1)
    name: str | list[str] = Field(description="One name, or up to 20.")
    namespace: str | None = Field(None, description="Left out: found by name in any namespace.")
    view: View = Field("slim", description="slim: without bookkeeping and defaults.")
    path: str | None = Field(None, description="Only this part: spec.template.spec.containers[0].env.")

    @property
    def names(self) -> list[str]:
        return [self.name] if isinstance(self.name, str) else list(dict.fromkeys(self.name))[:_MOST]


async def get_objects(client: KubeClient, asked: GetArguments) -> Result:
    """data: {"objects": [slim objects]}; with path: {"objects": [...], "path": str, "values": [[...] per object]}."""
    targets = await together(*(locate(client, asked.kind, name, asked.namespace) for name in asked.names))
    found = await together(*(read(client, target) for target in targets))
    data: dict[str, Any] = {"objects": [slim(item) for item in found]}
    if asked.path:
        values = [filtering.values_at(view(item, "full"), asked.path) for item in found]
        data |= {"path": asked.path, "values": values}
        shown: list[Any] = [{asked.path: part[0] if len(part) == 1 else part} for part in values]
    else:
        shown = [view(item, asked.view) for item in found]
    body = await beside(lambda: "\n---\n".join(as_yaml(item) for item in shown))
    return Result(_header(targets, asked), body, data)


async def read(client: KubeClient, target: Target) -> Object:
    """The object; a missing one is told with what is near."""
    try:
        return await client.get(target)
    except NotFound as fault:
        raise await with_hint(client, target, fault) from None


def _header(targets: list[Target], asked: GetArguments) -> str:
    part = asked.path or asked.view
    if len(targets) == 1:
        return f"{targets[0].words[:1].upper()}{targets[0].words[1:]} ({part}):"
    return f"{counted(len(targets), targets[0].resource.singular, targets[0].resource.plural)} ({part}):"


def _intent(asked: GetArguments) -> str:
    where = f" in {asked.namespace}" if asked.namespace else ""
    return f"Read {asked.kind} {', '.join(asked.names)}{where}"


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="k8s_get",
        title="Read an object",
        description="Reads objects as YAML. Values of Secrets are never shown, only keys and sizes.",
        effect=Effect.SENSITIVE,
        arguments=GetArguments,
        run=get_objects,
        intent=_intent,
        core=True,
    ),
)
