"""Tools whose schemas are not loaded: the model finds them with tool_find and calls them through one envelope. Pure.

The list of tools stands first in a request, so loading one more would have the endpoint read the whole conversation
anew. The envelope never changes. Its call is opened before anything else sees it: people, policy, approval and audit
know only the call inside. A model that calls such a tool by its own name is understood as well.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from chat.agent.ports import ToolOffer, Wish

ENVELOPE = ToolOffer(
    "tool_call",
    "Calls a tool that is not in this list, with the arguments that tool_find tells.",
    {
        "type": "object",
        "properties": {"tool": {"type": "string"}, "arguments": {"type": "object"}},
        "required": ["tool", "arguments"],
        "additionalProperties": False,
    },
)
MOST_NAMED = 100
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # what an endpoint takes as a tool's name when it is told of the call


def loaded(offers: Sequence[ToolOffer]) -> list[ToolOffer]:
    """What a request lists, in the order of their names."""
    core = [offer for offer in offers if not offer.deferred]
    more = [ENVELOPE] if len(core) < len(offers) else []
    return sorted([*core, *more], key=lambda offer: offer.name)


def named(offers: Sequence[ToolOffer]) -> str:
    """A line for the system prompt; empty when everything is loaded."""
    names = sorted(offer.name for offer in offers if offer.deferred)
    if not names:
        return ""
    left = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    told = ", ".join(names[:MOST_NAMED]) + left
    return f"More tools, which tool_find describes and tool_call calls: {told}."


def opened(wish: Wish) -> Wish:
    """The call inside the envelope; any other wish is itself, and so is one that names no tool. What does not fit is
    left to the tool's own schema, which refuses what it does not know."""
    name = wish.arguments.get("tool")
    if wish.name != ENVELOPE.name or not isinstance(name, str) or not _NAME.fullmatch(name):
        return wish
    beside = {key: value for key, value in wish.arguments.items() if key not in ("tool", "arguments")}
    inside = wish.arguments.get("arguments", {})
    told = dict(inside) if isinstance(inside, dict) else {"arguments": inside}
    return replace(wish, name=name, arguments=beside | told)
