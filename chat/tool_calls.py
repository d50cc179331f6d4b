"""One call from wish to result: verdict → rehearsal → approval → intent → cluster → result. The same for every door.

Each step is a row before it is an act, so a call goes on from wherever its process died: an unfinished read is
repeated, an unfinished change is looked up in its cluster and never sent again.
"""

import asyncio
import re
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import Error as DatabaseFault

from chat import desk, doorbell, gate, given, leaving, lookups, storable
from chat.actions import calls, changes, edits, leases
from chat.actions.leases import Claim
from chat.agent.errors import Parked
from chat.agent.ports import Answer, Json, ToolOffer, Wish
from chat.errors import LeaseLost, RunOver
from chat.gate import Allowed, Ask, Go, Refusal
from chat.hop import in_database
from chat.models import Run, ToolCall
from chat.models.tool_call import CallStatus
from tools import clusters, impact, own_rights, redaction, registry, rendering, toolbox
from tools.effects import Effect
from tools.kube.errors import KubeError, NotSent
from tools.kube.guard import Permit
from tools.kube.plan import Passes, Step
from tools.kube.sending import Sending
from tools.rehearsal import rehearse
from tools.servers import running
from tools.servers.offered import ServerTool
from tools.settling import settled

READS_AT_ONCE = 4
LONGEST_PROGRESS = 300  # characters
T = TypeVar("T")


def offered(user: User, token: str, known: tuple[str, ...] | None = None) -> tuple[ToolOffer, ...]:
    """As `desk.usable`, in the agent's words."""
    return tuple(
        ToolOffer(tool.name, tool.description, tool.input_schema(), deferred=not tool.core)
        for tool in desk.usable(user, token, known)
    )


# ---- wishes become rows ------------------------------------------------------------------------------------------


def record(run: Run, wish: Wish) -> ToolCall:
    """An unsaved row for a wish. What does not fit is recorded as it is and refused when its turn comes."""
    arguments = storable.data(dict(wish.arguments))
    shown = redaction.arguments(arguments)
    call = ToolCall(run=run, tool=storable.text(wish.name)[:64], arguments=shown, cluster=_cluster(run, arguments))
    call.pk = _pk(wish) or call.pk
    call.sealed = arguments if arguments != shown else None
    try:
        tool = registry.find(wish.name)
        call.effect = tool.effect.value
        call.cluster = tool.place if isinstance(tool, ServerTool) else "" if tool.inside else call.cluster
        call.intent = tool.title
        call.intent = redaction.text(storable.text(tool.intent(toolbox.parse(tool, arguments))))[:300]
    except (registry.UnknownTool, toolbox.BadArguments):
        call.intent = call.intent or "Use a tool that does not exist"
    return call


def _cluster(run: Run, arguments: Mapping[str, Json]) -> str:
    named = arguments.get("cluster")
    return (named if isinstance(named, str) and named else run.conversation.cluster or clusters.default())[:253]


# ---- rows become results -----------------------------------------------------------------------------------------


async def perform(claim: Claim, pending: Sequence[ToolCall]) -> list[Answer]:
    """Answers every call, in order: reads at once, changes one by one. Raises Parked when a person must decide."""
    at_once = asyncio.Semaphore(READS_AT_ONCE)
    reads = {call.pk: asyncio.create_task(_bounded(at_once, claim, call)) for call in pending if not _writes(call)}
    answers: list[Answer | None] = []
    try:
        for call in pending:
            behind = any(answer is None for answer in answers)
            answers.append(await (reads[call.pk] if call.pk in reads else _change(claim, call, behind=behind)))
    finally:
        for task in reads.values():
            task.cancel()
        await asyncio.gather(*reads.values(), return_exceptions=True)
    if any(answer is None for answer in answers):
        raise Parked("A person must decide first.")
    return [answer for answer in answers if answer is not None]


def _writes(call: ToolCall) -> bool:
    return Effect(call.effect or Effect.READ).writes


async def _bounded(at_once: asyncio.Semaphore, claim: Claim, call: ToolCall) -> Answer | None:
    async with at_once:
        return await _read(claim, call)


