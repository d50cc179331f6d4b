"""The journal's vocabulary: one frozen type per durable event, unknown fields refused.

The fields are the `data` of the frame of that name (docs/protocol.md), the same over the socket, REST and exports.
Every type needs a partial `templates/chat/events/_<type>.html`; a test fails when one is missing.
"""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

Json = Any
CallStatus = Literal["completed", "failed", "denied", "cancelled", "unknown"]
RunOutcome = Literal["done", "stopped", "failed", "lost"]
TAKEN_OVER = "taken_over"  # the code of the notice that another process goes on with a run whose process is gone
HANDED_OVER = "handed_over"  # and with one whose process gave it on, as it does before a restart
GOES_ON_ELSEWHERE = (TAKEN_OVER, HANDED_OVER)
COMPACTED = "compacted"  # that from here on the model goes by a summary of what came before
ApprovalDecision = Literal["approved", "rejected", "expired", "void"]


class EventData(BaseModel):
    """Base: identifiers are text (uuids), times are ISO 8601 in UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ClassVar[str]
    conversation_id: str


class UserMessage(EventData):
    """A person's words were accepted. `message_id` is the client's own id of the command."""

    type = "user_message"
    message_id: str
    run_id: str
    author: str
    text: str


class MessageEdited(EventData):
    """Its author changed a message that was still queued: `text` is all of it, and what the agent will read."""

    type = "message_edited"
    message_id: str
    run_id: str
    by: str
    text: str


class MessageRemoved(EventData):
    """A message was taken out of the queue; the `complete` of its run follows."""

    type = "message_removed"
    message_id: str
    run_id: str
    by: str


class MessageSteered(EventData):
    """A queued message was told to the run that was active: `into_run_id` answers it. `run_id` is the run that the
    message had been queued for; its `complete` follows, without words."""

    type = "message_steered"
    message_id: str
    run_id: str
    by: str
    into_run_id: str
    text: str


class ConversationRenamed(EventData):
    type = "conversation_renamed"
    title: str
    by: str


class RunStarted(EventData):
    """The agent took the message up. `attempt` above 1: another process had begun and is gone."""

    type = "run_started"
    run_id: str
    provider: str
    model: str
    attempt: int


class ThinkingEnd(EventData):
    """One closed block of summarised thinking."""

    type = "thinking_end"
    run_id: str
    block: int
    text: str


class TextEnd(EventData):
    """One closed block of what the agent said, whole. It overrides the deltas of that block."""

    type = "text_end"
    run_id: str
    block: int
    text: str


BLOCK_ENDS: dict[str, type[TextEnd] | type[ThinkingEnd]] = {"text": TextEnd, "thinking": ThinkingEnd}


class Call(EventData):
    """What both ends of a tool call tell. `intent` is the call in words, `cluster` where it goes."""

    run_id: str
    tool_call_id: str
    tool_name: str
    arguments: dict[str, Json]
    cluster: str
    effect: str
    intent: str


class ToolCallStart(Call):
    """The model (or a REST or MCP client) wished for a call; written before anything is tried."""

    type = "tool_call_start"


class ToolCallEnd(Call):
    """`result` is what the model reads, bounded; the whole is at `result_ref` when that is set.
    `duration_ms` leaves out the waiting for people."""

    type = "tool_call_end"
    result: str
    status: CallStatus
    duration_ms: int
    result_ref: str | None = None


class ApprovalRequested(Call):
    """A person must decide about exactly this call. `summary` is the server's own words for it; `plan` what would
    change (chat/asking.py), as far as it fits here: the whole is at `url`."""

    type = "approval_requested"
    approval_id: str
    summary: str
    expires_at: str
    url: str
    plan: dict[str, Json] = {}


class ArgumentsEdited(Call):
    """A person changed the arguments of a call that waited: these are the new ones. The approval named here is void,
    and another one is asked for."""

    type = "arguments_edited"
    approval_id: str
    by: str


class ApprovalDecided(EventData):
    """`by` is a username, or empty when nobody decided (expired, void)."""

    type = "approval_decided"
    approval_id: str
    tool_call_id: str
    run_id: str
    decision: ApprovalDecision
    by: str
    reason: str = ""


class Notice(EventData):
    """Something people should know that is neither an answer nor an error: a wait for the model, a takeover,
    what a stopped run had already done."""

    type = "notice"
    run_id: str | None = None
    code: str
    text: str


class Error(EventData):
    """A run failed; `error` is a sentence with the next step. `temporary`: trying again later can help."""

    type = "error"
    run_id: str
    error: str
    code: str
    scope: Literal["run"] = "run"
    temporary: bool = False


class CalledTool(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    tool_name: str
    arguments: dict[str, Json]
    result: str
    status: CallStatus


class Complete(EventData):
    """The one terminal event of a run. `message`: all text blocks joined by a blank line; `usage`: tokens as the
    Messages API counts them; `context`: percent of the model's window that its last request and answer took."""

    type = "complete"
    run_id: str
    message: str
    tool_calls: list[CalledTool]
    outcome: RunOutcome
    usage: dict[str, int]
    iterations: int
    cost: float | None = None
    context: int | None = None


EVENT_TYPES: dict[str, type[EventData]] = {
    kind.type: kind
    for kind in (
        UserMessage, MessageEdited, MessageRemoved, MessageSteered, ConversationRenamed,
        RunStarted, ThinkingEnd, TextEnd, ToolCallStart, ToolCallEnd,
        ApprovalRequested, ArgumentsEdited, ApprovalDecided, Notice, Error, Complete,
    )
}  # fmt: skip
