"""Writes a long conversation straight into a portal's database: rows of the very shapes the journal writes, in bulk.

python -m tests.long_story EVENTS [CONVERSATION]    with the environment of the portal; prints the conversation's id
"""

import itertools
import os
import sys
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import django

QUESTIONS = (
    "why is checkout failing?",
    "list the pods in shop",
    "scale storefront to 3 and tell me when it is ready",
    "what changed in the last hour?\n\nI see errors since the deployment at noon.",
)
ANSWER = (
    "## What I found\n\n**checkout** crashes: `PAYMENT_API_URL` is not set, so it ends right after its start.\n\n"
    "| Pod | Restarts | Why |\n|---|---:|---|\n| checkout-7d9f | 14 | a variable is missing |\n"
    "| checkout-x2kq | 12 | a variable is missing |\n\n1. Set it in the deployment\n2. Watch it start\n\n"
    "```yaml\nkind: Deployment\nmetadata:\n  name: checkout\nspec:\n  replicas: 2\n```\n\n"
    "Nothing else in *shop* depends on it. Say: `list all pods`"
)
TABLE = "NAMESPACE  NAME                  READY  STATUS            RESTARTS\n" + "\n".join(
    f"shop       checkout-7d9f{number:04}     0/1    CrashLoopBackOff  {number}" for number in range(30)
)
LONGEST_RUN = 20  # events, and a few more


def write(count: int, conversation_id: str = "") -> str:
    """Exactly `count` more events of ended runs, one a second until now; returns the conversation's id."""
    from django.contrib.auth.models import User
    from django.db import transaction
    from django.db.models import F
    from django.utils import timezone

    from chat.models import Conversation, Event, Message, Run

    owner = User.objects.get(username="admin")
    made = {"id": conversation_id} if conversation_id else {"owner": owner, "title": "A very long watch"}
    conversation, _ = Conversation.objects.get_or_create(**made)
    told = list(itertools.islice(_told(str(conversation.pk), owner.username), count + LONGEST_RUN))
    last = max(index for index, (_, data) in enumerate(told) if data.type == "complete")
    told = told[last + 1 - count : last + 1]  # the first run may begin in its middle, the last is whole
    asked = {run: data.text for run, data in told if data.type == "user_message"}
    messages = {
        run: Message(conversation=conversation, author=owner, client_id=uuid.uuid4(), text=asked.get(run, QUESTIONS[0]))
        for run, _ in told
    }
    Message.objects.bulk_create(messages.values(), batch_size=500)
    now = timezone.now()
    ended = [
        Run(id=uuid.UUID(run), conversation=conversation, message=message, status="done", ended_at=now)
        for run, message in messages.items()
    ]
    Run.objects.bulk_create(ended, batch_size=500)
    with transaction.atomic():
        Conversation.objects.filter(pk=conversation.pk).update(head_seq=F("head_seq") + count)
        conversation.refresh_from_db()
        Event.objects.bulk_create(_rows(conversation, told, now - timedelta(seconds=count)), batch_size=500)
    return str(conversation.pk)


def _rows(conversation: Any, told: list[tuple[str, Any]], at: datetime) -> Iterator[Any]:
    from chat.models import Event

    first = conversation.head_seq - len(told) + 1
    for number, (run, data) in enumerate(told):
        yield Event(
            conversation=conversation,
            seq=first + number,
            run_id=uuid.UUID(run),
            type=data.type,
            data=data.model_dump(mode="json"),
            at=at + timedelta(seconds=number),
        )


def _told(conversation_id: str, author: str) -> Iterator[tuple[str, Any]]:
    for number in itertools.count():
        run = str(uuid.uuid4())
        for data in _run(number, {"conversation_id": conversation_id, "run_id": run}, author):
            yield run, data


def _run(number: int, own: dict[str, str], author: str) -> Iterator[Any]:
    """One run: thinking, reads, every third time a change that a person decides, and an answer."""
    from chat import event_types as say

    usage = {"input_tokens": 12_000 + number, "output_tokens": 640}
    text = QUESTIONS[number % len(QUESTIONS)]
    yield say.UserMessage(**own, message_id=str(uuid.uuid4()), author=author, text=text)
    yield say.RunStarted(**own, provider="anthropic", model="claude", attempt=1)
    yield say.ThinkingEnd(**own, block=0, text="The pod restarts; its log will say why. I look at both.\n" * 3)
    yield say.TextEnd(**own, block=1, text=f"I look at the pods of `shop` first (watch {number}).")
    called = []
    for step in range(2 + number % 3):
        change = step == 1 and number % 3 == 0
        call = _call(own, change, step)
        yield say.ToolCallStart(**call)
        if change:
            yield from _decision(own, call, author)
        result = "deployment.apps/storefront scaled" if change else TABLE
        yield say.ToolCallEnd(**call, result=result, status="completed", duration_ms=120 + number % 900)
        called.append(
            say.CalledTool(tool_name=call["tool_name"], arguments=call["arguments"], result=result, status="completed")
        )
    yield say.TextEnd(**own, block=2, text=f"{ANSWER}\n\nWatch {number}.")
    yield say.Complete(**own, message=ANSWER, tool_calls=called, outcome="done", usage=usage, iterations=2)


def _call(own: dict[str, str], change: bool, step: int) -> dict[str, Any]:
    scale = {"kind": "deployment", "name": "storefront", "namespace": "shop", "replicas": 3}
    look = {"kind": "pods", "namespace": "shop", "label_selector": f"step={step}"}
    return {
        **own,
        "tool_call_id": str(uuid.uuid4()),
        "tool_name": "k8s_scale" if change else "k8s_list",
        "arguments": scale if change else look,
        "cluster": "demo",
        "effect": "CHANGE" if change else "READ",
        "intent": "Scale deployment storefront in shop to 3" if change else "List pods in shop",
    }


def _decision(own: dict[str, str], call: dict[str, Any], by: str) -> Iterator[Any]:
    from chat import event_types as say

    approval = str(uuid.uuid4())
    asked = {**call, "approval_id": approval, "summary": call["intent"], "url": f"/approvals/{approval}"}
    yield say.ApprovalRequested(**asked, expires_at="2026-01-01T00:00:00+00:00")
    yield say.ApprovalDecided(
        **own, approval_id=approval, tool_call_id=call["tool_call_id"], decision="approved", by=by, reason="go ahead"
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "k8smcp.settings")
    django.setup()
    sys.stdout.write(write(int(sys.argv[1]), *sys.argv[2:]) + "\n")
