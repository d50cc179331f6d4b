"""Budgets and what was spent, on their page, over REST and in the admin: one's own, or everybody's for some."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from chat.actions import budgets, leases, messages, people, reservations, rounds, runs
from chat.actions.budgets import Wanted
from chat.agent.ports import Asking, Usage
from chat.errors import BadInput, NotAllowed, NotFound
from chat.models import Budget, Pot, Reservation

MODEL = "claude-sonnet-5-5"


@pytest.fixture
def root(db):
    return people.create("root", role="administrator")


@pytest.fixture
def auditor(db):
    return people.create("audrey", role="auditor")


@pytest.fixture
def spent(alice, bob):
    """alice: 2 calls of 300 tokens; bob: one of 40, of a model without a price, another day."""
    for person, model, usages in ((alice, MODEL, [Usage(200, 100)] * 2), (bob, "llama", [Usage(30, 10)])):
        messages.send(person, "hello")
        claim = leases.claim("here")
        rounds.start(claim, "anthropic", model)
        for usage in usages:
            reservations.settle_held(claim, reservations.reserve(claim, model, Asking(900, 90)), usage)
        runs.end(claim, "done")
    Reservation.objects.filter(person=bob).update(day=timezone.now().date() - timedelta(days=2))


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


# ---- setting them ------------------------------------------------------------------------------------------------


def test_an_administrator_sets_replaces_and_removes_a_budget(client, root, alice):
    client.force_login(root)
    form = {
        "scope": "person",
        "who": "alice",
        "window": "day",
        "tokens": "2,000,000",
        "dollars": "$2.50",
        "note": "new",
    }
    assert client.post("/budgets/set", form)["Location"] == "/budgets"
    client.post("/budgets/set", form | {"tokens": "", "dollars": "3"})
    made = Budget.objects.get()
    assert (made.who, made.tokens, made.micros, made.set_by) == ("alice", None, 3_000_000, root)
    html = client.get("/budgets").content.decode()
    assert "$3.00" in html
    assert f"/budgets/{made.pk}/removal" in html
    client.post(f"/budgets/{made.pk}/removal")
    assert not Budget.objects.exists()
    assert client.post(f"/budgets/{made.pk}/removal").status_code == 404


def test_a_budget_for_each_run_needs_no_stretch_of_time(client, root):
    client.force_login(root)
    client.post("/budgets/set", {"scope": "run", "window": "day", "tokens": "5"})
    assert Budget.objects.get().window == "run"


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "auditor"])
def test_nobody_else_sets_or_removes_one(client, db, role):
    person = people.create("somebody", role=role)
    client.force_login(person)
    made = Budget.objects.create(scope="person", window="day", tokens=1)
    assert client.post("/budgets/set", {"scope": "person", "window": "day", "tokens": "9"}).status_code == 403
    assert client.post(f"/budgets/{made.pk}/removal").status_code == 403
    assert "Set a budget" not in client.get("/budgets").content.decode()
    with pytest.raises(NotAllowed):
        budgets.put(person, Wanted("person", "day", tokens=9))
    assert Budget.objects.get().tokens == 1


@pytest.mark.parametrize(
    "fields",
    [{"scope": "planet"}, {"window": "year"}, {"window": "run"}, {"tokens": "many"}, {"tokens": "-1"},
     {"dollars": "-1"}, {"dollars": "x"}, {"dollars": "NaN"}, {"dollars": "1e99"}, {"who": "nobody"},
     {"scope": "everybody", "who": "alice"}, {"scope": "group", "who": "alice"}],
)  # fmt: skip
def test_what_is_no_budget_is_refused_with_a_sentence(client, root, alice, fields):
    client.force_login(root)
    answer = client.post("/budgets/set", {"scope": "person", "window": "day", "tokens": "1"} | fields)
    assert answer.status_code in (404, 422)
    assert not Budget.objects.exists()


def test_a_budget_that_comes_back_counts_what_was_spent_while_it_was_away(spent, root, alice):
    wanted = Wanted("person", "day", "alice", tokens=100_000)
    budgets.put(root, wanted)
    Pot.objects.update(spent_tokens=1)
    budgets.remove(root, Budget.objects.get().pk)
    budgets.put(root, wanted)
    messages.send(alice, "hello")
    claim = leases.claim("here")
    reservations.reserve(claim, MODEL, Asking(9, 9))
    assert Pot.objects.get(key__startswith="person/alice/").spent_tokens == 600


def test_bounds_are_checked_by_the_action_too(root):
    for wanted in (Wanted("person", "day", tokens=-1), Wanted("person", "day", micros=10**16), Wanted("run", "day")):
        with pytest.raises(BadInput):
            budgets.put(root, wanted)
    with pytest.raises(NotFound):
        budgets.put(root, Wanted("person", "day", "ghost", tokens=1))


# ---- seeing them -------------------------------------------------------------------------------------------------


def test_everybody_sees_their_own_and_what_binds_them(client, spent, alice, settings):
    settings.K8SMCP_BUDGET_TOKENS_PER_PERSON_DAY = 1_000
    client.force_login(alice)
    html = client.get("/budgets").content.decode()
    assert "600 of 1,000 spent" in html
    assert "400 left" in html
    assert "Spent by you" in html
    assert "llama" not in html
    assert "bob" not in html


@pytest.mark.parametrize("name", ["root", "auditor"])
def test_administrators_and_auditors_see_everybodys(client, spent, request, name):
    client.force_login(request.getfixturevalue(name))
    html = client.get("/budgets").content.decode()
    for piece in (
        "Spent by everybody",
        "llama",
        "bob",
        "alice",
        "By person",
        "unknown",
        "Everybody who spent something",
    ):
        assert piece in html


def test_bars_are_drawn_without_inline_styles(client, spent, alice, settings):
    settings.K8SMCP_BUDGET_TOKENS_PER_PERSON_DAY = 700
    client.force_login(alice)
    html = client.get("/budgets").content.decode()
    assert 'width="85.71"' in html
    assert "data-nearly" in html
    assert not re.search(r"\sstyle=|<script(?![^>]*src)", html)


def test_a_group_that_shares_is_shown_to_its_members(client, root, alice, bob):
    alice.groups.add(Group.objects.create(name="shop"))
    budgets.put(root, Wanted("group", "month", "shop", micros=5_000_000))
    client.force_login(alice)
    assert "Group shop" in client.get("/budgets").content.decode()
    client.force_login(bob)
    assert "Group shop" not in client.get("/budgets").content.decode()


# ---- over REST ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "name"), [("day", None), ("person", "alice"), ("model", MODEL)])
def test_usage_is_told_by_day_person_and_model(client, spent, alice, token_of, by, name):
    answer = client.get(f"/api/v1/usage?by={by}", headers=bearer(token_of(alice))).json()
    today = timezone.now().date().isoformat()
    assert answer["items"] == [
        {
            "name": name or today, "calls": 2, "tokens": 600, "cost": pytest.approx(0.0028), "uncounted": 0,
            "counts": {"input_tokens": 400, "output_tokens": 200, "cache_read_input_tokens": 0,
                       "cache_creation_input_tokens": 0},
        }
    ]  # fmt: skip
    assert (answer["until"], answer["everybody"]) == (today, False)


def test_auditors_read_everybodys_usage_and_a_cost_without_a_price_is_null(client, spent, auditor, token_of):
    answer = client.get("/api/v1/usage?by=person", headers=bearer(token_of(auditor))).json()
    assert {line["name"]: line["cost"] for line in answer["items"]} == {"alice": pytest.approx(0.0028), "bob": None}


def test_only_the_days_asked_for_are_told(client, spent, auditor, token_of):
    day = (timezone.now().date() - timedelta(days=2)).isoformat()
    answer = client.get(f"/api/v1/usage?from={day}&until={day}&by=model", headers=bearer(token_of(auditor))).json()
    assert [line["name"] for line in answer["items"]] == ["llama"]
    assert (answer["from"], answer["until"]) == (day, day)


@pytest.mark.parametrize(
    "query", ["by=planet", "from=yesterday", "from=2026-02-01&until=2026-01-01", "from=2001-01-01"]
)
def test_a_question_that_makes_no_sense_is_refused(client, alice, token_of, query):
    answer = client.get(f"/api/v1/usage?{query}", headers=bearer(token_of(alice)))
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]


def test_usage_is_for_people_who_are_signed_in(client, db):
    assert client.get("/api/v1/usage").status_code == 401


# ---- in the admin ------------------------------------------------------------------------------------------------


def test_auditors_read_every_call_in_the_admin_and_nobody_changes_one(client, spent, auditor):
    auditor.is_staff = True
    auditor.save()
    client.force_login(auditor)
    budget = Budget.objects.create(scope="person", window="day", tokens=1)
    for place, row in (("reservation", Reservation.objects.first()), ("budget", budget)):
        assert client.get(f"/admin/chat/{place}/").status_code == 200
        assert client.get(f"/admin/chat/{place}/add/").status_code == 403
        assert client.post(f"/admin/chat/{place}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
