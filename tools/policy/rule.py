"""The words of the policy: a question, a rule, what is in force, and the verdict. Pure data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from tools.effects import Effect

Decision = Literal["allow", "ask", "deny"]
Origin: TypeAlias = Literal["fixed", "built-in", "file", "portal", "grant"]

UNKNOWN_KIND = "?"  # a kind that cannot be resolved; "" is one that is not known yet
EVERY_NAMESPACE = "*"


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a person may do something at a place.

    cluster: "" = not known yet; kind: `resource[/subresource][.group]` ("pods", "deployments.apps", "pods/exec"),
    "" = not known yet, "?" = cannot be resolved; namespace: "" = cluster-scoped, "*" = all namespaces at once, None =
    not known yet; token: scope of the access token it came by, "" = by a person's own sign-in.
    """

    person: str
    groups: frozenset[str]
    cluster: str
    effect: Effect
    kind: str = ""
    namespace: str | None = None
    token: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who × where × what → a decision; an empty field matches everything. Patterns end in `*` or are exact.

    persons and groups: either is enough; tokens narrows to what comes by a token of such a scope. second_person (of
    `ask`): whoever asked may not be the one who decides. unassigned (only rules of ours say so): True, it is about the
    tools of other MCP servers that have no effect yet; False, about everything but those. reason: the sentence of a
    rule of ours; note: a person's words. until: when it ends by itself.
    """

    name: str
    decision: Decision
    persons: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    tokens: frozenset[str] = frozenset()
    clusters: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    effects: frozenset[Effect] = frozenset()
    second_person: bool = False
    unassigned: bool | None = None
    note: str = ""
    reason: str = ""
    origin: Origin = "portal"
    until: datetime | None = None

    @property
    def permits(self) -> bool:
        """Whether it can let something through. What is fixed only narrows."""
        return self.decision != "deny" and self.origin != "fixed"

    @property
    def narrows(self) -> bool:
        """Whether it can stop something or have it asked about. A grant never does."""
        return self.decision != "allow" and self.origin != "grant"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Rules:
    """All that is in force at a moment. version: changes whenever the verdict to any question may; now: the
    database's clock."""

    rules: tuple[Rule, ...] = ()
    version: str = ""
    now: Callable[[], datetime] = field(default=_now, compare=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """rule: the name of the rule that decided; reason: a sentence for people."""

    decision: Decision
    rule: str
    reason: str
    second_person: bool = False
