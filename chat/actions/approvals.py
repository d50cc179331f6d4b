"""Ask for a decision, decide it, let it expire, void it. The first decision wins."""

import uuid
from datetime import timedelta
from typing import Any, Literal, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from chat import doorbell, event_types, journal, launch, storable
from chat.access import Right, find_approval, may_decide, require
from chat.actions import commands
from chat.actions.commands import Named
from chat.actions.leases import OVER, Claim, hold
from chat.actions.rounds import call_fields
from chat.asking import Question, for_card
from chat.audit import calls as audited
from chat.errors import BadInput, Conflict, NotAllowed
from chat.event_types import ApprovalDecided, ApprovalRequested
from chat.models import Approval, Run, ToolCall
from chat.models.approval import ApprovalStatus
from chat.models.run import RunStatus
from chat.models.tool_call import CallStatus

LIFETIME = timedelta(hours=24)
REASON_LENGTH = 1000


def request(claim: Claim, call: ToolCall, summary: str, question: Question) -> Approval:
    """Asks people about exactly this call and marks the call as waiting."""
    with transaction.atomic():
        hold(claim)
        run = Run.objects.select_related("message").get(pk=claim.run_id)
        call.status = CallStatus.WAITING
        call.save(update_fields=["status"])
        approval = Approval.objects.create(
            tool_call=call,
            call_hash=question.digest,
            summary=summary[:500],
            plan=storable.data(question.plan),
            bound=question.bound,
            rule=question.rule[:300],
            second_person=question.second_person,
            type_name=question.type_name,
            expires_at=timezone.now() + LIFETIME,
        )
        asked = ApprovalRequested(
            **call_fields(run, call),
            approval_id=str(approval.pk),
            summary=approval.summary,
            expires_at=approval.expires_at.isoformat().replace("+00:00", "Z"),
            url=reverse("approval", args=[approval.pk]),
            plan=shown(approval),
        )
        journal.append(asked, run=run)
        audited.asked(approval, run)
        transaction.on_commit(doorbell.approvals_moved)
        return approval


def shown(approval: Approval, *, whole: bool = False) -> dict[str, Any]:
    """What people see of the plan, as far as it fits in a conversation or the whole, and what the decider must do."""
    if not approval.plan:
        return {}
    asked = {"second_person": approval.second_person, "type_name": approval.type_name}
    return (approval.plan if whole else for_card(approval.plan)) | asked


def void(claim: Claim, approval: Approval, reason: str) -> None:
    """What was approved, and not used, is not what would happen any more."""
    with transaction.atomic():
        hold(claim)
        if _void(approval, reason, ApprovalStatus.APPROVED):
            tell(approval, ApprovalStatus.VOID, reason=reason)


def void_moved(approval: Approval, what: str) -> None:
    """Somebody else has changed what a pending approval is about: its run asks anew, with the new state."""
    with transaction.atomic():
        lock_run(approval)
        reason = f"{what} changed after this was asked: it is asked anew."
        if _void(approval, reason, ApprovalStatus.PENDING):
            tell(approval, ApprovalStatus.VOID, reason=reason)
            go_on(approval.tool_call.run_id)


def _void(approval: Approval, reason: str, status: ApprovalStatus) -> bool:
    mine = Approval.objects.filter(pk=approval.pk, status=status, consumed_at=None)
    return bool(mine.update(status=ApprovalStatus.VOID, decided_at=timezone.now(), reason=reason[:REASON_LENGTH]))


def decide(
    user: User,
    approval_id: uuid.UUID | str,
    decision: Literal["approve", "reject"] | str,
    reason: str = "",
    *,
    command_id: str = "",
    typed: str = "",
) -> Approval:
    """`typed`: the name, where the approval wants it typed. Raises Conflict `already_decided`, `expired` or `void` when
    the decision comes too late."""
    if decision not in ("approve", "reject"):
        raise BadInput("A decision is `approve` or `reject`.")
    approval = find_approval(user, approval_id)
    require(user, Right.DECIDE_OWN)
    if not may_decide(user, approval):
        raise NotAllowed("Only an approver, or the person who sent the message, may decide this.")
    if decision == "approve":
        _may_approve(user, approval, typed)
    status = ApprovalStatus.APPROVED if decision == "approve" else ApprovalStatus.REJECTED
    reason = storable.text(reason)[:REASON_LENGTH]
    _expire_if_overdue(approval)  # by itself: it stays true although the decision is refused
    content = {"approval_id": str(approval.pk), "decision": decision, "reason": reason}
    command = Named("decide", command_id, approval.tool_call.run.conversation_id)
    commands.once(user, command, content, lambda: _decide(approval, status, user, reason))
    approval.refresh_from_db()
    return approval


