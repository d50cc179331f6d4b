"""Policy by file: a strict shape, the place of what is wrong, and the last good file while it is broken."""

import os
import time

import pytest

from k8smcp.checks import the_policy_file_can_be_read
from tools.effects import Effect
from tools.policy import Question, book, judge
from tools.policy.file import BadPolicy, Watched, read

GOOD = """
version: 1
rules:
  - name: no-deletes-in-payments
    decision: deny
    clusters: [prod-*]
    namespaces: [payments]
    effects: [DESTROY]
    note: "Talk to the payments team"
  - name: changing
    decision: ask
    second_person: true
    groups: [operator]
    effects: [CHANGE, DESTROY]
  - {name: reading, decision: allow, enabled: false}
clusters:
  - cluster: prod-*
    production: true
    production_namespaces: [shop]
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "policy.yaml"


def write(file, text):
    file.write_text(text)
    stamp = time.time_ns() + write.later
    write.later += 10**9
    os.utime(file, ns=(stamp, stamp))


write.later = 0


def test_a_file_becomes_rules_and_marks(file):
    write(file, GOOD)
    held = read(file)
    assert [rule.name for rule in held.rules] == ["no-deletes-in-payments", "changing"]
    assert held.rules[0].effects == {Effect.DESTROY}
    assert held.rules[0].origin == "file"
    assert held.switched_off == {"reading"}
    assert (held.marks[0].cluster, held.marks[0].production, held.marks[0].namespaces) == ("prod-*", True, ("shop",))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "valid dictionary"),
        ("rules: []", "version"),
        ("version: 2", "version"),
        ("version: 1\nrule: []", "rule: there is no such field"),
        ("version: 1\nrules: [{name: a, decision: deny, namespace: [x]}]", "rules.0.namespace: there is no such field"),
        ("version: 1\nrules: [{name: a, decision: maybe}]", "rules.0.decision"),
        ("version: 1\nrules: [{name: A B, decision: deny}]", "rules.0.name"),
        ("version: 1\nrules: [{name: a, decision: deny, effects: [DELETE]}]", "rules.0.effects.0"),
        ("version: 1\nrules: [{name: a, decision: deny, kinds: [deployments]}]", "write its group too"),
        ("version: 1\nrules: [{name: a, decision: deny, kinds: [deploy*]}]", "write its group too"),
        ("version: 1\nrules: [{name: a, decision: deny, namespaces: ['a*b']}]", "cannot be a namespace"),
        ("version: 1\nrules: [{name: a, decision: deny, clusters: ['*prod']}]", "is no pattern"),
        ("version: 1\nrules: [{name: a, decision: deny, tokens: [root]}]", "is no scope"),
        ("version: 1\nrules: [{name: a, decision: allow, second_person: true}]", "second person is for rules that ask"),
        ("version: 1\nrules: [{name: a, decision: deny}, {name: a, decision: allow}]", "more than once"),
        ("version: 1\nrules: [{name: a, decision: deny, decision: allow}]", "stands twice"),
        ("version: 1\nrules: [", "is not YAML, line"),
        ("version: 1\nrules: !!python/object:os.system [x]", "is not YAML"),
        ("version: 1\n? [a, b]\n: c", ""),
        ("version: 1\nrules: &r [{name: a, decision: deny}, *r]", ""),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(file, text, told):
    write(file, text)
    with pytest.raises(BadPolicy) as refused:
        read(file)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_breaks_leaves_the_last_good_one_and_says_so(file):
    watched = Watched(file)
    with pytest.raises(BadPolicy):
        watched.now()
    write(file, GOOD)
    good = watched.now()
    assert watched.problem == ""
    write(file, "version: 1\nrules: [")
    assert watched.now() == good
    assert "is not YAML" in watched.problem
    file.unlink()
    assert watched.now() == good
    assert "cannot be read" in watched.problem
    write(file, "version: 1")
    assert watched.now().rules == ()
    assert watched.problem == ""


def question(effect, namespace="payments", cluster="prod-1"):
    return Question("ann", frozenset({"operator"}), cluster, effect, "pods", namespace)


def test_the_files_rules_are_in_force_as_soon_as_it_is_written(db, settings, file):
    write(file, "version: 1")
    settings.K8SMCP_POLICY = str(file)
    before = book.rules()
    assert judge(question(Effect.DESTROY), before).decision == "ask"
    assert judge(question(Effect.READ), before).decision == "allow"
    write(file, GOOD)
    after = book.rules()
    verdict = judge(question(Effect.DESTROY), after)
    assert (verdict.decision, verdict.rule) == ("deny", "no-deletes-in-payments")
    assert verdict.reason.endswith("Talk to the payments team.")
    assert judge(question(Effect.READ), after).decision == "deny"
    assert judge(question(Effect.CHANGE, "dev"), after).second_person
    assert before.version != after.version
    assert book.names_of_file() == {"no-deletes-in-payments", "changing", "reading"}


def test_without_a_good_file_nothing_is_allowed_and_nothing_starts(db, settings, file):
    settings.K8SMCP_POLICY = str(file)
    verdict = judge(question(Effect.READ), book.rules())
    assert (verdict.decision, verdict.rule) == ("deny", "broken-file")
    assert "cannot be read" in book.file_problem()
    (error,) = the_policy_file_can_be_read()
    assert error.msg.startswith("K8SMCP_POLICY: ")
    write(file, GOOD)
    assert the_policy_file_can_be_read() == []
    assert book.file_problem() == ""
