"""The rules that come with the portal: those it starts with, which people may replace, and those nobody can. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from tools.effects import Effect
from tools.policy.rule import Rule

_WRITES = frozenset(effect for effect in Effect if effect.writes)
_CHANGES = frozenset({Effect.CHANGE, Effect.DESTROY})

BUILT_IN: tuple[Rule, ...] = (
    Rule(
        name="reading",
        decision="allow",
        effects=frozenset({Effect.READ, Effect.SENSITIVE}),
        reason="Reading is allowed.",
        origin="built-in",
    ),
    Rule(
        name="changing",
        decision="ask",
        effects=_CHANGES,
        reason="A person decides about every change.",
        origin="built-in",
    ),
    Rule(
        name="executing",
        decision="ask",
        effects=frozenset({Effect.EXECUTE}),
        reason="A person decides about every command.",
        origin="built-in",
    ),
)

_SECOND = "somebody else than the person who asked must decide."
# What gives more rights than it was given: these write the rules, or run as somebody else.
_LADDER_KINDS = (
    "*.rbac.authorization.k8s.io",
    "*.certificates.k8s.io",
    "*.admissionregistration.k8s.io",
    "*.apiregistration.k8s.io",
    "serviceaccounts/token",
    "pods/exec",
    "pods/attach",
    "pods/portforward",
    "pods/proxy",
    "pods/ephemeralcontainers",
    "pods/binding",
    "services/proxy",
    "nodes/proxy",
)
_LADDER = (
    Rule(
        name="privileges",
        decision="ask",
        kinds=_LADDER_KINDS,
        effects=_WRITES,
        second_person=True,
        reason=f"This can give more rights than it needs, so {_SECOND}",
        origin="fixed",
    ),
    Rule(
        name="privileges-of-namespaces",
        decision="ask",
        kinds=("namespaces",),
        namespaces=("*",),  # one that is there: a new one has no namespace to be judged by yet
        effects=frozenset({Effect.CHANGE}),
        second_person=True,
        reason=f"The labels of a namespace say how well its pods are fenced in, so {_SECOND}",
        origin="fixed",
    ),
    Rule(
        name="running-code",
        decision="ask",
        effects=frozenset({Effect.EXECUTE}),
        second_person=True,
        unassigned=False,
        reason=f"A command can do anything its container can, so {_SECOND}",
        origin="fixed",
    ),
    Rule(
        name="unassigned",
        decision="ask",
        second_person=True,
        unassigned=True,
        reason=f"Nobody has said yet what this server's tool may do, so {_SECOND}",
        origin="fixed",
    ),
)


PRODUCTION = "production-"  # how the names of rules begin that come from such a mark


@dataclass(frozen=True, slots=True)
class Switches:
    """What the environment says for the whole installation: K8SMCP_READ_ONLY, K8SMCP_EXECUTE."""

    read_only: bool = False
    execute: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """What people say of a cluster (its name, or a pattern). production: all of it; namespaces: only these of it."""

    cluster: str
    production: bool = False
    read_only: bool = False
    namespaces: tuple[str, ...] = ()


def fixed(switches: Switches, marks: Iterable[Mark]) -> tuple[Rule, ...]:
    """The rules that no rule of a person can override: they only narrow."""
    found = list(_LADDER)
    if switches.read_only:
        found.append(_read_only("This portal is read-only: an administrator can unset K8SMCP_READ_ONLY."))
    if not switches.execute:
        found.append(_no_execution())
    for mark in marks:
        found += _marked(mark)
    return tuple(found)


def _marked(mark: Mark) -> list[Rule]:
    found = []
    if mark.read_only:
        found.append(_read_only(f"{mark.cluster} is marked read-only: an administrator can lift that.", mark.cluster))
    if mark.production:
        found.append(_production(mark.cluster, ()))
    if mark.namespaces:
        found.append(_production(mark.cluster, mark.namespaces))
    return found


def _read_only(reason: str, cluster: str = "") -> Rule:
    return Rule(
        name=f"read-only-{cluster}" if cluster else "read-only",
        decision="deny",
        clusters=(cluster,) if cluster else (),
        effects=_WRITES,
        reason=reason,
        origin="fixed",
    )


def _no_execution() -> Rule:
    return Rule(
        name="execute-off",
        decision="deny",
        effects=frozenset({Effect.EXECUTE}),
        unassigned=False,
        reason="Commands in containers are switched off: an administrator can set K8SMCP_EXECUTE=1.",
        origin="fixed",
    )


def _production(cluster: str, namespaces: tuple[str, ...]) -> Rule:
    where = f"{', '.join(namespaces)} in {cluster}" if namespaces else cluster
    return Rule(
        name=f"{PRODUCTION}{cluster}",
        decision="ask",
        clusters=(cluster,),
        namespaces=namespaces,
        effects=_WRITES,
        second_person=True,
        reason=f"{where} is marked as production, so {_SECOND}",
        origin="fixed",
    )
