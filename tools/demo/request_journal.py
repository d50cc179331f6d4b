"""Writes down every request that reached the demo API server and what it was answered, a JSON object a line."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs

from tools.demo.http import LARGEST_BODY, Receive, Scope, Send

Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Message = MutableMapping[str, Any]


def journaled(application: Application, path: Path) -> Application:
    """The application, and a line at the end of each request, also of one that broke:
    {"at": seconds since 1970, "method", "path", "query", "status" (0: no answer), "user_agent", "field_manager",
    "dry_run": true or false, "name": metadata.name of the body or "", "sha256" of the body}."""
    file = path.open("a", encoding="utf-8", buffering=1)

    async def application_with_journal(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        seen = _Exchange(time.time(), scope)
        try:
            await application(scope, seen.listening(receive), seen.telling(send))
        finally:
            seen.write(file)

    return application_with_journal


class _Exchange:
    """One request on its way."""

    def __init__(self, at: float, scope: Scope) -> None:
        self._at, self._scope = at, scope
        self._body = b""
        self._status = 0

    def listening(self, receive: Receive) -> Receive:
        async def heard() -> Message:
            message = await receive()
            if len(self._body) < LARGEST_BODY:
                self._body += message.get("body", b"")
            return message

        return heard

    def telling(self, send: Send) -> Send:
        async def told(message: Message) -> None:
            self._status = message.get("status", self._status)
            await send(message)

        return told

    def write(self, file: IO[str]) -> None:
        query = parse_qs(self._scope["query_string"].decode("latin-1"), keep_blank_values=True)
        agent = next((value for name, value in self._scope["headers"] if name == b"user-agent"), b"")
        line = {
            "at": self._at,
            "method": self._scope["method"],
            "path": self._scope["path"],
            "query": query,
            "status": self._status,
            "user_agent": agent.decode("latin-1"),
            "field_manager": query.get("fieldManager", [""])[0],
            "dry_run": query.get("dryRun") == ["All"],
            "name": _name(self._body),
            "sha256": hashlib.sha256(self._body).hexdigest(),
        }
        file.write(json.dumps(line) + "\n")


def _name(body: bytes) -> str:
    try:
        found = json.loads(body)["metadata"]["name"]
    except (ValueError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) else ""
