"""One call from wish to result: arguments → verdict → approval → intent → cluster → result. The same for every door.

Each step is a row before it is an act, so a call goes on from wherever its process died: an unfinished read is
repeated, an unfinished change is looked up in its cluster and never sent again.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import Error as DatabaseFault

from chat import lookups, storable
from chat.access import Right, may_decide, rights
from chat.actions import approvals, calls
from chat.actions.leases import Claim
from chat.agent.errors import Parked
from chat.agent.ports import Answer, Json, ToolOffer, Wish
from chat.budgets import run_limits
from chat.errors import LeaseLost, RunOver
from chat.hop import in_database
from chat.models import Approval, Run, ToolCall
from chat.models.approval import ApprovalStatus
from chat.models.tool_call import CallStatus
from tools import clusters, policy, redaction, registry, toolbox
from tools.effects import Effect
from tools.kube.errors import KubeError, NotSent
from tools.kube.guard import Permit
from tools.kube.sending import Sending
from tools.spec import Tool

READS_AT_ONCE = 4


def rules() -> policy.Rules:
    return policy.Rules(read_only=settings.K8SMCP_READ_ONLY, execute=settings.K8SMCP_EXECUTE)


def offered(user: User) -> tuple[ToolOffer, ...]:
    """The tools this person's runs are offered, in stable order."""
    may_change = Right.CHANGE in rights(user)
    return tuple(
        ToolOffer(tool.name, tool.description, tool.input_schema())
        for tool in registry.all_tools()
        if policy.offered(tool.effect, rules()) and (may_change or not tool.effect.writes)
    )


# ---- wishes become rows ------------------------------------------------------------------------------------------


def record(run: Run, wish: Wish) -> ToolCall:
    """An unsaved row for a wish. What does not fit is recorded as it is and refused when its turn comes."""
    arguments = storable.data(dict(wish.arguments))
    shown = redaction.arguments(arguments)
    call = ToolCall(run=run, tool=storable.text(wish.name)[:64], arguments=shown, cluster=_cluster(run, arguments))
    call.sealed = arguments if arguments != shown else None
    try:
        tool = registry.find(wish.name)
        call.effect = tool.effect.value
        call.intent = tool.title
        call.intent = storable.text(tool.intent(toolbox.parse(tool, arguments)))[:300]
    except (registry.UnknownTool, toolbox.BadArguments):
        call.intent = call.intent or "Use a tool that does not exist"
    return call


def _cluster(run: Run, arguments: Mapping[str, Json]) -> str:
    named = arguments.get("cluster")
    return (named if isinstance(named, str) and named else run.conversation.cluster or clusters.default())[:253]


# ---- rows become results -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refusal:
    status: CallStatus
    sentence: str


@dataclass(frozen=True, slots=True)
class Go:
    """The call may reach its cluster now: its intent is committed."""

    tool: Tool


async def perform(claim: Claim, pending: Sequence[ToolCall]) -> list[Answer]:
    """Answers every call, in order: reads at once, changes one by one. Raises Parked when a person must decide."""
    gate = asyncio.Semaphore(READS_AT_ONCE)
    reads = {call.pk: asyncio.create_task(_bounded(gate, claim, call)) for call in pending if not _writes(call)}
    try:
        answers = [
            await (reads[call.pk] if call.pk in reads else _uncancelled(_settle(claim, call))) for call in pending
        ]
    finally:
        for task in reads.values():
            task.cancel()
        await asyncio.gather(*reads.values(), return_exceptions=True)
    if any(answer is None for answer in answers):
        raise Parked("A person must decide first.")
    return [answer for answer in answers if answer is not None]


def _writes(call: ToolCall) -> bool:
    return Effect(call.effect or Effect.READ).writes


async def _bounded(gate: asyncio.Semaphore, claim: Claim, call: ToolCall) -> Answer | None:
    async with gate:
        return await _settle(claim, call)


async def _settle(claim: Claim, call: ToolCall) -> Answer | None:
    """The call's answer, or None while a person has not decided."""
    if call.unanswered:
        await lookups.finish(claim, call)
    if not call.finished:
        step = await in_database(_next_step)(claim, call)
        if step is None:
            return None
        if isinstance(step, Refusal):
            await in_database(calls.finish)(claim, call, step.status, step.sentence)
        else:
            await _execute(claim, call, step.tool)
    return answer(call)


