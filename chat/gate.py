"""What may become of a call now: refused, tried out, asked about, or let through. Reads rows, decides, and writes them.

A change passes twice: `look` before its rehearsal, `weigh` after it. What was approved is rehearsed once more before it
is sent, and an approval of anything else is void.
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User

from chat import asking, binding
from chat.access import Right, may_decide, rights
from chat.actions import approvals, calls
from chat.actions.leases import Claim
from chat.asking import Question
from chat.models import Approval, ToolCall
from chat.models.approval import ApprovalStatus
from chat.models.tool_call import CallStatus
from tools import clusters, policy, registry, toolbox
from tools.kube.errors import KubeError
from tools.rehearsal import Rehearsal
from tools.spec import Arguments, Tool

MOST_PENDING = 5  # questions of one run at once
MOST_ASKED = 8  # times one call is asked about anew, because its objects do not hold still


def rules() -> policy.Rules:
    return policy.Rules(read_only=settings.K8SMCP_READ_ONLY, execute=settings.K8SMCP_EXECUTE)


@dataclass(frozen=True, slots=True)
class Refusal:
    status: CallStatus
    sentence: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """The call may go on: a read to its cluster, a change to its rehearsal."""

    tool: Tool
    arguments: Arguments
    acting: User


@dataclass(frozen=True, slots=True)
class Go:
    """The change may be sent: exactly what was tried. approved: the digest that an approval must bear; empty when no
    approval is needed."""

    approved: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """People are to be asked: what else it touches is still to be found out."""


def look(call: ToolCall) -> Allowed | Refusal | None:
    """None: a person has not decided yet."""
    try:
        tool = registry.find(call.tool)
        arguments = toolbox.parse(tool, call.wished)
        clusters.find(call.cluster)
    except (registry.UnknownTool, toolbox.BadArguments, KubeError) as fault:
        return Refusal(CallStatus.FAILED, str(fault))
    acting = User.objects.get(pk=call.run.message.author_id)  # anew: rights may have gone while the run went on
    if Right.CONVERSE not in rights(acting):
        return Refusal(CallStatus.DENIED, f"{acting.get_username()} may not use the portal any more: nothing was done.")
    if tool.effect.writes and Right.CHANGE not in rights(acting):
        return Refusal(
            CallStatus.DENIED,
            f"{acting.get_username()} may look, but not change anything. An administrator can give the role operator.",
        )
    verdict = policy.judge(tool.effect, rules())
    if verdict.decision == "deny":
        return Refusal(CallStatus.DENIED, verdict.reason)
    if Approval.objects.filter(tool_call=call, status=ApprovalStatus.PENDING).exists():
        return None
    return _answered(call) or Allowed(tool, arguments, acting)


def _answered(call: ToolCall) -> Refusal | None:
    """What a decision, or the lack of one, forbids."""
    approval = latest(call)
    if approval is None:
        return None
    if approval.status in (ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED):
        return Refusal(CallStatus.DENIED, _said_no(approval))
    if approval.status == ApprovalStatus.VOID and Approval.objects.filter(tool_call=call).count() >= MOST_ASKED:
        return Refusal(CallStatus.DENIED, "What this would change does not hold still, so nothing was done. Ask again.")
    if approval.status == ApprovalStatus.APPROVED and not _still_may(approval):
        return Refusal(CallStatus.DENIED, "Whoever approved this may not decide it any more. Ask again.")
    return None


def _still_may(approval: Approval) -> bool:
    by = approval.decided_by
    if by is None or not may_decide(by, approval):
        return False
    return not (approval.second_person and by.pk == approval.tool_call.run.message.author_id)


def _said_no(approval: Approval) -> str:
    if approval.status == ApprovalStatus.EXPIRED:
        return "Nobody decided in time, so nothing was done."
    by = approval.decided_by.get_username() if approval.decided_by else "Somebody"
    return f"{by} rejected this, so nothing was done." + (f" They said: {approval.reason}" if approval.reason else "")


def latest(call: ToolCall) -> Approval | None:
    return (
        Approval.objects.select_related("decided_by", "tool_call__run__message")
        .filter(tool_call=call)
        .order_by("-requested_at")
        .first()
    )


# ---- after the rehearsal -----------------------------------------------------------------------------------------


def verdict_on(tried: Rehearsal) -> policy.Verdict:
    """The strictest of what the rules say about each step."""
    found = [policy.judge(step.effect, rules()) for step in tried.steps if not step.trial]
    found = found or [policy.Verdict("allow", "Nothing would change.")]
    order = ("deny", "ask", "allow")
    return min(found, key=lambda verdict: order.index(verdict.decision))


def weigh(
    claim: Claim, call: ToolCall, allowed: Allowed, tried: Rehearsal, touched: list[str] | None = None
) -> Go | Refusal | Ask | None:
    """None: a person is asked now, or as soon as others of this run have been answered."""
    verdict = verdict_on(tried)
    approval = latest(call)
    if verdict.decision != "ask":
        if approval is not None and approval.status == ApprovalStatus.APPROVED:
            approvals.void(claim, approval, "There is nothing left to decide.")
        return Refusal(CallStatus.DENIED, verdict.reason) if verdict.decision == "deny" else Go()
    bound = binding.bound(call, allowed.acting.get_username(), tried)
    digest = binding.digest(bound)
    if approval is not None and approval.status == ApprovalStatus.APPROVED:
        if approval.call_hash == digest:
            return Go(digest)
        if approval.bound.get("call") != bound["call"]:
            return Refusal(CallStatus.DENIED, NO_LONGER_FITS)
        approvals.void(claim, approval, f"It was asked for anew: {binding.what_changed(approval.bound, bound)}.")
    if Approval.objects.filter(tool_call__run_id=claim.run_id, status=ApprovalStatus.PENDING).count() >= MOST_PENDING:
        return None
    if touched is None:
        return Ask()
    rule = str(getattr(verdict, "rule", "") or verdict.reason)
    question = Question(
        asking.plan(call, tried, touched, rule),
        bound | {"seen": binding.seen(tried)},
        digest,
        rule,
        bool(getattr(verdict, "second_person", False)),
        asking.type_name(call, tried),
    )
    approvals.request(claim, call, f"{call.intent} on cluster {call.cluster}", question)
    return None


NO_LONGER_FITS = "The approval no longer fits this call, so nothing was done. Ask again."


def refuse(claim: Claim, call: ToolCall, refusal: Refusal) -> None:
    """Ends the call; an approval that it had, and did not use, is void."""
    approval = latest(call)
    if approval is not None and approval.status == ApprovalStatus.APPROVED and approval.consumed_at is None:
        approvals.void(claim, approval, "It could not be carried out.")
    calls.finish(claim, call, refusal.status, refusal.sentence)


def begin(claim: Claim, call: ToolCall, go: Go) -> bool:
    """Commits the intent; False when the approval has run out, was used, or is of something else."""
    if go.approved:
        return calls.begin_approved(claim, call, go.approved)
    calls.begin(claim, call)
    return True
