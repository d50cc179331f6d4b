"""Every run ends in exactly one `complete`, whatever happens, and what it leaves is whole."""

import asyncio
import json
import uuid
from datetime import timedelta

import pytest
from aiohttp import web
from django.db import DataError, OperationalError, connection
from django.utils import timezone

from chat import hop, launch
from chat.actions import approvals, leases, messages, rounds, runs
from chat.agent.ports import Usage
from chat.asking import Question
from chat.errors import RunOver
from chat.models import Approval, Event, Run, ToolCall
from tests.chat.sockets import Client
from tests.conftest import in_database
from tests.faults.silent_cluster import SilentCluster
from tools import clusters


@pytest.fixture
def token(transactional_db, alice, token_of):
    return token_of(alice)


async def ended(run_id: str, patience: float = 15) -> dict:
    """The run's one terminal event, with everything checked that must hold of any ended run."""
    async with asyncio.timeout(patience):
        while not (await in_database(Run.objects.get, pk=run_id)).ended:  # noqa: ASYNC110 - rows change without a bell
            await asyncio.sleep(0.02)
    return await in_database(_whole, run_id)


def _whole(run_id: str) -> dict:
    events = list(Event.objects.filter(run_id=run_id).order_by("seq"))
    kinds = [event.type for event in events]
    assert kinds.count("complete") == 1
    assert kinds[-1] == "complete"
    complete = events[-1].data
    assert kinds.count("error") == (complete["outcome"] in ("failed", "lost"))
    started = [event.data["tool_call_id"] for event in events if event.type == "tool_call_start"]
    finished = [event.data["tool_call_id"] for event in events if event.type == "tool_call_end"]
    assert sorted(started) == sorted(finished)
    assert len(complete["tool_calls"]) == len(started)
    blocks = [event.data["block"] for event in events if event.type in ("text_end", "thinking_end")]
    assert blocks == list(range(len(blocks)))
    assert not Approval.objects.filter(tool_call__run_id=run_id, status="pending").exists()
    run = Run.objects.get(pk=run_id)
    assert run.open_block is None
    assert run.ended_at is not None
    return complete


async def sent(alice, text: str = "hello", **more) -> messages.Accepted:
    return await in_database(messages.send, alice, text, **more)


async def seen(run_id: str, kind: str) -> None:
    async with asyncio.timeout(10):
        while not await in_database(Event.objects.filter(run_id=run_id, type=kind).exists):  # noqa: ASYNC110 - rows change without a bell
            await asyncio.sleep(0.02)


# ---- failures ----------------------------------------------------------------------------------------------------


async def test_the_model_refuses(crew, script, alice):
    script([{"say": "So far so "}, {"fail": "The key is wrong. Set another one.", "code": "authentication"}])
    complete = await ended((await sent(alice)).run_id)
    assert complete["outcome"] == "failed"
    assert complete["message"] == "So far so "
    error = await in_database(Event.objects.get, type="error")
    assert error.data["error"] == "The key is wrong. Set another one."
    assert error.data["scope"] == "run"


async def test_a_script_that_cannot_be_read_is_an_honest_failure(crew, alice, settings, tmp_path):
    (tmp_path / "broken.json").write_text("{")
    settings.K8SMCP_PROVIDER, settings.K8SMCP_SCRIPT = "scripted", str(tmp_path / "broken.json")
    complete = await ended((await sent(alice)).run_id)
    assert complete["outcome"] == "failed"
    assert "went wrong" in (await in_database(Event.objects.get, type="error")).data["error"]


async def test_a_provider_that_breaks_in_the_middle_keeps_what_was_said(crew, script, alice):
    script([{"say": "Before. "}, {"say": 5}])
    complete = await ended((await sent(alice)).run_id)
    assert complete["outcome"] == "failed"
    assert complete["message"] == "Before. "


async def test_a_model_without_end_meets_the_limit(crew, script, alice):
    script(*[[{"wish": "clusters_list"}] for _ in range(200)])
    complete = await ended((await sent(alice)).run_id, patience=60)
    assert complete["outcome"] == "failed"
    assert (await in_database(Event.objects.get, type="error")).data["code"] == "too_many_rounds"


