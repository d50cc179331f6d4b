"""The wire to another MCP server, by the official SDK: no proxy, no redirect, bounded in time and size, a call once.

The SDK sends a call again when a server wants it with other headers, and checks answers against patterns of the
server's own, which may take for ever. So calls leave through `send_request`, and `Narrow` lets one of them out.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from tools.kube.errors import Ambiguous, BadAnswer, KubeError, NotSent, TooLarge, Unreachable

if TYPE_CHECKING:
    import httpx2
    import mcp_types as types
    from mcp.client import Client

Json: TypeAlias = Any
LONGEST_SECONDS = 60.0  # of a call, with everything before it
LARGEST = 1 << 20  # bytes of all that a server answers in one go
MOST_TOOLS = 200
_PAGES = 20
_CONNECT = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Reach:
    """How a server is reached: its name here, its address, and the headers it is sent, a credential among them."""

    name: str
    address: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """A tool in its server's own words. hints: its annotations, which nobody believes."""

    name: str
    title: str
    description: str
    schema: dict[str, Json]
    hints: dict[str, Json]

    @property
    def digest(self) -> str:
        """Changes with any of it: what was looked at is not what is called then."""
        whole = [self.name, self.title, self.description, self.schema, self.hints]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    data: Json
    failed: bool


@dataclass(frozen=True, slots=True)
class Call:
    """digest: of the tool as it was allowed; leaving: is awaited when nothing is left but to write the call to the
    connection, and raises NotSent when it may not leave any more; writes: whether a repeat could do harm."""

    tool: str
    arguments: Mapping[str, Json]
    digest: str
    leaving: Callable[[], Awaitable[None]]
    writes: bool


class Changed(NotSent):
    """The server tells another tool under this name than the one that was looked at."""

    code = "tool_changed"


async def tools_of(reach: Reach) -> list[Told]:
    """All that it offers now. Raises Unreachable, TooLarge, BadAnswer."""
    narrow = Narrow(reach)
    async with _faults(narrow, writes=False), asyncio.timeout(LONGEST_SECONDS), _client(reach, narrow) as client:
        return await _listed(reach, client)


async def call(reach: Reach, wanted: Call) -> Answer:
    """Sends the call once, after a look whether it is still the tool that was allowed. Raises Changed and NotSent when
    nothing was sent, Ambiguous when nobody knows what came of a change."""
    narrow = Narrow(reach, wanted.leaving)
    async with (
        _faults(narrow, writes=wanted.writes),
        asyncio.timeout(LONGEST_SECONDS),
        _client(reach, narrow) as client,
    ):
        told = next((each for each in await _listed(reach, client) if each.name == wanted.tool), None)
        if told is None or told.digest != wanted.digest:
            raise Changed(
                f'The server "{reach.name}" describes {wanted.tool} differently from what was looked at, so it was '
                "not called. An administrator can look again at /mcp-servers."
            )
        return await _called(client, wanted)


async def _listed(reach: Reach, client: "Client") -> list[Told]:
    found: list[Told] = []
    cursor = None
    for _ in range(_PAGES):
        page = await client.list_tools(cursor=cursor, cache_mode="bypass")
        found += [_told(tool) for tool in page.tools]
        cursor = page.next_cursor
        if len(found) > MOST_TOOLS:
            break
        if not cursor:
            return found
    raise TooLarge(f'The server "{reach.name}" offers more than {MOST_TOOLS} tools: none of them was taken.')


def _told(tool: "types.Tool") -> Told:
    hints = tool.annotations.model_dump(exclude_none=True) if tool.annotations else {}
    return Told(tool.name, tool.title or str(hints.get("title", "")), tool.description or "", tool.input_schema, hints)


async def _called(client: "Client", wanted: Call) -> Answer:
    import mcp_types as types

    request = types.CallToolRequest(
        params=types.CallToolRequestParams(name=wanted.tool, arguments=dict(wanted.arguments))
    )
    result = await client.session.send_request(request, types.CallToolResult)
    parts = [
        part.text if isinstance(part, types.TextContent) else f"[{part.type}, not shown]" for part in result.content
    ]
    return Answer("\n".join(parts), result.structured_content, bool(result.is_error))


# ---- the connection ----------------------------------------------------------------------------------------------


