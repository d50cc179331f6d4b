"""A queued message can be edited, removed and steered until it is taken, by who may, and never in between."""

import asyncio
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from chat import launch, transcript
from chat.access import find
from chat.actions import approvals, calls, conversations, leases, messages, people, queue, rounds, runs
from chat.actions.leases import Claim
from chat.agent.ports import Answer, Text, Usage
from chat.errors import BadInput, Conflict, LeaseLost, NotAllowed, NotFound, RunOver
from chat.models import Approval, Event, Message, Run, ToolCall
from tests.chat.rest.test_rest import Api
from tests.chat.test_leases import at_once
from tests.chat.test_runs import ended, seen
from tests.conftest import in_database


@dataclass
class Here:
    """Alice's conversation, shared: a run of hers is at work, a message of hers is queued behind it."""

    conversation: uuid.UUID
    claim: Claim
    queued: messages.Accepted


@pytest.fixture
def here(transactional_db, alice) -> Here:
    first = messages.send(alice, "first")
    name = uuid.UUID(first.conversation_id)
    conversations.share(alice, name, True)
    claim = leases.claim("here")
    rounds.start(claim, "scripted", "script")
    return Here(name, claim, messages.send(alice, "second", conversation_id=name, message_id=uuid.uuid4()))


def kinds(run_id: str) -> list[str]:
    return list(Event.objects.filter(run_id=run_id).order_by("seq").values_list("type", flat=True))


def turns(claim: Claim) -> list:
    events = list(Event.objects.filter(conversation_id=claim.conversation_id).order_by("seq"))
    return list(transcript.compose(events, claim.run_id))


def looked(claim: Claim) -> None:
    """One round: a wish, answered."""
    call = ToolCall(tool="k8s_list", arguments={}, cluster="c", effect="READ")
    rounds.close_round(claim, [call], Usage())
    calls.finish(claim, call, "completed", "2 pods")


# ---- edit --------------------------------------------------------------------------------------------------------


def test_the_agent_reads_what_was_edited_and_the_title_stays(here, alice):
    title = find(alice, here.conversation).title
    answer = queue.edit(alice, here.queued.message_id, " something\r\nelse ")
    assert answer == {
        "conversation_id": str(here.conversation),
        "run_id": here.queued.run_id,
        "message_id": here.queued.message_id,
        "seq": Event.objects.get(type="message_edited").seq,
    }
    assert Event.objects.get(type="message_edited").data["text"] == "something\nelse"
    assert Message.objects.get(client_id=here.queued.message_id).text == "something\nelse"
    runs.end(here.claim, "done")
    assert Text("something\nelse") in turns(leases.claim("there"))[-1].blocks
    assert find(alice, here.conversation).title == title


@pytest.mark.parametrize("text", ["", " \n", "x" * (messages.MESSAGE_LENGTH + 1)])
def test_blank_and_overlong_words_are_refused(here, alice, text):
    with pytest.raises(BadInput):
        queue.edit(alice, here.queued.message_id, text)
    assert Message.objects.get(client_id=here.queued.message_id).text == "second"


def test_a_call_that_a_program_asked_for_is_neither_edited_nor_steered(here, alice):
    way = messages.Way("rest", {"tool": "clusters_list", "arguments": {}})
    name = uuid.uuid4()
    messages.send(alice, "List clusters", conversation_id=here.conversation, message_id=name, way=way)
    with pytest.raises(BadInput):
        queue.edit(alice, name, "Delete everything")
    with pytest.raises(BadInput):
        queue.steer(alice, name)
    queue.remove(alice, name)


DEEDS = {
    "edit": lambda who, name: queue.edit(who, name, "other words"),
    "remove": queue.remove,
    "steer": queue.steer,
}
every_deed = pytest.mark.parametrize("deed", DEEDS)


@every_deed
def test_what_was_taken_stays_as_it_was_said(here, alice, deed):
    runs.end(here.claim, "done")
    claim = leases.claim("there")
    before = list(Event.objects.values())
    with pytest.raises(Conflict) as refused:
        DEEDS[deed](alice, here.queued.message_id)
    assert refused.value.code == "taken"
    runs.end(claim, "done")
    with pytest.raises(Conflict) as refused:
        DEEDS[deed](alice, here.queued.message_id)
    assert refused.value.code == "taken"
    assert list(Event.objects.values())[: len(before)] == before
    assert not Event.objects.filter(type__startswith="message_").exists()


