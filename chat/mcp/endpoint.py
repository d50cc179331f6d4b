"""The ASGI application at `/mcp`: who may come in, and the official SDK behind it, without sessions.

Each request stands alone and brings its own token, so any process answers it and nobody can use another's session.
The SDK costs tens of megabytes: it is imported with the first request.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson
from channels.db import database_sync_to_async
from django.db import Error as DatabaseFault

from chat import leaving, origin, standing
from chat.audit import door as audited
from chat.errors import TooMany
from chat.models.access_token import Scope
from chat.standing import Person

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
LARGEST_REQUEST = 1 << 20
CALLER, ADDRESS = "k8smcp.caller", "k8smcp.address"  # in the scope of a request that was let in


class Refused(Exception):
    """The request is not let in; the text says why."""

    def __init__(self, status: int, code: str, sentence: str, after: float = 5.0) -> None:
        """`after`: seconds until another try may succeed, for 429 and 503."""
        super().__init__(sentence)
        self.status, self.code, self.after = status, code, after


class Endpoint:
    """One a process. The SDK's manager lives in a task of its own, from the first request to the end of the loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        try:
            person = await _let_in(scope)
        except Refused as fault:
            await _refuse(send, fault)
            return
        manager = await self._running()
        await manager.handle_request({**scope, CALLER: person, ADDRESS: origin.address(scope)}, receive, send)

    async def _running(self) -> "StreamableHTTPSessionManager":
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._started = loop, loop.create_task(self._start(), name="start mcp")
        return await asyncio.shield(self._started)

    async def _start(self) -> "StreamableHTTPSessionManager":
        manager, opened = await asyncio.get_running_loop().run_in_executor(None, _manager), asyncio.Event()
        self._life = asyncio.create_task(_live(manager, opened), name="mcp")
        await opened.wait()
        return manager


def _manager() -> "StreamableHTTPSessionManager":
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    return StreamableHTTPSessionManager(_server(), stateless=True, max_request_body_size=LARGEST_REQUEST)


async def _live(manager: "StreamableHTTPSessionManager", opened: asyncio.Event) -> None:
    async with manager.run():
        opened.set()
        await asyncio.Event().wait()


def _server() -> "Server[Any]":
    import mcp_types as types
    from mcp.server.lowlevel import Server

    from chat.mcp import calls

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=await calls.listed(caller(context)))

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await calls.call(caller(context), params.name, params.arguments or {})

    def caller(context: Any) -> calls.Caller:
        scope = context.request.scope
        person: Person = scope[CALLER]
        return calls.Caller(person.user, person.token, scope[ADDRESS], context.session.report_progress)

    return Server(
        "k8s-mcp",
        title="K8s MCP",
        instructions="Tools for Kubernetes clusters. A change waits for a person: its answer names where.",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


# ---- who may come in ---------------------------------------------------------------------------------------------


async def _let_in(scope: Mapping[str, Any]) -> Person:
    if not origin.host_fits(scope):
        raise Refused(421, "wrong_host", "The portal is not reached by this name. Add it to ALLOWED_HOSTS.")
    if not origin.fits(scope):
        raise Refused(403, "wrong_origin", "This page may not talk to the portal: its Origin is another one.")
    if leaving.now():
        raise Refused(503, "draining", "This process is being restarted. Send the same again in a moment.")
    token = standing.bearer(origin.header(scope, b"authorization"))
    try:
        let_in = database_sync_to_async(standing.requesting)
        found = await let_in(token, _address(scope)) if token is not None else None
    except TooMany as fault:
        raise Refused(fault.status, fault.code, str(fault), fault.after) from None
    except DatabaseFault:
        raise Refused(503, "unavailable", "The portal's database does not answer. Try again in a moment.") from None
    if found is None:
        raise Refused(401, "invalid_token", "Send a valid access token of the portal as a bearer.")
    if not found.allows(Scope.WRITE):
        raise Refused(403, "insufficient_scope", 'The access token does not allow this: it needs the scope "write".')
    audited.enter("mcp", found.user.get_username)
    return found


def _address(scope: Mapping[str, Any]) -> str:
    """Whom the request comes from, without the port."""
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _refuse(send: Send, fault: Refused) -> None:
    body = orjson.dumps({"error": fault.code, "error_description": str(fault)})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if fault.status in (401, 403):
        headers.append((b"www-authenticate", f'Bearer error="{fault.code}"'.encode()))
    if fault.status in (429, 503):
        headers.append((b"retry-after", str(math.ceil(fault.after)).encode()))
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


application = Endpoint()