@pytest.mark.parametrize(
    "wish",
    [
        {"wish": "no_such_tool", "arguments": {"a": 1}},
        {"wish": "k8s_list", "arguments": {"kind": 7}},
        {"wish": "k8s_list", "arguments": {"kind": "pods", "cluster": "moon"}},
        {"wish": "n" * 300, "arguments": {"cluster": "c" * 2000}},
        {"wish": "nul\x00tool", "arguments": {"nul\x00": "a\x00b\ud800", "cluster": "\x00"}},
        {"wish": "k8s_get", "arguments": {"kind": "pods", "name": "\x00", "namespace": "\ud800"}},
    ],
    ids=["unknown", "misfit", "no cluster", "endless", "unstorable", "unstorable value"],
)
async def test_a_wish_that_cannot_be_met_is_told_to_the_model_and_the_run_goes_on(crew, script, alice, wish):
    script([wish], [{"say": "I see."}])
    complete = await ended((await sent(alice)).run_id)
    assert complete["outcome"] == "done"
    assert [call["status"] for call in complete["tool_calls"]] == ["failed"]
    assert complete["tool_calls"][0]["result"].endswith((".", "?"))


async def test_words_no_database_can_hold_are_mended_and_seen_by_all(crew, script, token):
    script([{"think": "\x00hm\ud800", "chunks": 3}, {"say": "a\x00b\udfffc" * 9, "chunks": 9}])
    async with Client(token) as client:
        await client.send("hello")
        complete = await client.until("complete")
    assert complete["data"]["outcome"] == "done"
    assert complete["data"]["message"] == "a\ufffdb\ufffdc" * 9
    live = "".join(frame["data"]["text"] for frame in client.frames if frame["type"] == "text")
    assert live == complete["data"]["message"]


# ---- stopped -----------------------------------------------------------------------------------------------------


async def test_stopped_while_queued(transactional_db, alice):
    accepted = await sent(alice)
    await in_database(runs.stop, alice, accepted.run_id)
    assert (await ended(accepted.run_id))["outcome"] == "stopped"
    assert await in_database(leases.claim, "somebody") is None


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.1, 0.3])
async def test_stopped_while_it_speaks_keeps_what_was_said(crew, script, alice, delay):
    script([{"think": "hm " * 20, "chunks": 20, "delay": 0.01}, {"say": "word " * 200, "chunks": 200, "delay": 0.02}])
    accepted = await sent(alice)
    await asyncio.sleep(delay)
    await in_database(runs.stop, alice, accepted.run_id)
    complete = await ended(accepted.run_id, patience=5)
    assert complete["outcome"] == "stopped"
    assert ("word " * 200).startswith(complete["message"])


async def test_stopped_while_a_tool_reads(crew, script, alice, tmp_path):
    async with SlowCluster(reads=True) as cluster:
        name = await in_database(registered, cluster, tmp_path)
        script([{"wish": "k8s_list", "arguments": {"kind": "namespaces", "cluster": name}}], [{"say": "Never."}])
        accepted = await sent(alice)
        await asyncio.wait_for(cluster.written.wait(), 10)
        await in_database(runs.stop, alice, accepted.run_id)
        complete = await ended(accepted.run_id, patience=5)
    assert complete["outcome"] == "stopped"
    assert [call["status"] for call in complete["tool_calls"]] == ["cancelled"]


async def test_stopped_while_a_change_is_on_the_wire_the_truth_is_recorded(crew, script, alice, tmp_path):
    """However often the run is told to stop: the cluster's answer is waited for and kept."""
    async with SlowCluster() as cluster:
        name = await in_database(registered, cluster, tmp_path)
        script([{"wish": "namespace_create", "arguments": {"name": "made", "cluster": name}}], [{"say": "Never."}])
        accepted = await sent(alice)
        await seen(accepted.run_id, "approval_requested")
        approval = await in_database(Approval.objects.get)
        await in_database(approvals.decide, alice, approval.pk, "approve")
        await asyncio.wait_for(cluster.written.wait(), 10)
        for _ in range(3):
            await in_database(runs.stop, alice, accepted.run_id)
            await asyncio.sleep(1.1)
        assert not (await in_database(Run.objects.get, pk=accepted.run_id)).ended
        cluster.go.set()
        complete = await ended(accepted.run_id)
    assert complete["outcome"] == "stopped"
    assert [call["status"] for call in complete["tool_calls"]] == ["completed"]
    assert len(cluster.writes) == 1