@asynccontextmanager
async def _client(reach: Reach, narrow: "Narrow") -> "AsyncIterator[Client]":
    import httpx2
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client

    headers = {**reach.headers, "Accept-Encoding": "identity"}
    timeout = httpx2.Timeout(_CONNECT, read=LONGEST_SECONDS)
    http = httpx2.AsyncClient(
        headers=headers, timeout=timeout, transport=narrow.transport(), trust_env=False, follow_redirects=False
    )
    wire = streamable_http_client(reach.address, http_client=http, max_sse_event_size=LARGEST)
    async with http, Client(wire, read_timeout_seconds=LONGEST_SECONDS) as client:
        yield client


class Narrow:
    """What one conversation with a server may be: `sent` says whether its call has left, `fault` why it was cut."""

    def __init__(self, reach: Reach, leaving: Callable[[], Awaitable[None]] | None = None) -> None:
        self._reach, self._leaving = reach, leaving
        self._room = LARGEST
        self.sent = False
        self.fault: KubeError | None = None

    def transport(self) -> "httpx2.AsyncBaseTransport":
        import httpx2

        narrow, inner = self, httpx2.AsyncHTTPTransport(trust_env=False, retries=0)

        class Transport(httpx2.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
                await narrow._let_out(json.loads(await request.aread() or b"null"))
                response = await inner.handle_async_request(request)
                narrow._check(response)
                return httpx2.Response(
                    response.status_code,
                    headers=response.headers,
                    stream=Stream(response.stream),
                    extensions=response.extensions,
                )

            async def aclose(self) -> None:
                await inner.aclose()

        class Stream(httpx2.AsyncByteStream):
            def __init__(self, whole: Any) -> None:
                self._whole = whole

            async def __aiter__(self) -> AsyncIterator[bytes]:
                async for piece in self._whole:
                    narrow._take(len(piece))
                    yield piece

            async def aclose(self) -> None:
                await self._whole.aclose()

        return Transport()

    async def _let_out(self, message: Json) -> None:
        if isinstance(message, list):  # a batch could hold several calls
            raise self._cut(NotSent("Several messages at once are not sent to another server."))
        if not isinstance(message, dict) or message.get("method") != "tools/call":
            return
        if self.sent or self._leaving is None:
            raise self._cut(NotSent("A call to a tool leaves once: it was not sent again."))
        try:
            await self._leaving()
        except KubeError as fault:
            raise self._cut(fault) from None
        self.sent = True

    def _check(self, response: "httpx2.Response") -> None:
        if response.has_redirect_location or 300 <= response.status_code < 400:
            raise self._cut(BadAnswer(f'The server "{self._reach.name}" sends elsewhere, which is not followed.'))
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self._cut(BadAnswer(f'The server "{self._reach.name}" packs its answers, which was not asked for.'))

    def _take(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise self._cut(TooLarge(f'The server "{self._reach.name}" answered more than {LARGEST >> 20} MiB.'))

    def _cut(self, fault: KubeError) -> KubeError:
        self.fault = self.fault or fault
        return fault

    def told(self, fault: Exception) -> str:
        """Why the conversation broke off, as a sentence."""
        if isinstance(fault, TimeoutError):
            return f'The server "{self._reach.name}" did not answer within {LONGEST_SECONDS:.0f} s.'
        from mcp.shared.exceptions import MCPError

        if isinstance(fault, MCPError):
            return f'The server "{self._reach.name}" answered with an error: {fault.error.message[:300]}'
        return f'The server "{self._reach.name}" cannot be talked to ({type(fault).__name__}).'


@asynccontextmanager
async def _faults(narrow: Narrow, *, writes: bool) -> AsyncIterator[None]:
    """Whatever goes wrong as one of our errors; after a change has left, as Ambiguous."""
    import httpx2
    from mcp.shared.exceptions import MCPError

    known = (httpx2.HTTPError, MCPError, TimeoutError, OSError, ValueError, RuntimeError, KubeError, ExceptionGroup)
    try:
        yield
    except known as raised:
        fault = narrow.fault or _first(raised)
        if writes and narrow.sent:
            why = fault.sentence if isinstance(fault, KubeError) else narrow.told(fault)
            raise Ambiguous(f"{why} It had been sent: look whether it took effect. It is not sent again.") from None
        if isinstance(fault, KubeError):
            raise fault from None
        kind = BadAnswer if isinstance(fault, MCPError | ValueError) else Unreachable
        raise kind(narrow.told(fault)) from raised


def _first(fault: Exception) -> Exception:
    """Of a group the first that was raised in it."""
    while isinstance(fault, ExceptionGroup):
        fault = fault.exceptions[0]
    return fault
