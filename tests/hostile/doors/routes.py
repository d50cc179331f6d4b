"""Every route of the portal, found by walking the URL resolver and the REST door's own operations."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from ninja import NinjaAPI

from chat.rest.urls import fallback, v1

_PARAMETER = re.compile(r"[<{](?:\w+:)?(\w+)[>}]")
_IN_ADMIN = ("admin/",)
_OPEN = ("static", "favicon.ico")


def rest() -> Iterator[str]:
    """ "GET /api/v1/runs/{run_id}" for each operation of the REST door."""
    for api, prefix in ((v1, "/api/v1"), (fallback, "/api/chat")):
        yield from _operations(api, prefix)


def _operations(api: NinjaAPI, prefix: str) -> Iterator[str]:
    for router_prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    yield f"{method} {_plain(prefix + router_prefix + path)}"


def pages() -> Iterator[str]:
    """ "/c/{conversation_id}" for each address that is neither REST's operations nor the Django admin's."""
    for path in _walk(get_resolver().url_patterns, ""):
        if not path.startswith(("admin/", "api/v1/", "api/chat/")):
            yield _plain("/" + path)
    yield from ("/api/v1/openapi.json", "/api/v1/docs")


def admin() -> Iterator[str]:
    """The lists and forms of the Django admin."""
    for path in _walk(get_resolver().url_patterns, ""):
        if path.startswith(_IN_ADMIN) and not path.startswith(("admin/jsi18n", "admin/r/", "admin/(?P<url>")):
            yield _plain("/" + path)


def _walk(patterns: Any, before: str) -> Iterator[str]:
    for each in patterns:
        path = before + str(each.pattern).removeprefix("^").removesuffix(r"\Z").removesuffix("$")
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, path)
        elif isinstance(each, URLPattern):
            yield path


def _plain(path: str) -> str:
    return _PARAMETER.sub(r"{\1}", path).replace("//", "/")