async def _read(claim: Claim, call: ToolCall) -> Answer | None:
    if not call.finished:
        step = await in_database(_begun)(claim, call)
        if isinstance(step, Allowed):
            await _finish(claim, call, await _outcome(call, step, _permit(claim, call, step)))
    return answer(call)


def _begun(claim: Claim, call: ToolCall) -> Allowed | None:
    """None: it was refused, and that is its answer."""
    step = gate.look(call)
    if isinstance(step, Allowed):
        calls.begin(claim, call, step.grounds)
        return step
    if step is not None:
        gate.refuse(claim, call, step)
    return None


async def _change(claim: Claim, call: ToolCall, *, behind: bool) -> Answer | None:
    """The call's answer, or None while a person has not decided. behind: an earlier change of this round waits, and
    what this one needs may come with it."""
    if call.unanswered:
        await _uncancelled(lookups.finish(claim, call))
    if call.finished:
        return answer(call)
    step = await in_database(gate.look)(call)
    if isinstance(step, Allowed):
        step = await _rehearsed(claim, call, step, behind=behind)
    if isinstance(step, Refusal):
        await in_database(gate.refuse)(claim, call, step)
    return answer(call) if call.finished else None


async def _rehearsed(claim: Claim, call: ToolCall, allowed: Allowed, *, behind: bool) -> Refusal | None:
    """Tries the change out and, if it may, makes it."""
    permit = replace(_permit(claim, call, allowed), rehearsal=True)
    tried = await rehearse(allowed.tool, allowed.arguments, call.cluster, permit, allowed.acting)
    if tried.refusal:
        return None if behind else Refusal(CallStatus.FAILED, tried.refusal)
    go = await in_database(gate.weigh)(claim, call, allowed, tried)
    if isinstance(go, Ask):
        if why := await _forbidden_there(call, allowed, tried.steps):
            return Refusal(CallStatus.DENIED, why)
        reader = replace(permit, ceiling=Effect.READ)
        touched = [*tried.notes, *await impact.touched(call.cluster, reader, allowed.acting, tried.steps)]
        go = await in_database(gate.weigh)(claim, call, allowed, tried, touched)
    if not isinstance(go, Go):
        return go if isinstance(go, Refusal) else None
    return await _uncancelled(_made(claim, call, allowed, go, tried.steps))


async def _forbidden_there(call: ToolCall, allowed: Allowed, steps: Sequence[Step]) -> str:
    """What the cluster itself would not let this person do, of what it could not try out: nobody is asked in vain."""
    untried = [gate.asked(step) for step in steps if step.untried]
    if not untried or isinstance(allowed.tool, ServerTool):
        return ""
    try:
        refused = await own_rights.refused(call.cluster, allowed.acting, untried)
    except KubeError as fault:
        return fault.sentence
    return refused[0].sentence if refused else ""


async def _made(claim: Claim, call: ToolCall, allowed: Allowed, go: Go, steps: Sequence[Step]) -> Refusal | None:
    if not await in_database(gate.begin)(claim, call, go):
        return Refusal(CallStatus.DENIED, gate.NO_LONGER_FITS)
    permit = replace(_permit(claim, call, allowed), plan=Passes(steps), judge=go.judge)
    outcome = await _outcome(call, allowed, permit)
    if outcome.status == "completed":
        reader = replace(permit, ceiling=Effect.READ, plan=None)
        rollout = await settled(
            call.cluster, reader, allowed.acting, steps, lambda: in_database(leases.stopping)(claim)
        )
        outcome = told_more(outcome, after=rollout)
    outcome = told_more(outcome, before=await in_database(edits.note)(call))
    status = CallStatus(outcome.status)
    end = partial(changes.finish_change, full=outcome.full, data=outcome.data)
    await in_database(end)(claim, call, steps, status, outcome.text)
    return None


async def _uncancelled(work: Coroutine[Any, Any, T]) -> T:
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


