"""Money and tokens are set aside before a call and settled after it; spend never exceeds a budget."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.actions import leases, messages, reservations, rounds, runs
from chat.actions.leases import Claim
from chat.agent.errors import LimitReached
from chat.agent.ports import Asking, Usage
from chat.errors import RunOver
from chat.models import Budget, Event, Pot, Reservation, Run

MODEL = "claude-sonnet-5-5"  # 2 dollars in, 10 out, 2.50 to write the cache
OWN = reservations.BY_ITSELF
CALL = Asking(1_000, 500)
HELD = 1_000 + OWN + 500


@pytest.fixture(autouse=True)
def no_budgets(settings):
    for scope in ("RUN", "PERSON_DAY", "DAY"):
        setattr(settings, f"K8SMCP_BUDGET_TOKENS_PER_{scope}", 0)
        setattr(settings, f"K8SMCP_BUDGET_MICROS_PER_{scope}", 0)


@pytest.fixture
def run(transactional_db, alice) -> Callable[..., Claim]:
    """`run(person)`: a run that this process has claimed and begun."""

    def begin(person=alice) -> Claim:
        messages.send(person, "hello")
        claim = leases.claim("here")
        assert claim is not None
        rounds.start(claim, "anthropic", MODEL)
        return claim

    return begin


def budget(scope: str, window: str, tokens: int | None = None, micros: int | None = None, who: str = "") -> None:
    Budget.objects.create(scope=scope, window=window, tokens=tokens, micros=micros, who=who)


def reserve(claim: Claim, asking: Asking = CALL, model: str = MODEL) -> Reservation:
    return reservations.reserve(claim, model, asking)


def spend(claim: Claim, usage: Usage | None, asking: Asking = CALL) -> None:
    reservations.settle_held(claim, reserve(claim, asking), usage)


def pot(key: str) -> tuple[int, int]:
    """Tokens spent, and held."""
    return Pot.objects.values_list("spent_tokens", "held_tokens").get(key__startswith=key)


# ---- what a request can have at most -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asking", "most"),
    [
        (Asking(1_400, 500), 300 + 400),  # 400 bytes more than the last, which had 300 tokens
        (Asking(1_400, 500, grown=1_400), 300 + 400),
        (Asking(900, 500, grown=1_400), 300 + 400),  # shortened: what was added counts, what was taken away does not
        (Asking(600, 500, grown=1_400), 600),  # no text has more tokens than bytes
        (Asking(900, 500), 900),  # another conversation than it was: nothing is known of it
    ],
)
def test_a_request_has_at_most_the_last_ones_tokens_and_the_bytes_that_were_added(run, asking, most):
    claim = run()
    spend(claim, Usage(300, 20))
    assert reserve(claim, asking).held_tokens == most + OWN + 500


# ---- at the limit, and one past it -------------------------------------------------------------------------------

SCOPES = [("run", "run"), ("person", "day"), ("person", "month"), ("everybody", "day"), ("everybody", "month")]


@pytest.mark.parametrize(("scope", "window"), SCOPES)
def test_the_last_tokens_of_a_budget_can_be_had_and_not_one_more(run, scope, window):
    claim = run()
    budget(scope, window, tokens=HELD)
    assert reserve(claim).held_tokens == HELD
    with pytest.raises(
        LimitReached, match=r"^The model was not asked: the budget of .*administrator can raise it"
    ) as no:
        reserve(claim, Asking(1, 0))
    assert (no.value.code, no.value.temporary) == ("budget", scope != "run")
    assert Reservation.objects.count() == 1


@pytest.mark.parametrize(("scope", "window"), SCOPES)
def test_the_last_money_of_a_budget_can_be_had_and_not_a_millionth_more(run, scope, window):
    most = 5 * (1_000 + OWN) // 2 + 10 * 500
    budget(scope, window, micros=most - 1)
    with pytest.raises(LimitReached, match=r"budget of .*\$0\.\d{4}"):
        reserve(run())
    Budget.objects.update(micros=most)
    assert reserve(run()).held_micros == most


def test_a_refused_call_takes_nothing_out_of_the_other_pots(run):
    budget("run", "run", tokens=10 * HELD)
    budget("everybody", "day", tokens=HELD - 1)
    with pytest.raises(LimitReached):
        reserve(run())
    assert not Pot.objects.exclude(held_tokens=0).exists()


def test_a_budget_of_nought_lets_nothing_through(run):
    budget("person", "day", tokens=0)
    with pytest.raises(LimitReached):
        reserve(run(), Asking(0, 0))


def test_without_a_budget_everything_is_counted_and_nothing_refused(run):
    spend(run(), Usage(70, 30), Asking(10**9, 10**9))
    assert not Pot.objects.exists()
    assert Reservation.objects.get().tokens == 100


# ---- whose budget ------------------------------------------------------------------------------------------------


def test_a_budget_that_names_somebody_stands_in_the_place_of_the_general_one(run, alice, bob):
    budget("person", "day", tokens=HELD)
    budget("person", "day", tokens=3 * HELD, who="alice")
    mine, theirs = run(alice), run(bob)
    for _ in range(3):
        reserve(mine)
    reserve(theirs)
    for claim in (mine, theirs):
        with pytest.raises(LimitReached):
            reserve(claim)


def test_one_that_names_somebody_without_bounds_frees_them(run, bob):
    budget("person", "day", tokens=0)
    budget("person", "day", who="bob")
    reserve(run(bob))
    with pytest.raises(LimitReached):
        reserve(run())


def test_a_group_shares_its_pot_and_strangers_have_none_of_it(run, alice, bob, charlie):
    team = Group.objects.create(name="shop")
    alice.groups.add(team)
    bob.groups.add(team)
    budget("group", "day", tokens=2 * HELD, who="shop")
    reserve(run(alice))
    reserve(run(bob))
    with pytest.raises(LimitReached, match="the group shop for a day"):
        reserve(run(alice))
    reserve(run(charlie))


def test_the_settings_hold_where_the_table_says_nothing(run, settings):
    settings.K8SMCP_BUDGET_TOKENS_PER_PERSON_DAY = HELD - 1
    with pytest.raises(LimitReached, match="alice for a day"):
        reserve(run())
    budget("person", "day", tokens=HELD)
    reserve(run())


def test_a_budget_set_in_the_middle_of_the_day_knows_what_was_spent_before_it(run):
    claim = run()
    spend(claim, None)
    held = reserve(claim)
    budget("person", "day", tokens=3 * HELD - 1)
    with pytest.raises(LimitReached):
        reserve(claim)
    budget("everybody", "day", tokens=10**6)
    reserve(claim, Asking(10, 10))
    assert pot("everybody")[0] == HELD + held.held_tokens


# ---- what a call may take ----------------------------------------------------------------------------------------


def test_a_first_request_has_no_more_tokens_than_bytes_and_a_later_one_than_what_was_added(run):
    claim = run()
    assert reserve(claim, Asking(40_000, 10)).held_tokens == 40_000 + OWN + 10
    spend(claim, Usage(2_000, 5, 7_000, 1_000), Asking(40_000, 10))
    assert reserve(claim, Asking(40_600, 10)).held_tokens == 10_000 + 600 + OWN + 10
    assert reserve(claim, Asking(39_000, 10)).held_tokens == 39_000 + OWN + 10  # it has shrunk: another request
    assert reserve(claim, Asking(40_600, 10), "claude-opus-5").held_tokens == 40_600 + OWN + 10


def test_a_model_without_a_price_is_counted_at_the_dearest_and_its_cost_is_told_as_unknown(run):
    claim = run()
    budget("everybody", "day", micros=50 * 500)
    with pytest.raises(LimitReached):
        reserve(claim, model="llama-4")
    Budget.objects.all().delete()
    reservations.settle_held(claim, reserve(claim, model="llama-4"), Usage(10, 10))
    runs.end(claim, "done")
    assert Event.objects.get(type="complete").data["cost"] is None


# ---- what it did cost --------------------------------------------------------------------------------------------


def test_what_was_held_is_given_back_and_what_was_used_is_spent(run):
    claim = run()
    budget("person", "day", tokens=10**6)
    held = reserve(claim)
    assert pot("person") == (0, HELD)
    rounds.close_round(claim, [], Usage(300, 20), held, Usage(300, 20))
    assert pot("person") == (320, 0)
    runs.end(claim, "done")
    assert Event.objects.get(type="complete").data["cost"] == (300 * 2 + 20 * 10) / 1_000_000


def test_what_nobody_knows_is_spent_in_full(run):
    claim = run()
    budget("person", "day", tokens=10**6)
    spend(claim, None)
    assert pot("person") == (HELD, 0)
    row = Reservation.objects.get()
    assert (row.known, row.tokens, row.micros) == (False, HELD, row.held_micros)


def test_settling_twice_counts_once(run):
    claim = run()
    budget("person", "day", tokens=10**6)
    held = reserve(claim)
    reservations.settle_held(claim, held, Usage(1, 1))
    reservations.settle_held(claim, held, None)
    assert pot("person") == (2, 0)


def test_a_takeover_settles_what_the_dead_process_had_set_aside(run):
    budget("person", "day", tokens=10**6)
    dead = run()
    reserve(dead)
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    claim = leases.claim("another")
    rounds.start(claim, "anthropic", MODEL)
    assert pot("person") == (HELD, 0)
    assert reserve(claim).epoch == 2


@pytest.mark.parametrize("outcome", ["done", "failed", "stopped", "lost"])
def test_nothing_of_an_ended_run_stays_set_aside(run, outcome):
    budget("run", "run", tokens=10**6)
    claim = run()
    reserve(claim)
    runs.end(claim, outcome, error="It broke." if outcome in ("failed", "lost") else "")
    assert Reservation.objects.exclude(settled_at=None).get().tokens == HELD
    assert Event.objects.get(type="complete").data["cost"] > 0


def test_a_stopped_run_asks_no_more(run, alice):
    claim = run()
    runs.stop(alice, claim.run_id)
    with pytest.raises(RunOver):
        reserve(claim)


def test_a_call_belongs_to_the_day_it_began(run, monkeypatch):
    budget("person", "day", tokens=2 * HELD)
    claim = run()
    moment = [datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)]
    monkeypatch.setattr(timezone, "now", lambda: moment[0])
    first = reserve(claim)
    moment[0] += timedelta(seconds=2)
    second = reserve(claim)
    reservations.settle_held(claim, first, Usage(5, 5))
    reservations.settle_held(claim, second, Usage(50, 50))
    assert pot("person/alice/2026-11-30") == (10, 0)
    assert pot("person/alice/2026-12-01") == (100, 0)


# ---- told in time ------------------------------------------------------------------------------------------------


def test_once_most_of_a_budget_is_spent_the_run_is_told_once(run):
    claim = run()
    budget("person", "day", tokens=100_000)
    spend(claim, Usage(79_999, 0))
    reserve(claim, Asking(10, 10))
    assert not Event.objects.filter(type="notice").exists()
    reservations.settle_held(claim, Reservation.objects.get(settled_at=None), Usage(1, 0))
    reserve(claim, Asking(10, 10))
    reserve(claim, Asking(10, 10))
    told = Event.objects.get(type="notice").data
    assert told["code"] == "budget_nearly"
    assert told["text"].startswith("80 % of the budget of alice for a day (100,000 tokens) are spent.")


def test_once_most_of_the_budget_of_a_run_is_spent_it_is_told_once(run):
    claim = run()
    budget("run", "run", tokens=100_000)
    for spent in (79_999, 1, 1, 1):
        spend(claim, Usage(spent, 0), Asking(10, 10))
    told = Event.objects.get(type="notice").data
    assert told["text"].startswith("80 % of the budget of this run (100,000 tokens) are spent.")
    assert not Pot.objects.exists()


# ---- races -------------------------------------------------------------------------------------------------------


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    barrier = threading.Barrier(len(works))

    def one(work: Callable[[], Any]) -> Any:
        barrier.wait(20)
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        begun = [pool.submit(one, work) for work in works]
    return [each.exception() or each.result() for each in begun]


def test_of_many_runs_that_want_the_last_tokens_as_many_get_them_as_there_are(run, alice, bob):
    budget("everybody", "day", tokens=3 * HELD)
    budget("person", "day", tokens=2 * HELD)
    claims = [run(person) for person in (alice, bob) * 4]
    got = at_once([lambda claim=claim: reserve(claim) for claim in claims])
    assert sum(isinstance(each, Reservation) for each in got) == 3
    assert {type(each) for each in got} == {Reservation, LimitReached}
    assert pot("everybody") == (0, 3 * HELD)


def test_pots_that_begin_at_once_wait_for_each_other_in_one_order(run, alice, bob):
    """As at midnight, when nobody's day has a pot yet: no run may fail because another one's first call came too."""
    budget("everybody", "day", tokens=100 * HELD)
    budget("person", "day", tokens=100 * HELD)
    claims = [run(person) for person in (alice, bob) * 4]
    for _ in range(30):
        Reservation.objects.all().delete()
        Pot.objects.all().delete()
        got = at_once([lambda claim=claim: reserve(claim) for claim in claims])
        assert {type(each) for each in got} == {Reservation}, got
        assert pot("everybody") == (0, len(claims) * HELD)


def test_whatever_happens_at_once_no_budget_is_exceeded_and_pots_agree_with_the_calls(run, alice, bob):
    budget("everybody", "day", tokens=12 * HELD)
    budget("person", "day", tokens=8 * HELD)
    claims = [run(person) for person in (alice, bob) * 3]

    def works(claim: Claim, usage: Usage | None) -> None:
        for _ in range(6):
            spend(claim, usage)

    usages = [None, Usage(900, 300), Usage(10, 10)] * 2
    at_once([lambda c=claim, u=usage: works(c, u) for claim, usage in zip(claims, usages, strict=True)])
    for scope, most in (("everybody", 12), ("person/alice", 8), ("person/bob", 8)):
        spent, held = pot(scope)
        assert spent <= most * HELD, scope
        assert held == 0
    assert sum(Reservation.objects.values_list("tokens", flat=True)) == pot("everybody")[0]


# ---- what it costs us --------------------------------------------------------------------------------------------


def test_a_call_costs_few_queries(run):
    """One hop to set aside and one to settle, which the end of a round makes anyway."""
    for scope, window in SCOPES:
        budget(scope, window, tokens=10**9)
    claim = run()
    spend(claim, Usage(1, 1))
    with CaptureQueriesContext(connection) as reserving:
        held = reserve(claim)
    with CaptureQueriesContext(connection) as settling:
        reservations.settle_held(claim, held, Usage(1, 1))
    assert len(_asked(reserving)) <= 7
    assert len(_asked(settling)) <= 4


def _asked(queries: CaptureQueriesContext) -> list[str]:
    return [each["sql"] for each in queries if each["sql"].split()[0] in ("SELECT", "UPDATE", "INSERT", "DELETE")]
