"""The catalogue of what the agent can do, by how far it reaches."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render

from chat import gate
from chat.web.door import SignedIn, page
from tools import policy, registry
from tools.effects import Effect
from tools.spec import Tool

_WORDS = {
    Effect.READ: "Looks, and changes nothing.",
    Effect.SENSITIVE: "Looks at what may be private: logs, configuration, environment.",
    Effect.CHANGE: "Changes something that can be changed back.",
    Effect.DESTROY: "Removes something for good.",
    Effect.EXECUTE: "Runs a command inside a container.",
}
_DECISIONS = {"allow": ("good", "Runs at once"), "ask": ("warn", "Asks a person"), "deny": ("", "Switched off")}


@dataclass(frozen=True, slots=True)
class Argument:
    name: str
    kind: str
    required: bool
    words: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The tools of one effect, with what the policy says about them."""

    effect: Effect
    words: str
    tone: str
    decision: str
    reason: str
    tools: list[tuple[Tool, list[Argument]]]


@page("GET", "HEAD")
def listing(request: SignedIn) -> HttpResponseBase:
    shelves = [shelf for effect in Effect if (shelf := _shelf(effect)).tools]
    return render(
        request, "chat/pages/tools.html", {"shelves": shelves, "count": sum(len(shelf.tools) for shelf in shelves)}
    )


def _shelf(effect: Effect) -> Shelf:
    verdict = policy.judge(effect, gate.rules())
    tone, decision = _DECISIONS[verdict.decision]
    found = [(tool, arguments(tool)) for tool in registry.all_tools() if tool.effect is effect]
    return Shelf(effect, _WORDS[effect], tone, decision, verdict.reason, found)


def arguments(tool: Tool) -> list[Argument]:
    schema = tool.input_schema()
    required = set(schema.get("required", ()))
    return [
        Argument(name, _kind(field), name in required, field.get("description", ""))
        for name, field in schema.get("properties", {}).items()
    ]


def _kind(field: dict[str, Any]) -> str:
    """A JSON schema's type in a word: "text", "number", "one of a, b"."""
    if "enum" in field:
        return "one of " + ", ".join(str(value) for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(_kind(part) for part in field["anyOf"] if part.get("type") != "null")
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}))}"
    names = {"string": "text", "integer": "number", "number": "number", "boolean": "yes or no", "object": "fields"}
    return names.get(field.get("type", ""), "anything")
