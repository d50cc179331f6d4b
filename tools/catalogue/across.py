"""Asks several clusters the same at once: a section for each, and a line for one that cannot answer."""

import asyncio
from typing import Any

from pydantic import Field

from tools import toolbox
from tools.catalogue import changed, events, fleet, gitops, images, listing, usage
from tools.effects import Effect
from tools.kube.client import KubeClient, Object
from tools.kube.errors import BadInput, KubeError, NotPermitted
from tools.rendering import bounded, counted
from tools.spec import Arguments, Closed, Result, Tool

_ASKED = {
    tool.name: tool
    for subject in (listing, events, usage, images, changed, gitops, fleet)
    for tool in subject.TOOLS
    if tool.effect is Effect.READ and tool.name != "clusters_list"
}
_LARGEST = 4 << 10  # bytes of one cluster's section
_SECONDS = 30.0


class FleetArguments(Arguments):
    tool: str = Field(description=f"One of {', '.join(_ASKED)}.")
    arguments: dict[str, Any] = Field(default_factory=dict, description="For that tool, without cluster.")
    clusters: list[str] = Field(description="Names from clusters_list.", min_length=1, max_length=10)


async def query(client: KubeClient, asked: FleetArguments) -> Result:
    """data: {"tool", "clusters": [{"cluster", "answered": bool, "problem": str|null, "header", "data": the tool's}]}
    in the order asked."""
    tool = _ASKED.get(asked.tool)
    if tool is None:
        raise BadInput(f'"{asked.tool[:40]}" is not asked of several clusters. Choose from {", ".join(_ASKED)}.')
    try:
        parsed = toolbox.parse(tool, {key: value for key, value in asked.arguments.items() if key != "cluster"})
    except toolbox.BadArguments as fault:
        raise BadInput(str(fault)) from None
    names = _names(asked)
    answers = await asyncio.gather(*(_one(client, name, tool, parsed) for name in names))
    sections = [f"== {name}\n{_told(answer)}" for name, answer in zip(names, answers, strict=True)]
    facts = [_fact(name, answer) for name, answer in zip(names, answers, strict=True)]
    answered = sum(1 for fact in facts if fact["answered"])
    header = f"{asked.tool} in {counted(len(names), 'cluster')}, {answered} answered."
    return Result(header, "\n\n".join(sections), {"tool": asked.tool, "clusters": facts})


def _names(asked: FleetArguments) -> list[str]:
    return list(dict.fromkeys(asked.clusters))


async def _one(client: KubeClient, name: str, tool: Tool, parsed: Closed) -> Result | str:
    """The answer of one cluster, or why there is none: no matter of the others."""
    if client.elsewhere is None:
        raise NotPermitted("This call was judged for one cluster only: nothing was sent.")
    try:
        async with asyncio.timeout(_SECONDS):
            return await tool.run(await client.elsewhere(name), parsed)
    except KubeError as fault:
        return fault.sentence
    except TimeoutError:
        return f'Cluster "{name}" did not answer within {_SECONDS:.0f} s.'


def _told(answer: Result | str) -> str:
    return answer if isinstance(answer, str) else bounded(answer.text, _LARGEST)


def _fact(name: str, answer: Result | str) -> Object:
    if isinstance(answer, str):
        return {"cluster": name, "answered": False, "problem": answer, "header": "", "data": None}
    return {"cluster": name, "answered": True, "problem": None, "header": answer.header, "data": answer.data}


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="fleet_query",
        title="Ask several clusters",
        description="Asks several clusters the same at once; each answers or says why not, cut at 4 KB.",
        effect=Effect.READ,
        arguments=FleetArguments,
        run=query,
        intent=lambda asked: f"Ask {', '.join(asked.clusters)}: {asked.tool}",
        elsewhere=_names,
    ),
)
