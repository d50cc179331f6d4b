"""Who is on the other side of a socket, asked when it opens and again every few seconds while it is open."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.request import validate_host

from chat.actions import tokens
from chat.models import AccessToken
from chat.models.access_token import Scope


@dataclass(frozen=True, slots=True)
class Person:
    """`session_key` or `token_id` says by what they are signed in; `scope` what they may do over this socket."""

    user: User
    scope: str
    session_key: str = ""
    token_id: int | None = None

    @property
    def token(self) -> str:
        """The scope of the access token they came by; empty for a sign-in in a browser."""
        return self.scope if self.token_id is not None else ""

    def allows(self, needed: Scope) -> bool:
        return tokens.covers(self.scope, needed)


def headers(scope: Mapping[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def origin_fits(scope: Mapping[str, Any]) -> bool:
    """Exactly the portal's own address, or one of CSRF_TRUSTED_ORIGINS. A program with a token need not have one."""
    sent = headers(scope)
    origin = sent.get("origin", "")
    if not origin:
        return "authorization" in sent
    host = sent.get("host", "")
    own = f"{'https' if scope.get('scheme') == 'wss' else 'http'}://{host}"
    known_host = validate_host((urlsplit(f"//{host}").hostname or "").lower(), settings.ALLOWED_HOSTS)
    return (
        known_host and hmac.compare_digest(origin.encode(), own.encode())
    ) or origin in settings.CSRF_TRUSTED_ORIGINS


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
