"""A finding: what is wrong with one object, how we know, and what would mend it."""

from dataclasses import dataclass, replace
from enum import IntEnum

from chat.agent.providers.guide.intention import Thing


class Severity(IntEnum):
    """In the order in which people should hear of it."""

    BROKEN = 0
    DEGRADED = 1
    NOTE = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """thing: the object to mend (the workload rather than its pod); title: half a sentence; cause: plain sentences;
    evidence: lines of Markdown, quotes from the cluster already as code; fix: what would help; offers: sentences to
    type, the best first, "…" where a person must fill in a value; pod: the one that was looked at."""

    severity: Severity
    thing: Thing
    title: str
    cause: str
    evidence: tuple[str, ...] = ()
    fix: str = ""
    offers: tuple[str, ...] = ()
    pod: str = ""

    def worth(self, severity: Severity) -> "Finding":
        return replace(self, severity=severity)


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
