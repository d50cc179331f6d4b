"""Whether a rule is about a question: field by field, so that no pattern reaches into another field. Pure.

Where the question leaves something open (a kind that is not known yet, all namespaces at once) a rule may be about some
of what is meant and not about the rest. `Fit.SOME` says so; `judge` takes it for or against the person.
"""

from collections.abc import Iterable
from enum import Enum
from functools import lru_cache

from tools.policy import kinds
from tools.policy.rule import EVERY_NAMESPACE, Question, Rule


class Fit(Enum):
    NONE = 0
    SOME = 1
    ALL = 2


def concerns(rule: Rule, person: str, groups: Iterable[str]) -> bool:
    """Whether a rule is about somebody at all."""
    everybody = not rule.persons and not rule.groups
    return everybody or person in rule.persons or not rule.groups.isdisjoint(groups)


def applies(rule: Rule, question: Question) -> bool:
    """Whether who asks and the effect fit: what is always known."""
    by_token = not rule.tokens or question.token in rule.tokens
    return by_token and (not rule.effects or question.effect in rule.effects) and _asks(rule, question)


def _asks(rule: Rule, question: Question) -> bool:
    return concerns(rule, question.person, question.groups)


def cluster(rule: Rule, question: Question) -> Fit:
    if not rule.clusters or (not question.cluster and "*" in rule.clusters):
        return Fit.ALL
    if not question.cluster:
        return Fit.SOME
    return _exactly(any(matches(pattern, question.cluster) for pattern in rule.clusters))


def namespace(rule: Rule, question: Question) -> Fit:
    """A rule that names namespaces says nothing about what is cluster-scoped."""
    if not rule.namespaces:
        return Fit.ALL
    if question.namespace is None:
        return Fit.SOME
    if question.namespace == EVERY_NAMESPACE:
        return Fit.ALL if "*" in rule.namespaces else Fit.SOME
    if not question.namespace:
        return Fit.NONE
    return _exactly(any(matches(pattern, question.namespace) for pattern in rule.namespaces))


def kind(rule: Rule, question: Question) -> Fit:
    if not rule.kinds or "*" in rule.kinds:
        return Fit.ALL
    if not question.kind:
        return Fit.SOME
    return _exactly(any(kind_matches(pattern, question.kind) for pattern in rule.kinds))


def assigned(rule: Rule, question: Question) -> Fit:
    """A cluster that is not known yet is a cluster, and none of the servers."""
    if rule.unassigned is None:
        return Fit.ALL
    if not question.cluster.startswith(kinds.SERVER):
        return _exactly(not rule.unassigned)
    return _exactly(rule.unassigned is kinds.unassigned(question.kind)) if question.kind else Fit.SOME


def matches(pattern: str, text: str) -> bool:
    """Exact, or by the beginning when the pattern ends in `*`."""
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def kind_matches(pattern: str, name: str) -> bool:
    """Resource, subresource and group each by themselves. A pattern without a subresource is about all of them."""
    (resource, subresource, group), (its, its_sub, its_group) = parts(pattern), parts(name)
    return (
        matches(resource, its)
        and (not subresource or (bool(its_sub) and matches(subresource, its_sub)))
        and matches(group, its_group)
    )


@lru_cache(maxsize=4096)
def parts(name: str) -> tuple[str, str, str]:
    """`deployments/scale.apps` → ("deployments", "scale", "apps")."""
    what, _, group = name.partition(".")
    resource, _, subresource = what.partition("/")
    return resource, subresource, group


def _exactly(fits: bool) -> Fit:
    return Fit.ALL if fits else Fit.NONE