async def test_what_was_approved_does_not_begin_after_a_stop(transactional_db, script, alice, demo):
    """The yes and the Stop both came while no process drove the run."""
    name = f"n-{uuid.uuid4().hex[:8]}"
    script([{"wish": "namespace_create", "arguments": {"name": name}}], [{"say": "Never."}])
    accepted = await sent(alice)
    launch.begin()
    await seen(accepted.run_id, "approval_requested")
    await status(accepted.run_id, "waiting")
    await launch.end()
    await in_database(approvals.decide, alice, (await in_database(Approval.objects.get)).pk, "approve")
    await in_database(runs.stop, alice, accepted.run_id)
    launch.begin()
    try:
        complete = await ended(accepted.run_id)
    finally:
        await launch.end()
    assert complete["outcome"] == "stopped"
    assert [call["status"] for call in complete["tool_calls"]] == ["cancelled"]
    assert (await in_database(ToolCall.objects.get)).started_at is None


async def status(run_id: str, wanted: str) -> None:
    async with asyncio.timeout(10):
        while (await in_database(Run.objects.get, pk=run_id)).status != wanted:  # noqa: ASYNC110 - rows change without a bell
            await asyncio.sleep(0.02)


def asked(alice) -> tuple[messages.Accepted, leases.Claim, ToolCall]:
    """A run whose process has asked a person, and has not parked yet."""
    accepted = messages.send(alice, "make it")
    claim = leases.claim("here")
    rounds.start(claim, "scripted", "script")
    call = ToolCall(tool="namespace_create", arguments={"name": "x"}, cluster="c", effect="CHANGE")
    rounds.close_round(claim, [call], Usage())
    approvals.request(claim, call, "Create x", Question({}, {}, "digest", "Because."))
    return accepted, claim, call


async def test_a_stop_just_before_the_run_parks_is_not_forgotten(transactional_db, alice):
    accepted, claim, _ = await in_database(asked, alice)
    await in_database(runs.stop, alice, accepted.run_id)
    await in_database(runs.park, claim)
    assert (await ended(accepted.run_id))["outcome"] == "stopped"


async def test_a_decision_just_before_the_run_parks_is_not_forgotten(transactional_db, alice):
    _, claim, call = await in_database(asked, alice)
    approval = await in_database(Approval.objects.get, tool_call=call)
    await in_database(approvals.decide, alice, approval.pk, "reject")
    await in_database(runs.park, claim)
    assert (await in_database(leases.claim, "there")).run_id == claim.run_id


# ---- processes that die ------------------------------------------------------------------------------------------


def _dies(owner: str) -> leases.Claim:
    claim = leases.claim(owner)
    rounds.start(claim, "scripted", "script")
    said = {"kind": "text", "block": Event.objects.filter(type="text_end").count(), "text": "as far as"}
    leases.renew_all(owner, {claim: said})
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    return claim


async def test_a_run_that_ends_every_process_is_given_up_as_lost(transactional_db, script, alice):
    accepted = await sent(alice)
    for n in range(rounds.MOST_TAKEOVERS + 1):
        await in_database(_dies, f"process {n}")
    script([{"say": "Never."}])
    launch.begin()
    try:
        complete = await ended(accepted.run_id)
    finally:
        await launch.end()
    assert complete["outcome"] == "lost"
    assert complete["message"].count("as far as") == rounds.MOST_TAKEOVERS + 1
    assert (await in_database(Event.objects.get, type="error")).data["code"] == "lost"


async def test_a_stopped_run_of_a_dead_process_is_not_begun_again(transactional_db, alice):
    accepted = await sent(alice)
    claim = await in_database(_dies, "here")
    await in_database(runs.stop, alice, accepted.run_id)
    again = await in_database(leases.claim, "there")
    with pytest.raises(RunOver) as over:
        await in_database(rounds.start, again, "scripted", "script")
    assert over.value.outcome == "stopped"
    assert (again.run_id, again.taken_over) == (claim.run_id, True)


async def test_leaving_gives_the_run_back_and_another_process_ends_it(transactional_db, script, alice, tmp_path):
    gate = tmp_path / "gate"
    script([{"say": "One. "}, {"wait": str(gate), "seconds": 20}, {"say": "Two."}])
    accepted = await sent(alice)
    launch.begin()
    await seen(accepted.run_id, "text_end")
    await launch.end()
    assert not (await in_database(Run.objects.get, pk=accepted.run_id)).ended
    gate.touch()
    launch.begin()
    try:
        complete = await ended(accepted.run_id)
    finally:
        await launch.end()
    assert complete["outcome"] == "done"
    assert complete["message"] == "One. \n\nOne. \n\nTwo."


@pytest.fixture
def one_thread(monkeypatch):
    """All hops of those who drive runs in one thread, so that a fault can be laid there."""
    hop._threads.cache_clear()
    monkeypatch.setattr(hop, "THREADS", 1)
    yield
    hop._threads.cache_clear()


