"""An approval decided in the moment it expires: whoever wins, there is one outcome, and everybody is told the same."""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from chat import tool_calls
from chat.actions import approvals, leases, messages
from chat.agent.ports import Wish
from chat.asking import Question
from chat.models import Approval, AuditRow, Event, Run
from tests.chat.sockets import Client
from tests.conftest import in_database

AHEAD = 0.4  # seconds from the question to its end
SPREAD = (-0.05, -0.025, -0.01, -0.003, 0.0, 0.003, 0.01, 0.025, 0.05)  # seconds round it at which people decide


def waiting(alice) -> Approval:
    messages.send(alice, "make it")
    claim = leases.claim("here")
    call = tool_calls.record(Run.objects.get(pk=claim.run_id), Wish("w", "namespace_create", {"name": "x"}))
    call.position = 1
    call.save()
    approval = approvals.request(claim, call, "Make x", Question({}, {}, "d" * 64, "changing"))
    approval.expires_at = timezone.now() + timedelta(seconds=AHEAD)
    approval.save(update_fields=["expires_at"])
    return approval


def decided(approval: Approval, token: str, decision: str) -> tuple[int, str]:
    """Over REST: (200, the status) or (409, the code)."""
    answer = Browser(headers={"Authorization": f"Bearer {token}"}).post(
        f"/api/v1/approvals/{approval.pk}/decision", {"decision": decision}, content_type="application/json"
    )
    said = answer.json()
    return answer.status_code, said["status"] if answer.status_code == 200 else said["error"]["code"]


def raced(moment: float, deeds: list[Callable[[], Any]]) -> list[Any]:
    """What each gives, all begun at this time of the monotonic clock, each in a thread with a connection of its own."""
    found: list[Any] = [None] * len(deeds)

    def one(number: int) -> None:
        try:
            connection.ensure_connection()
            time.sleep(max(0.0, moment - time.monotonic()))
            found[number] = deeds[number]()
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("offset", SPREAD)
async def test_one_outcome_and_everybody_is_told_the_same(transactional_db, alice, charlie, token_of, offset):
    approval = await in_database(waiting, alice)
    end = time.monotonic() + (approval.expires_at - timezone.now()).total_seconds()
    mine, theirs = await in_database(token_of, alice), await in_database(token_of, charlie)
    async with Client(mine) as client:
        conversation = str(approval.tool_call.run.conversation_id)
        await client.say({"type": "resume", "id": "r", "conversation_id": conversation, "seq": 0})
        await client.until("approval_requested")
        deeds = [
            lambda: decided(approval, mine, "approve"),
            lambda: decided(approval, theirs, "reject"),
            lambda: decided(approval, theirs, "approve"),
            approvals.expire_overdue,
        ]
        *answers, _ = await asyncio.to_thread(raced, end + offset, deeds)  # noqa: TID251 - closes its connections
        await in_database(_wait_for_the_end, end)
        told = (await client.until("approval_decided"))["data"]["decision"]
    won = [said for status, said in answers if status == 200]
    lost = {said for status, said in answers if status == 409}
    assert won == ([told] if told != "expired" else [])
    assert lost == {"already_decided" if won else "expired"}
    assert await in_database(_kept, approval) == (told, [told], [told])
    assert [frame["type"] for frame in client.frames].count("approval_decided") == 1


def _wait_for_the_end(end: float) -> None:
    """What nobody decided ends when its time has run out, and somebody looks."""
    time.sleep(max(0.0, end - time.monotonic() + 0.01))
    approvals.expire_overdue()


def _kept(approval: Approval) -> tuple[str, list[str], list[str]]:
    """The decision by the row, by the journal and by the audit."""
    approval.refresh_from_db()
    events = Event.objects.filter(type="approval_decided").order_by("seq")
    rows = AuditRow.objects.filter(kind__startswith="approval.").exclude(kind="approval.requested").order_by("seq")
    return approval.status, [event.data["decision"] for event in events], [row.decision for row in rows]
