"""A finding: what is wrong with one object, how we know, and what to do next. A sign is what a rule looks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

from tools import redaction

Json: TypeAlias = Any
LONGEST_QUOTE = 300


class Severity(StrEnum):
    """In the order in which people should hear of it."""

    CRITICAL = "critical"  # something does not work now
    WARNING = "warning"  # it works in part, or will stop
    NOTE = "note"  # worth knowing; it may well be meant

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """One object. kind: as objects write it (Deployment); namespace: "" for what lives in none."""

    kind: str
    name: str
    namespace: str = ""

    @property
    def words(self) -> str:
        return f"{self.kind} {self.name}" + (f" in {self.namespace}" if self.namespace else "")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quotation. source: event, log, status, spec or count; text: what stands there, as data."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """The tool call to make next: one that looks closer, or the one that would mend it."""

    tool: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Finding:
    """thing: the object to mend (the workload rather than its pod); title: half a sentence that goes on after its name;
    cause: what that means; fix: what would help; facts: what programs need for the fix, by name; pods: those that
    have it; affects: what does not work because of it."""

    severity: Severity
    code: str
    thing: Thing
    title: str
    cause: str = ""
    evidence: tuple[Evidence, ...] = ()
    fix: str = ""
    step: Step | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    pods: tuple[str, ...] = ()
    affects: tuple[Thing, ...] = ()

    @property
    def order(self) -> tuple[int, str, str, str, str]:
        return self.severity.rank, self.thing.namespace, self.thing.kind, self.thing.name, self.code

    def worth(self, severity: Severity) -> "Finding":
        return replace(self, severity=severity)

    def also(self, *evidence: Evidence) -> "Finding":
        return replace(self, evidence=(*self.evidence, *evidence))


@dataclass(frozen=True, slots=True)
class Sign:
    """What one rule looks for. code: its name for programs; looks_for: for docs/diagnosis.md."""

    code: str
    severity: Severity
    looks_for: str

    def on(
        self,
        thing: Thing,
        title: str,
        cause: str = "",
        *evidence: Evidence,
        fix: str = "",
        step: Step | None = None,
        **facts: str,
    ) -> Finding:
        return Finding(self.severity, self.code, thing, title, cause, evidence, fix, step, facts)


def event(text: object) -> Evidence:
    return Evidence("event", quoted(text))


def status(text: object) -> Evidence:
    return Evidence("status", quoted(text))


def spec(text: object) -> Evidence:
    return Evidence("spec", quoted(text))


def count(text: object) -> Evidence:
    return Evidence("count", quoted(text))


def logged(text: object) -> Evidence:
    return Evidence("log", quoted(text))


def quoted(text: object) -> str:
    """One line, not too long; cleaned before it is cut, since half a secret is not recognised any more."""
    line = " ".join(str(text).split())
    return line if len(line) <= LONGEST_QUOTE else redaction.text(line)[: LONGEST_QUOTE - 1] + "…"


def describe(thing: Thing) -> Step:
    return Step("k8s_describe", _named(thing))


def read(thing: Thing) -> Step:
    return Step("k8s_get", _named(thing))


def listing(kind: str, namespace: str = "") -> Step:
    return Step("k8s_list", {"kind": kind} | ({"namespace": namespace} if namespace else {}))


def logs(thing: Thing, *, previous: bool = False) -> Step:
    target = f"{thing.kind.lower()}/{thing.name}"
    return Step("k8s_logs", {"target": target, "namespace": thing.namespace} | ({"previous": True} if previous else {}))


def patch(thing: Thing) -> Step:
    """What to change is for people to say."""
    return Step("k8s_patch", _named(thing))


def _named(thing: Thing) -> dict[str, Json]:
    return {"kind": thing.kind, "name": thing.name} | ({"namespace": thing.namespace} if thing.namespace else {})
