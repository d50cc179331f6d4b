"""Lend a role for a while, at a place, and take it back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from chat import storable
from chat.access import ROLES, Right, require, rights
from chat.actions.policy import changed
from chat.errors import BadInput, NotAllowed, NotFound
from tools.effects import Effect
from tools.models import Cluster
from tools.policy.models import Grant
from tools.policy.schema import BadPattern, namespace_pattern

LONGEST = 24 * 60  # minutes
# What a role means at a place. Nobody is lent commands in containers, and deciding is not lent either.
EFFECTS: dict[str, tuple[Effect, ...]] = {
    "viewer": (Effect.READ, Effect.SENSITIVE),
    "operator": (Effect.READ, Effect.SENSITIVE, Effect.CHANGE, Effect.DESTROY),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which role, where, for how many minutes, and why. namespace: a pattern; empty for the whole cluster."""

    role: str
    cluster: str
    namespace: str
    minutes: int
    reason: str


def give(user: User, person: str, wanted: Wanted) -> Grant:
    """Raises BadInput, NotFound, NotAllowed for a role wider than the maker's own."""
    require(user, Right.ADMINISTER)
    _check(user, wanted)
    to = User.objects.filter(username=person, is_active=True).first() if "\x00" not in person else None
    if to is None:
        raise NotFound(f"There is no active person called {person[:40]!r}.")
    if Right.CONVERSE not in rights(to):
        raise BadInput(f"{person} has no role that lets them talk to the agent: give them one first.")
    with transaction.atomic():
        made = Grant.objects.create(
            person=to,
            role=wanted.role,
            effects=[effect.value for effect in EFFECTS[wanted.role]],
            cluster=wanted.cluster,
            namespace=wanted.namespace,
            reason=storable.text(wanted.reason.strip()),
            made_by=user,
            until=_in(timedelta(minutes=wanted.minutes)),
        )
        made.refresh_from_db()
        changed(user, f"grant {made.pk}", None, as_data(made), "grant.made")
    return made


def revoke(user: User, grant_id: int) -> None:
    """A grant that has been revoked, or has run out, stays as it is."""
    require(user, Right.ADMINISTER)
    with transaction.atomic():
        found = Grant.objects.select_for_update().filter(pk=grant_id).first()
        if found is None:
            raise NotFound("There is no such grant. Reload the page.")
        before = as_data(found)
        if Grant.objects.filter(pk=grant_id, revoked_at=None, until__gt=Now()).update(revoked_at=Now()):
            found.refresh_from_db()
            changed(user, f"grant {grant_id}", before, as_data(found), "grant.ended")


def as_data(grant: Grant) -> dict[str, Any]:
    return {
        "person": grant.person.get_username(),
        "role": grant.role,
        "cluster": grant.cluster,
        "namespace": grant.namespace,
        "reason": grant.reason,
        "until": _told(grant.until),
        "revoked_at": _told(grant.revoked_at),
    }


def _check(user: User, wanted: Wanted) -> None:
    if wanted.role not in EFFECTS:
        raise BadInput(f"There is no role {wanted.role[:40]!r} to lend: choose {' or '.join(EFFECTS)}.")
    if not ROLES[wanted.role] <= rights(user):
        raise NotAllowed(f"Your own role is not as wide as {wanted.role!r}, so you cannot lend it.")
    if not 1 <= wanted.minutes <= LONGEST:
        raise BadInput(f"A grant lasts from 1 to {LONGEST} minutes.")
    if not wanted.reason.strip() or len(wanted.reason) > 500:
        raise BadInput("Say in at most 500 characters why: whoever audits this will ask.")
    if not Cluster.objects.filter(name=wanted.cluster).exists():
        raise BadInput(f"There is no cluster {wanted.cluster[:40]!r}: choose a registered one.")
    try:
        if wanted.namespace:
            namespace_pattern(wanted.namespace)
    except BadPattern as fault:
        raise BadInput(f"{str(fault)[:1].upper()}{str(fault)[1:]}.") from fault


def _in(time: timedelta) -> Combinable:
    """By the clock of the database, which also ends it."""
    return ExpressionWrapper(Now() + time, output_field=DateTimeField())


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
