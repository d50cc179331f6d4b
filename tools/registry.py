"""All tools by name. A new subject is one file in `catalogue/` and one line here."""

import difflib
from functools import cache
from types import ModuleType

from tools.catalogue import (
    across,
    applying,
    changed,
    comparing,
    debugging,
    deleting,
    describing,
    diagnosing,
    drafts,
    draining,
    events,
    evicting,
    executing,
    finalizers,
    fleet,
    gitops,
    helm,
    images,
    jobs,
    kinds,
    labelling,
    listing,
    logs,
    namespaces,
    node_logs,
    node_stats,
    nodes,
    objects,
    patching,
    probing,
    relations,
    results,
    rights,
    rolling,
    rollouts,
    searching,
    secrets,
    setting,
    tainting,
    usage,
    waiting,
)
from tools.servers import offered
from tools.spec import Tool

_SUBJECTS: tuple[ModuleType, ...] = (
    listing,
    objects,
    describing,
    diagnosing,
    kinds,
    events,
    logs,
    usage,
    waiting,
    rollouts,
    secrets,
    across,
    fleet,
    gitops,
    helm,
    images,
    applying,
    changed,
    comparing,
    patching,
    probing,
    relations,
    rights,
    setting,
    rolling,
    labelling,
    jobs,
    node_stats,
    node_logs,
    nodes,
    tainting,
    namespaces,
    deleting,
    evicting,
    draining,
    finalizers,
    executing,
    debugging,
    drafts,
    results,
    searching,
)


class UnknownTool(LookupError):
    """There is no such tool; the text says which one may have been meant."""

    code = "unknown_tool"


@cache
def all_tools() -> tuple[Tool, ...]:
    tools = tuple(tool for subject in _SUBJECTS for tool in subject.TOOLS)
    names = [tool.name for tool in tools]
    if len(set(names)) != len(names):
        twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
        raise ValueError(f"two tools share a name: {twice}")
    return tools


def every_tool() -> tuple[Tool, ...]:
    """Those of the catalogue, then those of other MCP servers. Sync ORM."""
    return (*all_tools(), *offered.all_tools())


def find(name: str) -> Tool:
    """Raises UnknownTool. Sync ORM for a tool of another MCP server."""
    for tool in all_tools():
        if tool.name == name:
            return tool
    if offered.BETWEEN in name and (found := offered.find(name)) is not None:
        return found
    near = difflib.get_close_matches(name, [tool.name for tool in all_tools()], 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise UnknownTool(f'There is no tool "{name[:80]}".{hint}')
