"""What a decision takes before its transaction: a look at the objects it is about, and a rehearsal of edited arguments.

Both ask a cluster, so they are asynchronous and hold no row. What changes between them and the transaction is caught
when the change is rehearsed once more, just before it is sent.
"""

import uuid
from collections.abc import Mapping

from channels.db import database_sync_to_async as in_database
from django.contrib.auth.models import User

from chat import binding
from chat.access import decidable_by
from chat.acting import acting_for
from chat.actions import approvals, edits
from chat.agent.ports import Json
from chat.errors import BadInput, NotFound
from chat.models import Approval
from chat.models.approval import ApprovalStatus
from tools.effects import Effect
from tools.kube.guard import Permit
from tools.rehearsal import rehearse, states


async def look(user: User, approval_id: uuid.UUID | str, decision: str) -> None:
    """Voids a pending approval whose objects somebody has changed since; then the decision comes too late by itself.
    A no needs no look, and a cluster that does not answer voids nothing."""
    if decision != "approve":
        return
    approval = await in_database(_pending)(user, approval_id)
    if approval is None:
        return
    call = approval.tool_call
    seen = approval.bound.get("seen") or []
    permit = Permit(call_id=str(call.pk), cluster=call.cluster, ceiling=Effect.SENSITIVE)
    acting = await in_database(acting_for)(call)
    now = await states(call.cluster, permit, acting, [address for address, _, _ in seen])
    moved = [words for address, words, then in seen if address in now and binding.digest(now[address]) != then]
    if moved:
        await in_database(approvals.void_moved)(approval, ", ".join(moved[:3]))


def _pending(user: User, approval_id: uuid.UUID | str) -> Approval | None:
    try:
        known = uuid.UUID(str(approval_id))
    except ValueError as fault:
        raise NotFound("There is no such approval, or it is not yours to see.") from fault
    return decidable_by(user).filter(pk=known, status=ApprovalStatus.PENDING).first()


async def edit(
    user: User, approval_id: uuid.UUID | str, arguments: Mapping[str, Json], *, command_id: str = ""
) -> Approval:
    """The approval, void: its run asks anew about the edited call. Raises BadInput when the arguments do not fit or the
    cluster refuses what they would do; then all stays as it is."""
    draft = await in_database(edits.prepare)(user, approval_id, arguments)
    permit = Permit(
        draft.call_id, draft.cluster, draft.tool.effect, rehearsal=True, moment=draft.moment, judge=draft.judge
    )
    tried = await rehearse(draft.tool, draft.arguments, draft.cluster, permit, draft.acting)
    if tried.refusal:
        raise BadInput(f"With these arguments it cannot be done: {tried.refusal}")
    return await in_database(edits.edit)(user, approval_id, draft.wished, command_id=command_id)