@every_deed
def test_a_message_that_nobody_knows_or_sees_is_not_found(here, alice, bob, deed):
    with pytest.raises(NotFound):
        DEEDS[deed](alice, uuid.uuid4())
    conversations.share(alice, here.conversation, False)
    with pytest.raises(NotFound):
        DEEDS[deed](bob, here.queued.message_id)


@every_deed
def test_another_person_leaves_it_alone(here, bob, deed):
    with pytest.raises(NotAllowed):
        DEEDS[deed](bob, here.queued.message_id)
    assert kinds(here.queued.run_id) == ["user_message"]


@every_deed
def test_who_may_not_converse_any_more_is_refused(here, alice, deed):
    alice.groups.clear()
    with pytest.raises(NotAllowed):
        DEEDS[deed](alice, here.queued.message_id)


def test_a_message_is_edited_or_taken_never_both(here, alice):
    """Six edits against the end of the run before and the claim: what the agent reads is the last that was accepted."""
    runs.end(here.claim, "done")

    def one(n: int):
        return leases.claim("there") if n == 0 else queue.edit(alice, here.queued.message_id, f"words {n}")

    brought = at_once(7, one)
    claim = brought[0]
    while claim is None:  # on a busy machine the one claim may have met a lock
        claim = leases.claim("there")
    edits = [done for done in brought[1:] if isinstance(done, dict)]
    refused = [fault for fault in brought[1:] if not isinstance(fault, dict)]
    assert {getattr(fault, "code", repr(fault)) for fault in refused} <= {"taken"}
    events = Event.objects.filter(run_id=claim.run_id, type="message_edited").order_by("seq")
    assert events.count() == len(edits)
    last = events.last()
    told = last.data["text"] if last else "second"
    assert turns(claim)[-1].blocks[-1] == Text(told)
    assert Message.objects.get(client_id=here.queued.message_id).text == told


# ---- remove ------------------------------------------------------------------------------------------------------


def test_a_removed_message_is_never_answered(here, alice):
    answer = queue.remove(alice, here.queued.message_id)
    assert kinds(here.queued.run_id) == ["user_message", "message_removed", "complete"]
    removed, complete = Event.objects.filter(run_id=here.queued.run_id).order_by("seq")[1:]
    assert (removed.seq, removed.data["by"]) == (answer["seq"], "alice")
    assert (complete.data["outcome"], complete.data["message"]) == ("stopped", "")
    runs.end(here.claim, "done")
    assert leases.claim("there") is None


def test_the_owner_of_the_conversation_may_remove_what_others_said(here, alice, bob):
    theirs = messages.send(bob, "third", conversation_id=here.conversation, message_id=uuid.uuid4())
    queue.remove(alice, theirs.message_id)
    assert Event.objects.get(type="message_removed").data["by"] == "alice"


def test_a_message_is_removed_or_taken_never_both(here, alice):
    runs.end(here.claim, "done")
    claim, removed = at_once(
        2, lambda n: leases.claim("there") if n == 0 else queue.remove(alice, here.queued.message_id)
    )
    if isinstance(removed, dict):
        assert claim is None
        assert kinds(here.queued.run_id) == ["user_message", "message_removed", "complete"]
    else:
        assert removed.code == "taken"
        assert claim.run_id == here.queued.run_id


# ---- steer -------------------------------------------------------------------------------------------------------


def test_the_active_run_hears_it_at_its_next_tool_boundary_with_its_latest_words(here, alice):
    queue.steer(alice, here.queued.message_id)
    queue.edit(alice, here.queued.message_id, "second, shorter")
    looked(here.claim)
    assert queue.take(here.claim) == ["second, shorter"]
    assert queue.take(here.claim) == []
    assert kinds(here.queued.run_id) == ["user_message", "message_edited", "message_steered", "complete"]
    told = Event.objects.get(type="message_steered").data
    assert (told["into_run_id"], told["text"], told["by"]) == (here.claim.run_id, "second, shorter", "alice")
    complete = Event.objects.get(type="complete").data
    assert (complete["outcome"], complete["message"], complete["tool_calls"]) == ("done", "", [])
    assert [type(block) for block in turns(here.claim)[-1].blocks] == [Answer, Text]
    runs.end(here.claim, "done")
    assert leases.claim("there") is None


