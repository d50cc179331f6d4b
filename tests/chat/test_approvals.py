"""A change happens because a person allowed exactly it, once."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.actions import approvals, conversations, people, runs, tokens
from chat.errors import Conflict, NotFound
from chat.models import Approval, Conversation, Event, Run, ToolCall
from tests.chat.questions import asked, exists, status_of
from tests.chat.sockets import Client
from tests.conftest import in_database


async def test_nothing_happens_before_a_person_decides(crew, demo, story, token, namespace):
    async with Client(token) as client:
        request = await asked(client)
        await asyncio.sleep(0.3)
        assert not await exists(demo, namespace)
        assert await status_of(Run, request["run_id"]) == "waiting"
    assert request["cluster"] == demo
    assert request["effect"] == "CHANGE"
    assert request["arguments"] == {"name": namespace}
    assert namespace in request["summary"]


async def test_approved_once_executed_once(crew, demo, story, token, namespace):
    async with Client(token) as client:
        request = await asked(client)
        decide = {"type": "decide", "id": "d", "approval_id": request["approval_id"], "decision": "approve"}
        await client.say(decide)
        complete = await client.until("complete")
        await client.say(decide | {"id": "another"})
        again = await client.until("nack")
    assert [call["status"] for call in complete["data"]["tool_calls"]] == ["completed"]
    assert complete["data"]["outcome"] == "done"
    assert again["data"]["code"] == "already_decided"
    assert await exists(demo, namespace)
    kinds = client.types()
    assert kinds.index("tool_call_start") < kinds.index("approval_requested") < kinds.index("approval_decided")
    assert kinds.index("approval_decided") < kinds.index("tool_call_end") < kinds.index("complete")


async def test_rejected_with_a_word_to_the_agent(crew, demo, story, token, namespace):
    async with Client(token) as client:
        request = await asked(client)
        await client.say(
            {
                "type": "decide",
                "id": "d",
                "approval_id": request["approval_id"],
                "decision": "reject",
                "reason": "Not on Fridays.",
            }
        )
        complete = await client.until("complete")
    assert complete["data"]["tool_calls"][0]["status"] == "denied"
    assert "Not on Fridays." in complete["data"]["message"]
    assert not await exists(demo, namespace)


async def test_silence_is_a_no(crew, demo, story, token, namespace):
    async with Client(token) as client:
        request = await asked(client)
        past = timezone.now() - timedelta(seconds=1)
        await in_database(Approval.objects.filter(pk=request["approval_id"]).update, expires_at=past)
        decided = await client.until("approval_decided")
        complete = await client.until("complete")
    assert decided["data"]["decision"] == "expired"
    assert complete["data"]["tool_calls"][0]["status"] == "denied"
    assert not await exists(demo, namespace)


async def test_a_decision_after_the_expiry_is_refused(crew, demo, story, alice, token, namespace):
    async with Client(token) as client:
        request = await asked(client)
        await in_database(Approval.objects.update, expires_at=timezone.now() - timedelta(seconds=1))
        with pytest.raises(Conflict) as late:
            await in_database(approvals.decide, alice, request["approval_id"], "approve")
    assert late.value.code == "expired"
    assert not await exists(demo, namespace)


async def test_stop_voids_what_waits(crew, demo, story, alice, token, namespace):
    async with Client(token) as client:
        request = await asked(client)
        await client.say({"type": "stop", "id": "s", "run_id": request["run_id"]})
        complete = await client.until("complete")
    assert complete["data"]["outcome"] == "stopped"
    assert complete["data"]["tool_calls"][0]["status"] == "cancelled"
    with pytest.raises(Conflict) as late:
        await in_database(approvals.decide, alice, request["approval_id"], "approve")
    assert late.value.code == "void"


async def test_two_people_deciding_at_once_one_wins(crew, demo, story, alice, charlie, token, namespace):
    async with Client(token) as client:
        request = await asked(client)
        both = [
            in_database(approvals.decide, alice, request["approval_id"], "approve"),
            in_database(approvals.decide, charlie, request["approval_id"], "reject"),
        ]
        outcomes = await asyncio.gather(*both, return_exceptions=True)
        await client.until("complete")
    lost = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert [fault.code for fault in lost] == ["already_decided"]
    assert await in_database(Event.objects.filter(type="approval_decided").count) == 1


async def test_a_changed_call_is_not_covered_by_the_old_yes(crew, demo, story, alice, token, namespace):
    """Whoever could change the row after the decision gets nothing done: the hash no longer fits."""
    async with Client(token) as client:
        request = await asked(client)
        await in_database(ToolCall.objects.update, arguments={"name": f"{namespace}-other"})
        await in_database(approvals.decide, alice, request["approval_id"], "approve")
        complete = await client.until("complete")
    assert complete["data"]["tool_calls"][0]["status"] == "denied"
    assert not await exists(demo, f"{namespace}-other")


async def test_a_teammate_without_the_right_does_not_even_see_it(crew, demo, story, bob, token):
    async with Client(token) as client:
        request = await asked(client)
    with pytest.raises(NotFound):
        await in_database(approvals.decide, bob, request["approval_id"], "approve")


async def test_an_approver_decides_for_others(crew, demo, story, charlie, token, namespace):
    async with Client(token) as client:
        request = await asked(client)
        await in_database(approvals.decide, charlie, request["approval_id"], "approve")
        decided = await client.until("approval_decided")
        await client.until("complete")
    assert decided["data"]["by"] == "charlie"
    assert await exists(demo, namespace)


async def test_a_viewer_s_agent_is_denied_without_asking_anybody(crew, demo, story, namespace):
    viewer = await in_database(people.create, "vera", role="viewer")
    async with Client(await in_database(tokens.create, viewer)) as client:
        await client.send("make it")
        complete = await client.until("complete")
    assert complete["data"]["tool_calls"][0]["status"] == "denied"
    assert "operator" in complete["data"]["message"]
    assert await in_database(Approval.objects.count) == 0


async def test_read_only_denies_every_change(crew, demo, story, token, namespace, settings):
    settings.K8SMCP_READ_ONLY = True
    async with Client(token) as client:
        await client.send("make it")
        complete = await client.until("complete")
    assert complete["data"]["tool_calls"][0]["status"] == "denied"
    assert not await exists(demo, namespace)


async def test_exec_is_off_unless_switched_on(crew, demo, script, token):
    wish = {"wish": "pod_exec", "arguments": {"pod": "x", "namespace": "shop", "command": ["ls"]}}
    script([wish], [{"say": "{answers}"}])
    async with Client(token) as client:
        await client.send("run it")
        complete = await client.until("complete")
    assert complete["data"]["tool_calls"][0]["status"] == "denied"


async def test_several_wait_at_once_and_are_decided_one_by_one(crew, demo, script, alice, token):
    names = [f"n-{uuid.uuid4().hex[:8]}" for _ in range(3)]
    script([{"wish": "namespace_create", "arguments": {"name": name}} for name in names], [{"say": "{answers}"}])
    async with Client(token) as client:
        await client.send("make three")
        requests = [(await client.until("approval_requested"))["data"] for _ in names]
        decisions = ["approve", "reject", "approve"]
        for request, decision in zip(requests, decisions, strict=True):
            await in_database(approvals.decide, alice, request["approval_id"], decision)
        complete = await client.until("complete")
    assert [call["status"] for call in complete["data"]["tool_calls"]] == ["completed", "denied", "completed"]
    assert [await exists(demo, name) for name in names] == [True, False, True]


async def test_deleting_a_conversation_ends_what_waits_in_it(crew, demo, story, alice, token, namespace):
    async with Client(token) as client:
        request = await asked(client)
    run = await in_database(Run.objects.get, pk=request["run_id"])
    await in_database(conversations.delete, alice, run.conversation_id)
    assert await status_of(Run, run.pk) == "stopped"
    assert await status_of(Approval, request["approval_id"]) == "void"
    assert (await in_database(Conversation.objects.get)).deleted_at is not None
    with pytest.raises(NotFound):
        await in_database(runs.stop, alice, str(run.pk))


async def test_values_of_a_secret_are_kept_no_longer_than_they_are_needed(crew, demo, script, alice, token):
    """The manifest reaches the cluster whole; people, model, journal and afterwards the database see sizes."""
    value = "c2VjcmV0LXZhbHVlLTEyMzQ1"
    metadata = f"metadata: {{name: s-{uuid.uuid4().hex[:6]}, namespace: shop}}"
    manifest = f"apiVersion: v1\nkind: Secret\n{metadata}\ndata: {{key: {value}}}"
    script([{"wish": "k8s_apply", "arguments": {"manifest": manifest}}], [{"say": "{answers}"}])
    async with Client(token) as client:
        await client.send("apply it")
        request = (await client.until("approval_requested"))["data"]
        await in_database(approvals.decide, alice, request["approval_id"], "approve")
        complete = await client.until("complete")
    assert [call["status"] for call in complete["data"]["tool_calls"]] == ["completed"], complete
    assert value not in str(client.frames)
    call = await in_database(ToolCall.objects.get)
    assert call.sealed is None
    assert value not in f"{call.arguments} {call.result} {call.full} {call.data}"
