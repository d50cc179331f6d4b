"""How far one run may go: its limits, how long it has worked, and whether its next call or question is one too many."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models.functions import Length

from chat.agent.limits import Limits
from chat.budgets import repeats
from chat.models import Approval, Run, ToolCall
from chat.models.approval import ApprovalStatus
from chat.models.tool_call import CallStatus
from tools.effects import Effect

Stretch = tuple[datetime, datetime]


def limits() -> Limits:
    return Limits(
        calls=settings.K8SMCP_RUN_CALLS,
        writes=settings.K8SMCP_RUN_WRITES,
        minutes=settings.K8SMCP_RUN_MINUTES,
        approvals=settings.K8SMCP_RUN_PENDING_APPROVALS,
    )


# ---- minutes -----------------------------------------------------------------------------------------------------


def worked(run: Run, now: datetime, *, asked: bool = True) -> float:
    """Seconds since the run began, without those in which it waited for people. `asked`: whether it may have."""
    questions = Approval.objects.filter(tool_call__run=run) if asked else Approval.objects.none()
    waits = [(since, until or now) for since, until in questions.values_list("requested_at", "decided_at")]
    return max(0.0, (now - (run.started_at or now)).total_seconds() - covered(waits))


def covered(stretches: Iterable[Stretch]) -> float:
    """Seconds that at least one of the stretches covers."""
    seconds, reached = 0.0, None
    for since, until in sorted(stretches):
        begin = since if reached is None else max(since, reached)
        if until > begin:
            seconds += (until - begin).total_seconds()
            reached = until
    return seconds


# ---- the next call -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Made:
    """An earlier call of the same run. `changes`: how many it sent, or may have; `read`: characters it brought."""

    tool: str
    cluster: str
    arguments: dict[str, Any]
    failed: bool
    changes: int
    read: int


def refused(call: ToolCall, changes: int | None) -> str:
    """Why this call is not made although the run may go on; empty when nothing speaks against it. Raises LimitReached
    when the run must end here. `changes`: how many it would send; None: nobody can say."""
    rows = ToolCall.objects.filter(run=call.run_id).exclude(pk=call.pk).annotate(read=Length("result"))
    before = [_made(row) for row in rows.defer("result", "full", "data", "sealed")]
    return judge(call, before, limits(), changes or 1) or repeats.just_failed(call)


def judge(call: ToolCall, before: Sequence[Made], bounds: Limits, changes: int = 1) -> str:
    bounds.check_read(sum(made.read for made in before))
    if Effect(call.effect or Effect.READ).writes:
        bounds.check_writes(sum(made.changes for made in before), changes)
    same = (call.tool, call.cluster, call.arguments)
    failures = sum(made.failed and (made.tool, made.cluster, made.arguments) == same for made in before)
    if failures < bounds.failures:
        return ""
    return f"This very call has failed {failures} times in this run, so it was not made again. Try something else."


def _made(row: Any) -> Made:
    """A change that began counts as one at least: it may have reached its cluster."""
    begun = row.writes and row.started_at is not None
    failed = row.status == CallStatus.FAILED
    return Made(row.tool, row.cluster, row.arguments, failed, max(1, len(row.sent or [])) if begun else 0, row.read)


# ---- the next question -------------------------------------------------------------------------------------------


def asks_enough(run_id: uuid.UUID | str) -> bool:
    """Whether people have as many questions of this run before them as they can judge: the next one waits for them."""
    pending = Approval.objects.filter(tool_call__run_id=run_id, status=ApprovalStatus.PENDING).count()
    return pending >= limits().approvals
