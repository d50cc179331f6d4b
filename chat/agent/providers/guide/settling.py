"""The act against what it is about: "show checkout" describes, "get pods" lists, "why are pods pending" checks all."""

import re
from dataclasses import replace

from chat.agent.providers.guide import questions
from chat.agent.providers.guide.intention import EVERYWHERE, Act, Intention
from chat.agent.providers.guide.kinds import kind_of

SINGULAR_IN_S = frozenset({"ns", "rs", "ds", "sts", "ingress", "storageclass"})
JUST_MORE = frozenset({"describe", "details", "more", "explain", "inspect"})
INSIDE = r"\b(?:env|environment|variables?|arguments|mounts?|probes?)\b"
WHERE_IT_RUNS = r"\b(?:where (?:does|do|is|are)|(?:on )?(?:which|what) (?:node|host|machine))\b"


def settled(intention: Intention, full: str) -> Intention:
    """A question with a verb that looks. `full`: the sentence, mended, in lower case."""
    looks = Act.LIST if intention.act is Act.DESCRIBE else intention.act
    if intention.namespace == EVERYWHERE and not intention.kind and not intention.name:
        return replace(intention, act=looks, kind="namespaces", namespace="")
    if re.search(WHERE_IT_RUNS, full):
        return replace(intention, act=Act.LIST, kind="pods", sort="node")
    return _by_what_is_named(intention, full, looks)


def _by_what_is_named(intention: Intention, full: str, looks: Act) -> Intention:
    nothing = not (intention.kind or intention.name or intention.pronoun or intention.choice)
    if intention.node or (nothing and re.search(r"\brun", full) and looks is Act.LIST):
        return replace(intention, act=looks, kind=intention.kind or "pods", where="")
    if nothing and re.search(r"\b(?:everything|all)\b", full) and intention.act is Act.LIST:
        return replace(intention, kind="everything")
    if full.startswith("list ") and intention.name and not intention.kind and not intention.spare:
        return replace(intention, kind=intention.name.lower(), name="")
    if nothing and intention.act is Act.DESCRIBE and full not in JUST_MORE:
        deployed = re.search(r"\b(?:deployed|installed)\b", full)
        return replace(intention, act=Act.LIST, kind="workloads") if deployed else replace(intention, act=Act.UNKNOWN)
    if intention.name and intention.act in {Act.COUNT, Act.LIST, Act.DESCRIBE} and re.search(INSIDE, full):
        return replace(intention, act=Act.GET)
    if intention.act is Act.COUNT and intention.name and not intention.kind:
        return replace(intention, act=Act.DESCRIBE)
    return _one_or_many(intention, full)


def _one_or_many(intention: Intention, full: str) -> Intention:
    pointed = intention.name or intention.pronoun or intention.choice
    if intention.act is Act.DESCRIBE and intention.kind and not pointed:
        return replace(intention, act=Act.LIST)
    if intention.act is not Act.LIST:
        return intention
    if intention.kind:
        one = bool(intention.name) and not _plural(intention.kind, full)
        return replace(intention, act=Act.DESCRIBE) if one else intention
    return replace(intention, act=Act.DESCRIBE if pointed else Act.UNKNOWN)


def _spelling_of(word: str) -> str:
    kind = kind_of(word)
    return kind.resource if kind else ""


def _plural(kind: str, full: str) -> bool:
    """Whether the kind was named in the plural: "the checkout pods" are several, "pod checkout" is one."""
    words = [word for word in full.split() if word.endswith("s") and word not in SINGULAR_IN_S]
    return any(_spelling_of(word) == kind for word in words)


def without_a_verb(intention: Intention, again: bool) -> Intention:
    if again and (intention.name or intention.namespace or intention.cluster or intention.kind):
        return replace(intention, act=Act.AGAIN)
    if intention.tail or intention.since or intention.previous:
        return replace(intention, act=Act.LOGS)
    if intention.namespace == EVERYWHERE and not intention.kind and not intention.name:
        return replace(intention, act=Act.LIST, kind="namespaces", namespace="")
    if intention.kind:
        return replace(intention, act=Act.DESCRIBE if intention.name and intention.kind != "pods" else Act.LIST)
    if intention.selector or intention.node:
        return replace(intention, act=Act.LIST, kind="pods")
    if intention.choice:
        return replace(intention, act=Act.CHOOSE)
    return intention


def why_or_check(intention: Intention, full: str) -> Intention:
    """One object: why. A place, a kind or nothing at all: a check. "Which pods are failing": a list."""
    asks_which = re.search(
        r"^(?:which|list|show|get|display|are (?:there|any)|any|how many|find|what (?:pods|jobs|nodes|deployments))\b",
        full,
    )
    if intention.kind and intention.where and asks_which and not intention.name:
        return replace(intention, act=Act.COUNT if full.startswith("how many") else Act.LIST)
    if full in {"why", "warum", "wieso", "how come", "but why"}:
        return replace(intention, act=Act.WHY, pronoun=True)
    if intention.name or intention.choice:
        return replace(intention, act=Act.WHY)
    open_words = re.search(rf"\b{questions.OPEN}\b|\b{questions.PROBLEMS}\b", full)
    if intention.pronoun and not open_words and not intention.namespace:
        return replace(intention, act=Act.WHY)
    if intention.kind and not full.startswith(("why", "what", "is", "are", "check", "how")) and not intention.where:
        return replace(intention, act=Act.LIST)
    singular = intention.kind and re.search(r"\b(?:the|my|our) (?:pod|deployment|job|service|node)\b", full)
    return replace(intention, act=Act.WHY if singular else Act.CHECK, pronoun=bool(singular))
