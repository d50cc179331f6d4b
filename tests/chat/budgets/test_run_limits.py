"""How far a run may go: each limit at its end and one past it, with its sentence and its code."""

import asyncio
import json
import re
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from chat import standing
from chat.actions import approvals, leases, messages, rounds
from chat.agent.errors import LimitReached
from chat.agent.limits import Limits
from chat.agent.ports import Usage
from chat.asking import Question
from chat.budgets import run_limits
from chat.budgets.run_limits import Made, covered, judge
from chat.models import Approval, Event, Run, ToolCall
from tests.chat.test_runs import ended, sent
from tests.conftest import in_database

READ = ToolCall(tool="k8s_get", cluster="c", arguments={"name": "web"}, effect="READ")
WRITE = ToolCall(tool="k8s_scale", cluster="c", arguments={"name": "web"}, effect="CHANGE")
SENTENCE = re.compile(r"[A-Z].*\.$", re.DOTALL)


def made(call: ToolCall = READ, *, failed: bool = False, changes: int = 0, read: int = 0) -> Made:
    return Made(call.tool, call.cluster, dict(call.arguments), failed, changes, read)


def stopped(*, call: ToolCall, before: list[Made], code: str) -> None:
    with pytest.raises(LimitReached) as no:
        judge(call, before, Limits())
    assert no.value.code == code
    assert SENTENCE.match(str(no.value))


# ---- one call more -----------------------------------------------------------------------------------------------


def test_ten_changes_are_sent_and_not_eleven():
    assert judge(WRITE, [made(WRITE, changes=1)] * 9, Limits()) == ""
    stopped(call=WRITE, before=[made(WRITE, changes=1)] * 10, code="too_many_writes")
    stopped(call=WRITE, before=[made(WRITE, changes=4), made(WRITE, changes=6)], code="too_many_writes")
    assert judge(WRITE, [made(WRITE, changes=4)], Limits(), changes=6) == ""
    with pytest.raises(LimitReached, match=r"has sent 4 changes and was about to send 7 more, and 10 are allowed"):
        judge(WRITE, [made(WRITE, changes=4)], Limits(), changes=7)
    assert judge(READ, [made(WRITE, changes=1)] * 10, Limits()) == ""


def test_a_million_characters_are_read_and_not_one_call_more():
    assert judge(READ, [made(read=999_999)], Limits()) == ""
    stopped(call=READ, before=[made(read=999_999), made(read=1)], code="too_much_read")


@pytest.mark.parametrize("failures", [0, 1, 2, 3])
def test_a_call_that_failed_twice_is_not_made_a_third_time(failures):
    told = judge(READ, [made(failed=True)] * failures, Limits())
    assert bool(told) == (failures >= 2)
    assert not told or SENTENCE.match(told)


def test_what_failed_in_another_way_or_elsewhere_is_another_call():
    others = [
        made(ToolCall(tool="k8s_get", cluster="d", arguments=READ.arguments), failed=True),
        made(ToolCall(tool="k8s_get", cluster="c", arguments={"name": "api"}), failed=True),
        made(WRITE, failed=True),
        made(failed=False),
    ]
    assert judge(READ, others * 3, Limits()) == ""


async def test_a_model_that_insists_is_told_and_then_goes_on(crew, script, alice, demo):
    wish = {"wish": "k8s_get", "arguments": {"kind": "pods", "name": "nowhere"}}
    script([wish], [wish], [wish], [{"say": "I give up."}])
    complete = await ended((await sent(alice)).run_id)
    assert complete["outcome"] == "done"
    assert [call["status"] for call in complete["tool_calls"]] == ["failed", "denied", "denied"]
    first, *others = (call["result"] for call in complete["tool_calls"])
    assert all(told.startswith("Do not repeat this") and told.endswith(first) for told in others)


async def test_a_run_may_make_so_many_calls_and_not_one_more(crew, script, alice, settings):
    settings.K8SMCP_RUN_CALLS = 3
    for wishes, outcome in ((3, "done"), (4, "failed")):
        script(*[[{"wish": "clusters_list"}] for _ in range(wishes)], [{"say": "Enough."}])
        complete = await ended((await sent(alice)).run_id)
        assert (complete["outcome"], len(complete["tool_calls"])) == (outcome, 3)
    assert (await in_database(Event.objects.get, type="error")).data["code"] == "too_many_calls"


