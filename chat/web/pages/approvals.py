"""Approvals: what waits for a decision, one of them, and the decision."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from chat import deciding
from chat.access import decidable_by, find_approval, may_decide, visible_to
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
    decided = mine.exclude(status=ApprovalStatus.PENDING).order_by("-decided_at")
    wanted = request.GET.get("show", "")
    chosen = wanted if wanted in ApprovalStatus.values else ""
    if cluster := request.GET.get("cluster", ""):
        pending, decided = pending.filter(tool_call__cluster=cluster), decided.filter(tool_call__cluster=cluster)
    if chosen:
        decided = decided.filter(status=chosen)
    waiting = list(pending) if chosen in ("", ApprovalStatus.PENDING) else []
    lately = list(decided[:RECENT]) if chosen != ApprovalStatus.PENDING else []
    context = {
        "pending": _cards(request.user, waiting),
        "decided": _cards(request.user, lately),
        "filters": [("", "All"), *ApprovalStatus.choices],
        "chosen": chosen,
        "cluster": cluster,
        "clusters": sorted({approval.tool_call.cluster for approval in (*waiting, *lately)} | ({cluster} - {""})),
    }
    return render(request, "chat/pages/approvals.html", context)


@page("GET", "HEAD")
def count(request: SignedIn) -> HttpResponseBase:
    """How many wait for this person: the badge beside every page asks for it."""
    waiting = decidable_by(request.user).filter(status=ApprovalStatus.PENDING, expires_at__gt=timezone.now()).count()
    return HttpResponse(str(waiting), content_type="text/plain")


@page("GET", "HEAD")
def show(request: SignedIn, approval_id: uuid.UUID) -> HttpResponseBase:
    approval = find_approval(request.user, approval_id)
    open_to_edit = approval.status == ApprovalStatus.PENDING and may_decide(request.user, approval)
    context = {
        "card": _cards(request.user, [approval], whole=True)[0],
        "arguments": json.dumps(approval.tool_call.arguments, indent=2, ensure_ascii=False) if open_to_edit else "",
        "newer": Approval.objects.filter(tool_call=approval.tool_call, requested_at__gt=approval.requested_at)
        .order_by("requested_at")
        .first(),
    }
    return render(request, "chat/pages/approval.html", context)


@page("POST")
def edit(request: SignedIn, approval_id: uuid.UUID) -> HttpResponseBase:
    """`arguments` as JSON: the run asks anew about them."""
    try:
        arguments = json.loads(request.POST.get("arguments", ""))
    except (ValueError, RecursionError):
        raise BadInput("The arguments are not JSON. Nothing was changed: go back and try again.") from None
    if not isinstance(arguments, dict):
        raise BadInput("The arguments must be a JSON object. Nothing was changed: go back and try again.")
    approval = async_to_sync(deciding.edit)(request.user, approval_id, arguments)
    return done(request, _back(request.user, approval).partition("#")[0])  # the new question comes to the end


@page("POST")
def decide(request: SignedIn) -> HttpResponseBase:
    """`approve` or `reject` holds the approval's id, `reason-<id>` the words for the agent."""
    decision = "approve" if "approve" in request.POST else "reject"
    approval_id = request.POST.get(decision, "")
    if not approval_id:
        raise BadInput("Say which approval you decide: use the buttons on its card.")
    reason, typed = (request.POST.get(f"{field}-{approval_id}", "") for field in ("reason", "typed"))
    async_to_sync(deciding.look)(request.user, approval_id, decision)
    approval = approvals.decide(request.user, approval_id, decision, reason, typed=typed)
    return done(request, _back(request.user, approval))


def _back(user: User, approval: Approval) -> str:
    conversation = approval.tool_call.run.conversation
    seen = visible_to(user).filter(pk=conversation.pk).exists()
    return f"{conversation.get_absolute_url()}#approval-{approval.pk}" if seen else "approvals"


def _cards(user: User, found: list[Approval], *, whole: bool = False) -> list[Card]:
    conversations = {approval.tool_call.run.conversation_id for approval in found}
    visible = set(visible_to(user).filter(pk__in=conversations).values_list("pk", flat=True))
    return [
        Card(approval, _html(approval, whole=whole), approval.tool_call.run.conversation_id in visible)
        for approval in found
    ]


def _html(approval: Approval, *, whole: bool) -> SafeString:
    call = approval.tool_call
    asked = call_fields(call.run, call) | {
        "approval_id": str(approval.pk),
        "summary": approval.summary,
        "expires_at": approval.expires_at.isoformat(),
        "plan": approvals.shown(approval, whole=whole),
        "url": reverse("approval", args=[approval.pk]),
    }
    if approval.status == ApprovalStatus.PENDING:
        return rendering.render(Told(ApprovalRequested.type, asked, approval.requested_at))
    by = approval.decided_by or approval.edited_by
    decided = asked | {
        "decision": approval.status,
        "by": by.get_username() if by else "",
        "reason": approval.reason,
    }
    return rendering.render(Told(ApprovalDecided.type, decided, approval.decided_at or approval.requested_at), asked)
