"""The policy's own writes: who may, what is recorded, and that a change counts at once; grants end by themselves."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from chat import policy
from chat.actions import grants, people
from chat.actions import policy as actions
from chat.actions.grants import Wanted
from chat.errors import BadInput, Conflict, NotAllowed, NotFound
from chat.models import Run, ToolCall
from chat.policy import Supposed
from tools.effects import Effect
from tools.kube.guard import Asked
from tools.models import Cluster, Grant, PolicyChange, PolicyRule, ProductionNamespace
from tools.policy import book


@pytest.fixture
def root(db):
    return people.create("root", role="administrator")


@pytest.fixture
def cluster(db):
    return Cluster.objects.create(name="prod", server="https://127.0.0.1:1")


@pytest.fixture
def dora(db):
    return people.create("dora", role="viewer")


NO_DELETES = {"name": "no-deletes", "decision": "deny", "namespaces": ["vault"], "effects": ["DESTROY"]}
SHOP = Wanted("operator", "prod", "shop", 30, "the checkout is down")


def verdict(user, effect=Effect.DESTROY, namespace="vault", kind="pods", cluster="prod", token=""):
    return policy.what_if(user, Supposed(cluster, effect, kind, namespace, token))


# ---- rules -------------------------------------------------------------------------------------------------------


def test_a_rule_counts_from_its_commit_on_and_no_longer_than_it_stands(root, alice):
    assert verdict(alice).decision == "ask"
    first = policy.rules().version
    actions.save_rule(root, NO_DELETES)
    assert (verdict(alice).decision, verdict(alice).rule) == ("deny", "no-deletes")
    second = policy.rules().version
    actions.save_rule(root, NO_DELETES | {"enabled": False})
    assert verdict(alice).decision == "ask"
    actions.save_rule(root, NO_DELETES | {"persons": ["bob"]})
    assert verdict(alice).decision == "ask"
    actions.remove_rule(root, "no-deletes")
    assert len({first, second, policy.rules().version}) == 3
    assert book.version() == 4


def test_a_rule_of_a_built_in_ones_name_stands_in_its_place(root, alice):
    actions.save_rule(root, {"name": "changing", "decision": "ask", "namespaces": ["dev"], "effects": ["CHANGE"]})
    assert verdict(alice, Effect.CHANGE, "shop").rule == "nothing-matches"
    assert verdict(alice, Effect.CHANGE, "dev").decision == "ask"
    actions.remove_rule(root, "changing")
    assert verdict(alice, Effect.CHANGE, "shop").decision == "ask"
    with pytest.raises(NotFound, match="built-in"):
        actions.remove_rule(root, "changing")


def test_every_change_is_recorded_with_what_was_before(root, cluster):
    actions.save_rule(root, NO_DELETES)
    actions.save_rule(root, NO_DELETES | {"note": "ask the owners"})
    actions.remove_rule(root, "no-deletes")
    actions.mark_cluster(root, "prod", production=True, read_only=False, namespaces=["shop*"])
    told = [(change.version, change.what, change.by.username) for change in PolicyChange.objects.order_by("version")]
    rule = "rule no-deletes"
    assert told == [(1, rule, "root"), (2, rule, "root"), (3, rule, "root"), (4, "cluster prod", "root")]
    made, changed, removed, marked = PolicyChange.objects.order_by("version")
    assert made.before is None
    assert (changed.before["note"], changed.after["note"]) == ("", "ask the owners")
    assert removed.after is None
    assert marked.before == {"production": False, "read_only": False, "production_namespaces": []}
    assert marked.after == {"production": True, "read_only": False, "production_namespaces": ["shop*"]}


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "decision": "deny"},
        {"name": "a", "decision": "perhaps"},
        {"name": "a", "decision": "deny", "kinds": ["deployments"]},
        {"name": "a", "decision": "deny", "namespaces": ["*x"]},
        {"name": "a", "decision": "deny", "more": 1},
        {"name": "a", "decision": "deny", "note": "x" * 501},
    ],
)
def test_a_rule_that_does_not_fit_is_not_kept(root, fields):
    with pytest.raises(BadInput) as refused:
        actions.save_rule(root, fields)
    assert str(refused.value).startswith("The rule does not fit. ")
    assert not PolicyRule.objects.exists()
    assert not PolicyChange.objects.exists()


def test_a_rule_of_the_file_is_changed_in_the_file(root, alice, settings, tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nrules: [{name: no-deletes, decision: deny, effects: [DESTROY], clusters: ['p*']}]")
    settings.K8SMCP_POLICY = str(file)
    for deed in (lambda: actions.save_rule(root, NO_DELETES), lambda: actions.remove_rule(root, "no-deletes")):
        with pytest.raises(Conflict) as refused:
            deed()
        assert refused.value.code == "from_file"
    assert verdict(alice, namespace="shop").rule == "no-deletes"


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "auditor"])
def test_only_administrators_change_the_policy(db, cluster, role):
    somebody = people.create("somebody", role=role)
    for deed in (
        lambda: actions.save_rule(somebody, NO_DELETES),
        lambda: actions.remove_rule(somebody, "changing"),
        lambda: actions.mark_cluster(somebody, "prod", production=False, read_only=False, namespaces=[]),
        lambda: grants.give(somebody, "somebody", SHOP),
        lambda: grants.revoke(somebody, 1),
    ):
        with pytest.raises(NotAllowed):
            deed()
    assert not PolicyChange.objects.exists()


# ---- marks and roles ---------------------------------------------------------------------------------------------


def test_marks_narrow_at_once(root, alice, cluster):
    actions.mark_cluster(root, "prod", production=False, read_only=False, namespaces=["shop", "pay-*"])
    assert verdict(alice, Effect.CHANGE, "pay-eu").second_person
    assert not verdict(alice, Effect.CHANGE, "dev").second_person
    actions.mark_cluster(root, "prod", production=True, read_only=False, namespaces=[])
    assert verdict(alice, Effect.CHANGE, "dev").second_person
    assert not ProductionNamespace.objects.exists()
    actions.mark_cluster(root, "prod", production=True, read_only=True, namespaces=[])
    assert verdict(alice, Effect.CHANGE, "dev").rule == "read-only-prod"
    assert verdict(alice, Effect.READ, "dev").decision == "allow"
    assert policy.effects(alice) == {Effect.READ, Effect.SENSITIVE}


def test_a_role_says_what_somebody_may_do_at_all(db, dora, cluster):
    auditor = people.create("audrey", role="auditor")
    assert (verdict(dora).decision, verdict(dora).rule) == ("deny", "role")
    assert "may look, but not change anything" in verdict(dora).reason
    assert verdict(dora, Effect.READ).decision == "allow"
    assert verdict(auditor, Effect.READ).rule == "role"
    assert policy.effects(dora) == {Effect.READ, Effect.SENSITIVE}


def test_a_rule_for_tokens(root, alice):
    actions.save_rule(root, {"name": "by-hand", "decision": "deny", "tokens": ["write"], "effects": ["CHANGE"]})
    assert verdict(alice, Effect.CHANGE, token="write").rule == "by-hand"
    assert verdict(alice, Effect.CHANGE).decision == "ask"


@pytest.mark.parametrize(("kind", "namespace"), [("deployments", "a"), ("pods*", "a"), ("pods", "A b"), ("pods", "a*")])
def test_a_question_that_names_nothing_is_refused(alice, kind, namespace):
    with pytest.raises(BadInput):
        verdict(alice, kind=kind, namespace=namespace)


# ---- grants ------------------------------------------------------------------------------------------------------


def test_a_grant_lends_a_role_at_a_place_until_it_ends(root, dora, cluster):
    made = grants.give(root, "dora", SHOP)
    assert verdict(dora, Effect.CHANGE, "shop").decision == "ask"
    assert verdict(dora, Effect.DESTROY, "shop").decision == "ask"
    assert verdict(dora, Effect.CHANGE, "dev").rule == "role"
    assert verdict(dora, Effect.CHANGE, "", "nodes").rule == "role"
    assert verdict(dora, Effect.EXECUTE, "shop", "pods/exec").decision == "deny"
    assert Effect.CHANGE in policy.effects(dora)
    before = policy.rules().version
    Grant.objects.filter(pk=made.pk).update(until=Now())
    assert verdict(dora, Effect.CHANGE, "shop").rule == "role"
    assert policy.effects(dora) == {Effect.READ, Effect.SENSITIVE}
    assert policy.rules().version != before


def test_a_grant_ends_in_the_middle_of_a_call_as_well(root, dora, cluster):
    made = grants.give(root, "dora", SHOP)
    in_force = policy.rules()
    who = policy.asker(dora)
    question = who.question("prod", Effect.CHANGE, "pods", "shop")
    assert policy.judge(who, question, in_force).decision == "ask"
    held = [rule.until for rule in in_force.rules if rule.until]
    assert held == [made.until] * 2
    assert timedelta(minutes=29) < made.until - in_force.now() < timedelta(minutes=31)


def test_a_grant_is_taken_back_once_and_goes_with_its_maker(root, dora, cluster):
    made = grants.give(root, "dora", SHOP)
    grants.revoke(root, made.pk)
    assert verdict(dora, Effect.CHANGE, "shop").rule == "role"
    grants.revoke(root, made.pk)
    assert [change.what for change in PolicyChange.objects.all()] == [f"grant {made.pk}"] * 2
    other = people.create("second", role="administrator")
    grants.give(other, "dora", SHOP)
    assert verdict(dora, Effect.CHANGE, "shop").decision == "ask"
    other.is_active = False
    other.save()
    assert verdict(dora, Effect.CHANGE, "shop").rule == "role"


def test_a_grant_overrides_no_deny_and_lets_nobody_decide(root, dora, cluster):
    from chat.access import Right, rights

    grants.give(root, "dora", Wanted("operator", "prod", "", 5, "a look round"))
    actions.save_rule(root, NO_DELETES)
    assert verdict(dora).rule == "no-deletes"
    assert verdict(dora, Effect.CHANGE, "", "nodes").decision == "ask"
    assert Right.DECIDE_OWN not in rights(dora)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("administrator", "prod", "shop", 30, "why not"),
        Wanted("approver", "prod", "shop", 30, "why not"),
        Wanted("operator", "nowhere", "shop", 30, "why not"),
        Wanted("operator", "prod", "Shop", 30, "why not"),
        Wanted("operator", "prod", "shop", 0, "why not"),
        Wanted("operator", "prod", "shop", 24 * 60 + 1, "why not"),
        Wanted("operator", "prod", "shop", 30, "  "),
    ],
)
def test_a_grant_that_does_not_fit_is_not_given(root, dora, cluster, wanted):
    with pytest.raises(BadInput) as refused:
        grants.give(root, "dora", wanted)
    assert str(refused.value).endswith(".")
    assert not Grant.objects.exists()


def test_a_grant_is_for_somebody_who_is_there(root, cluster):
    people.create("audrey", role="auditor")
    with pytest.raises(NotFound):
        grants.give(root, "nobody", SHOP)
    with pytest.raises(BadInput):
        grants.give(root, "audrey", SHOP)


# ---- a plan ------------------------------------------------------------------------------------------------------


def test_a_plan_is_judged_by_its_strictest_step(root, alice, cluster):
    free = {"name": "free", "decision": "allow", "namespaces": ["shop"], "effects": ["CHANGE"]}
    actions.save_rule(root, free)
    actions.save_rule(root, {"name": "changing", "decision": "ask", "namespaces": ["dev"], "effects": ["CHANGE"]})
    call = ToolCall(run=Run(), cluster="prod", effect="CHANGE", arguments={})
    in_shop, in_dev, in_vault = (
        (Asked("patch", "apps", "deployments", "", place, "web"), Effect.CHANGE) for place in ("shop", "dev", "vault")
    )
    role = (Asked("patch", "rbac.authorization.k8s.io", "roles", "", "shop", "r"), Effect.CHANGE)
    for plan, decision, second in (
        ([], "allow", False),
        ([in_shop], "allow", False),
        ([in_shop, in_dev], "ask", False),
        ([in_shop, role, in_dev], "ask", True),
        ([in_dev, in_vault, role], "deny", False),
    ):
        found = policy.present(alice, call).of_plan(plan)
        assert (found.decision, found.second_person) == (decision, second)
