"""Who is on the other side of a socket, asked when it opens and again every few seconds while it is open."""

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

from chat import standing
from chat.standing import Person


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
        return standing.by_token(token.strip()) if kind.lower() == "bearer" else None
    return standing.by_session(scope["cookies"].get(settings.SESSION_COOKIE_NAME, ""))
