"""What may become of a call now: refused, tried out, asked about, or let through. Reads rows, decides, and writes them.

A change passes twice: `look` before its rehearsal, `weigh` after it. What was approved is rehearsed once more before it
is sent, and an approval of anything else is void.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.contrib.auth.models import User

from chat import asking, binding, policy, standing
from chat.access import Right, may_decide, rights
from chat.acting import acting_for
from chat.actions import approvals, calls
from chat.actions.leases import Claim
from chat.audit.calls import Grounds
from chat.budgets import run_limits
from chat.models import Approval, ToolCall
from chat.models.approval import ApprovalStatus
from chat.models.tool_call import CallStatus
from tools import clusters, identity, registry, toolbox
from tools.identity import Acting
from tools.kube.errors import KubeError
from tools.kube.guard import Asked, Judge
from tools.kube.plan import Step
from tools.models import Cluster
from tools.policy import Verdict
from tools.rehearsal import Rehearsal
from tools.servers.offered import ServerTool
from tools.spec import Closed, Tool

MOST_ASKED = 8  # times one call is asked about anew, because its objects do not hold still


@dataclass(frozen=True, slots=True)
class Refusal:
    """denied: by which rule, when it was one."""

    status: CallStatus
    sentence: str
    denied: Grounds | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """The call may go on: a read to its cluster, a change to its rehearsal. judge: the policy on each request; grounds:
    by which rule, at this first look; elsewhere: the judge of each other cluster that it reads, or why it may not."""

    tool: Tool
    arguments: Closed
    person: User
    acting: Acting
    judge: Judge
    grounds: Grounds
    elsewhere: Mapping[str, Judge | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Go:
    """The change may be sent: exactly what was tried. judge: the policy on each request; grounds: by which rule, or
    which one asked; approved: the digest that an approval must bear; empty when no approval is needed."""

    judge: Judge
    grounds: Grounds
    approved: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """People are to be asked: what else it touches is still to be found out."""


def look(call: ToolCall) -> Allowed | Refusal | None:
    """None: a person has not decided yet. Raises LimitReached when the run must end here."""
    try:
        tool = registry.find(call.tool)
        arguments = toolbox.parse(tool, call.wished)
        cluster = _cluster(call, tool)
    except (registry.UnknownTool, toolbox.BadArguments, KubeError) as fault:
        return Refusal(CallStatus.FAILED, str(fault))
    if tool.effect.value != call.effect:  # given to it, or taken back, since the call was asked for
        return Refusal(CallStatus.DENIED, "What this tool may do was decided anew meanwhile. Ask again.")
    person = User.objects.get(pk=call.run.message.author_id)  # anew: rights may have gone while the run went on
    now = policy.present(person, call)
    verdict = _first_look(person, now, tool, cluster)
    if isinstance(verdict, Refusal):
        return verdict
    if why := run_limits.refused(call, tool.changes(arguments) if tool.changes else None):
        return Refusal(CallStatus.DENIED, why)
    if Approval.objects.filter(tool_call=call, status=ApprovalStatus.PENDING).exists():
        return None
    judge = now.at_the_wire(rehearsing=tool.effect.writes)
    acting, others = acting_for(call, person), _elsewhere(person, now, tool, arguments)
    return _answered(call) or Allowed(tool, arguments, person, acting, judge, now.grounds(verdict), others)


def lost(call: ToolCall) -> str:
    """Why a call that has begun may send nothing more, as a sentence; empty while it may. What was approved stays so:
    it is looked at whether the person may still do such a thing at all."""
    try:
        tool = registry.find(call.tool)
        cluster = _cluster(call, tool)
    except (registry.UnknownTool, KubeError) as fault:
        return str(fault)
    person = User.objects.get(pk=call.run.message.author_id)
    verdict = _first_look(person, policy.present(person, call), tool, cluster)
    return verdict.sentence if isinstance(verdict, Refusal) else ""


def _elsewhere(person: User, now: policy.Present, tool: Tool, arguments: Closed) -> dict[str, Judge | str]:
    """A verdict for each cluster of a tool that reads several; one refusal is no matter of the others. What changes
    something does so in its own cluster only."""
    found: dict[str, Judge | str] = {}
    for name in tool.elsewhere(arguments) if tool.elsewhere and not tool.effect.writes else ():
        try:
            verdict = _first_look(person, now, tool, clusters.find(name), elsewhere=name)
        except KubeError as fault:
            found[name] = fault.sentence
        else:
            found[name] = verdict.sentence if isinstance(verdict, Refusal) else now.at_the_wire(cluster=name)
    return found


def _cluster(call: ToolCall, tool: Tool) -> Cluster | None:
    """None for a call inside the portal, and for one of another server's tool. Raises KubeError."""
    return None if tool.inside or isinstance(tool, ServerTool) else clusters.find(call.cluster)


