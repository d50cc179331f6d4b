"""Make, verify and revoke access tokens."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from chat import audit
from chat.access import Right, rights
from chat.audit import door
from chat.errors import BadInput, Conflict, NotAllowed, NotFound
from chat.models import AccessToken
from chat.models.access_token import Scope

PREFIX = "k8smcp_"
LONGEST = 3650  # days
MOST = 100  # tokens of one person that let in
_ORDER = [scope.value for scope in Scope]


def widest(user: User) -> str:
    """The widest scope the person's role allows, short of `admin`."""
    held = rights(user)
    if Right.DECIDE_OWN in held:
        return Scope.APPROVE.value
    return Scope.WRITE.value if Right.CONVERSE in held else Scope.READ.value


def offered(user: User) -> list[str]:
    """The scopes that the person's role allows, narrowest first."""
    allowed = Scope.ADMIN.value if Right.ADMINISTER in rights(user) else widest(user)
    return _ORDER[: _ORDER.index(allowed) + 1]


def create(user: User, *, scope: str = "", days: int | None = 90) -> str:
    """The token, shown this once. Raises BadInput for an unknown scope or a life too long, NotAllowed for a scope above
    the person's role, Conflict when they have too many."""
    scope = scope or widest(user)
    _may_be_made(user, scope, days)
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        made = AccessToken.objects.create(
            user=user,
            prefix=token[: len(PREFIX) + 4],
            digest=_digest(token),
            scope=scope,
            expires_at=timezone.now() + timedelta(days=days) if days is not None else None,
        )
        told = {"person": user.get_username(), "scope": scope, "days": days, "token": made.prefix}
        audit.record("token.created", actor=door.person(), request=told, outcome=user.get_username())
    return token


def _may_be_made(user: User, scope: str, days: int | None) -> None:
    if scope not in _ORDER:
        raise BadInput(f"There is no scope {scope!r}: choose {', '.join(_ORDER)}.")
    if days is not None and not 1 <= days <= LONGEST:
        raise BadInput(f"A token lives a whole number of days from 1 to {LONGEST}.")
    allowed = offered(user)
    if scope not in allowed:
        raise NotAllowed(
            f"{user.get_username()} has no role that allows the scope {scope!r}: the widest is {allowed[-1]!r}."
        )
    if standing_of(user).count() >= MOST:
        raise Conflict(f"There are {MOST} tokens already: revoke those that nothing uses.", code="too_many_tokens")


def standing_of(user: User) -> QuerySet[AccessToken]:
    """This person's tokens that let in, newest first."""
    alive = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return AccessToken.objects.filter(alive, user=user, revoked_at=None)


def revoke_own(user: User, token_id: int) -> None:
    """Raises NotFound for one that is not theirs."""
    found = AccessToken.objects.filter(user=user, pk=token_id).first()
    if found is None:
        raise NotFound("There is no such token of yours: it may have been removed. Load the page again.")
    revoke(found)


def verify(token: str) -> AccessToken | None:
    """The row of a token that is known, not expired, not revoked, and whose person is active; else None."""
    if not token.startswith(PREFIX):
        return None
    found = AccessToken.objects.select_related("user").filter(digest=_digest(token)).first()
    return found if found is not None and valid(found) else None


def valid(token: AccessToken) -> bool:
    alive = token.expires_at is None or token.expires_at > timezone.now()
    return alive and token.revoked_at is None and token.user.is_active


def revoke(token: AccessToken) -> None:
    """It lets nobody in any more: its sockets end, and runs that its person began before go no further."""
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        with transaction.atomic():  # with its row in the audit (chat/signals.py)
            token.save(update_fields=["revoked_at"])


def covers(scope: str, needed: Scope) -> bool:
    return _ORDER.index(scope) >= _ORDER.index(needed.value)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
