"""The policy: rules that concern the reader, grants, and for administrators the marks and the latest changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpResponseBase
from django.shortcuts import render

from chat import policy
from chat.access import SEES_ALL, Right, rights
from chat.actions import grants
from chat.actions import policy as actions
from chat.errors import BadInput
from chat.web.door import SignedIn, done, page
from tools.effects import Effect
from tools.models import Cluster
from tools.policy import Rule, book
from tools.policy.models import Grant, PolicyChange, PolicyRule, ProductionNamespace

RECENT = 15
ORIGINS = {
    "fixed": "always",
    "built-in": "built in",
    "file": "from file",
    "portal": "",
    "off": "switched off",
    "hidden": "hidden by the file",
}
_TONES = {"allow": "good", "ask": "warn", "deny": "bad"}
_ORDER = ("file", "portal", "built-in", "fixed", "off", "hidden")


@dataclass(frozen=True, slots=True)
class Line:
    """One rule in words. `state`: a key of ORIGINS; `editable`: whether the portal can change it."""

    rule: Rule
    state: str
    who: str
    where: str
    what: str
    editable: bool

    @property
    def origin(self) -> str:
        return ORIGINS[self.state]

    @property
    def tone(self) -> str:
        return _TONES[self.rule.decision]

    @property
    def words(self) -> str:
        return self.rule.note or self.rule.reason


@dataclass(frozen=True, slots=True)
class Marked:
    """A cluster with what people said of it."""

    cluster: Cluster
    namespaces: str


@page("GET", "HEAD")
def listing(request: SignedIn) -> HttpResponseBase:
    held = rights(request.user)
    may_edit = Right.ADMINISTER in held
    context: dict[str, Any] = {"lines": _lines(request.user, may_edit), "grants": _grants(request.user, held)}
    context |= {"may_edit": may_edit, "may_read_all": bool(held & SEES_ALL)}
    if may_edit:
        context |= {"marked": _marked(), "people": User.objects.filter(is_active=True).order_by("username")}
        context |= {"roles": tuple(grants.EFFECTS), "file_problem": book.file_problem()}
    if context["may_read_all"]:
        context["changes"] = PolicyChange.objects.select_related("by")[:RECENT]
    return render(request, "chat/pages/policy.html", context)


@page("POST")
def give(request: SignedIn) -> HttpResponseBase:
    said = request.POST
    minutes = said.get("minutes", "")
    if not (minutes.isascii() and minutes.isdigit() and len(minutes) < 7):
        raise BadInput(f"Say for how many minutes: a whole number from 1 to {grants.LONGEST}.")
    wanted = grants.Wanted(
        role=said.get("role", ""),
        cluster=said.get("cluster", ""),
        namespace=said.get("namespace", "").strip(),
        minutes=int(minutes),
        reason=said.get("reason", ""),
    )
    grants.give(request.user, said.get("person", ""), wanted)
    return done(request, "policy")


@page("POST")
def revoke(request: SignedIn, grant_id: int) -> HttpResponseBase:
    grants.revoke(request.user, grant_id)
    return done(request, "policy")


@page("POST")
def mark(request: SignedIn) -> HttpResponseBase:
    said = request.POST
    actions.mark_cluster(
        request.user,
        said.get("cluster", ""),
        production=said.get("production") == "yes",
        read_only=said.get("read_only") == "yes",
        namespaces=listed(said.get("namespaces", "")),
    )
    return done(request, "policy")


def listed(text: str) -> list[str]:
    """What stands between commas and line ends."""
    return [word.strip() for line in text.splitlines() for word in line.split(",") if word.strip()]


# ---- in words ----------------------------------------------------------------------------------------------------


def _lines(user: User, may_edit: bool) -> list[Line]:
    in_force = [rule for rule in book.rules().rules if rule.origin != "grant"]
    found = [_line(rule, rule.origin, may_edit) for rule in policy.concerning(user, in_force)]
    if may_edit:
        found += [_line(*idle, may_edit) for idle in _idle(in_force)]
    return sorted(found, key=lambda line: (_ORDER.index(line.state), line.rule.name))


def _idle(in_force: Iterable[Rule]) -> list[tuple[Rule, str]]:
    """Rules of the portal that do nothing now, and why."""
    held = {rule.name for rule in in_force if rule.origin == "portal"}
    of_file = book.names_of_file()
    rows = [row for row in PolicyRule.objects.all() if row.name not in held]
    return [(book.as_rule(row), "hidden" if row.name in of_file else "off") for row in rows]


def _line(rule: Rule, state: str, may_edit: bool) -> Line:
    editable = may_edit and state in ("portal", "built-in", "off")
    return Line(rule, state, _who(rule), _where(rule), _what(rule), editable)


def _who(rule: Rule) -> str:
    said = ", ".join([*sorted(rule.persons), *(f"group {name}" for name in sorted(rule.groups))]) or "Everybody"
    return f"{said}, by token ({', '.join(sorted(rule.tokens))})" if rule.tokens else said


def _where(rule: Rule) -> str:
    clusters = ", ".join(rule.clusters) or "Every cluster"
    if not rule.namespaces:
        return clusters
    return f"{clusters}: {'any namespace' if '*' in rule.namespaces else ', '.join(rule.namespaces)}"


def _what(rule: Rule) -> str:
    effects = ", ".join(effect.value.lower() for effect in Effect if effect in rule.effects) or "everything"
    return f"{effects} of {', '.join(rule.kinds)}" if rule.kinds else effects


def _grants(user: User, held: frozenset[Right]) -> QuerySet[Grant]:
    running = Grant.objects.filter(until__gt=Now(), revoked_at=None).select_related("person", "made_by")
    return running if held & SEES_ALL else running.filter(person=user)


def _marked() -> list[Marked]:
    patterns: dict[str, list[str]] = {}
    for row in ProductionNamespace.objects.all():
        patterns.setdefault(row.cluster, []).append(row.pattern)
    return [Marked(cluster, ", ".join(patterns.get(cluster.name, ()))) for cluster in Cluster.objects.all()]
