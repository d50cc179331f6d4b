"""The judge: a truth table, what is still open, and laws that hold for any rules in any order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.effects import Effect
from tools.policy import Question, Rule, Rules, granted, judge, judge_strictly
from tools.policy.matching import kind_matches
from tools.policy.ours import BUILT_IN, Mark, Switches, fixed

READ, SENSITIVE, CHANGE, DESTROY, EXECUTE = Effect
EVERYTHING_ON = Switches(execute=True)


def ask(effect=CHANGE, kind="deployments.apps", namespace="shop", cluster="prod", groups=("operator",), token=""):
    return Question("ann", frozenset(groups), cluster, effect, kind, namespace, token)


def rule(decision, name="r", **fields):
    sets = {key: frozenset(fields.pop(key)) for key in ("persons", "groups", "tokens", "effects") if key in fields}
    tuples = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    return Rule(name=name, decision=decision, **sets, **tuples)


def decided(question, *rules):
    return judge(question, Rules(tuple(rules))).decision


# ---- out of the box ----------------------------------------------------------------------------------------------

NAMESPACE_CHANGE = ask(CHANGE, "namespaces", "shop")
OUT_OF_THE_BOX = [
    # effect, kind, namespace, switches, marks → decision, rule, second person
    (READ, "pods", "shop", {}, (), "allow", "reading", False),
    (READ, "pods", "*", {}, (), "allow", "reading", False),
    (READ, "nodes", "", {}, (), "allow", "reading", False),
    (SENSITIVE, "pods/log", "shop", {}, (), "allow", "reading", False),
    (CHANGE, "deployments.apps", "shop", {}, (), "ask", "changing", False),
    (CHANGE, "pods", "shop", {}, (), "ask", "changing", False),
    (CHANGE, "namespaces", "", {}, (), "ask", "changing", False),
    (CHANGE, "namespaces", "shop", {}, (), "ask", "privileges-of-namespaces", True),
    (DESTROY, "pods", "shop", {}, (), "ask", "changing", False),
    (DESTROY, "pods/eviction", "shop", {}, (), "ask", "changing", False),
    (DESTROY, "pods/eviction", "shop", {}, (Mark("prod", production=True),), "ask", "production-prod", True),
    (DESTROY, "pods/eviction", "shop", {"read_only": True}, (), "deny", "read-only", False),
    (DESTROY, "nodes", "", {}, (), "ask", "changing", False),
    (DESTROY, "nodes", "", {}, (Mark("prod", production=True),), "ask", "production-prod", True),
    (EXECUTE, "pods/ephemeralcontainers", "shop", {}, (), "deny", "execute-off", False),
    (DESTROY, "widgets.example.org", "shop", {}, (), "ask", "changing", False),
    (EXECUTE, "pods/exec", "shop", {}, (), "deny", "execute-off", False),
    (EXECUTE, "pods/exec", "shop", {"execute": True}, (), "ask", "privileges", True),
    (EXECUTE, "pods/ephemeralcontainers", "shop", {"execute": True}, (), "ask", "privileges", True),
    (EXECUTE, "nodes/proxy", "", {"execute": True}, (), "ask", "privileges", True),
    (EXECUTE, "", None, {"execute": True}, (), "ask", "running-code", True),
    (CHANGE, "roles.rbac.authorization.k8s.io", "shop", {}, (), "ask", "privileges", True),
    (DESTROY, "clusterrolebindings.rbac.authorization.k8s.io", "", {}, (), "ask", "privileges", True),
    (CHANGE, "validatingwebhookconfigurations.admissionregistration.k8s.io", "", {}, (), "ask", "privileges", True),
    (CHANGE, "certificatesigningrequests/approval.certificates.k8s.io", "", {}, (), "ask", "privileges", True),
    (READ, "roles.rbac.authorization.k8s.io", "shop", {}, (), "allow", "reading", False),
    (READ, "?", "", {}, (), "allow", "reading", False),
    (CHANGE, "?", "", {}, (), "deny", "unknown-kind", False),
    (CHANGE, "pods", "shop", {"read_only": True}, (), "deny", "read-only", False),
    (READ, "pods", "shop", {"read_only": True}, (), "allow", "reading", False),
    (CHANGE, "pods", "shop", {}, (Mark("prod", read_only=True),), "deny", "read-only-prod", False),
    (CHANGE, "pods", "shop", {}, (Mark("staging", read_only=True),), "ask", "changing", False),
    (CHANGE, "pods", "shop", {}, (Mark("prod", production=True),), "ask", "production-prod", True),
    (READ, "pods", "shop", {}, (Mark("prod", production=True),), "allow", "reading", False),
    (CHANGE, "pods", "shop", {}, (Mark("pr*", namespaces=("sh*",)),), "ask", "production-pr*", True),
    (CHANGE, "pods", "dev", {}, (Mark("prod", namespaces=("shop",)),), "ask", "changing", False),
]


AT_A_SERVER = [
    # effect, kind, switches → decision, rule, second person
    (EXECUTE, "liar/unassigned.mcp", {}, "ask", "unassigned", True),
    (EXECUTE, "liar/unassigned.mcp", {"execute": True}, "ask", "unassigned", True),
    (EXECUTE, "liar/unassigned.mcp", {"read_only": True}, "deny", "read-only", False),
    (READ, "liar/unassigned.mcp", {}, "ask", "unassigned", True),
    (EXECUTE, "liar.mcp", {}, "deny", "execute-off", False),
    (EXECUTE, "liar.mcp", {"execute": True}, "ask", "running-code", True),
    (CHANGE, "liar.mcp", {}, "ask", "changing", False),
    (READ, "liar.mcp", {}, "allow", "reading", False),
]


@pytest.mark.parametrize(("effect", "kind", "switches", "decision", "name", "second"), AT_A_SERVER)
def test_out_of_the_box_at_another_server(effect, kind, switches, decision, name, second):
    rules = Rules(fixed(Switches(**switches), ()) + BUILT_IN)
    verdict = judge(ask(effect, kind, "", cluster="mcp:liar"), rules)
    assert (verdict.decision, verdict.rule, verdict.second_person) == (decision, name, second)
    assert verdict.reason.endswith(".")


def test_what_has_no_effect_is_let_through_by_no_rule_and_named_by_rules_of_people():
    closed, without = fixed(Switches(), ()), ask(EXECUTE, "liar/unassigned.mcp", "", cluster="mcp:liar")
    allowing = rule("allow", "all")
    assert judge(without, Rules((*closed, allowing, *BUILT_IN))).decision == "ask"
    assert judge(without, Rules((*closed, allowing, *BUILT_IN))).second_person
    assert decided(without, *closed) == "deny"
    lent = rule("ask", "grant-1", effects=[CHANGE, DESTROY], origin="grant", until=NOON)
    assert judge(without, at(NOON - timedelta(seconds=1), *closed, lent)).decision == "deny"
    for kind in ("*/unassigned.mcp", "liar/unassigned.mcp", "liar.mcp", "*.mcp"):
        assert decided(without, *closed, *BUILT_IN, rule("deny", kinds=[kind])) == "deny"


@pytest.mark.parametrize("cluster", ["prod", "", "mcp", "xmcp:liar"])
def test_no_cluster_has_what_counts_as_unassigned(cluster):
    """Whatever a cluster calls its kinds, commands stay switched off."""
    named_so = ask(EXECUTE, "liar/unassigned.mcp", "", cluster=cluster)
    assert judge(named_so, Rules(fixed(Switches(), ()) + BUILT_IN)).rule == "execute-off"


@pytest.mark.parametrize(
    ("effect", "kind", "namespace", "switches", "marks", "decision", "name", "second"),
    OUT_OF_THE_BOX,
    ids=[f"{row[0]} {row[1]} {row[2]} {row[3]} {len(row[4])} {row[6]}" for row in OUT_OF_THE_BOX],
)
def test_out_of_the_box(effect, kind, namespace, switches, marks, decision, name, second):
    rules = Rules(fixed(Switches(**switches), marks) + BUILT_IN)
    verdict = judge(ask(effect, kind, namespace), rules)
    assert (verdict.decision, verdict.rule, verdict.second_person) == (decision, name, second)
    assert verdict.reason.endswith(".")


def test_what_is_fixed_is_not_overridden_and_lets_nothing_through():
    allow = rule("allow", "all")
    closed = fixed(Switches(read_only=True), [Mark("prod", production=True)])
    assert decided(ask(), *closed, allow) == "deny"
    asking = fixed(Switches(), [Mark("prod", production=True)])
    assert decided(ask(), *asking, allow) == "ask"
    assert decided(ask(), *asking) == "deny"
    assert decided(ask(CHANGE, "roles.rbac.authorization.k8s.io"), *asking, allow) == "ask"


# ---- who, where, what --------------------------------------------------------------------------------------------

FIELDS = [
    ({"persons": ["ann"]}, True),
    ({"persons": ["bob"]}, False),
    ({"persons": ["bob"], "groups": ["operator"]}, True),
    ({"groups": ["viewer"]}, False),
    ({"tokens": ["read"]}, False),
    ({"clusters": ["prod"]}, True),
    ({"clusters": ["pro"]}, False),
    ({"clusters": ["pro*"]}, True),
    ({"clusters": ["*"]}, True),
    ({"clusters": ["staging", "prod"]}, True),
    ({"namespaces": ["shop"]}, True),
    ({"namespaces": ["sho"]}, False),
    ({"namespaces": ["sh*"]}, True),
    ({"namespaces": ["prod"]}, False),
    ({"kinds": ["deployments.apps"]}, True),
    ({"kinds": ["deployments"]}, False),
    ({"kinds": ["deploy*"]}, False),
    ({"kinds": ["deploy*.apps"]}, True),
    ({"kinds": ["deploy*.*"]}, True),
    ({"kinds": ["*.apps"]}, True),
    ({"kinds": ["*"]}, True),
    ({"kinds": ["*.app"]}, False),
    ({"effects": [CHANGE]}, True),
    ({"effects": [READ, DESTROY]}, False),
]


@pytest.mark.parametrize(("fields", "fits"), FIELDS, ids=str)
def test_a_rule_is_about_what_every_field_of_it_fits(fields, fits):
    assert decided(ask(), rule("allow", **fields)) == ("allow" if fits else "deny")
    assert decided(ask(), rule("deny", "d", **fields), rule("allow")) == ("deny" if fits else "allow")


def test_a_rule_for_tokens_is_about_what_comes_by_such_a_token():
    only_reading = rule("deny", tokens=["read", "write"], effects=[CHANGE])
    assert decided(ask(token="write"), only_reading, *BUILT_IN) == "deny"
    assert decided(ask(token=""), only_reading, *BUILT_IN) == "ask"


@pytest.mark.parametrize(
    ("pattern", "kind", "fits"),
    [
        ("pods", "pods", True),
        ("pods", "pods/exec", True),
        ("pods/exec", "pods", False),
        ("pods/exec", "pods/exec", True),
        ("pods/ex*", "pods/exec", True),
        ("pods/*", "pods/log", True),
        ("pods/*", "pods", False),
        ("pods", "pods.metrics.k8s.io", False),
        ("deployments.apps", "deployments/scale.apps", True),
        ("deployments/scale.apps", "deployments/scale.apps", True),
        ("*.apps", "pods", False),
        ("roles*.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io", False),
        ("role*.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io", True),
        ("*.*", "pods", True),
    ],
)
def test_kinds_are_matched_part_by_part(pattern, kind, fits):
    assert kind_matches(pattern, kind) is fits


def test_a_rule_about_namespaces_says_nothing_of_what_belongs_to_none():
    assert decided(ask(CHANGE, "nodes", ""), rule("allow", namespaces=["*"])) == "deny"
    assert decided(ask(CHANGE, "nodes", ""), rule("deny", namespaces=["*"]), rule("allow", "a")) == "allow"


# ---- all namespaces at once, and what is not known yet -------------------------------------------------------------


def test_all_namespaces_are_denied_when_one_of_them_is():
    secret = rule("deny", "not-there", namespaces=["vault"], effects=[READ])
    verdict = judge(ask(READ, "pods", "*"), Rules((secret, *BUILT_IN)))
    assert verdict.decision == "deny"
    assert verdict.rule == "not-there"
    assert "ask namespace by namespace" in verdict.reason
    assert "vault" in verdict.reason
    assert decided(ask(READ, "pods", "shop"), secret, *BUILT_IN) == "allow"
    pods_only = rule("deny", namespaces=["vault"], kinds=["pods"], effects=[READ])
    assert decided(ask(READ, "services", "*"), pods_only, *BUILT_IN) == "allow"


def test_all_namespaces_are_allowed_only_by_a_rule_for_all():
    assert decided(ask(READ, "pods", "*"), rule("allow", namespaces=["shop"])) == "deny"
    assert decided(ask(READ, "pods", "*"), rule("allow", namespaces=["*"])) == "allow"
    assert decided(ask(READ, "pods", "*"), rule("allow", namespaces=["*"]), rule("ask", "q", namespaces=["a"])) == "ask"


def test_a_first_look_is_kind_and_the_strict_one_is_not():
    open_place = ask(CHANGE, "", None)
    rules = Rules((rule("deny", "d", namespaces=["vault"]), rule("allow", "a", namespaces=["shop"])))
    assert judge(open_place, rules).decision == "allow"
    assert judge_strictly(open_place, rules).decision == "deny"
    asks_somewhere = Rules((rule("ask", namespaces=["shop"]),))
    assert judge(open_place, asks_somewhere).decision == "ask"
    assert judge(ask(CHANGE, "", None, cluster=""), Rules((rule("deny"), rule("allow")))).decision == "deny"


# ---- grants ------------------------------------------------------------------------------------------------------

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(moment, *rules):
    return Rules(tuple(rules), now=lambda: moment)


def test_a_grant_lets_through_until_its_time_and_overrides_no_deny():
    lent = rule("ask", "grant-1", persons=["ann"], namespaces=["shop"], effects=[CHANGE], origin="grant", until=NOON)
    before, after = NOON - timedelta(seconds=1), NOON
    assert judge(ask(), at(before, lent)).rule == "grant-1"
    assert judge(ask(), at(after, lent)).decision == "deny"
    assert granted(ask(), at(before, lent))
    assert granted(ask(namespace=None), at(before, lent))
    assert not granted(ask(namespace="dev"), at(before, lent))
    assert not granted(ask(), at(after, lent))
    assert judge(ask(), at(before, lent, rule("deny", "d"))).decision == "deny"
    assert judge(ask(), at(before, lent, rule("allow", "a"))).decision == "allow"


# ---- laws --------------------------------------------------------------------------------------------------------

WIDTH = {"deny": 0, "ask": 1, "allow": 2}
NAMESPACES = ["shop", "shop-dev", "vault"]
KINDS = ["pods", "pods/exec", "deployments.apps", "nodes"]


def some(values, most=2):
    return st.lists(st.sampled_from(values), max_size=most, unique=True)


@st.composite
def rules_(draw):
    decision = draw(st.sampled_from(["allow", "ask", "deny"]))
    return Rule(
        name=draw(st.sampled_from("abcdef")),
        decision=decision,
        persons=frozenset(draw(some(["ann", "bob"]))),
        groups=frozenset(draw(some(["operator", "viewer"]))),
        tokens=frozenset(draw(some(["read", "write"], 1))),
        clusters=tuple(draw(some(["prod", "pr*", "dev", "*"]))),
        namespaces=tuple(draw(some(["shop", "shop*", "vault", "*"]))),
        kinds=tuple(draw(some(["pods", "pods/exec", "*.apps", "deployments.apps", "*"]))),
        effects=frozenset(draw(some(list(Effect), 3))),
        second_person=decision == "ask" and draw(st.booleans()),
        unassigned=draw(st.sampled_from([None, None, True, False])),
        origin=draw(st.sampled_from(["portal", "file", "fixed", "grant"])),
    )


@st.composite
def questions(draw, namespaces=(*NAMESPACES, "", "*", None), kinds=(*KINDS, "", "?"), clusters=("prod", "dev", "")):
    return Question(
        person=draw(st.sampled_from(["ann", "bob"])),
        groups=frozenset(draw(some(["operator", "viewer"]))),
        cluster=draw(st.sampled_from(clusters)),
        effect=draw(st.sampled_from(list(Effect))),
        kind=draw(st.sampled_from(kinds)),
        namespace=draw(st.sampled_from(namespaces)),
        token=draw(st.sampled_from(["", "read", "write"])),
    )


KNOWN = questions(namespaces=(*NAMESPACES, ""), kinds=KINDS, clusters=("prod", "dev"))
MANY = st.lists(rules_(), max_size=7)


def width(question, rules, how=judge):
    return WIDTH[how(question, Rules(tuple(rules))).decision]


@settings(max_examples=300, deadline=None)
@given(questions(), MANY, st.randoms())
def test_the_order_of_the_rules_never_matters(question, rules, random):
    shuffled = list(rules)
    random.shuffle(shuffled)
    before, after = judge(question, Rules(tuple(rules))), judge(question, Rules(tuple(shuffled)))
    assert (before.decision, before.rule, before.second_person) == (after.decision, after.rule, after.second_person)


@settings(max_examples=300, deadline=None)
@given(KNOWN, MANY, st.integers(0, 7))
def test_a_deny_that_fits_wins_wherever_it_stands(question, rules, place):
    denying = Rule(name="no", decision="deny")
    assert width(question, [*rules[:place], denying, *rules[place:]]) == 0


@settings(max_examples=300, deadline=None)
@given(questions(), MANY, rules_(), st.booleans())
def test_another_deny_never_widens(question, rules, another, strictly):
    how = judge_strictly if strictly else judge
    denying = Rule(**{name: getattr(another, name) for name in Rule.__slots__} | {"decision": "deny"})
    assert width(question, [*rules, denying], how) <= width(question, rules, how)


@settings(max_examples=300, deadline=None)
@given(questions(), MANY, rules_())
def test_another_allow_never_overrides_a_deny(question, rules, another):
    allowing = Rule(**{name: getattr(another, name) for name in Rule.__slots__} | {"decision": "allow"})
    before = judge(question, Rules(tuple(rules)))
    after = judge(question, Rules((*rules, allowing)))
    assert WIDTH[after.decision] >= WIDTH[before.decision]
    if before.decision == "deny" and before.rule not in ("nothing-matches", "unknown-kind"):
        assert (after.decision, after.rule) == (before.decision, before.rule)


@settings(max_examples=300, deadline=None)
@given(KNOWN, MANY)
def test_what_is_open_is_never_judged_less_kindly_than_it_turns_out_nor_more_strictly(question, rules):
    for left_open in (
        {"namespace": None},
        {"kind": ""},
        {"cluster": ""},
        {"namespace": None, "kind": "", "cluster": ""},
    ):
        fields = {name: getattr(question, name) for name in Question.__slots__} | left_open
        vague = Question(**fields)
        assert width(vague, rules, judge_strictly) <= width(question, rules) <= width(vague, rules)


@settings(max_examples=300, deadline=None)
@given(questions(namespaces=("",), kinds=("liar.mcp", "liar/unassigned.mcp"), clusters=("mcp:liar",)), MANY)
def test_nor_is_what_is_open_at_another_server(question, rules):
    vague = Question(**{name: getattr(question, name) for name in Question.__slots__} | {"kind": ""})
    assert width(vague, rules, judge_strictly) <= width(question, rules) <= width(vague, rules)


@settings(max_examples=300, deadline=None)
@given(questions(namespaces=NAMESPACES, kinds=KINDS, clusters=("prod", "dev")), MANY)
def test_all_namespaces_at_once_are_never_wider_than_any_one(question, rules):
    fields = {name: getattr(question, name) for name in Question.__slots__}
    assert width(Question(**fields | {"namespace": "*"}), rules) <= width(question, rules)