def _may_approve(user: User, approval: Approval, typed: str) -> None:
    if approval.second_person and user.pk == approval.tool_call.run.message.author_id:
        raise NotAllowed("A second person must approve this: ask an approver. You may reject it.", code="second_person")
    if approval.type_name and typed.strip() != approval.type_name and approval.status == ApprovalStatus.PENDING:
        raise BadInput(f"Type {approval.type_name} to approve this: it is what would be destroyed, or how many.")


def _decide(approval: Approval, status: ApprovalStatus, user: User, reason: str) -> dict[str, str]:
    lock_run(approval)
    won = Approval.objects.filter(pk=approval.pk, status=ApprovalStatus.PENDING, expires_at__gt=timezone.now()).update(
        status=status, decided_by=user, decided_at=timezone.now(), reason=reason
    )
    if not won:
        approval.refresh_from_db()
        raise too_late(approval)
    tell(approval, status, by=user.get_username(), reason=reason)
    go_on(approval.tool_call.run_id)
    return {"approval_id": str(approval.pk), "decision": status.value}


def too_late(approval: Approval) -> Conflict:
    if approval.status in (ApprovalStatus.PENDING, ApprovalStatus.EXPIRED):  # pending: its time ran out just now
        return Conflict("This approval has expired: nothing was done. Ask the agent again.", code="expired")
    if approval.status == ApprovalStatus.VOID:
        return Conflict(
            "This approval is void: the run has ended or its object has changed. Ask the agent again.", code="void"
        )
    by = approval.decided_by.get_username() if approval.decided_by else "somebody"
    return Conflict(f"{by} has already decided: {approval.get_status_display().lower()}.", code="already_decided")


def expire_overdue() -> int:
    """Ends every approval whose time has run out: nobody's silence is a yes. Returns how many."""
    overdue = Approval.objects.filter(status=ApprovalStatus.PENDING, expires_at__lte=timezone.now()).select_related(
        "tool_call__run"
    )
    count = 0
    for approval in overdue[:100]:
        count += _expire_if_overdue(approval)
    return count


def take_untold() -> Approval | None:
    """The oldest pending one that the team's room was not told of, marked as told: by one process."""
    pending = Approval.objects.filter(status=ApprovalStatus.PENDING, told_at=None, expires_at__gt=timezone.now())
    for approval in pending.select_related("tool_call__run__message__author").order_by("requested_at")[:20]:
        if Approval.objects.filter(pk=approval.pk, told_at=None).update(told_at=timezone.now()):
            return approval
    return None


def give_back_untold(approval: Approval) -> None:
    Approval.objects.filter(pk=approval.pk).update(told_at=None)


def _expire_if_overdue(approval: Approval) -> bool:
    if approval.status != ApprovalStatus.PENDING or approval.expires_at > timezone.now():
        return False
    with transaction.atomic():
        lock_run(approval)
        return _expire(approval)


def lock_run(approval: Approval) -> None:
    """The run before its approvals, as everybody does it who ends a run: so two cannot wait for each other."""
    Run.objects.select_for_update().get(pk=approval.tool_call.run_id)


def _expire(approval: Approval) -> bool:
    expired = Approval.objects.filter(
        pk=approval.pk, status=ApprovalStatus.PENDING, expires_at__lte=timezone.now()
    ).update(status=ApprovalStatus.EXPIRED, decided_at=timezone.now())
    if expired:
        tell(approval, ApprovalStatus.EXPIRED)
        go_on(approval.tool_call.run_id)
    return bool(expired)


def void_pending(run: Run, reason: str) -> None:
    """Inside the caller's transaction: what nobody can execute any more is not left open."""
    for approval in Approval.objects.filter(tool_call__run=run, status=ApprovalStatus.PENDING).select_related(
        "tool_call__run"
    ):
        Approval.objects.filter(pk=approval.pk).update(
            status=ApprovalStatus.VOID, decided_at=timezone.now(), reason=reason
        )
        tell(approval, ApprovalStatus.VOID, reason=reason)


def tell(approval: Approval, status: ApprovalStatus, *, by: str = "", reason: str = "") -> None:
    call = approval.tool_call
    decided = ApprovalDecided(
        conversation_id=str(call.run.conversation_id),
        approval_id=str(approval.pk),
        tool_call_id=str(call.pk),
        run_id=str(call.run_id),
        decision=cast(event_types.ApprovalDecision, status.value),
        by=by,
        reason=reason,
    )
    journal.append(decided, run=call.run)
    audited.decided(approval, status, by=by, reason=reason)
    transaction.on_commit(doorbell.approvals_moved)


def go_on(run_id: uuid.UUID) -> None:
    """A parked run becomes claimable at once; one that has not parked yet will see the decision by itself."""
    Run.objects.filter(pk=run_id, status=RunStatus.WAITING).update(status=RunStatus.RUNNING, owner="", lease_until=OVER)
    transaction.on_commit(launch.wake)
