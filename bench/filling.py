"""Conversations that a portal's database already has: written in bulk, in the shapes of the journal.

python -m bench.filling CONVERSATIONS EVENTS    (with the portal's own environment; prints the conversations' ids)
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tests.portal import ROOT, Portal

SENTENCE = "Deployment checkout in shop keeps crashing because a setting is missing; its last line says so. "


def fill(served: Portal, conversations: int, events: int) -> list[str]:
    """Their ids. `events`: of each."""
    command = [sys.executable, "-W", "ignore", "-m", "bench.filling", str(conversations), str(events)]
    told = subprocess.run(command, cwd=ROOT, env=served.environment, check=True, capture_output=True, text=True)
    return told.stdout.split()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "k8smcp.settings")
    import django

    django.setup()
    from django.contrib.auth.models import User

    from chat.models import Conversation, Event

    count, events = int(sys.argv[1]), int(sys.argv[2])
    owner = User.objects.get(username="admin")
    made = [Conversation(owner=owner, title=f"Filled {n}", head_seq=events) for n in range(count)]
    Conversation.objects.bulk_create(made, batch_size=500)
    for conversation in made:
        Event.objects.bulk_create(
            [
                Event(conversation=conversation, seq=seq, type=kind, data=data)
                for seq, kind, data in _told(conversation.pk, events)
            ],
            batch_size=500,
        )
        print(conversation.pk)


def _told(conversation_id: Any, events: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for seq in range(1, events + 1):
        named = {"conversation_id": str(conversation_id), "run_id": str(conversation_id)}
        if seq % 4 == 0:
            call = {"tool_call_id": str(seq), "tool_name": "k8s_list", "arguments": {"kind": "pods"}, "cluster": "demo"}
            ended = {
                "effect": "READ",
                "intent": "List pods",
                "result": SENTENCE * 6,
                "status": "completed",
                "duration_ms": 9,
            }
            yield seq, "tool_call_end", named | call | ended
        else:
            yield seq, "text_end", named | {"block": seq, "text": SENTENCE * 2}


if __name__ == "__main__":
    main()
