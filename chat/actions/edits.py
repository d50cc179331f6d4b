"""Edit the arguments of a call that waits for a decision: the approval becomes void, and its run asks anew."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from chat import journal, policy, storable
from chat.access import Right, find_approval, may_decide, require
from chat.acting import acting_for
from chat.actions import approvals, commands
from chat.actions.commands import Named
from chat.actions.rounds import call_fields
from chat.errors import BadInput, NotAllowed
from chat.event_types import ArgumentsEdited
from chat.models import Approval, ToolCall
from chat.models.approval import ApprovalStatus
from tools import redaction, registry, toolbox
from tools.identity import Acting
from tools.kube.guard import Judge
from tools.spec import Closed, Tool


@dataclass(frozen=True, slots=True)
class Draft:
    """wished: the edited arguments as they are meant, Secret values included. acting, judge: as whom it is tried out,
    and the policy on that: of the person whose run it is, whoever edits."""

    tool: Tool
    arguments: Closed
    wished: dict[str, Any]
    call_id: str
    cluster: str
    moment: datetime
    acting: Acting
    judge: Judge


def prepare(user: User, approval_id: uuid.UUID | str, arguments: Mapping[str, Any]) -> Draft:
    """Checks rights and arguments. Raises BadInput with every fault of the arguments."""
    approval = _editable(user, approval_id)
    call = approval.tool_call
    wished = _unmasked(call, storable.data(dict(arguments)))
    if wished.get("cluster", call.wished.get("cluster")) != call.wished.get("cluster"):
        raise BadInput("The cluster stays: reject this, and ask the agent for the other cluster.")
    try:
        tool = registry.find(call.tool)
        parsed = toolbox.parse(tool, wished)
    except (registry.UnknownTool, toolbox.BadArguments) as fault:
        raise BadInput(str(fault)) from None
    judge = policy.present(call.run.message.author, call).at_the_wire(rehearsing=True)
    return Draft(tool, parsed, wished, str(call.pk), call.cluster, call.requested_at, acting_for(call), judge)


def edit(user: User, approval_id: uuid.UUID | str, wished: Mapping[str, Any], *, command_id: str = "") -> Approval:
    """Raises Conflict `already_decided`, `expired` or `void` when it comes too late."""
    approval = _editable(user, approval_id)
    content = {"approval_id": str(approval.pk), "arguments": redaction.arguments(dict(wished))}
    command = Named("edit_call", command_id, approval.tool_call.run.conversation_id)
    commands.once(user, command, content, lambda: _edit(approval, dict(wished), user))
    approval.refresh_from_db()
    return approval


def note(call: ToolCall) -> str:
    """What the model is told before the result of a call whose arguments a person changed; empty for any other."""
    edited = Approval.objects.filter(tool_call=call).exclude(edited_by=None).select_related("edited_by").first()
    if edited is None or edited.edited_by is None:
        return ""
    by, arguments = edited.edited_by.get_username(), json.dumps(call.arguments, ensure_ascii=False)
    return f"{by} changed the arguments before it was approved; these counted: {arguments}"


def _editable(user: User, approval_id: uuid.UUID | str) -> Approval:
    approval = find_approval(user, approval_id)
    require(user, Right.DECIDE_OWN)
    if not may_decide(user, approval):
        raise NotAllowed("Only an approver, or the person who sent the message, may edit this.")
    if approval.status != ApprovalStatus.PENDING:
        raise approvals.too_late(approval)
    return approval


def _edit(approval: Approval, wished: dict[str, Any], user: User) -> dict[str, str]:
    approvals.lock_run(approval)
    mine = Approval.objects.filter(pk=approval.pk, status=ApprovalStatus.PENDING, expires_at__gt=timezone.now())
    by = user.get_username()
    reason = f"Edited by {by}."
    if not mine.update(status=ApprovalStatus.VOID, decided_at=timezone.now(), reason=reason, edited_by=user):
        approval.refresh_from_db()
        raise approvals.too_late(approval)
    call = approval.tool_call
    _rewrite(call, wished)
    approvals.tell(approval, ApprovalStatus.VOID, by=by, reason=reason)
    told = ArgumentsEdited(**call_fields(call.run, call), approval_id=str(approval.pk), by=by)
    journal.append(told, run=call.run)
    approvals.go_on(call.run_id)
    return {"approval_id": str(approval.pk), "decision": ApprovalStatus.VOID.value}


def _rewrite(call: ToolCall, wished: dict[str, Any]) -> None:
    tool = registry.find(call.tool)
    call.arguments = redaction.arguments(wished)
    call.sealed = wished if wished != call.arguments else None
    call.intent = redaction.text(storable.text(tool.intent(toolbox.parse(tool, wished))))[:300]
    call.save(update_fields=["arguments", "sealed", "intent"])


def _unmasked(call: ToolCall, arguments: dict[str, Any]) -> dict[str, Any]:
    """With what was masked for the screen put back where it was left as it is. Raises BadInput where it was not."""
    if call.sealed is None:
        return arguments
    kept = {
        key: call.sealed[key] if key in call.sealed and value == call.arguments.get(key) else value
        for key, value in arguments.items()
    }
    if any("<redacted" in str(kept[key]) for key in kept if kept[key] != call.sealed.get(key)):
        raise BadInput("Values of Secrets are not shown here, so an argument that holds one cannot be edited.")
    return kept