def _permit(claim: Claim, call: ToolCall, allowed: Allowed) -> Permit:
    permit = Permit(
        call_id=str(call.pk),
        cluster=call.cluster,
        ceiling=allowed.tool.effect,
        announce=partial(_announce, claim, call) if allowed.tool.effect.writes else None,
        moment=call.requested_at,
        judge=allowed.judge,
        progress=partial(_progress, claim, call),
        stopping=partial(_stopping, claim),
    )
    others = {
        name: judge if isinstance(judge, str) else replace(permit, cluster=name, judge=judge)
        for name, judge in allowed.elsewhere.items()
    }
    return replace(permit, elsewhere=others)


def _progress(claim: Claim, call: ToolCall, line: str) -> None:
    """`Permit.progress` of a call: a frame for whoever watches now, kept by nobody."""
    data = {
        "conversation_id": claim.conversation_id,
        "run_id": claim.run_id,
        "tool_call_id": str(call.pk),
        "text": redaction.text(rendering.plain(line))[:LONGEST_PROGRESS],
    }
    doorbell.whisper(claim.conversation_id, {"type": "tool_progress", "data": data})


async def _stopping(claim: Claim) -> bool:
    """`Permit.stopping` of a call: a person wants the run to stop, or this process leaves and nobody would go on."""
    return leaving.now() or await in_database(leases.stopping)(claim)


async def _outcome(call: ToolCall, allowed: Allowed, permit: Permit) -> toolbox.Outcome:
    if allowed.tool.inside:
        return await toolbox.look_up(allowed.tool, allowed.arguments, desk.Desk(call, allowed.person))
    if isinstance(allowed.tool, ServerTool):
        return await running.run(allowed.tool, allowed.arguments, permit)
    outcome = await toolbox.run(allowed.tool, allowed.arguments, call.cluster, permit, allowed.acting)
    if outcome.status == "unknown" and (told := await lookups.find_out(call)).status != "unknown":
        outcome = replace(outcome, status=told.status, text=told.text, full="", data=None)
    return outcome


async def _finish(claim: Claim, call: ToolCall, outcome: toolbox.Outcome) -> None:
    status = CallStatus(outcome.status)
    await in_database(calls.finish)(claim, call, status, outcome.text, full=outcome.full, data=outcome.data)


def told_more(outcome: toolbox.Outcome, *, before: str = "", after: str = "") -> toolbox.Outcome:
    """With a line before or after what the tool says."""

    def told(text: str) -> str:
        return "\n".join(part for part in (before, text, after) if part)

    return replace(outcome, text=told(outcome.text), full=told(outcome.full) if outcome.full else "")


async def _announce(claim: Claim, call: ToolCall, sending: Sending) -> float:
    """`Permit.announce` of a call. Whatever keeps it from being written down keeps it from being sent."""
    try:
        return await in_database(_announced)(claim, call, sending)
    except LeaseLost:
        raise NotSent("Another process has taken this run over, so this was not sent.") from None
    except RunOver:
        raise NotSent("The run was stopped before this was sent.") from None
    except DatabaseFault:
        raise NotSent("The portal's database did not answer, so this was not sent. Ask again.") from None


def _announced(claim: Claim, call: ToolCall, sending: Sending) -> float:
    """What let a call begin may have gone while it sent one change after another."""
    if call.sent and (why := gate.lost(call)):
        raise NotSent(why)
    return calls.announce(claim, call, sending)


def answer(call: ToolCall) -> Answer:
    failed = call.status != CallStatus.COMPLETED
    return given.answer(wish_id(call), call.tool, call.result, failed=failed, data=call.data)


def wish_id(call: ToolCall) -> str:
    """The id under which the model knows the call: letters, digits and `_`, as the Messages API wants."""
    return f"call_{call.pk.hex}"


def _pk(wish: Wish) -> uuid.UUID | None:
    """The row of a wish that has such an id already bears it: what the model reads later is what it read at once."""
    found = _OURS.fullmatch(wish.id)
    return uuid.UUID(found[1]) if found else None


_OURS = re.compile(r"call_([0-9a-f]{32})")
