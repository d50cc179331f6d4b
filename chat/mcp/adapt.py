"""Our tools, calls and faults in the words of MCP (specification 2026-07-28, server/tools). Pure."""

from typing import Any

import mcp_types as types

from chat import desk
from chat.models import ToolCall
from chat.models.tool_call import CallStatus
from tools.effects import Effect
from tools.spec import Tool

OUTCOME = "k8s_call_outcome"
LONGEST_WAIT = 50  # seconds; many clients give up after a minute

_ANSWER = {
    "type": "object",
    "properties": {
        "status": {
            "type": "string",
            "enum": ["completed", "failed", "denied", "cancelled", "unknown", "waiting", "running"],
            "description": "unknown: a change was sent and nobody knows whether it happened. waiting: for a person.",
        },
        "result": {"type": "string"},
        "data": {"description": "The same as JSON, when the tool gives it."},
        "ref": {"type": "string", "description": "There is more of it: read on with result_read."},
        "run_id": {"type": "string", "description": f"Ask {OUTCOME} with it."},
        "conversation_url": {"type": "string"},
        "approval_url": {"type": "string", "description": "Where a person decides."},
    },
    "required": ["status", "result", "run_id", "conversation_url"],
}


def offered(tool: Tool) -> types.Tool:
    """The hints are labels for people: what may be done is decided by the gate."""
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=dict(tool.input_schema()),
        output_schema=_ANSWER,
        annotations=types.ToolAnnotations(
            title=tool.title,
            read_only_hint=not tool.effect.writes,
            destructive_hint=tool.effect in (Effect.DESTROY, Effect.EXECUTE),
            idempotent_hint=not tool.effect.writes,
            open_world_hint=False,
        ),
    )


def outcome_tool() -> types.Tool:
    return types.Tool(
        name=OUTCOME,
        title="Outcome of a call",
        description="What became of a call that was waiting for a person or still running. Changes nothing.",
        input_schema={
            "type": "object",
            "properties": {
                "run_id": {"type": "string", "description": "As the call's answer named it."},
                "wait_seconds": {"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT, "default": 0},
            },
            "required": ["run_id"],
            "additionalProperties": False,
        },
        output_schema=_ANSWER,
        annotations=types.ToolAnnotations(
            title="Outcome of a call", read_only_hint=True, destructive_hint=False, open_world_hint=False
        ),
    )


def finished(call: ToolCall, where: dict[str, str]) -> types.CallToolResult:
    """`where`: run_id and conversation_url."""
    told: dict[str, Any] = {"status": call.status, "result": call.result, **where}
    if isinstance(call.data, dict | list):
        told["data"] = call.data
    if call.full:
        told["ref"] = desk.short(call)
    return _answer(told, is_error=call.status != CallStatus.COMPLETED)


def unfinished(status: str, sentence: str, where: dict[str, str]) -> types.CallToolResult:
    return _answer({"status": status, "result": sentence, **where}, is_error=False)


def refused(sentence: str) -> types.CallToolResult:
    """Nothing was recorded and nothing done: the model reads why."""
    return types.CallToolResult(content=[types.TextContent(type="text", text=sentence)], is_error=True)


def _answer(told: dict[str, Any], *, is_error: bool) -> types.CallToolResult:
    text = types.TextContent(type="text", text=told["result"])
    return types.CallToolResult(content=[text], structured_content=told, is_error=is_error)