async def test_a_database_fault_in_the_middle_ends_no_run(one_thread, crew, script, alice):
    """The process gives the run up, and whoever looks next goes on with it."""
    script([{"say": "One."}])
    fault = await hop.in_database(_Unanswered)("text_end")
    accepted = await sent(alice)
    complete = await ended(accepted.run_id)
    assert (complete["outcome"], complete["message"], fault.times) == ("done", "One.", 0)
    notices = await in_database(lambda: [event.data["code"] for event in Event.objects.filter(type="notice")])
    assert notices == ["taken_over"]


async def test_what_the_database_will_never_take_ends_the_run_at_once(one_thread, crew, script, alice):
    """Another process would fare no better."""
    script([{"say": "One."}])
    await hop.in_database(_Unanswered)("text_end", DataError)
    complete = await ended((await sent(alice)).run_id)
    assert complete["outcome"] == "failed"
    assert (await in_database(Event.objects.get, type="error")).data["code"] == "internal"


class _Unanswered:
    """The next statement that writes an event of that type fails, once, in the thread that makes this."""

    def __init__(self, kind: str, fault: type[Exception] = OperationalError) -> None:
        self.kind, self.fault, self.times = kind, fault, 1
        connection.execute_wrappers.append(self)

    def __call__(self, execute, sql, params, many, context):
        if self.times and sql.startswith('INSERT INTO "chat_event"') and self.kind in params:
            self.times -= 1
            connection.execute_wrappers.remove(self)
            raise self.fault("the server closed the connection unexpectedly")
        return execute(sql, params, many, context)


# ---- queued messages ---------------------------------------------------------------------------------------------


async def test_a_message_during_a_run_is_queued_and_answered_after_it(crew, script, alice, tmp_path):
    gate = tmp_path / "gate"
    script(
        stories=[
            {"when": "first", "rounds": [[{"say": "One. "}, {"wait": str(gate), "seconds": 10}, {"say": "Two."}]]},
            {"when": "second", "rounds": [[{"say": "Three."}]]},
            {"when": "third", "rounds": [[{"say": "Four."}]]},
        ]
    )
    first = await sent(alice, "first")
    name = uuid.UUID(first.conversation_id)
    await seen(first.run_id, "text_end")
    second = await sent(alice, "second", conversation_id=name)
    third = await sent(alice, "third", conversation_id=name)
    assert (await in_database(Run.objects.get, pk=second.run_id)).status == "queued"
    gate.touch()
    told = [(await ended(accepted.run_id))["message"] for accepted in (first, second, third)]
    assert told == ["One. \n\nTwo.", "Three.", "Four."]
    ends = await in_database(lambda: list(Event.objects.filter(type="complete").values_list("data", flat=True)))
    assert [data["run_id"] for data in ends] == [first.run_id, second.run_id, third.run_id]


# ---- a cluster that takes its time -------------------------------------------------------------------------------


class SlowCluster(SilentCluster):
    """Answers a write (or, `reads`, a list) once `go` is set; `written` when the request has arrived."""

    def __init__(self, *, reads: bool = False) -> None:
        super().__init__()
        self.reads, self.go = reads, asyncio.Event()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.reads and request.path == "/api/v1/namespaces":
            self.written.set()
            await self.go.wait()
        if request.method == "GET" or request.query.get("dryRun") == "All":
            return await super()._answer(request)
        self.writes.append((request.method, request.path))
        self.written.set()
        await self.go.wait()
        made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "made", "uid": "1"}}
        return web.Response(status=201, text=json.dumps(made), content_type="application/json")


def registered(cluster: SlowCluster, folder) -> str:
    return clusters.register(cluster.kubeconfig(folder))[0].name


async def test_a_run_may_be_handed_on_any_number_of_times(transactional_db, script, alice):
    """A rolling restart is no accident: it never makes a run lost."""
    accepted = await sent(alice)
    for n in range(2 * rounds.MOST_TAKEOVERS):
        claim = await in_database(leases.claim, f"process {n}")
        await in_database(rounds.start, claim, "scripted", "script")
        await in_database(leases.release, claim)
    script([{"say": "Here I am."}])
    launch.begin()
    try:
        complete = await ended(accepted.run_id)
    finally:
        await launch.end()
    assert (complete["outcome"], complete["message"]) == ("done", "Here I am.")
    codes = await in_database(
        lambda: [data["code"] for data in Event.objects.filter(type="notice").values_list("data", flat=True)]
    )
    assert set(codes) == {"handed_over"}
