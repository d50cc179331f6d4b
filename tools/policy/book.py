"""The rules in force: ours, the file's, the portal's, the marks and the grants, read once per change. Sync ORM.

Of two rules with one name the file's holds, then the portal's, then ours.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from tools.effects import Effect
from tools.models import Cluster
from tools.policy.file import BadPolicy, FilePolicy, Watched
from tools.policy.models import Grant, PolicyRule, PolicyState, ProductionNamespace
from tools.policy.ours import BUILT_IN, Mark, Switches, fixed
from tools.policy.rule import Decision, Rule, Rules
from tools.prepared import Prepared, Row


@dataclass(frozen=True, slots=True)
class _Read:
    """What the tables said at one stamp. `of_portal`: rules by name, None for one that is put out of force."""

    stamp: str
    version: int
    of_portal: dict[str, Rule | None]
    namespaces: tuple[ProductionNamespace, ...]
    has_grants: bool


@dataclass(frozen=True, slots=True)
class _Standing:
    key: object
    rules: tuple[Rule, ...]
    version: str


_last: _Read | None = None
_made: _Standing | None = None


def rules() -> Rules:
    """What is in force now. When the file was never good, everything is denied."""
    read = _read()
    try:
        of_file = _file()
    except BadPolicy:
        return Rules((_NOTHING,), version="broken")
    standing = _standing(read, of_file, tuple(_marks(read)))
    if not read.has_grants:
        return Rules(standing.rules, standing.version)
    grants, now = _grants()
    held = ".".join(sorted({rule.name for rule in grants}))
    clock = partial(_database_clock, now - datetime.now(UTC))
    return Rules(standing.rules + grants, f"{standing.version}-{held}" if held else standing.version, clock)


def version() -> int:
    """How often the policy was changed in the portal."""
    return PolicyState.objects.values_list("version", flat=True).first() or 0


def file_problem() -> str:
    """Why the file as it lies there now is not in force; empty when it is, or when there is none."""
    if not settings.K8SMCP_POLICY:
        return ""
    watched = _watched(settings.K8SMCP_POLICY)
    try:
        watched.now()
    except BadPolicy as fault:
        return str(fault)
    return watched.problem


def names_of_file() -> frozenset[str]:
    """Rules that the portal cannot change, since the file has them."""
    try:
        held = _file()
    except BadPolicy:
        return frozenset()
    return frozenset(rule.name for rule in held.rules) | held.switched_off


# ---- reading -----------------------------------------------------------------------------------------------------


def _read() -> _Read:
    """The tables are read again only under a new stamp."""
    global _last
    stamp, version = next(iter(_state.rows()), ("", 0))
    if _last is None or _last.stamp != str(stamp):
        _last = _Read(
            str(stamp),
            version,
            {row.name: as_rule(row) if row.enabled else None for row in PolicyRule.objects.all()},
            tuple(ProductionNamespace.objects.all()),
            _open_grants().exists(),
        )
    return _last


_state = Prepared(lambda: PolicyState.objects.order_by("pk").values_list("stamp", "version")[:1])


def _marked_asked() -> QuerySet[Cluster, Row]:
    marked = Cluster.objects.filter(Q(production=True) | Q(read_only=True)).order_by("name")
    return marked.values_list("name", "production", "read_only")


_marked = Prepared(_marked_asked)


def _file() -> FilePolicy:
    """Raises BadPolicy."""
    return _watched(settings.K8SMCP_POLICY).now() if settings.K8SMCP_POLICY else FilePolicy()


@lru_cache(maxsize=8)
def _watched(path: str) -> Watched:
    return Watched(Path(path))


def _marks(read: _Read) -> Iterable[Mark]:
    """Read each time: a cluster can come with the next registration."""
    for name, production, read_only in _marked.rows():
        yield Mark(name, production, read_only)
    for row in read.namespaces:
        yield Mark(row.cluster, namespaces=(row.pattern,))


def _standing(read: _Read, of_file: FilePolicy, marks: tuple[Mark, ...]) -> _Standing:
    """Everything but the grants, made once for the same sources."""
    global _made
    switches = Switches(read_only=settings.K8SMCP_READ_ONLY, execute=settings.K8SMCP_EXECUTE)
    key = (read.stamp, of_file.digest, marks, switches)
    if _made is None or _made.key != key:
        by_name: dict[str, Rule | None] = {rule.name: rule for rule in BUILT_IN}
        by_name |= read.of_portal
        by_name |= dict.fromkeys(of_file.switched_off) | {rule.name: rule for rule in of_file.rules}
        named = tuple(rule for rule in by_name.values() if rule is not None)
        made = fixed(switches, (*marks, *of_file.marks)) + named
        _made = _Standing(key, made, f"{read.version}-{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}")
    return _made


def as_rule(row: PolicyRule) -> Rule:
    return Rule(
        name=row.name,
        decision=row.decision,  # type: ignore[arg-type]
        persons=frozenset(row.persons),
        groups=frozenset(row.groups),
        tokens=frozenset(row.tokens),
        clusters=tuple(row.clusters),
        namespaces=tuple(row.namespaces),
        kinds=tuple(row.kinds),
        effects=frozenset(Effect(effect) for effect in row.effects),
        second_person=row.second_person,
        note=row.note,
    )


# ---- grants ------------------------------------------------------------------------------------------------------


def _open_grants() -> QuerySet[Grant]:
    return Grant.objects.filter(until__gt=Now(), revoked_at=None, made_by__is_active=True)


def _grants() -> tuple[tuple[Rule, ...], datetime]:
    """Those that have not run out, as rules, and the database's time."""
    found = list(_open_grants().select_related("person").annotate(database_now=Now()))
    now = found[0].database_now if found else datetime.now(UTC)
    return tuple(rule for grant in found for rule in _as_rules(grant)), now


def _as_rules(grant: Grant) -> list[Rule]:
    """What only reads is allowed, what changes something is asked about: as everywhere else."""
    effects = frozenset(Effect(effect) for effect in grant.effects) - {Effect.EXECUTE}
    reads = frozenset(effect for effect in effects if not effect.writes)
    decided: tuple[tuple[Decision, frozenset[Effect]], ...] = (("allow", reads), ("ask", effects - reads))
    return [_as_rule(grant, decision, some) for decision, some in decided if some]


def _as_rule(grant: Grant, decision: Decision, effects: frozenset[Effect]) -> Rule:
    return Rule(
        name=f"grant-{grant.pk}",
        decision=decision,
        persons=frozenset({grant.person.get_username()}),
        clusters=(grant.cluster,),
        namespaces=(grant.namespace,) if grant.namespace else (),
        effects=effects,
        reason=f"A grant as {grant.role} until {grant.until:%H:%M} UTC covers this.",
        origin="grant",
        until=grant.until,
    )


def _database_clock(ahead: timedelta) -> datetime:
    return datetime.now(UTC) + ahead


_NOTHING = Rule(
    name="broken-file",
    decision="deny",
    reason="The policy file cannot be read, so nothing is allowed: the portal's log says what is wrong with it.",
    origin="fixed",
)
