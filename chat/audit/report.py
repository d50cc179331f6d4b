"""The incident report of a conversation: what was said, done, asked and decided in it, in the order it happened, and
what it cost. Read from the journal and the rows beside it; how it looks is the door's."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Max, Min

from chat import access
from chat.access import sees_all
from chat.errors import NotFound
from chat.models import Approval, AuditHead, AuditRow, Conversation, Event, Run, ToolCall

LONGEST = 4_000  # characters of a result; the whole of it is beside the call


@dataclass(frozen=True, slots=True)
class Entry:
    """`what`: a word for the kind of entry; `title`: one line; `facts`: names and values; `texts`: a heading and a text
    as it was said or answered. None of it is markup."""

    at: datetime
    seq: int
    what: str
    who: str
    title: str
    facts: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    conversation: Conversation
    people: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    audit: str


@dataclass(slots=True)
class _Beside:
    """The rows beside the events, read once."""

    calls: dict[str, ToolCall] = field(default_factory=dict)
    begun: dict[str, AuditRow] = field(default_factory=dict)  # by tool call: what the audit says of its beginning
    approvals: dict[str, Approval] = field(default_factory=dict)


def find(user: User, conversation_id: uuid.UUID | str) -> Conversation:
    """One that they see in the portal; auditors and administrators see every one, deleted ones as well. Raises
    NotFound."""
    if not sees_all(user):
        return access.find(user, conversation_id)
    found = Conversation.objects.select_related("owner").filter(pk=conversation_id).first()
    if found is None:
        raise NotFound("There is no such conversation.")
    return found


def of(conversation: Conversation) -> Report:
    beside = _Beside(
        {str(call.pk): call for call in ToolCall.objects.filter(run__conversation=conversation).defer("data", "full")},
        {row.tool_call_id: row for row in _begun(conversation)},
        {str(each.pk): each for each in _approvals(conversation)},
    )
    events = Event.objects.filter(conversation=conversation).order_by("seq").iterator(chunk_size=1_000)
    entries = tuple(entry for event in events for entry in _entries(event, beside))
    people = tuple(sorted({entry.who for entry in entries if entry.who} | {conversation.owner.get_username()}))
    return Report(conversation, people, tuple(_facts(conversation, beside)), entries, _audited(conversation))


def _begun(conversation: Conversation) -> Any:
    return AuditRow.objects.filter(conversation_id=str(conversation.pk), kind="call.begun").order_by("seq")


def _approvals(conversation: Conversation) -> Any:
    return Approval.objects.filter(tool_call__run__conversation=conversation).select_related("decided_by")


# ---- its head ----------------------------------------------------------------------------------------------------


def _facts(conversation: Conversation, beside: _Beside) -> Iterator[tuple[str, str]]:
    runs = list(Run.objects.filter(conversation=conversation))
    calls = list(beside.calls.values())
    yield "Clusters", ", ".join(sorted({call.cluster for call in calls if call.cluster})) or "none"
    yield "Runs", _counted(Counter(run.status for run in runs))
    yield "Tool calls", _counted(Counter(call.status for call in calls))
    yield "Changes", _counted(Counter(call.status for call in calls if call.writes))
    yield "Approvals", _counted(Counter(approval.status for approval in beside.approvals.values()))
    spent: Counter[str] = Counter()
    for run in runs:
        spent.update({name: int(count) for name, count in run.usage.items()})
    yield "Tokens", _counted(spent)


def _counted(found: Counter[str]) -> str:
    told = [f"{count:,} {name.replace('_', ' ')}" for name, count in sorted(found.items()) if count]
    return ", ".join(told) or "none"


def _audited(conversation: Conversation) -> str:
    """Where in the audit it stands, and how far that was verified."""
    rows = AuditRow.objects.filter(conversation_id=str(conversation.pk)).aggregate(first=Min("seq"), last=Max("seq"))
    if rows["last"] is None:
        return "The audit holds no row of this conversation: it is older than the audit."
    where = f"Rows {rows['first']} to {rows['last']} of the audit."
    head = AuditHead.objects.first()
    if head is None or head.verified_at is None:
        return f"{where} The audit has not been verified yet: manage.py audit_verify does it."
    at = head.verified_at.strftime("%d %b %Y, %H:%M UTC")
    if head.problem:
        return f"{where} The last verification, {at}, found: {head.problem}"
    if (head.verified_seq or 0) < rows["last"]:
        return f"{where} Verified up to row {head.verified_seq} at {at}; what is newer has not been."
    return f"{where} Verified at {at}."


# ---- its entries -------------------------------------------------------------------------------------------------


def _entries(event: Event, beside: _Beside) -> Iterator[Entry]:
    told = _TELLERS.get(event.type)
    if told is not None:
        what, who, title, facts, texts = told(event.data, beside)
        kept = tuple((name, str(value)) for name, value in facts if value not in ("", None))
        yield Entry(event.at, event.seq, what, who, title, kept, tuple(_cut(*each) for each in texts if each[1]))


def _cut(heading: str, text: str) -> tuple[str, str]:
    if len(text) <= LONGEST:
        return heading, text
    return heading, f"{text[:LONGEST]}\n[{len(text) - LONGEST:,} more characters are kept beside the call]"


_Told = tuple[str, str, str, list[tuple[str, Any]], list[tuple[str, str]]]


def _message(data: dict[str, Any], _: _Beside) -> _Told:
    who = data.get("author") or data.get("by", "")
    return "Message", who, "", [], [("", data.get("text", ""))]


def _removed(data: dict[str, Any], _: _Beside) -> _Told:
    return "Message", data["by"], "took a queued message back", [], []


def _renamed(data: dict[str, Any], _: _Beside) -> _Told:
    return "Title", data["by"], data["title"], [], []


def _began(data: dict[str, Any], _: _Beside) -> _Told:
    return "Run", "", "The agent began", [("Provider", data["provider"]), ("Model", data["model"])], []


def _wished(data: dict[str, Any], _: _Beside) -> _Told:
    arguments = [(str(name), str(value)) for name, value in data["arguments"].items()]
    place = [("Tool", data["tool_name"]), ("Cluster", data["cluster"]), ("Effect", data["effect"])]
    return "Tool call", "", data["intent"], place, [("Arguments", "\n".join(f"{k}: {v}" for k, v in arguments))]


def _answered(data: dict[str, Any], beside: _Beside) -> _Told:
    call = beside.calls.get(data["tool_call_id"])
    left = (call.sent if call is not None else None) or []
    sent = [f"{each.get('verb')} {each.get('words')} ({each.get('path')})" for each in left]
    facts = [("Status", data["status"]), ("Took", f"{data['duration_ms']} ms"), *_grounds(beside, call)]
    return "Result", "", data["intent"], facts, [("Sent to the cluster", "\n".join(sent)), ("Result", data["result"])]


def _grounds(beside: _Beside, call: ToolCall | None) -> Iterator[tuple[str, str]]:
    """As whom, by which rule and by whose yes it began; nothing of a call that never did."""
    row = beside.begun.get(str(call.pk)) if call is not None else None
    if row is not None:
        yield "As", row.identity
        yield "Rule", row.rule
        yield "Policy version", row.policy_version
        yield "Approved by", row.approved_by


def _asked(data: dict[str, Any], beside: _Beside) -> _Told:
    plan = data.get("plan") or {}
    facts = [("Cluster", data["cluster"]), ("As", plan.get("identity")), ("Effect", data["effect"])]
    facts += [("Rule", plan.get("rule")), ("Expires", data["expires_at"])]
    return "Approval asked for", "", data["summary"], facts, [("Difference", str(data.get("diff") or ""))]


def _decided(data: dict[str, Any], beside: _Beside) -> _Told:
    approval = beside.approvals.get(data["approval_id"])
    facts = [("Summary", approval.summary if approval is not None else "")]
    return "Approval", data["by"], data["decision"], facts, [("Reason", data.get("reason", ""))]


def _noticed(data: dict[str, Any], _: _Beside) -> _Told:
    return "Notice", "", data["text"], [], []


def _failed(data: dict[str, Any], _: _Beside) -> _Told:
    return "Fault", "", data["error"], [("Code", data["code"])], []


def _ended(data: dict[str, Any], _: _Beside) -> _Told:
    cost = f"${data['cost']:.4f}" if data.get("cost") is not None else ""
    tokens = _counted(Counter({name: int(count) for name, count in data["usage"].items()}))
    facts = [("Outcome", data["outcome"]), ("Rounds", data["iterations"]), ("Tokens", tokens), ("Cost", cost)]
    return "Run ended", "", data["outcome"], facts, [("The agent said", data["message"])]


_TELLERS = {
    "user_message": _message,
    "message_edited": _message,
    "message_steered": _message,
    "message_removed": _removed,
    "conversation_renamed": _renamed,
    "run_started": _began,
    "tool_call_start": _wished,
    "tool_call_end": _answered,
    "approval_requested": _asked,
    "approval_decided": _decided,
    "notice": _noticed,
    "error": _failed,
    "complete": _ended,
}
