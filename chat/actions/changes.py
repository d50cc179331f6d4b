"""Keep what a call changed, and undo it: as a call of its own, through the same gate as any other."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from chat import storable
from chat.access import Right, find, require, visible_to
from chat.actions import calls, messages
from chat.actions.leases import Claim
from chat.errors import Conflict, NotFound
from chat.models import Change, ToolCall
from chat.models.tool_call import CallStatus
from tools import plans
from tools.kube.plan import Step
from tools.undoing import inverse


def finish_change(claim: Claim, call: ToolCall, steps: Sequence[Step], status: str, result: str, **more: Any) -> None:
    """Ends the call, and keeps what it changed if all of it was done."""
    with transaction.atomic():
        calls.finish(claim, call, status, result, **more)
        if status == CallStatus.COMPLETED:
            _keep(call, steps)


def _keep(call: ToolCall, steps: Sequence[Step]) -> None:
    for position, (step, shown) in enumerate(zip(steps, plans.shown(steps), strict=True)):
        if step.trial or not (shown["diff"] or shown["untried"]):
            continue
        undo, why_not = inverse(step, call.cluster)
        Change.objects.get_or_create(
            tool_call=call,
            position=position,
            defaults={
                "verb": shown["verb"],
                "words": storable.text(shown["words"])[:700],
                "lines": storable.data(shown["lines"][:20]),
                "undo": storable.data(undo),
                "why_not": why_not,
            },
        )


def seen_by(user: User) -> QuerySet[Change]:
    """Changes of the conversations a person sees, newest first."""
    return Change.objects.filter(tool_call__run__conversation__in=visible_to(user)).select_related(
        "tool_call__run__conversation", "tool_call__run__message__author", "undone_by", "undo_run"
    )


def undo(user: User, change_id: uuid.UUID) -> messages.Accepted:
    """A run that asks for the inverse. The same again while that is under way, or done, begins no second one."""
    require(user, Right.CHANGE)
    change = seen_by(user).filter(pk=change_id).first()
    if change is None:
        raise NotFound("There is no such change, or it is not yours to see.")
    if change.undo is None:
        raise Conflict(f"This cannot be undone: {change.why_not}", code="not_undoable")
    conversation = find(user, change.tool_call.run.conversation_id)
    attempt = uuid.uuid5(change.pk, f"undo {change.undo_run_id if _came_to_nothing(change) else ''}")
    accepted = messages.send(
        user,
        f"Undo: {change.verb} {change.words}",
        message_id=attempt,
        conversation_id=conversation.pk,
        way=messages.Way("browser", change.undo),
    )
    Change.objects.filter(pk=change.pk).update(undone_by=user, undo_run_id=accepted.run_id)
    return accepted


def may_be_undone(change: Change) -> bool:
    """Whether asking would begin something: nobody asked before, or it came to nothing."""
    return change.undo is not None and (change.undone_by is None or _came_to_nothing(change))


def _came_to_nothing(change: Change) -> bool:
    run = change.undo_run
    if run is None or not run.ended:
        return False
    return not ToolCall.objects.filter(run=run, status=CallStatus.COMPLETED).exists()
