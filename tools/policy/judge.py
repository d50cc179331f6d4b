"""The verdict on a question: deny wins, then ask, then allow; what no rule lets through is denied. Pure.

The order of the rules never matters. What is not known yet is judged as kindly as it can turn out (`judge`, for a first
look) or as strictly (`judge_strictly`); all namespaces at once are always judged strictly, since the answer would hold
each of them.
"""

from tools.policy import matching
from tools.policy.matching import Fit
from tools.policy.rule import EVERY_NAMESPACE, UNKNOWN_KIND, Question, Rule, Rules, Verdict

NOTHING_MATCHES = "nothing-matches"
UNKNOWN = "unknown-kind"


def judge(question: Question, rules: Rules) -> Verdict:
    """The verdict; where the question leaves something open, the kindest that may come of it."""
    return _judged(question, rules, strict=False)


def judge_strictly(question: Question, rules: Rules) -> Verdict:
    """The same, but what is open is taken against the person."""
    return _judged(question, rules, strict=True)


def granted(question: Question, rules: Rules) -> bool:
    """Whether a grant that has not run out may be about the question."""
    return any(rule.origin == "grant" for rule in _alive(rules) if _fits(rule, question, some=True))


def _judged(question: Question, rules: Rules, *, strict: bool) -> Verdict:
    if question.kind == UNKNOWN_KIND and question.effect.writes:
        return Verdict("deny", UNKNOWN, "This cluster is not known to have such a kind, so it cannot be changed there.")
    applicable = [rule for rule in _alive(rules) if matching.applies(rule, question)]
    narrowing = [rule for rule in applicable if rule.narrows and _fits(rule, question, some=strict, against=True)]
    denying = _first([rule for rule in narrowing if rule.decision == "deny"])
    if denying is not None:
        return Verdict("deny", denying.name, _why_not(denying, question))
    permitting = [rule for rule in applicable if rule.permits and _fits(rule, question, some=not strict)]
    if not permitting:
        return Verdict("deny", NOTHING_MATCHES, _nothing(question))
    return _let_through(permitting, narrowing)


def _let_through(permitting: list[Rule], asking: list[Rule]) -> Verdict:
    allowing = _first([rule for rule in permitting if rule.decision == "allow"])
    if allowing is not None and not asking:
        return Verdict("allow", allowing.name, _said(allowing, "allows this"))
    twice = _first([rule for rule in asking if rule.second_person])
    decisive = twice or _first(asking) or _first(permitting)
    assert decisive is not None
    return Verdict("ask", decisive.name, _said(decisive, "has a person decide"), second_person=twice is not None)


def _alive(rules: Rules) -> tuple[Rule, ...]:
    if all(rule.until is None for rule in rules.rules):
        return rules.rules
    now = rules.now()
    return tuple(rule for rule in rules.rules if rule.until is None or now < rule.until)


def _fits(rule: Rule, question: Question, *, some: bool, against: bool = False) -> bool:
    """some: whether being about a part of what is open is enough. against: the rule would narrow."""
    enough = (Fit.SOME, Fit.ALL) if some else (Fit.ALL,)
    if any(fit(rule, question) not in enough for fit in (matching.cluster, matching.kind, matching.assigned)):
        return False
    if question.namespace == EVERY_NAMESPACE:
        enough = (Fit.SOME, Fit.ALL) if against else (Fit.ALL,)
    return matching.namespace(rule, question) in enough


_PRECEDENCE = {"fixed": 0, "file": 1, "portal": 2, "built-in": 3, "grant": 4}


def _first(rules: list[Rule]) -> Rule | None:
    """The one that is named: always the same, whatever the order."""
    return min(rules, key=lambda rule: (_PRECEDENCE[rule.origin], rule.name), default=None)


def _why_not(rule: Rule, question: Question) -> str:
    reason = _said(rule, "denies this")
    if question.namespace != EVERY_NAMESPACE or matching.namespace(rule, question) is Fit.ALL:
        return reason
    covered = ", ".join(rule.namespaces)
    return f"{reason} All namespaces at once would include {covered}: ask namespace by namespace."


def _nothing(question: Question) -> str:
    if question.namespace == EVERY_NAMESPACE:
        return "No rule allows this in all namespaces at once: ask namespace by namespace."
    return "No rule allows this. An administrator can add one, or give a grant for a while."


def _said(rule: Rule, does: str) -> str:
    if rule.reason:
        return rule.reason
    note = " ".join(rule.note.split()).rstrip(".")
    return f'The rule "{rule.name}" {does}: {note}.' if note else f'The rule "{rule.name}" {does}.'
