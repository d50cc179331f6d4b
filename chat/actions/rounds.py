"""Make what the agent says durable: closed blocks, and rounds with their wishes."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import F

from chat import journal, storable
from chat.actions import reservations
from chat.actions.leases import Claim, hold, hold_to_go_on
from chat.agent.ports import Memo, Usage
from chat.errors import RunOver
from chat.event_types import (
    BLOCK_ENDS,
    COMPACTED,
    HANDED_OVER,
    TAKEN_OVER,
    Notice,
    RunStarted,
    TextEnd,
    ThinkingEnd,
    ToolCallStart,
)
from chat.models import Reservation, Run, ToolCall
from chat.transcript import kept_memo
from tools import redaction


def start(claim: Claim, provider: str, model: str) -> Run:
    """Marks the beginning, or the taking over, of a run; a block the last process left open is closed as it was.

    Raises RunOver when the run was stopped meanwhile, or when it has ended too many processes.
    """
    with transaction.atomic():
        run = hold_to_go_on(claim)
        if claim.taken_over and not claim.handed_over and _takeovers(run) >= MOST_TAKEOVERS:
            raise RunOver("lost", _LOST)
        if claim.taken_over:
            reservations.settle_left(run)
        if run.open_block is not None:
            close_block(claim, run.open_block["kind"], run.open_block["block"], run.open_block["text"])
        if not run.provider:
            begun = RunStarted(
                conversation_id=claim.conversation_id,
                run_id=claim.run_id,
                provider=provider,
                model=model,
                attempt=claim.attempt,
            )
            _append(run, begun)
            Run.objects.filter(pk=run.pk).update(provider=provider, model=model)
            run.provider, run.model = provider, model
        elif claim.taken_over:
            code, text = (HANDED_OVER, _HANDED_OVER) if claim.handed_over else (TAKEN_OVER, _TAKEN_OVER)
            _append(run, Notice(conversation_id=claim.conversation_id, run_id=claim.run_id, code=code, text=text))
        return run


MOST_TAKEOVERS = 5
_LOST = (
    f"The process that was answering stopped {MOST_TAKEOVERS + 1} times in a row, so the portal does not try again. "
    "Its log has more; a simpler question may get through."
)
_TAKEN_OVER = "The process that was answering has stopped. Another one goes on from what is recorded."
_HANDED_OVER = "The process that was answering is being restarted. Another one goes on from what is recorded."


def _takeovers(run: Run) -> int:
    notices = run.events.filter(type=Notice.type).values_list("data", flat=True)
    return sum(data["code"] == TAKEN_OVER for data in notices)


def close_block(claim: Claim, kind: str, block: int, text: str, signature: str = "") -> None:
    """`kind` is `text` or `thinking`."""
    with transaction.atomic():
        run = hold(claim)
        if close_once(run, kind, block, text, signature) and run.open_block is not None:
            Run.objects.filter(pk=run.pk).update(open_block=None)


def close_once(run: Run, kind: str, block: int, text: str, signature: str = "") -> bool:
    """Inside the caller's transaction; False for one that is closed: whoever was cut short while closing it may ask
    again."""
    if run.events.filter(type__in=(TextEnd.type, ThinkingEnd.type)).count() > block:
        return False
    ended = BLOCK_ENDS[kind](conversation_id=str(run.conversation_id), run_id=str(run.pk), block=block, text=text)
    _append(run, ended, {"signature": signature} if signature else None)
    return True


def notice(claim: Claim, code: str, text: str) -> None:
    with transaction.atomic():
        _append(hold(claim), Notice(conversation_id=claim.conversation_id, run_id=claim.run_id, code=code, text=text))


def close_round(
    claim: Claim,
    calls: Sequence[ToolCall],
    usage: Usage,
    held: Reservation | None = None,
    counted: Usage | None = None,
) -> None:
    """Counts the round and its tokens, settles what was `held` for it, and records every wish before any of them is
    tried."""
    with transaction.atomic():
        run = hold(claim)
        if held is not None:
            reservations.settle(held, counted)
        _spend(run, usage, rounds=F("rounds") + 1)
        position = ToolCall.objects.filter(run=run).count() if calls else 0
        for offset, call in enumerate(calls):
            call.run, call.position = run, position + offset
            call.save(force_insert=True)
            _append(run, ToolCallStart(**call_fields(run, call)))
        if run.direct and calls:  # from here on the call's own row is what counts
            Run.objects.filter(pk=run.pk).update(direct={"tool": calls[0].tool, "arguments": calls[0].arguments})


def compact(
    claim: Claim, memo: Memo, usage: Usage, held: Reservation | None = None, counted: Usage | None = None
) -> Memo:
    """Keeps the memo, without what is secret in it, for whoever tells the conversation to a model from here on."""
    cleaned = redaction.data(storable.data(asdict(memo)))
    with transaction.atomic():
        run = hold(claim)
        if held is not None:
            reservations.settle(held, counted)
        _spend(run, usage)
        text = _COMPACTED + (f" In the agent's words: {cleaned['findings']}" if cleaned["findings"] else "")
        told = Notice(conversation_id=claim.conversation_id, run_id=claim.run_id, code=COMPACTED, text=text)
        _append(run, told, {"memo": cleaned})
    return kept_memo(cleaned)


def _spend(run: Run, usage: Usage, **more: Any) -> None:
    spent = {key: int(run.usage.get(key, 0)) + value for key, value in asdict(usage).items()}
    Run.objects.filter(pk=run.pk).update(usage=spent, **more)


_COMPACTED = (
    "This conversation was about to become longer than the model can read, so from here on it goes by a summary. "
    "Nothing is gone: everything stays here, and the agent can read every result again."
)


def call_fields(run: Run, call: ToolCall) -> dict[str, Any]:
    """What every event of a tool call tells (chat/event_types.py, Call)."""
    return {
        "conversation_id": str(run.conversation_id),
        "run_id": str(run.pk),
        "tool_call_id": str(call.pk),
        "tool_name": call.tool,
        "arguments": call.arguments,
        "cluster": call.cluster,
        "effect": call.effect,
        "intent": call.intent,
    }


def _append(run: Run, data: Any, sealed: dict[str, Any] | None = None) -> None:
    journal.append(data, run=run, sealed=sealed)
