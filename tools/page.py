"""The catalogue as a page for people, in Markdown: every tool, what it may do, and what it does. Pure."""

from collections.abc import Sequence

from tools.spec import Tool

_HEAD = """# The tools

What the agent, REST (`/api/v1/tools`) and MCP (`/mcp`) can use. All of them go through the same gate. READ looks,
SENSITIVE looks at what may be private (logs, configuration), CHANGE can be taken back, DESTROY cannot, EXECUTE runs
something in a container and is off until `K8SMCP_EXECUTE=1`. From CHANGE on a person decides, unless a
[rule](policy.md) says otherwise.

This page is written from the catalogue: `python manage.py tools_page > docs/tools.md`.

| tool | may | what it does |
|---|---|---|
"""


def page(tools: Sequence[Tool]) -> str:
    """In the order in which they are offered."""
    rows = [f"| `{tool.name}` | {tool.effect} | {_cell(tool.description)} |" for tool in tools]
    return _HEAD + "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
