"""The catalogue of what the agent can do, by how far it reaches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render

from chat import policy
from chat.access import Right, rights
from chat.web.door import SignedIn, page
from tools import registry
from tools.effects import Effect
from tools.policy import Verdict
from tools.servers.offered import ServerTool
from tools.spec import Tool

_WORDS = {
    Effect.READ: "Looks, and changes nothing.",
    Effect.SENSITIVE: "Looks at what may be private: logs, configuration, environment.",
    Effect.CHANGE: "Changes something that can be changed back.",
    Effect.DESTROY: "Removes something for good, or makes pods leave.",
    Effect.EXECUTE: "Runs a command inside a container.",
}
_UNASSIGNED = "Of another MCP server."
_DECISIONS = {"allow": ("good", "Runs at once"), "ask": ("warn", "Asks a person"), "deny": ("", "Switched off")}


@dataclass(frozen=True, slots=True)
class Argument:
    name: str
    kind: str
    required: bool
    words: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The tools of one effect, with what the policy says about them. name: the effect's, or of what has none."""

    name: str
    effect: Effect
    words: str
    tone: str
    decision: str
    reason: str
    tools: list[tuple[Tool, list[Argument]]]


@page("GET", "HEAD")
def listing(request: SignedIn) -> HttpResponseBase:
    verdicts = policy.anywhere(request.user)
    every = registry.every_tool()
    without = [tool for tool in every if isinstance(tool, ServerTool) and tool.unassigned]
    others = [tool for tool in every if tool not in without]
    shelves = [
        _shelf(effect.lower(), verdicts[effect], _WORDS[effect], found)
        for effect in Effect
        if (found := [tool for tool in others if tool.effect is effect])
    ]
    if without:
        verdict = policy.kindest(request.user, without)
        shelves.append(_shelf("no effect yet", verdict, _UNASSIGNED, without))
    context = {
        "shelves": shelves,
        "count": sum(len(shelf.tools) for shelf in shelves),
        "administers": Right.ADMINISTER in rights(request.user),
    }
    return render(request, "chat/pages/tools.html", context)


def _shelf(name: str, verdict: Verdict, words: str, found: Sequence[Tool]) -> Shelf:
    tone, decision = _DECISIONS[verdict.decision]
    shown = [(tool, arguments(tool)) for tool in found]
    return Shelf(name, found[0].effect, words, tone, decision, verdict.reason, shown)


def arguments(tool: Tool) -> list[Argument]:
    schema = tool.input_schema()
    required = set(schema.get("required", ()))
    words = _named if isinstance(tool, ServerTool) else _kind  # in the server's words a schema can be anything
    return [
        Argument(name, words(field), name in required, str(field.get("description", "")))
        for name, field in schema.get("properties", {}).items()
    ]


def _named(field: dict[str, Any]) -> str:
    kind = field.get("type")
    return _NAMES.get(kind, "anything") if isinstance(kind, str) else "anything"


def _kind(field: dict[str, Any]) -> str:
    """A JSON schema's type in a word: "text", "number", "one of a, b"."""
    if "enum" in field:
        return "one of " + ", ".join(str(value) for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(_kind(part) for part in field["anyOf"] if part.get("type") != "null")
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}))}"
    return _NAMES.get(field.get("type", ""), "anything")


_NAMES = {"string": "text", "integer": "number", "number": "number", "boolean": "yes or no", "object": "fields"}