async def test_a_manifest_with_more_changes_than_a_run_may_send_sends_none(crew, script, alice, demo, settings):
    settings.K8SMCP_RUN_WRITES = 2
    names = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{n}"}} for n in range(3)]
    manifest = "---\n".join(json.dumps(each) + "\n" for each in names)
    script([{"wish": "k8s_apply", "arguments": {"manifest": manifest, "namespace": "shop"}}], [{"say": "Never."}])
    complete = await ended((await sent(alice)).run_id)
    assert (complete["outcome"], complete["tool_calls"][0]["status"]) == ("failed", "cancelled")
    assert (await in_database(Event.objects.get, type="error")).data["code"] == "too_many_writes"
    assert not await in_database(Approval.objects.exists)


# ---- one question more -------------------------------------------------------------------------------------------


@pytest.fixture
def claim(transactional_db, alice):
    messages.send(alice, "change it")
    claim = leases.claim("here")
    rounds.start(claim, "scripted", "script")
    return claim


def ask(claim, count: int, **fields) -> list[Approval]:
    calls = [ToolCall(tool="k8s_scale", cluster="c", arguments={"n": n}, effect="CHANGE") for n in range(count)]
    rounds.close_round(claim, calls, Usage())
    asked = [approvals.request(claim, call, "Scale it", Question({}, {}, "digest", "Because.")) for call in calls]
    Approval.objects.filter(pk__in=[each.pk for each in asked]).update(**fields) if fields else None
    return asked


def test_five_questions_wait_and_not_six(claim):
    ask(claim, 4)
    assert not run_limits.asks_enough(claim.run_id)
    (fifth,) = ask(claim, 1)
    assert run_limits.asks_enough(claim.run_id)
    approvals.decide(fifth.tool_call.run.message.author, fifth.pk, "reject")
    assert not run_limits.asks_enough(claim.run_id)


def test_a_person_is_asked_ten_times_a_minute_and_not_eleven(claim, alice):
    ask(claim, 9)
    assert standing.asks_too_often(alice) == ""
    ask(claim, 1)
    assert SENTENCE.match(standing.asks_too_often(alice))
    Approval.objects.update(requested_at=timezone.now() - timedelta(seconds=61))
    assert standing.asks_too_often(alice) == ""


async def test_a_run_that_asks_too_often_is_told_no_and_goes_on(crew, script, alice, demo, settings):
    settings.K8SMCP_MAX_APPROVALS_PER_MINUTE = 2
    names = [f"n-{uuid.uuid4().hex[:8]}" for _ in range(6)]
    script([{"wish": "namespace_create", "arguments": {"name": name}} for name in names], [{"say": "Enough."}])
    run_id = (await sent(alice)).run_id
    while (await in_database(Run.objects.get, pk=run_id)).status != "waiting":  # noqa: ASYNC110 - no bell for it
        await asyncio.sleep(0.02)
    waiting = await in_database(lambda: [each.pk for each in Approval.objects.all()])
    assert len(waiting) == 2
    for each in waiting:
        await in_database(approvals.decide, alice, each, "reject")
    complete = await ended(run_id)
    assert complete["outcome"] == "done"
    assert [call["status"] for call in complete["tool_calls"]] == ["denied"] * 6
    assert all("More than 2 approvals in a minute" in call["result"] for call in complete["tool_calls"][2:])
    assert await in_database(Approval.objects.count) == 2


# ---- minutes -----------------------------------------------------------------------------------------------------


def test_waiting_for_people_is_no_work_and_counts_once_however_many_questions_wait(claim):
    now = timezone.now()
    Run.objects.update(started_at=now - timedelta(minutes=60))
    for asked, since, until in zip(ask(claim, 3), (50, 45, 10), (20, 30, None), strict=True):
        decided = None if until is None else now - timedelta(minutes=until)
        times = {"requested_at": now - timedelta(minutes=since), "decided_at": decided}
        Approval.objects.filter(pk=asked.pk).update(**times)
    assert run_limits.worked(Run.objects.get(), now) == (60 - 30 - 10) * 60


def test_stretches_that_overlap_are_covered_once():
    start = timezone.now()
    t = [start + timedelta(seconds=n) for n in range(10)]
    assert covered([]) == 0
    assert covered([(t[4], t[6]), (t[0], t[3]), (t[1], t[2]), (t[5], t[9])]) == 3 + 5


async def test_a_run_that_has_worked_long_enough_ends(crew, script, alice, settings):
    settings.K8SMCP_RUN_MINUTES = 0.03
    script([{"say": "One. "}, {"say": "two " * 100, "chunks": 100, "delay": 0.2}])
    complete = await ended((await sent(alice)).run_id)
    assert complete["outcome"] == "failed"
    assert complete["message"].startswith("One. ")
    assert (await in_database(Event.objects.get, type="error")).data["code"] == "out_of_time"
