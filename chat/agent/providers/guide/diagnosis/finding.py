"""A finding as people hear of it: read from the answer of k8s_diagnose, whose every word may come from a cluster."""

from dataclasses import dataclass
from enum import IntEnum

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.diagnosis.offers import offers_for
from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.kinds import kind_of
from chat.agent.providers.guide.rows import items, many, mapping
from chat.agent.providers.guide.steps import Found, Json

SOURCES = {
    "log": "The last line that tells",
    "event": "Event",
    "status": "Its state",
    "spec": "It is set so",
    "count": "I found",
}
LONGEST = 320


class Severity(IntEnum):
    """In the order in which people should hear of it."""

    CRITICAL = 0
    WARNING = 1
    NOTE = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """thing: the object to mend (the workload rather than its pod); title: half a sentence; cause: plain sentences;
    evidence: lines of Markdown, quotes from the cluster already as code; fix: what would help; offers: sentences to
    type, the best first, "…" where a person must fill in a value."""

    severity: Severity
    thing: Thing
    title: str
    cause: str = ""
    evidence: tuple[str, ...] = ()
    fix: str = ""
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """One line of k8s_events: what the cluster wrote about an object."""

    reason: str
    message: str
    kind: str = ""
    name: str = ""
    namespace: str = ""
    type: str = "Warning"
    count: int = 1
    last: str = ""


def findings_of(found: Found) -> list[Finding]:
    """Of a k8s_diagnose answer, in its order. An answer without data (failed, or cut by retention) has none."""
    return [] if found.failed else [_finding(fact) for fact in items(found.data, "findings")]


def _finding(fact: dict[str, Json]) -> Finding:
    thing = thing_in(fact)
    severity = {"critical": Severity.CRITICAL, "warning": Severity.WARNING}.get(
        str(fact.get("severity")), Severity.NOTE
    )
    facts = {str(name): str(value) for name, value in mapping(fact, "facts").items()}
    pods = [str(pod) for pod in many(fact, "pods")]
    return Finding(
        severity,
        thing,
        _sentence(fact.get("title")),
        " ".join(part for part in (_sentence(fact.get("cause")), _affects(fact)) if part),
        (*_evidence(fact), *_pods(fact, pods)),
        _sentence(fact.get("fix")),
        offers_for(str(fact.get("code") or ""), thing, facts, pods),
    )


def thing_in(fact: dict[str, Json]) -> Thing:
    """The object a finding names, under the name of its kind that the guide uses."""
    title = str(fact.get("kind") or "")
    known = kind_of(title)
    return Thing(known.resource if known else title, str(fact.get("name") or ""), str(fact.get("namespace") or ""))


def _sentence(text: Json) -> str:
    return phrasing.plain(text) if isinstance(text, str) and text.strip() else ""


def _evidence(fact: dict[str, Json]) -> tuple[str, ...]:
    return tuple(
        f"{SOURCES.get(str(each.get('source')), 'I found')}: {phrasing.code(each.get('text') or '', LONGEST)}"
        for each in items(fact, "evidence")
    )


def _pods(fact: dict[str, Json], pods: list[str]) -> tuple[str, ...]:
    count = fact.get("pod_count")
    if not isinstance(count, int) or count < 2 or not pods:
        return ()
    return (f"{count} pods have it, {phrasing.code(pods[0])} for one.",)


def _affects(fact: dict[str, Json]) -> str:
    things = [phrasing.thing(thing_in(each)) for each in items(fact, "affects")][:4]
    return f"That affects {phrasing.listed(things)}." if things else ""
