"""What became of a change whose answer nobody heard: looked up in the cluster, told as it is, never sent again.

It is asked for after a takeover, so after the lease of the process that sent the change has run out, and before a run
ends whose change is still open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from django.db.models import Q
from msgspec.structs import replace

from chat.access import Right, rights
from chat.acting import acting_for
from chat.actions import calls
from chat.actions.leases import Claim, database_time
from chat.actions.runs import UNKNOWN
from chat.hop import in_database
from chat.models import ToolCall
from chat.models.tool_call import CallStatus
from tools import registry, toolbox
from tools.effects import Effect
from tools.identity import Acting
from tools.kube.guard import Permit
from tools.kube.sending import Sending, from_plain
from tools.lookup import Told, look_up
from tools.spec import Closed, Tool

_UNTOLD = Told("unknown", UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Question:
    tool: Tool
    arguments: Closed
    sent: Sequence[Sending]
    seconds_ago: float
    acting: Acting


async def finish(claim: Claim, call: ToolCall) -> None:
    """Ends an unanswered call with what the cluster shows of it."""
    told = await find_out(call)
    await in_database(calls.finish)(claim, call, CallStatus(told.status), told.text)


async def finish_all(claim: Claim) -> None:
    """The same for every unanswered call of a run that is about to end."""
    for call in await in_database(_left)(claim):
        await finish(claim, call)


async def find_out(call: ToolCall) -> Told:
    question = await in_database(_question)(call)
    if question is None:
        return _UNTOLD
    permit = Permit(call_id=str(call.pk), cluster=call.cluster, ceiling=Effect.READ)
    return await look_up(
        question.tool, question.arguments, permit, question.sent, question.seconds_ago, question.acting
    )


def _left(claim: Claim) -> list[ToolCall]:
    running = ToolCall.objects.select_related("run__message__author").filter(run_id=claim.run_id)
    return [call for call in running.filter(status=CallStatus.RUNNING).order_by("position") if call.unanswered]


def _question(call: ToolCall) -> _Question | None:
    """None when there is nothing to go by, or when the person it was done for may not look any more."""
    call.run.message.author.refresh_from_db()
    if call.sent is None or Right.CONVERSE not in rights(call.run.message.author):
        return None
    try:
        tool = registry.find(call.tool)
        arguments = toolbox.parse(tool, call.wished)
        sent = _without_rivals(call, [from_plain(row) for row in call.sent])
    except (registry.UnknownTool, toolbox.BadArguments, msgspec.ValidationError):
        return None
    newest = sent[-1].at if sent else None
    seconds_ago = (database_time() - newest).total_seconds() if newest else 0.0
    return _Question(tool, arguments, sent, seconds_ago, acting_for(call))


def _without_rivals(call: ToolCall, sent: list[Sending]) -> list[Sending]:
    """All applies of this portal bear one name, so an apply proves nothing where another call applied meanwhile: what
    was seen before is left out then, and with it the proof."""
    if call.started_at is None or not any(sending.verb == "apply" for sending in sent):
        return sent
    others = ToolCall.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=call.started_at),
        cluster=call.cluster,
        sent__isnull=False,
        requested_at__gte=call.started_at - _LONGEST_CALL,
    ).exclude(pk=call.pk)
    taken = {row.get("path") for other in others.values_list("sent", flat=True) for row in other or ()}
    return [replace(sending, before=None) if sending.path in taken else sending for sending in sent]


_LONGEST_CALL = timedelta(hours=25)  # a day for its approval, and then some