async def _uncancelled(work: Coroutine[Any, Any, Answer | None]) -> Answer | None:
    """Lets a change that is past the gate end and be recorded, however often the run is told to stop meanwhile."""
    task = asyncio.create_task(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        task.exception()
        raise asyncio.CancelledError
    return task.result()


async def _execute(claim: Claim, call: ToolCall, tool: Tool) -> None:
    announce = partial(_announce, claim, call) if tool.effect.writes else None
    permit = Permit(call_id=str(call.pk), cluster=call.cluster, ceiling=tool.effect, announce=announce)
    outcome = await toolbox.run(tool, toolbox.parse(tool, call.wished), call.cluster, permit)
    if outcome.status == "unknown" and (told := await lookups.find_out(call)).status != "unknown":
        outcome = replace(outcome, status=told.status, text=told.text, full="", data=None)
    await in_database(calls.finish)(
        claim, call, CallStatus(outcome.status), outcome.text, full=outcome.full, data=outcome.data
    )


async def _announce(claim: Claim, call: ToolCall, sending: Sending) -> float:
    """`Permit.announce` of a call. Whatever keeps it from being written down keeps it from being sent."""
    try:
        return await in_database(calls.announce)(claim, call, sending)
    except LeaseLost:
        raise NotSent("Another process has taken this run over, so this was not sent.") from None
    except RunOver:
        raise NotSent("The run was stopped before this was sent.") from None
    except DatabaseFault:
        raise NotSent("The portal's database did not answer, so this was not sent. Ask again.") from None


def answer(call: ToolCall) -> Answer:
    return Answer(id=wish_id(call), text=call.result, failed=call.status != CallStatus.COMPLETED, data=call.data)


def wish_id(call: ToolCall) -> str:
    """The id under which the model knows the call: letters, digits and `_`, as the Messages API wants."""
    return f"call_{call.pk.hex}"


# ---- the gate ----------------------------------------------------------------------------------------------------


def _next_step(claim: Claim, call: ToolCall) -> Go | Refusal | None:
    """Decides, and commits the intent when the answer is Go. None: a person must decide."""
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
    if told := run_limits.refused(call, tool.changes(arguments) if tool.changes else None):
        return Refusal(CallStatus.DENIED, told)
    verdict = policy.judge(tool.effect, rules())
    if verdict.decision == "deny":
        return Refusal(CallStatus.DENIED, verdict.reason)
    if verdict.decision == "ask":
        return _asked(claim, call, tool, f"{tool.intent(arguments)} on cluster {call.cluster}")
    calls.begin(claim, call)
    return Go(tool)


def _asked(claim: Claim, call: ToolCall, tool: Tool, summary: str) -> Go | Refusal | None:
    acting = call.run.message.author.get_username()
    approval = Approval.objects.select_related("decided_by").filter(tool_call=call).first()
    if approval is None:
        approvals.request(claim, call, summary, acting)
        return None
    if approval.status == ApprovalStatus.PENDING:
        return None
    if approval.status == ApprovalStatus.APPROVED:
        if approval.decided_by is None or not may_decide(approval.decided_by, approval):
            return Refusal(CallStatus.DENIED, "Whoever approved this may not decide it any more. Ask again.")
        if calls.begin_approved(claim, call, acting):
            return Go(tool)
        return Refusal(CallStatus.DENIED, "The approval no longer fits this call, so nothing was done. Ask again.")
    return Refusal(CallStatus.DENIED, _said_no(approval))


def _said_no(approval: Approval) -> str:
    if approval.status == ApprovalStatus.EXPIRED:
        return "Nobody decided in time, so nothing was done."
    if approval.status == ApprovalStatus.VOID:
        return "The approval is void, so nothing was done."
    by = approval.decided_by.get_username() if approval.decided_by else "Somebody"
    return f"{by} rejected this, so nothing was done." + (f" They said: {approval.reason}" if approval.reason else "")