def test_several_are_heard_in_the_order_in_which_they_were_sent(here, alice):
    third = messages.send(alice, "third", conversation_id=here.conversation)
    fourth = messages.send(alice, "fourth", conversation_id=here.conversation)
    for name in (fourth.message_id, here.queued.message_id):
        queue.steer(alice, name)
    assert queue.take(here.claim) == ["second", "fourth"]
    assert Run.objects.get(pk=third.run_id).status == "queued"


def test_when_the_run_ends_first_the_message_is_answered_next(here, alice):
    queue.steer(alice, here.queued.message_id)
    runs.end(here.claim, "done")
    claim = leases.claim("there")
    assert claim.run_id == here.queued.run_id
    rounds.start(claim, "scripted", "script")
    assert queue.take(claim) == []


def test_a_run_that_was_stopped_hears_nothing_more(here, alice):
    queue.steer(alice, here.queued.message_id)
    runs.stop(alice, here.claim.run_id)
    with pytest.raises(RunOver):
        queue.take(here.claim)
    assert Run.objects.get(pk=here.queued.run_id).status == "queued"


def test_a_stop_is_noticed_at_the_tool_boundary_at_the_latest(here, alice):
    runs.stop(alice, here.claim.run_id)
    with pytest.raises(RunOver):
        queue.take(here.claim)


def test_a_run_that_was_taken_over_hears_it_once(here, alice):
    queue.steer(alice, here.queued.message_id)
    Run.objects.filter(pk=here.claim.run_id).update(lease_until=timezone.now() - timedelta(seconds=1))
    later = leases.claim("there")
    with pytest.raises(LeaseLost):
        queue.take(here.claim)
    assert queue.take(later) == ["second"]


def test_a_run_acts_in_its_authors_name_and_hears_only_them(here, alice, bob):
    """Words of others would be carried out with the author's rights."""
    theirs = messages.send(bob, "delete it all", conversation_id=here.conversation, message_id=uuid.uuid4())
    with pytest.raises(NotAllowed):
        queue.steer(bob, theirs.message_id)
    Run.objects.filter(pk=theirs.run_id).update(steered=True)  # marked while a run of bob's was active
    assert queue.take(here.claim) == []
    assert Run.objects.get(pk=theirs.run_id).status == "queued"


def test_steered_and_edited_at_once_is_heard_as_the_journal_tells(here, alice):
    queue.steer(alice, here.queued.message_id)
    heard, edited = at_once(
        2, lambda n: queue.take(here.claim) if n == 0 else queue.edit(alice, here.queued.message_id, "other")
    )
    if isinstance(edited, dict):
        assert heard == ["other"]
    else:
        assert (edited.code, heard) == ("taken", ["second"])
    assert Event.objects.get(type="message_steered").data["text"] == heard[0]


async def waits_before_its_first_tool(script, alice, gate) -> messages.Accepted:
    """A run under way that comes to its tool boundary once the gate is there; steered words it repeats."""
    script(
        stories=[
            {"when": "^first", "rounds": [[{"wait": str(gate), "seconds": 20}, {"wish": "clusters_list"}]]},
            {"when": "^second", "rounds": [[{"say": "I heard: {words}."}]]},
        ]
    )
    first = await in_database(messages.send, alice, "first")
    await seen(first.run_id, "run_started")
    return first


async def test_a_steered_message_reaches_the_model_behind_the_answers(crew, script, alice, tmp_path):
    gate = tmp_path / "gate"
    first = await waits_before_its_first_tool(script, alice, gate)
    second = await in_database(messages.send, alice, "second", conversation_id=uuid.UUID(first.conversation_id))
    await in_database(queue.steer, alice, second.message_id)
    gate.touch()
    assert (await ended(first.run_id))["message"] == "I heard: second."
    assert (await ended(second.run_id))["message"] == ""