def _first_look(
    person: User, now: policy.Present, tool: Tool, cluster: Cluster | None, elsewhere: str = ""
) -> Verdict | Refusal:
    """What the rules say before anything is tried out, or why it may not even be tried. elsewhere: the cluster's name,
    when it is not the call's own."""
    if why := _forbidden(person, now.call, tool, cluster):
        return Refusal(CallStatus.DENIED, why)
    verdict = now.first_look(tool, elsewhere)
    return verdict if verdict.decision != "deny" else Refusal(CallStatus.DENIED, verdict.reason, now.grounds(verdict))


def _forbidden(person: User, call: ToolCall, tool: Tool, cluster: Cluster | None) -> str:
    """Why this person's call may not even be tried out, whatever the rules say; empty when it may."""
    if Right.CONVERSE not in rights(person):
        return f"{person.get_username()} may not use the portal any more: nothing was done."
    why = identity.refusal(cluster, tool.effect) if cluster is not None else ""
    return why or standing.lost(person, call.run)


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


def verdict_on(now: policy.Present, tried: Rehearsal) -> Verdict:
    """The strictest of what the rules say about each step."""
    return now.of_plan([(asked(step), step.effect) for step in tried.steps if not step.trial])


def asked(step: Step) -> Asked:
    """As the wire will ask: what is made anew is not in the path, so it is no place yet; what runs is created, or asked
    for through a proxy, and an eviction is created too."""
    if step.verb in ("run", "evict"):
        verb = "get" if step.subresource == "proxy" else "create"
        return Asked(verb, step.group, step.resource, step.subresource, step.namespace, step.name)
    if step.verb == "create":
        return Asked(step.verb, step.group, step.resource, step.subresource, step.namespace)
    return Asked(step.verb, step.group, step.resource, step.subresource, step.namespace, step.name)


def weigh(
    claim: Claim, call: ToolCall, allowed: Allowed, tried: Rehearsal, touched: list[str] | None = None
) -> Go | Refusal | Ask | None:
    """None: a person is asked now, or as soon as others of this run have been answered."""
    now = policy.present(allowed.person, call)
    verdict = verdict_on(now, tried)
    grounds = now.grounds(verdict)
    approval = latest(call)
    approved = approval if approval is not None and approval.status == ApprovalStatus.APPROVED else None
    if verdict.decision != "ask":
        if approved is not None:
            approvals.void(claim, approved, "There is nothing left to decide.")
        if verdict.decision == "deny":
            return Refusal(CallStatus.DENIED, verdict.reason, grounds)
        return Go(now.at_the_wire(), grounds)
    bound = binding.bound(call, allowed.person.get_username(), tried)
    digest = binding.digest(bound)
    if approved is not None:
        if approved.call_hash == digest:
            return Go(now.at_the_wire(approved_by=approved.decided_by), grounds, digest)
        if approved.bound.get("call") != bound["call"]:
            return Refusal(CallStatus.DENIED, NO_LONGER_FITS)
        approvals.void(claim, approved, f"It was asked for anew: {binding.what_changed(approved.bound, bound)}.")
    if run_limits.asks_enough(claim.run_id):
        return None
    if touched is None:
        return Ask()
    if why := standing.asks_too_often(allowed.person):
        return Refusal(CallStatus.DENIED, why)
    question = asking.question(call, tried, touched, verdict, bound, digest)
    approvals.request(claim, call, f"{call.intent} on cluster {call.cluster}", question)
    return None


NO_LONGER_FITS = "The approval no longer fits this call, so nothing was done. Ask again."


def refuse(claim: Claim, call: ToolCall, refusal: Refusal) -> None:
    """Ends the call; an approval that it had, and did not use, is void."""
    approval = latest(call)
    if approval is not None and approval.status == ApprovalStatus.APPROVED and approval.consumed_at is None:
        approvals.void(claim, approval, "It could not be carried out.")
    calls.refuse(claim, call, refusal.status, refusal.sentence, refusal.denied)


def begin(claim: Claim, call: ToolCall, go: Go) -> bool:
    """Commits the intent; False when the approval has run out, was used, or is of something else."""
    if go.approved:
        return calls.begin_approved(claim, call, go.approved, go.grounds)
    calls.begin(claim, call, go.grounds)
    return True
