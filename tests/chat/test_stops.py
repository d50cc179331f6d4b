"""Stop ends a run wherever it lives and whatever it does just now, and says what had already been done."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from chat import launch
from chat.actions import approvals, calls, leases, messages, rounds, runs
from chat.agent.ports import Usage
from chat.agent.providers import choose
from chat.audit.calls import Grounds
from chat.models import Approval, Event, ToolCall
from tests.chat.test_runs import SlowCluster, ended, registered, seen, sent, status
from tests.conftest import in_database

HEARTBEAT = leases.RENEW_EVERY + 3  # seconds; what comes on top is this machine's, not the run's


@pytest_asyncio.fixture
async def elsewhere(transactional_db) -> AsyncIterator[None]:
    """The runners of two other processes: from here nothing reaches them but the database."""
    crews = [launch.Crew(), launch.Crew()]
    for crew in crews:
        crew.start()
    yield
    for crew in crews:
        await crew.stop()
    await choose.close()


async def stopped(alice, run_id: str) -> dict:
    await in_database(runs.stop, alice, run_id)
    complete = await ended(run_id, patience=HEARTBEAT)
    assert complete["outcome"] == "stopped"
    return complete


# ---- wherever it lives, whatever it does -------------------------------------------------------------------------


async def test_while_the_model_says_nothing(elsewhere, script, alice, tmp_path):
    script([{"say": "One. "}, {"wait": str(tmp_path / "never"), "seconds": 60}])
    accepted = await sent(alice)
    await seen(accepted.run_id, "text_end")
    assert (await stopped(alice, accepted.run_id))["message"] == "One. "


async def test_while_it_waits_to_ask_the_model_again(elsewhere, script, alice):
    script([{"interrupt": "The model is busy.", "seconds": 60}, {"say": "Never."}])
    accepted = await sent(alice)
    await seen(accepted.run_id, "notice")
    await stopped(alice, accepted.run_id)


async def test_while_a_tool_reads(elsewhere, script, alice, tmp_path):
    async with SlowCluster(reads=True) as cluster:
        name = await in_database(registered, cluster, tmp_path)
        script([{"wish": "k8s_list", "arguments": {"kind": "namespaces", "cluster": name}}], [{"say": "Never."}])
        accepted = await sent(alice)
        await asyncio.wait_for(cluster.written.wait(), 10)
        complete = await stopped(alice, accepted.run_id)
    assert [call["status"] for call in complete["tool_calls"]] == ["cancelled"]
    assert not await in_database(Event.objects.filter(type="notice").exists)


async def test_while_it_waits_for_a_person(elsewhere, script, alice, tmp_path):
    async with SlowCluster() as cluster:
        name = await in_database(registered, cluster, tmp_path)
        script([{"wish": "namespace_create", "arguments": {"name": "made", "cluster": name}}], [{"say": "Never."}])
        accepted = await sent(alice)
        await status(accepted.run_id, "waiting")
        await stopped(alice, accepted.run_id)
        assert cluster.writes == []
    assert (await in_database(Approval.objects.get)).status == "void"
    assert not await in_database(Event.objects.filter(type="notice").exists)


async def test_while_it_is_queued_and_the_one_before_it_goes_on(elsewhere, script, alice, tmp_path):
    gate = tmp_path / "gate"
    script([{"say": "One. "}, {"wait": str(gate), "seconds": 60}, {"say": "Two."}])
    first = await sent(alice)
    await seen(first.run_id, "text_end")
    second = await sent(alice, "second", conversation_id=uuid.UUID(first.conversation_id))
    await stopped(alice, second.run_id)
    gate.touch()
    complete = await ended(first.run_id)
    assert (complete["outcome"], complete["message"]) == ("done", "One. \n\nTwo.")


# ---- what had already been done ----------------------------------------------------------------------------------


def called(claim: leases.Claim, *wished: tuple[str, str, str]) -> list[ToolCall]:
    made = [
        ToolCall(tool="k8s_scale", arguments={}, cluster="prod", effect=effect, intent=intent, status=state)
        for effect, intent, state in wished
    ]
    rounds.close_round(claim, made, Usage())
    return made


def done_notice(run_id: str) -> list[str]:
    notices = Event.objects.filter(run_id=run_id, type="notice").order_by("seq")
    return [event.data["text"] for event in notices if event.data["code"] == "already_done"]


@pytest.fixture
def claim(transactional_db, alice) -> leases.Claim:
    messages.send(alice, "change things")
    claim = leases.claim("here")
    rounds.start(claim, "scripted", "script")
    return claim


def test_what_was_changed_before_the_stop_is_said_in_one_sentence_before_the_end(claim, alice):
    scaled, read, hanging, failed, later = called(
        claim,
        ("CHANGE", "Scale frontend to 3", "wished"),
        ("READ", "List pods", "wished"),
        ("DESTROY", "Delete job report", "wished"),
        ("CHANGE", "Restart cart", "wished"),
        ("CHANGE", "Cordon node-1", "wished"),
    )
    calls.begin(claim, scaled, Grounds())
    calls.finish(claim, scaled, "completed", "scaled")
    calls.finish(claim, read, "completed", "2 pods")
    calls.finish(claim, failed, "failed", "conflict")
    calls.begin(claim, hanging, Grounds())
    runs.stop(alice, claim.run_id)
    runs.end(claim, "stopped")
    assert done_notice(claim.run_id) == [
        "Stopped, but this had already been done and stays: Scale frontend to 3 on prod (completed); "
        "Delete job report on prod (it is not known whether it took effect)."
    ]
    kinds = list(Event.objects.filter(run_id=claim.run_id).order_by("seq").values_list("type", flat=True))
    assert kinds[-2:] == ["notice", "complete"]
    later.refresh_from_db()
    assert later.status == "cancelled"


def test_a_run_that_changed_nothing_says_nothing_of_it(claim, alice):
    (read,) = called(claim, ("READ", "List pods", "wished"))
    calls.finish(claim, read, "completed", "2 pods")
    runs.end(claim, "stopped")
    assert done_notice(claim.run_id) == []


@pytest.mark.parametrize("outcome", ["done", "failed"])
def test_a_run_that_was_not_stopped_does_not_say_so(claim, outcome):
    (scaled,) = called(claim, ("CHANGE", "Scale frontend to 3", "wished"))
    calls.finish(claim, scaled, "completed", "scaled")
    runs.end(claim, outcome, error="It failed. Try again." if outcome == "failed" else "")
    assert done_notice(claim.run_id) == []


async def test_a_change_that_was_on_the_wire_is_waited_for_and_told(elsewhere, script, alice, tmp_path):
    async with SlowCluster() as cluster:
        name = await in_database(registered, cluster, tmp_path)
        script([{"wish": "namespace_create", "arguments": {"name": "made", "cluster": name}}], [{"say": "Never."}])
        accepted = await sent(alice)
        await status(accepted.run_id, "waiting")
        await in_database(approvals.decide, alice, (await in_database(Approval.objects.get)).pk, "approve")
        await asyncio.wait_for(cluster.written.wait(), 10)
        await in_database(runs.stop, alice, accepted.run_id)
        cluster.go.set()
        complete = await ended(accepted.run_id)
    assert complete["outcome"] == "stopped"
    (sentence,) = await in_database(done_notice, accepted.run_id)
    assert sentence.endswith(f"on {name} (completed).")
