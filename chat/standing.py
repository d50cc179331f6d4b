"""Where somebody stands right now: what let them in, whether it still does, and whether their runs may go on."""

from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from chat import backend, limits
from chat.access import may_take_part
from chat.actions import tokens
from chat.models import AccessToken, Approval, Revocation, Run
from chat.models.access_token import Scope


@dataclass(frozen=True, slots=True)
class Person:
    """`session_key` or `token_id` says by what they are signed in; `scope` what they may do by it; `groups` what they
    belonged to when they were looked at, and "superuser" for who is one."""

    user: User
    scope: str
    session_key: str = ""
    token_id: int | None = None
    groups: frozenset[str] = frozenset()

    @property
    def token(self) -> str:
        """The scope of the access token they came by; empty for a sign-in in a browser."""
        return self.scope if self.token_id is not None else ""

    def allows(self, needed: Scope) -> bool:
        return tokens.covers(self.scope, needed)

    def has_lost_something(self, now: "Person") -> bool:
        """A group is a role, a share or a rule of the policy: who loses one is let in anew."""
        return not self.groups <= now.groups


def bearer(authorization: str) -> str | None:
    """The token of an Authorization header; None for another kind, or none."""
    kind, _, token = authorization.partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def by_token(token: str) -> Person | None:
    """None for a token that is unknown, revoked, expired, or of somebody deactivated."""
    row = tokens.verify(token)
    return _of_token(row) if row else None


def requesting(token: str, address: str) -> Person | None:
    """As `by_token`, for requests that come one by one: their groups are not read, and whoever asks too fast is told.
    Raises TooMany."""
    row = tokens.verify(token)
    if row is None:  # 256 random bits are not guessed; whoever tries is only kept from asking the database for ever
        limits.keep_pace(limits.strangers, address)
        return None
    return in_pace(Person(row.user, row.scope, token_id=row.pk))


def in_pace(person: Person) -> Person:
    limits.keep_pace(limits.requests, person.user.pk)
    return person


def by_session(key: str) -> Person | None:
    """Django's own check: the session exists, the user is active, and the password is the one of the sign-in."""
    if not key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key, only_looks=True)
    user = get_user(request)
    if not isinstance(user, User):
        return None
    return Person(user, Scope.ADMIN.value, session_key=key, groups=_groups(user))


def still(person: Person) -> Person | None:
    """The same person, read anew: None after sign-out, deactivation, a new password, or a revoked token."""
    if person.token_id is not None:
        row = AccessToken.objects.select_related("user").filter(pk=person.token_id).first()
        return _of_token(row) if row and tokens.valid(row) else None
    return by_session(person.session_key)


def _of_token(row: AccessToken) -> Person:
    return Person(row.user, row.scope, token_id=row.pk, groups=_groups(row.user))


def _groups(user: User) -> frozenset[str]:
    return backend.groups(user) | ({"superuser"} if user.is_superuser else frozenset())


# ---- runs --------------------------------------------------------------------------------------------------------


def lost(acting: User, run: Run) -> str:
    """Why a run may reach no cluster any more in the name of `acting`, as a sentence; empty while it may. Signing out
    is no reason: runs outlive the browser that began them (docs/decisions/0014)."""
    name = acting.get_username()
    if not may_take_part(acting, run.conversation):
        return f"{name} may not take part in this conversation any more: nothing was done."
    since = Revocation.objects.filter(user=acting, at__gte=run.created_at).first()
    if since is not None:
        return f"Since {name} asked for this, {since.get_why_display()}: nothing was done. Send the message again."
    return ""


def asks_too_often(acting: User) -> str:
    """Why their runs may ask for no further approval right now; empty while they may. Whoever must judge a hundred in a
    minute judges none."""
    bound, since = limits.approvals_per_minute(), timezone.now() - timedelta(seconds=limits.MINUTE)
    if Approval.objects.filter(tool_call__run__message__author=acting, requested_at__gt=since).count() < bound:
        return ""
    return f"More than {bound} approvals in a minute are not asked for: nothing was done. Decide those that wait first."
