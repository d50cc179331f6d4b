"""Park, stop and end a run: every run ends in exactly one terminal event, whoever ends it."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from chat import event_types, journal, launch
from chat.access import Right, find_run, require, require_part
from chat.actions import approvals, calls, commands, reservations, rounds
from chat.actions.commands import Named
from chat.actions.leases import OVER, Claim, hold
from chat.audit import talk as audited
from chat.event_types import CalledTool, Complete, Error, Notice, TextEnd
from chat.models import Approval, Conversation, Reservation, Run, ToolCall
from chat.models.approval import ApprovalStatus
from chat.models.run import ENDED, RunStatus
from chat.models.tool_call import FINISHED, CallStatus


def park(claim: Claim) -> None:
    """The run waits for a person and holds no memory. If a decision came in the meantime it is claimable at once; if
    somebody wanted it to stop, it ends here."""
    with transaction.atomic():
        run = hold(claim)
        if run.stop_requested:
            conclude(run, RunStatus.STOPPED)
            transaction.on_commit(launch.wake)
            return
        pending = Approval.objects.filter(tool_call__run_id=claim.run_id, status=ApprovalStatus.PENDING)
        if _undecided_everywhere(claim, pending.count()):
            Run.objects.filter(pk=claim.run_id).update(status=RunStatus.WAITING, owner="", lease_until=None)
        else:
            Run.objects.filter(pk=claim.run_id).update(owner="", lease_until=OVER)
            transaction.on_commit(launch.wake)


def _undecided_everywhere(claim: Claim, pending: int) -> bool:
    """Whether every waiting call still waits: otherwise a decision slipped in before the run parked."""
    return ToolCall.objects.filter(run_id=claim.run_id, status=CallStatus.WAITING).count() == pending


def stop(user: User, run_id: str, *, command_id: str = "") -> Run:
    """Asks a run to stop. One that no process holds ends at once; another within a heartbeat of its process.

    Returns the run as this command left it.
    """
    require(user, Right.CONVERSE)
    run = find_run(user, run_id)
    require_part(user, run.conversation)

    def effect() -> dict[str, Any]:
        _stop(run)
        run.refresh_from_db()
        audited.stopped(run, user.get_username())
        return {"status": run.status, "usage": run.usage}

    command = Named("stop", command_id, run.conversation_id)
    answer = commands.once(user, command, {"run_id": str(run.pk)}, effect).answer
    run.status, run.usage = answer["status"], answer["usage"]
    return run


def stop_all(conversation: Conversation, by: User) -> None:
    for run in Run.objects.filter(conversation=conversation).exclude(status__in=ENDED):
        _stop(run)


def _stop(run: Run) -> None:
    with transaction.atomic():
        current = Run.objects.select_for_update().get(pk=run.pk)
        if current.ended:
            return
        Run.objects.filter(pk=run.pk).update(stop_requested=True)
        if current.status != RunStatus.RUNNING:
            conclude(current, RunStatus.STOPPED)
        transaction.on_commit(launch.wake)


def end(claim: Claim, outcome: str, *, error: str = "", code: str = "", temporary: bool = False) -> None:
    """The terminal event of a run that this process holds, with the error before it when it failed."""
    with transaction.atomic():
        run = hold(claim)
        if error:
            fault = Error(
                conversation_id=claim.conversation_id, run_id=claim.run_id, error=error, code=code, temporary=temporary
            )
            conclude(run, RunStatus(outcome), fault)
        else:
            conclude(run, RunStatus(outcome))
        transaction.on_commit(launch.wake)


def conclude(run: Run, outcome: RunStatus, fault: Error | None = None) -> None:
    """Ends a run inside the caller's transaction, which holds its row."""
    paid = reservations.settle_left(run)
    used = list(ToolCall.objects.filter(run=run).order_by("position"))
    _close_what_is_open(run, used)
    if fault is not None:
        journal.append(fault, run=run)
    if outcome == RunStatus.STOPPED:
        _tell_what_was_done(run, used)
    Run.objects.filter(pk=run.pk).update(status=outcome, ended_at=timezone.now(), lease_until=None, open_block=None)
    journal.append(_complete(run, outcome, used, paid), run=run)
    audited.ended(run, outcome, reservations.cost(paid))


def _close_what_is_open(run: Run, used: Sequence[ToolCall]) -> None:
    """Nothing of an ended run stays open: its block, its approvals, its calls."""
    if run.open_block:
        rounds.close_once(run, run.open_block["kind"], run.open_block["block"], run.open_block["text"])
    if used:
        approvals.void_pending(run, "The run has ended.")
    for call in used:
        if call.status in FINISHED:
            continue
        if call.unanswered:
            calls.close(call, CallStatus.UNKNOWN, UNKNOWN)
        else:
            calls.close(call, CallStatus.CANCELLED, "The run ended before this was done.")


def _tell_what_was_done(run: Run, used: Sequence[ToolCall]) -> None:
    """Stopping undoes nothing: what had reached a cluster is said once more, in one sentence."""
    done = [
        f"{call.intent or call.tool} on {call.cluster} ({_CAME_OF_IT[call.status]})"
        for call in used
        if call.status in _CAME_OF_IT and call.writes
    ]
    if done:
        text = f"Stopped, but this had already been done and stays: {'; '.join(done)}."
        told = Notice(conversation_id=str(run.conversation_id), run_id=str(run.pk), code="already_done", text=text)
        journal.append(told, run=run)


_CAME_OF_IT = {
    CallStatus.COMPLETED.value: "completed",
    CallStatus.UNKNOWN.value: "it is not known whether it took effect",
}
UNKNOWN = (
    "It is not known whether this took effect: the process that did it stopped before it heard the answer. "
    "It was not sent again. Look at the object before you repeat it."
)


def _complete(run: Run, outcome: RunStatus, used: Sequence[ToolCall], paid: Sequence[Reservation]) -> Complete:
    said = run.events.filter(type=TextEnd.type).order_by("seq").values_list("data", flat=True)
    return Complete(
        conversation_id=str(run.conversation_id),
        run_id=str(run.pk),
        message="\n\n".join(data["text"] for data in said),
        tool_calls=[
            CalledTool(
                tool_name=call.tool,
                arguments=call.arguments,
                result=call.result,
                status=cast(event_types.CallStatus, call.status),
            )
            for call in used
        ],
        outcome=cast(event_types.RunOutcome, outcome.value),
        usage=run.usage,
        iterations=run.rounds,
        cost=reservations.cost(paid),
        context=reservations.context(paid),
    )
