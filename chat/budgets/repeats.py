"""Whether a call is the very one that has just failed, for a reason that another try does not mend."""

from datetime import timedelta

from django.utils import timezone

from chat.models import ToolCall
from chat.models.tool_call import CallStatus
from tools.effects import Effect

JUST = timedelta(minutes=1)  # what was not there may be there after that
LONGEST = 600
READS = [effect.value for effect in Effect if not effect.writes]


def just_failed(call: ToolCall) -> str:
    """Why it is answered from memory, with what it said then; empty when it is to be made. A change in between, of
    whatever, may have mended it."""
    if call.sealed is not None:  # what was masked in an earlier one is not known any more
        return ""
    lately = ToolCall.objects.filter(run=call.run_id, ended_at__gte=timezone.now() - JUST).exclude(pk=call.pk)
    change = lately.exclude(effect__in=READS).filter(started_at__isnull=False).order_by("-ended_at").first()
    failed = lately.filter(tool=call.tool, cluster=call.cluster, status=CallStatus.FAILED).order_by("-ended_at")
    for before in failed.filter(ended_at__gt=change.ended_at) if change is not None else failed:
        if before.arguments == call.arguments and _lasting(before):
            said = before.result if len(before.result) <= LONGEST else before.result[:LONGEST] + "…"
            return f"Do not repeat this: the very same call has just failed, without a change since. It said: {said}"
    return ""


def _lasting(before: ToolCall) -> bool:
    return isinstance(before.data, dict) and before.data.get("temporary") is False
