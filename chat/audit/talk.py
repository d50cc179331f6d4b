"""The rows of what is said: messages as they are sent and changed, runs as they are stopped and end."""

from typing import Any

from chat.audit import door
from chat.audit.writing import keyed, record
from chat.models import Message, Run


def message(kind: str, sent: Message, run: Run, by: str, **more: Any) -> None:
    """The words stay in the conversation; the row keeps what stands for them, so that a later change is seen."""
    record(
        kind,
        actor=by,
        door=door.name() or run.door,
        conversation_id=str(run.conversation_id),
        run_id=str(run.pk),
        request={"message_id": str(sent.client_id), "characters": len(sent.text)} | more,
        request_hash=keyed(sent.text),
    )


def stopped(run: Run, by: str) -> None:
    record("run.stop", actor=by, conversation_id=str(run.conversation_id), run_id=str(run.pk), outcome=run.status)


def ended(run: Run, outcome: str, cost: float | None) -> None:
    """With what it cost, in tokens as the Messages API counts them, and in US dollars where that is known."""
    spent = {"usage": run.usage, "cost": cost, "rounds": run.rounds, "provider": run.provider, "model": run.model}
    record(
        "run.ended",
        actor=author(run),
        door=run.door,
        conversation_id=str(run.conversation_id),
        run_id=str(run.pk),
        request=spent,
        outcome=outcome,
    )


def author(run: Run) -> str:
    """In whose name the run acts."""
    names = Message.objects.filter(pk=run.message_id).values_list("author__username", flat=True)
    return str(names.get())
