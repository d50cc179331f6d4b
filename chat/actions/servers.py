"""Register other MCP servers, look at what they offer, and say what each of their tools may do. For administrators."""

from collections.abc import Mapping
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import transaction

from chat import audit
from chat.access import Right, require
from chat.errors import NotFound, in_our_words
from tools.models import McpServer, McpTool
from tools.servers import registered, running


def find(user: User, name: str) -> McpServer:
    """Raises NotAllowed, NotFound."""
    require(user, Right.ADMINISTER)
    found = McpServer.objects.filter(name=name).first()
    if found is None:
        raise NotFound("There is no such MCP server.")
    return found


def register(user: User, name: str, address: str, headers: str) -> McpServer:
    """Nothing is asked of it yet. Raises NotAllowed, BadInput."""
    require(user, Right.ADMINISTER)
    with in_our_words(), transaction.atomic():
        made = registered.register(name.strip(), address.strip(), headers)
        _record(user, made, "registered", address=made.address, with_headers=bool(made.sealed))
        return made


def look(user: User, name: str) -> None:
    """Asks it for its tools, and keeps what it tells. Raises NotAllowed, NotFound, and BadInput when it cannot be
    asked; then the page says so as well."""
    server = find(user, name)
    with in_our_words():
        async_to_sync(running.look)(server)
    with transaction.atomic():
        _record(user, server, "looked at", tools=server.tools.count())


def assign(user: User, name: str, effects: Mapping[int, tuple[str, str]]) -> int:
    """By tool the effect and the digest that was shown with it; returns how many the server has changed since: those
    stay without. Raises NotAllowed, NotFound, BadInput."""
    server, late = find(user, name), 0
    with in_our_words(), transaction.atomic():
        for tool in McpTool.objects.filter(server=server, pk__in=list(effects)).select_for_update():
            effect, digest = effects[tool.pk]
            if effect == (tool.assigned or ""):
                continue
            if not registered.assign(tool, effect, digest):
                late += 1
                continue
            _record(user, server, "assigned", tool=tool.name, was=tool.assigned or "", now=effect, digest=digest)
    return late


def switch(user: User, name: str, *, enabled: bool) -> None:
    server = find(user, name)
    with transaction.atomic():
        registered.enable(server, enabled=enabled)
        _record(user, server, "switched on" if enabled else "switched off")


def forget(user: User, name: str) -> None:
    server = find(user, name)
    with transaction.atomic():
        registered.forget(server)
        _record(user, server, "forgotten", address=server.address)


def _record(user: User, server: McpServer, deed: str, **request: Any) -> None:
    told = {"server": server.name} | {key: str(value) for key, value in request.items()}
    audit.record("server.changed", actor=user.get_username(), request=told, outcome=deed)
