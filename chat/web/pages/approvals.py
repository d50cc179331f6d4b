"""Approvals: what waits for a decision, one of them, and the decision."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString

from chat.access import decidable_by, find_approval, visible_to
from chat.actions import approvals
from chat.actions.rounds import call_fields
from chat.errors import BadInput
from chat.event_types import ApprovalDecided, ApprovalRequested
from chat.models import Approval
from chat.models.approval import ApprovalStatus
from chat.web import rendering
from chat.web.door import SignedIn, done, page

RECENT = 20


@dataclass(frozen=True, slots=True)
class Told:
    """An approval's row in the shape of the event that told of it (chat.web.rendering.Line)."""

    type: str
    data: dict[str, Any]
    at: datetime
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """`conversation_visible`: an approver may decide for a conversation that is not theirs to read."""

    approval: Approval
    html: SafeString
    conversation_visible: bool


@page("GET", "HEAD")
def listing(request: SignedIn) -> HttpResponseBase:
    mine = decidable_by(request.user)
    pending = mine.filter(status=ApprovalStatus.PENDING, expires_at__gt=timezone.now()).order_by("requested_at")
    decided = mine.exclude(status=ApprovalStatus.PENDING).order_by("-decided_at")[:RECENT]
    context = {"pending": _cards(request.user, list(pending)), "decided": _cards(request.user, list(decided))}
    return render(request, "chat/pages/approvals.html", context)


@page("GET", "HEAD")
def show(request: SignedIn, approval_id: uuid.UUID) -> HttpResponseBase:
    approval = find_approval(request.user, approval_id)
    return render(request, "chat/pages/approval.html", {"card": _cards(request.user, [approval])[0]})


@page("POST")
def decide(request: SignedIn) -> HttpResponseBase:
    """`approve` or `reject` holds the approval's id, `reason-<id>` the words for the agent."""
    decision = "approve" if "approve" in request.POST else "reject"
    approval_id = request.POST.get(decision, "")
    if not approval_id:
        raise BadInput("Say which approval you decide: use the buttons on its card.")
    approval = approvals.decide(request.user, approval_id, decision, request.POST.get(f"reason-{approval_id}", ""))
    conversation = approval.tool_call.run.conversation
    seen = visible_to(request.user).filter(pk=conversation.pk).exists()
    return done(request, f"{conversation.get_absolute_url()}#approval-{approval.pk}" if seen else "approvals")


def _cards(user: User, found: list[Approval]) -> list[Card]:
    conversations = {approval.tool_call.run.conversation_id for approval in found}
    visible = set(visible_to(user).filter(pk__in=conversations).values_list("pk", flat=True))
    return [Card(approval, _html(approval), approval.tool_call.run.conversation_id in visible) for approval in found]


def _html(approval: Approval) -> SafeString:
    call = approval.tool_call
    asked = call_fields(call.run, call) | {
        "approval_id": str(approval.pk),
        "summary": approval.summary,
        "expires_at": approval.expires_at.isoformat(),
    }
    if approval.status == ApprovalStatus.PENDING:
        return rendering.render(Told(ApprovalRequested.type, asked, approval.requested_at))
    decided = asked | {
        "decision": approval.status,
        "by": approval.decided_by.get_username() if approval.decided_by else "",
        "reason": approval.reason,
    }
    return rendering.render(Told(ApprovalDecided.type, decided, approval.decided_at or approval.requested_at), asked)
