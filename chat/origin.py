"""Whether a request comes from the portal's own pages, or from a program that shows a token."""

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host


def header(scope: Mapping[str, Any], name: bytes) -> str:
    """The last one of that name, in small letters; empty without one."""
    return next((value.decode("latin-1") for key, value in reversed([*scope["headers"]]) if key.lower() == name), "")


def fits(scope: Mapping[str, Any]) -> bool:
    """Exactly the portal's own address, or one of CSRF_TRUSTED_ORIGINS. A program with a token need not have one."""
    origin = header(scope, b"origin")
    if not origin:
        return bool(header(scope, b"authorization"))
    same = host_fits(scope) and hmac.compare_digest(origin.encode(), address(scope).encode())
    return same or origin in settings.CSRF_TRUSTED_ORIGINS


def host_fits(scope: Mapping[str, Any]) -> bool:
    """Whether the Host header is one of ALLOWED_HOSTS: a name that was bent to this machine is not."""
    host = header(scope, b"host")
    return validate_host((urlsplit(f"//{host}").hostname or "").lower(), settings.ALLOWED_HOSTS)


def own_address() -> str:
    """The portal's address as the settings tell it, for those who came by no request: the first of
    CSRF_TRUSTED_ORIGINS, else where it listens."""
    if settings.CSRF_TRUSTED_ORIGINS:
        return str(settings.CSRF_TRUSTED_ORIGINS[0])
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}"


def address(scope: Mapping[str, Any]) -> str:
    """The portal's address as this request wrote it, like `https://portal.example`."""
    secure = scope.get("scheme") in ("https", "wss")
    return f"{'https' if secure else 'http'}://{header(scope, b'host')}"
