"""A tool call's own steps: begin (the intent, before the wire), wait for a person, finish."""

from typing import Any, cast

from django.db import transaction
from django.utils import timezone

from chat import event_types, journal, storable
from chat.actions.leases import Claim, database_time, hold, hold_to_go_on
from chat.actions.rounds import call_fields
from chat.audit import calls as audited
from chat.audit.calls import Grounds
from chat.durable import durable
from chat.errors import LeaseLost
from chat.event_types import ToolCallEnd
from chat.models import Approval, Run, ToolCall
from chat.models.approval import ApprovalStatus
from chat.models.tool_call import FINISHED, CallStatus
from tools import redaction
from tools.kube.departure import SEND_WITHIN
from tools.kube.guard import clock
from tools.kube.sending import Sending


def begin(claim: Claim, call: ToolCall, grounds: Grounds) -> None:
    """Commits the intent: from here on the call may have reached the cluster. Raises RunOver after a Stop."""
    with durable():
        hold_to_go_on(claim)
        _begin(call, grounds)


def begin_approved(claim: Claim, call: ToolCall, digest: str, grounds: Grounds) -> bool:
    """Consumes the approval of exactly this (chat/binding.py) and commits the intent in one transaction; False when
    there is none."""
    with durable():
        hold_to_go_on(claim)
        consumed = Approval.objects.filter(
            tool_call=call,
            status=ApprovalStatus.APPROVED,
            consumed_at=None,
            expires_at__gt=timezone.now(),
            call_hash=digest,
        ).update(consumed_at=timezone.now())
        if consumed == 1:
            _begin(call, grounds)
        return consumed == 1


def _begin(call: ToolCall, grounds: Grounds) -> None:
    """A change begins once, whoever asks; a read may begin again after a takeover."""
    begun = FINISHED + ((CallStatus.RUNNING,) if call.writes else ())
    now = timezone.now()
    fresh = ToolCall.objects.filter(pk=call.pk).exclude(status__in=begun)
    if not fresh.update(status=CallStatus.RUNNING, started_at=now, sent=[]):
        raise LeaseLost("This call has begun already.")
    call.status, call.started_at, call.sent = CallStatus.RUNNING, now, []
    audited.begun(call, grounds)


def announce(claim: Claim, call: ToolCall, sending: Sending) -> float:
    """Commits what is about to leave for the cluster and returns until when (`guard.clock`) it may: long before
    anybody could take the run over. Raises LeaseLost, and RunOver after a Stop: then it must not leave at all."""
    until = clock() + SEND_WITHIN
    with durable():
        hold_to_go_on(claim)
        sent = [*(call.sent or []), sending.plain(database_time())]
        if not ToolCall.objects.filter(pk=call.pk, status=CallStatus.RUNNING).update(sent=sent):
            raise LeaseLost("This call has ended already.")
        call.sent = sent
        audited.sent(call, sent[-1])
    return until


def finish(claim: Claim, call: ToolCall, status: str, result: str, *, full: str = "", data: Any = None) -> None:
    with transaction.atomic():
        hold(claim)
        close(call, status, result, full=full, data=data)


def refuse(claim: Claim, call: ToolCall, status: str, sentence: str, denied: Grounds | None) -> None:
    """Ends a call of which nothing was done. `denied`: by which rule, when it was one."""
    with transaction.atomic():
        hold(claim)
        close(call, status, sentence, denied=denied)


def close(
    call: ToolCall, status: str, result: str, *, full: str = "", data: Any = None, denied: Grounds | None = None
) -> None:
    """Ends a call inside the caller's transaction; a finished one stays as it is."""
    now, result, full, data = (
        timezone.now(),
        redaction.text(storable.text(result)),
        storable.text(full),
        storable.data(data),
    )
    duration = int((now - call.started_at).total_seconds() * 1000) if call.started_at else 0
    changed = (
        ToolCall.objects.filter(pk=call.pk)
        .exclude(status__in=FINISHED)
        .update(
            status=status,
            result=result,
            full=full if full != result else "",
            data=data,
            sealed=None,
            ended_at=now,
            duration_ms=duration,
        )
    )
    if not changed:
        return
    call.status, call.result, call.data = CallStatus(status), result, data
    run = Run.objects.get(pk=call.run_id)
    ended = ToolCallEnd(
        **call_fields(run, call),
        result=result,
        status=cast(event_types.CallStatus, call.status.value),
        duration_ms=duration,
        result_ref=f"/api/v1/tool-calls/{call.pk}/result" if full and full != result else None,
    )
    journal.append(ended, run=run)
    audited.ended(call, run, duration, denied)
