"""Who is on the other side of a socket, asked when it opens and again every few seconds while it is open."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.http import HttpRequest

from chat.actions import tokens
from chat.models import AccessToken
from chat.models.access_token import Scope
from chat.origin import headers


@dataclass(frozen=True, slots=True)
class Person:
    """`session_key` or `token_id` says by what they are signed in; `scope` what they may do over this socket."""

    user: User
    scope: str
    session_key: str = ""
    token_id: int | None = None

    def allows(self, needed: Scope) -> bool:
        return tokens.covers(self.scope, needed)


def identify(scope: Mapping[str, Any]) -> Person | None:
    """The person behind a bearer token, else behind the session cookie; None when neither is good."""
    authorization = headers(scope).get("authorization", "")
    if authorization:
        kind, _, token = authorization.partition(" ")
        row = tokens.verify(token.strip()) if kind.lower() == "bearer" else None
        return _by_token(row) if row else None
    return _by_session(scope["cookies"].get(settings.SESSION_COOKIE_NAME, ""))


def still(person: Person) -> Person | None:
    """The same person, read anew: None after sign-out, deactivation, a new password, or a revoked token."""
    if person.token_id is not None:
        row = AccessToken.objects.select_related("user").filter(pk=person.token_id).first()
        return _by_token(row) if row and tokens.valid(row) else None
    return _by_session(person.session_key)


def _by_token(row: AccessToken) -> Person:
    return Person(row.user, row.scope, token_id=row.pk)


def _by_session(key: str) -> Person | None:
    """Django's own check: session exists, user is active, and the password is the one of the sign-in."""
    if not key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(request)
    return Person(user, Scope.ADMIN.value, session_key=key) if isinstance(user, User) else None
