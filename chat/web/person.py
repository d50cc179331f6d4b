"""Who is on the other side of a socket, asked when it opens and again every few seconds while it is open."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from chat import standing
from chat.origin import header
from chat.standing import Person


def identify(scope: Mapping[str, Any]) -> Person | None:
    """The person behind a bearer token, else behind the session cookie; None when neither is good."""
    authorization = header(scope, b"authorization")
    if authorization:
        token = standing.bearer(authorization)
        return standing.by_token(token) if token is not None else None
    return standing.by_session(scope["cookies"].get(settings.SESSION_COOKIE_NAME, ""))
