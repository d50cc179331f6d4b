"""Waits for a run: until it has ended, or until a person must decide."""

import asyncio
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async
from django.urls import reverse

from chat import doorbell, leaving
from chat.event_types import Complete, MessageSteered
from chat.models import Approval, Run
from chat.models.approval import ApprovalStatus
from chat.models.run import ENDED, RunStatus

POLL = 1.0  # seconds between two looks without a bell
PATIENCE = 900.0  # seconds; the run goes on after that, only the answer to this request does not wait longer


@dataclass(frozen=True, slots=True)
class Settled:
    """Either what the run's `complete` event tells, or the approval it waits for, or neither: it is still under way."""

    complete: dict[str, Any] | None = None
    approval: dict[str, Any] | None = None


async def settled(conversation_id: str, run_id: str, patience: float = PATIENCE) -> Settled:
    async with doorbell.Ear(conversation_id) as ear:
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            found = await database_sync_to_async(_look)(run_id)
            if found is not None:
                return found
            if asyncio.get_running_loop().time() > deadline or leaving.now():
                return Settled()
            await ear.heard(POLL)


def _look(run_id: str) -> Settled | None:
    run = Run.objects.get(pk=run_id)
    if run.status in ENDED:
        steered = run.events.filter(type=MessageSteered.type).values_list("data", flat=True).first()
        if steered is not None:  # another run answers its message
            return _look(steered["into_run_id"])
        return Settled(complete=run.events.filter(type=Complete.type).values_list("data", flat=True).get())
    if run.status != RunStatus.WAITING:
        return None
    pending = Approval.objects.filter(tool_call__run=run, status=ApprovalStatus.PENDING)
    approval = pending.order_by("requested_at").first()
    return Settled(approval=_asked(run, approval)) if approval is not None else None


def _asked(run: Run, approval: Approval) -> dict[str, Any]:
    return {
        "run_id": str(run.pk),
        "conversation_id": str(run.conversation_id),
        "approval_id": str(approval.pk),
        "tool_call_id": str(approval.tool_call_id),
        "url": reverse("approval", args=[approval.pk]),
    }
