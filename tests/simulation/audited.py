"""The audit's promise: what the journal tells was recorded, once each, whoever died when; and the chain is whole."""

from collections import Counter
from collections.abc import Iterable

from chat.audit import writing
from chat.models import AuditRow, Event, ToolCall
from chat.models.audit_row import NOBODY_BEFORE
from tests.simulation.holding import holds

ROWS = {  # kind of row: the event it stands beside, and what both name
    "message.sent": ("user_message", "run_id"),
    "approval.requested": ("approval_requested", "tool_call_id"),
    "call.ended": ("tool_call_end", "tool_call_id"),
    "run.ended": ("complete", "run_id"),
}
DECIDED = ("approval.decided", "approval.void", "approval.expired")


def at_any_moment(conversation_id: str, events: list[Event]) -> None:
    rows = list(AuditRow.objects.filter(conversation_id=conversation_id))
    for kind, (event, name) in ROWS.items():
        _same(kind, _named(rows, name, kind), (each.data[name] for each in events if each.type == event))
    decided = (each.data["tool_call_id"] for each in events if each.type == "approval_decided")
    _same("decisions", _named(rows, "tool_call_id", *DECIDED), decided)
    calls = ToolCall.objects.filter(run__conversation_id=conversation_id)
    sent = (str(call.pk) for call in calls for _ in call.sent or [])
    _same("changes that were sent", _named(rows, "tool_call_id", "call.sent"), sent)
    begun = set(_named(rows, "tool_call_id", "call.begun"))
    holds(set(_named(rows, "tool_call_id", "call.sent")) <= begun, "What was sent had not begun:", begun)
    _whole()


def _named(rows: list[AuditRow], name: str, *kinds: str) -> list[str]:
    return [getattr(row, name) for row in rows if row.kind in kinds]


def _same(what: str, recorded: list[str], told: Iterable[str]) -> None:
    wanted = Counter(told)
    holds(Counter(recorded) == wanted, f"The audit and the journal differ in {what}:", recorded, wanted)


def _whole() -> None:
    before = NOBODY_BEFORE
    for seq, row in enumerate(AuditRow.objects.order_by("seq"), 1):
        fits = (row.seq, row.prev_hash, row.hash) == (seq, before, writing.digest(row))
        holds(fits, "The audit's chain is broken at row", seq)
        before = row.hash
