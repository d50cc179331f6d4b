"""`/api/v1/approvals`: what waits for a person, and the decision."""

import uuid
from datetime import datetime
from typing import Any, Literal

from asgiref.sync import async_to_sync
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from chat import deciding
from chat.access import decidable_by, find_approval
from chat.actions import approvals
from chat.models import Approval
from chat.models.access_token import Scope
from chat.models.approval import ApprovalStatus
from chat.rest.door import Repeatable, caller, signed_in
from chat.rest.paging import Place, listed, page

router = Router(auth=signed_in, tags=["approvals"])


class ApprovalOut(Schema):
    """The exact call that a person decides about, from the server's record."""

    id: uuid.UUID
    status: str
    summary: str
    tool_name: str = Field(alias="tool_call.tool")
    arguments: dict[str, Any] = Field(alias="tool_call.arguments")
    cluster: str = Field(alias="tool_call.cluster")
    effect: str = Field(alias="tool_call.effect")
    tool_call_id: uuid.UUID = Field(alias="tool_call.pk")
    run_id: uuid.UUID = Field(alias="tool_call.run.pk")
    conversation_id: uuid.UUID = Field(alias="tool_call.run.conversation.pk")
    asked_by: str
    requested_at: datetime
    expires_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    rule: str
    second_person: bool
    type_name: str
    plan: dict[str, Any]

    @staticmethod
    def resolve_asked_by(approval: Approval) -> str:
        return approval.tool_call.run.message.author.get_username()

    @staticmethod
    def resolve_decided_by(approval: Approval) -> str | None:
        return approval.decided_by.get_username() if approval.decided_by else None


class ApprovalList(Schema):
    items: list[ApprovalOut]
    next: str | None = None


class Decision(Repeatable):
    decision: Literal["approve", "reject"]
    reason: str = Field("", max_length=approvals.REASON_LENGTH)
    typed: str = Field("", max_length=253)


class Edit(Repeatable):
    arguments: dict[str, Any]


@router.get("", response=ApprovalList)
def pending(request: HttpRequest, place: Query[Place]) -> Any:
    waiting = decidable_by(caller(request)).filter(status=ApprovalStatus.PENDING, expires_at__gt=timezone.now())
    return listed(*page(waiting, "requested_at", place))


@router.get("/{uuid:approval_id}", response=ApprovalOut)
def read(request: HttpRequest, approval_id: uuid.UUID) -> Any:
    return find_approval(caller(request), approval_id)


@router.post("/{uuid:approval_id}/decision", response=ApprovalOut)
def decide(request: HttpRequest, approval_id: uuid.UUID, wanted: Decision) -> Any:
    user = caller(request, Scope.APPROVE)
    async_to_sync(deciding.look)(user, approval_id, wanted.decision)
    return approvals.decide(user, approval_id, wanted.decision, wanted.reason, command_id=wanted.id, typed=wanted.typed)


@router.post("/{uuid:approval_id}/edit", response={202: ApprovalOut})
def edit(request: HttpRequest, approval_id: uuid.UUID, wanted: Edit) -> Any:
    """With other arguments: this approval becomes void, and the run asks anew."""
    user = caller(request, Scope.APPROVE)
    return Status(202, async_to_sync(deciding.edit)(user, approval_id, wanted.arguments, command_id=wanted.id))
