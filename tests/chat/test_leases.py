"""Who may write for a run: one claim wins, an old one writes nothing, and a conversation has one active run."""

import importlib
import inspect
import pkgutil
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from chat import actions
from chat.actions import approvals, calls, changes, leases, messages, queue, reservations, rounds, runs
from chat.actions.leases import Claim
from chat.agent.ports import Asking, Memo, Usage
from chat.asking import Question
from chat.audit.calls import Grounds
from chat.errors import LeaseLost, RunOver
from chat.models import Approval, Event, Pot, Reservation, Run, ToolCall
from tools.kube.guard import clock
from tools.kube.sending import Sending, from_plain


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What each of `count` threads brought; exceptions are brought too."""
    barrier = threading.Barrier(count)

    def one(n: int) -> Any:
        barrier.wait(20)
        try:
            return work(n)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        begun = [pool.submit(one, n) for n in range(count)]
    return [each.exception() or each.result() for each in begun]


@pytest.fixture
def run(transactional_db, alice) -> Run:
    return Run.objects.get(pk=messages.send(alice, "hello").run_id)


def expire() -> None:
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def test_of_many_that_claim_at_once_one_wins(run):
    claims = at_once(8, lambda n: leases.claim(f"process {n}"))
    won = [claim for claim in claims if claim is not None]
    assert [type(claim) for claim in won] == [Claim]
    run.refresh_from_db()
    assert (run.status, run.lease_epoch, run.attempt) == ("running", 1, 1)
    assert run.owner == f"process {claims.index(won[0])}"


def test_of_many_that_take_over_at_once_one_wins(run):
    leases.claim("dead")
    expire()
    won = [claim for claim in at_once(8, lambda n: leases.claim(f"process {n}")) if claim is not None]
    assert [(claim.epoch, claim.taken_over) for claim in won] == [(2, True)]


def test_many_runs_are_shared_out_and_none_is_driven_twice(transactional_db, alice):
    for n in range(6):
        messages.send(alice, f"question {n}")

    def all_it_gets(n: int) -> list[str]:
        return [claim.run_id for claim in iter(lambda: leases.claim(f"process {n}"), None)]

    got = [run_id for mine in at_once(4, all_it_gets) for run_id in mine]
    while (late := leases.claim("late")) is not None:  # a claimer that lost a race may leave one for the next look
        got.append(late.run_id)
    assert sorted(got) == sorted(str(pk) for pk in Run.objects.values_list("pk", flat=True))


def test_a_lease_that_stands_is_not_claimed(run):
    assert leases.claim("first") is not None
    assert leases.claim("second") is None


WRITES: dict[str, Callable[[Claim, ToolCall], Any]] = {
    "start": lambda claim, call: rounds.start(claim, "scripted", "script"),
    "close_block": lambda claim, call: rounds.close_block(claim, "text", 0, "late"),
    "notice": lambda claim, call: rounds.notice(claim, "late", "Late."),
    "close_round": lambda claim, call: rounds.close_round(claim, [ToolCall(tool="late", arguments={})], Usage()),
    "begin": lambda claim, call: calls.begin(claim, call, Grounds()),
    "begin_approved": lambda claim, call: calls.begin_approved(claim, call, "digest", Grounds()),
    "announce": lambda claim, call: calls.announce(claim, call, Sending("delete", "/p", "pod web in shop")),
    "finish": lambda claim, call: calls.finish(claim, call, "completed", "late"),
    "refuse": lambda claim, call: calls.refuse(claim, call, "denied", "late", None),
    "compact": lambda claim, call: rounds.compact(claim, Memo(findings="late"), Usage()),
    "request": lambda claim, call: approvals.request(claim, call, "Late", Question({}, {}, "digest", "Because.")),
    "void": lambda claim, call: approvals.void(claim, Approval(tool_call=call), "Late"),
    "finish_change": lambda claim, call: changes.finish_change(claim, call, (), "completed", "late"),
    "reserve": lambda claim, call: reservations.reserve(claim, "claude-late", Asking(10, 10)),
    "settle_held": lambda claim, call: reservations.settle_held(claim, Reservation.objects.get(), Usage(1, 1)),
    "take": lambda claim, call: queue.take(claim),
    "park": lambda claim, call: runs.park(claim),
    "end": lambda claim, call: runs.end(claim, "done"),
}


NOT_WRITES = {
    "hold",
    "hold_to_go_on",
    "release",
    "stopping",
}  # the check, and what changes nothing for a stranger


def test_the_table_has_every_action_of_a_claim():
    """Whoever writes for a run takes a Claim first; one that is not in the table is not known to check it."""
    modules = [
        importlib.import_module(f"chat.actions.{found.name}") for found in pkgutil.iter_modules(actions.__path__)
    ]
    found = {
        name
        for module in modules
        for name, action in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_") and action.__annotations__.get("claim") is Claim
    }
    assert found - NOT_WRITES == set(WRITES)


def rows() -> list[Any]:
    return [list(model.objects.values()) for model in (Run, Event, ToolCall, Reservation, Pot)]


def called(claim: Claim) -> ToolCall:
    rounds.start(claim, "scripted", "script")
    call = ToolCall(tool="k8s_list", arguments={}, cluster="c", effect="READ")
    rounds.close_round(claim, [call], Usage())
    reservations.reserve(claim, "claude-early", Asking(10, 10))
    author = Run.objects.select_related("message__author").get(pk=claim.run_id).message.author
    queued = messages.send(author, "and this", conversation_id=uuid.UUID(claim.conversation_id))
    queue.steer(author, queued.message_id)
    return call


@pytest.mark.parametrize("name", WRITES)
def test_the_holder_of_an_old_lease_writes_nothing(run, name):
    old = leases.claim("old")
    call = called(old)
    expire()
    leases.claim("new")
    before = rows()
    with pytest.raises(LeaseLost):
        WRITES[name](old, call)
    assert rows() == before


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_written_for_a_run_that_has_ended(run, name):
    claim = leases.claim("old")
    call = called(claim)
    runs.end(claim, "done")
    before = rows()
    with pytest.raises(LeaseLost):
        WRITES[name](claim, call)
    assert rows() == before


def test_releasing_lets_the_next_one_take_it_at_once(run):
    first = leases.claim("first")
    leases.release(first)
    second = leases.claim("second")
    assert (second.run_id, second.epoch, second.taken_over) == (first.run_id, 2, True)
    leases.release(first)  # too late: it is not the first one's any more
    assert leases.claim("third") is None


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_machine_whose_clock_is_wrong_takes_nothing_over_and_loses_nothing(run, monkeypatch, minutes):
    right = timezone.now
    first = leases.claim("first")
    monkeypatch.setattr(timezone, "now", lambda: right() + timedelta(minutes=minutes))
    assert leases.claim("second") is None
    assert leases.renew_all("first", {first: None}) == {first}
    monkeypatch.setattr(timezone, "now", right)
    assert leases.claim("second") is None
    leases.release(first)
    assert leases.claim("second") is not None


def test_a_lease_renewed_between_the_look_and_the_claim_stands(run):
    """Whoever is late, but alive, keeps the run."""
    first = leases.claim("first")
    expire()
    (seen,) = leases.claimable()
    assert leases.renew_all("first", {first: None}) == {first}
    assert leases.take(seen, "second") is None
    assert leases.renew_all("first", {first: None}) == {first}


def test_a_run_that_nobody_drives_any_more_is_not_kept_from_others(run, alice):
    """Its drive gave up, for example because the database was away too long; its process drives something else."""
    given_up = leases.claim("first")
    messages.send(alice, "elsewhere")
    driven = leases.claim("first")
    expire()
    assert leases.renew_all("first", {driven: None}) == {driven}
    assert leases.claim("second").run_id == given_up.run_id


def test_a_change_begins_once(run):
    claim = leases.claim("first")
    rounds.start(claim, "scripted", "script")
    change, look = (
        ToolCall(tool=tool, arguments={}, cluster="c", effect=effect)
        for tool, effect in (("k8s_delete", "DESTROY"), ("k8s_list", "READ"))
    )
    rounds.close_round(claim, [change, look], Usage())
    calls.begin(claim, change, Grounds())
    calls.begin(claim, look, Grounds())
    calls.begin(claim, look, Grounds())
    with pytest.raises(LeaseLost):
        calls.begin(claim, change, Grounds())


def test_what_is_about_to_leave_is_kept_in_order(run):
    claim = leases.claim("first")
    call = called(claim)
    calls.begin(claim, call, Grounds())
    assert ToolCall.objects.get().sent == []
    for path in ("/a", "/b"):
        until = calls.announce(claim, call, Sending("patch", path, path))
        assert clock() < until < clock() + leases.LEASE.total_seconds()
    call.refresh_from_db()
    assert [row["path"] for row in call.sent] == ["/a", "/b"]
    ago = timezone.now() - from_plain(call.sent[1]).at
    assert abs(ago.total_seconds()) < 5
    runs.stop(run.conversation.owner, str(run.pk))
    with pytest.raises(RunOver):
        calls.announce(claim, call, Sending("patch", "/c", "/c"))
    calls.finish(claim, call, "completed", "Done.")
    assert len(ToolCall.objects.get().sent) == 2


def test_a_renewed_lease_outlives_its_time(run):
    claim = leases.claim("first")
    expire()
    block = {"kind": "text", "block": 0, "text": "as far as"}
    assert leases.renew_all("first", {claim: block}) == {claim}
    assert leases.claim("second") is None
    run.refresh_from_db()
    assert run.open_block == block


def test_a_pulse_that_comes_too_late_renews_nothing_and_keeps_nothing(run):
    old = leases.claim("first")
    expire()
    new = leases.claim("second")
    expire()
    block = {"kind": "text", "block": 0, "text": "late"}
    assert leases.renew_all("first", {old: block}) == set()
    run.refresh_from_db()
    assert run.open_block is None
    assert run.lease_until < timezone.now()
    assert leases.renew_all("second", {new: None}) == {new}


def test_a_process_that_took_a_run_over_from_itself_keeps_only_its_newer_claim(run):
    old = leases.claim("first")
    expire()
    new = leases.claim("first")
    block = {"kind": "text", "block": 0, "text": "late"}
    assert leases.renew_all("first", {old: block, new: None}) == {new}
    run.refresh_from_db()
    assert run.open_block is None


def test_a_conversation_has_one_active_run_and_the_others_wait_their_turn(run, alice):
    name = run.conversation_id
    later = [messages.send(alice, f"question {n}", conversation_id=name).run_id for n in range(3)]
    other = messages.send(alice, "elsewhere").run_id
    first = leases.claim("a")
    assert first.run_id == str(run.pk)
    assert leases.claim("b").run_id == other
    assert leases.claim("c") is None
    taken = []
    while len(taken) < 3:
        runs.end(first, "done")
        first = leases.claim("a")
        taken.append(first.run_id)
    assert taken == later


def test_a_waiting_run_keeps_its_conversation_to_itself(run, alice):
    claim = leases.claim("a")
    call = called(claim)
    approvals.request(claim, call, "Really?", Question({}, {}, "digest", "Because."))
    runs.park(claim)
    messages.send(alice, "and this?", conversation_id=run.conversation_id)
    assert leases.claim("b") is None
    runs.stop(alice, str(run.pk))
    assert leases.claim("b") is not None


def test_of_two_messages_accepted_at_once_the_first_numbered_is_answered_first(run, alice):
    """Clocks of two processes differ; the journal's order is the order."""
    runs.stop(alice, str(run.pk))
    first = messages.send(alice, "first", conversation_id=run.conversation_id)
    second = messages.send(alice, "second", conversation_id=run.conversation_id)
    Run.objects.filter(pk=second.run_id).update(created_at=timezone.now() - timedelta(minutes=1))
    assert leases.claim("a").run_id == first.run_id


def test_a_block_that_was_closed_meanwhile_is_not_kept_as_open(run):
    claim = leases.claim("first")
    rounds.close_block(claim, "text", 0, "All of it.")
    leases.renew_all("first", {claim: {"kind": "text", "block": 0, "text": "All of"}})
    run.refresh_from_db()
    assert run.open_block is None
    leases.renew_all("first", {claim: {"kind": "text", "block": 1, "text": "And"}})
    run.refresh_from_db()
    assert run.open_block["block"] == 1


def test_a_crew_for_one_run_takes_no_other(transactional_db, alice):
    """A question at a terminal does not drive what others have asked."""
    others = [messages.send(alice, "hello").run_id for _ in range(2)]
    mine = messages.send(alice, "mine").run_id
    (named,) = leases.claimable(mine)
    assert leases.take(named, "terminal").run_id == mine
    assert leases.claimable(mine) == []
    assert [leases.take(run, "portal").run_id for run in leases.claimable()] == others