async def test_a_steered_message_is_heard_once_a_waiting_run_goes_on(crew, demo, script, alice):
    name = f"n-{uuid.uuid4().hex[:8]}"
    script(
        stories=[
            {"when": "^first", "rounds": [[{"wish": "namespace_create", "arguments": {"name": name}}]]},
            {"when": "^second", "rounds": [[{"say": "I heard: {words}."}]]},
        ]
    )
    first = await in_database(messages.send, alice, "first")
    await seen(first.run_id, "approval_requested")
    second = await in_database(messages.send, alice, "second", conversation_id=uuid.UUID(first.conversation_id))
    await in_database(queue.steer, alice, second.message_id)
    await in_database(approvals.decide, alice, (await in_database(Approval.objects.get)).pk, "reject")
    assert (await ended(first.run_id))["message"] == "I heard: second."


async def test_after_a_crash_behind_the_boundary_the_model_reads_the_same_turns(transactional_db, script, alice, here):
    """Heard, then the process died before the model was asked again."""
    await in_database(looked, here.claim)
    await in_database(queue.steer, alice, here.queued.message_id)
    assert await in_database(queue.take, here.claim) == ["second"]
    before = await in_database(turns, here.claim)
    await in_database(lambda: Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1)))
    script(stories=[{"when": "^second$", "rounds": [[{"say": "{words} after {answers}"}]]}])
    launch.begin()
    try:
        complete = await ended(here.claim.run_id)
    finally:
        await launch.end()
    assert complete["message"] == "second after 2 pods"
    assert (await in_database(turns, here.claim))[: len(before)] == before


async def test_after_a_crash_before_the_boundary_it_is_heard_by_the_next_process(transactional_db, script, alice, here):
    await in_database(looked, here.claim)
    await in_database(queue.steer, alice, here.queued.message_id)
    await in_database(lambda: Run.objects.filter(pk=here.claim.run_id).update(lease_until=timezone.now()))
    script(stories=[{"when": "^second$", "rounds": [[{"say": "{words} after {answers}"}]]}])
    launch.begin()
    try:
        complete = await ended(here.claim.run_id)
    finally:
        await launch.end()
    assert complete["message"] == "second after 2 pods"


# ---- over REST ---------------------------------------------------------------------------------------------------


async def test_the_fallback_waits_for_the_run_that_answers_a_steered_message(crew, script, alice, token_of, tmp_path):
    gate = tmp_path / "gate"
    first = await waits_before_its_first_tool(script, alice, gate)
    api = Api(await in_database(token_of, alice))
    said = {"message": "second", "conversation_id": first.conversation_id}
    waiting = asyncio.create_task(api.post("/api/chat/message", said))
    async with asyncio.timeout(10):
        while not await in_database(Message.objects.filter(text="second").exists):  # noqa: ASYNC110 - rows change without a bell
            await asyncio.sleep(0.02)
    name = (await in_database(Message.objects.get, text="second")).client_id
    steered = await api.post(f"/api/v1/conversations/{first.conversation_id}/messages/{name}/steer")
    assert steered.json()["seq"] is None
    gate.touch()
    answer = (await waiting).json()
    assert answer["message"] == "I heard: second."
    assert answer["run_id"] == first.run_id


async def test_over_rest_a_message_is_named_within_its_conversation(here, alice, token_of):
    api = Api(await in_database(token_of, alice))
    other = await in_database(conversations.create, alice)
    for conversation, status in ((other.pk, 404), (here.conversation, 200)):
        path = f"/api/v1/conversations/{conversation}/messages/{here.queued.message_id}"
        answer = await api.send("patch", path, {"text": "changed"})
        assert answer.status_code == status, json.loads(answer.content)


@pytest.mark.parametrize(("method", "end"), [("patch", ""), ("delete", ""), ("post", "/steer")])
async def test_a_read_token_changes_no_queue(here, alice, token_of, method, end):
    api = Api(await in_database(token_of, alice, "read"))
    path = f"/api/v1/conversations/{here.conversation}/messages/{here.queued.message_id}{end}"
    answer = await api.send(method, path, {"text": "changed"} if method == "patch" else None)
    assert answer.status_code == 403


def test_a_viewer_steers_their_own_run(transactional_db):
    viewer = people.create("vera", role="viewer")
    first = messages.send(viewer, "first")
    claim = leases.claim("here")
    queued = messages.send(viewer, "second", conversation_id=uuid.UUID(first.conversation_id))
    queue.steer(viewer, queued.message_id)
    assert queue.take(claim) == ["second"]
