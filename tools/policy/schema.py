"""What a rule may look like when people write it, in the file or in the portal: closed, and every pattern checked."""

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from tools.effects import Effect
from tools.policy.kinds import CORE
from tools.policy.matching import matches, parts
from tools.policy.ours import Mark
from tools.policy.rule import Decision, Origin, Rule

MOST_RULES = 500
_SCOPES = ("read", "write", "approve", "admin")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?|[a-z0-9][-a-z0-9]*\*|\*")
_KIND = re.compile(r"([a-z0-9-]+\*?|\*)(/([a-z0-9-]+\*?|\*))?(\.([a-z0-9.-]+\*?|\*))?")


class BadPattern(ValueError):
    """The text says what would do."""


def _pattern(text: str) -> str:
    text = text.strip()
    if not text or "*" in text[:-1]:
        raise BadPattern(f"{text!r} is no pattern: write a name, or its beginning and a * at the end")
    return text


def namespace_pattern(text: str) -> str:
    if len(text) > 64 or not _NAMESPACE.fullmatch(text):
        raise BadPattern(f"{text!r} cannot be a namespace: lower-case letters, digits and '-', and a * at the end")
    return text


def kind_pattern(text: str) -> str:
    """A core kind is written alone, every other with its group: a bare `deployments` would match nothing, silently."""
    text = text.lower()
    if len(text) > 300 or not _KIND.fullmatch(text):
        raise BadPattern(f"{text!r} is no kind: write pods, deployments.apps, *.apps, pods/exec or *")
    resource, _, group = parts(text)
    if not group and text != "*" and not any(matches(resource, known) for known in CORE):
        raise BadPattern(f"{text!r} is no kind of the core group: write its group too, as in deployments.apps")
    return text


def _scope(text: str) -> str:
    if text not in _SCOPES:
        raise BadPattern(f"{text!r} is no scope of a token: {', '.join(_SCOPES)}")
    return text


Pattern: TypeAlias = Annotated[str, Field(max_length=200), AfterValidator(_pattern)]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=150)]
Many: TypeAlias = Annotated[list[Name], Field(max_length=200)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WrittenRule(_Closed):
    """The fields of `tools.policy.rule.Rule` that people write. enabled: false puts a built-in rule out of force."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,58}[a-z0-9])?$")]
    decision: Decision
    persons: Many = []
    groups: Many = []
    tokens: list[Annotated[str, AfterValidator(_scope)]] = []
    clusters: Annotated[list[Pattern], Field(max_length=200)] = []
    namespaces: Annotated[list[Annotated[str, AfterValidator(namespace_pattern)]], Field(max_length=200)] = []
    kinds: Annotated[list[Annotated[str, AfterValidator(kind_pattern)]], Field(max_length=200)] = []
    effects: list[Effect] = []
    second_person: bool = False
    note: Annotated[str, Field(max_length=500)] = ""
    enabled: bool = True

    @model_validator(mode="after")
    def _second_person_decides(self) -> "WrittenRule":
        if self.second_person and self.decision != "ask":
            raise ValueError("a second person is for rules that ask: set the decision to ask")
        return self

    def rule(self, origin: Origin) -> Rule:
        return Rule(
            name=self.name,
            decision=self.decision,
            persons=frozenset(self.persons),
            groups=frozenset(self.groups),
            tokens=frozenset(self.tokens),
            clusters=tuple(self.clusters),
            namespaces=tuple(self.namespaces),
            kinds=tuple(self.kinds),
            effects=frozenset(self.effects),
            second_person=self.second_person,
            note=self.note,
            origin=origin,
        )


class WrittenMark(_Closed):
    cluster: Pattern
    production: bool = False
    read_only: bool = False
    production_namespaces: Annotated[
        list[Annotated[str, AfterValidator(namespace_pattern)]], Field(max_length=200)
    ] = []

    def mark(self) -> Mark:
        return Mark(self.cluster, self.production, self.read_only, tuple(self.production_namespaces))


class WrittenPolicy(_Closed):
    """The whole file."""

    version: Literal[1]
    rules: Annotated[list[WrittenRule], Field(max_length=MOST_RULES)] = []
    clusters: Annotated[list[WrittenMark], Field(max_length=MOST_RULES)] = []

    @model_validator(mode="after")
    def _names_are_unique(self) -> "WrittenPolicy":
        names = [rule.name for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"a rule's name is its own: {', '.join(twice)} stands there more than once")
        return self


def first_fault(fault: ValidationError) -> str:
    """Where, and what is wrong there: `rules.2.effects.0: …`."""
    error: dict[str, Any] = dict(fault.errors(include_url=False, include_input=False)[0])
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{place}: there is no such field"
    said = str(error["msg"]).removeprefix("Value error, ")
    words = f"{said[:1].lower()}{said[1:300]}"
    return f"{place}: {words}" if place else words
