"""Finds the tools whose schemas are not loaded, by what they do, and tells how each is called."""

import json
import re
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from tools.effects import Effect
from tools.rendering import counted
from tools.spec import Closed, Desk, Json, Result, Tool

MOST_WHOLE, MOST_NAMED = 3, 8
_WORD = re.compile(r"[a-z0-9]+")
_EMPTY = frozenset(_WORD.findall("a an and for in is it of on or the to with i how do k8s tool all"))


class FindArguments(Closed):
    query: str = Field(description="What to do, or a tool's name: drain node.", min_length=1, max_length=200)


async def find(desk: Desk, asked: FindArguments) -> Result:
    """data: {"tools": [{"name", "description", "effect", "input_schema"}]}, the best first."""
    known = await desk.tools()
    found = ranked(known, asked.query)
    if not found:
        return Result(f'No tool fits "{asked.query}". There are: {", ".join(tool.name for tool in known)}.')
    whole, rest = found[:MOST_WHOLE], found[MOST_WHOLE : MOST_WHOLE + MOST_NAMED]
    body = [told(tool) for tool in whole]
    if rest:
        body.append("Also: " + "; ".join(f"{tool.name} ({tool.title.lower()})" for tool in rest))
    header = f"{counted(len(whole), 'tool')} for this; * is required."
    return Result(header, "\n".join(body), {"tools": [_fact(tool) for tool in whole]})


def ranked(tools: Sequence[Tool], query: str) -> list[Tool]:
    """The best first, by the words they share with the query; equals by name, so that the same words find the same."""
    words = [word for word in _WORD.findall(query.lower()) if word not in _EMPTY]
    scores = {tool.name: sum(_weight(tool, word) for word in words) for tool in tools}
    for tool in tools:
        scores[tool.name] += 100 * (tool.name == query.strip())
    fitting = [tool for tool in tools if scores[tool.name] > 0]
    return sorted(fitting, key=lambda tool: (-scores[tool.name], tool.core, tool.name))


def _weight(tool: Tool, word: str) -> int:
    """What a tool is called says more than what is said of it."""
    texts = ((tool.name, 5), (tool.title, 4), (tool.description, 2), (" ".join(tool.arguments.model_fields), 1))
    return max(weight * _shares(text, word) for text, weight in texts)


def _shares(text: str, word: str) -> bool:
    """ "restart" fits "restarts", and the other way about."""
    return any(
        part == word or (len(word) > 3 and part.startswith(word)) or (len(part) > 3 and word.startswith(part))
        for part in _WORD.findall(text.lower())
    )


# ---- how a tool is called ----------------------------------------------------------------------------------------


def told(tool: Tool) -> str:
    """Its schema in a third of the tokens: a line for each argument."""
    schema = tool.input_schema()
    required = set(schema.get("required", ()))
    lines = [_argument(name, field, name in required) for name, field in schema.get("properties", {}).items()]
    shapes = [f"  {name} = {_json(shape)}" for name, shape in schema.get("$defs", {}).items()]
    return "\n".join([f"{tool.name} ({tool.effect.value}): {tool.description}", *lines, *shapes])


def _argument(name: str, field: dict[str, Any], required: bool) -> str:
    default = field.get("default")
    said = f" = {_json(default)}" if default not in (None, "") else ""
    words = f" – {field['description']}" if field.get("description") else ""
    return f"  {name}{'*' if required else ''}: {_kind(field)}{said}{words}"


def _kind(field: dict[str, Any]) -> str:
    if "enum" in field:
        return "|".join(map(str, field["enum"]))
    if "const" in field:
        return _json(field["const"])
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if options := field.get("anyOf") or field.get("oneOf"):
        return " or ".join(_kind(option) for option in options if option.get("type") != "null")
    if field.get("type") == "array":
        return f"[{_kind(field.get('items', {}))}]"
    bounds = [str(field.get(end, "")) for end in ("minimum", "maximum")]
    return str(field.get("type", "any")) + (f" {'..'.join(bounds)}" if any(bounds) else "")


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fact(tool: Tool) -> Json:
    return {
        "name": tool.name,
        "description": tool.description,
        "effect": tool.effect.value,
        "input_schema": dict(tool.input_schema()),
    }


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="tool_find",
        title="Find a tool",
        description="Finds tools that are not loaded, and how to call them.",
        effect=Effect.READ,
        arguments=FindArguments,
        run=find,
        intent=lambda asked: f"Find a tool: {asked.query}",
        core=True,
        inside=True,
    ),
)
