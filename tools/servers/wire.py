"""A conversation with another MCP server, by the official SDK: bounded in time and size, a call leaves once.

The SDK sends a call again when a server wants it with other headers, and checks answers against patterns of the
server's own, which may take for ever. So calls leave through `send_request`, and `Narrow` lets one of them out.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.kube.errors import Ambiguous, BadAnswer, KubeError, NotSent, TooLarge, Unreachable
from tools.servers import http, stdio
from tools.servers.narrow import Json, Narrow, Reach

if TYPE_CHECKING:
    import mcp_types as types
    from mcp.client import Client

LONGEST_SECONDS = 60.0  # of a call, with everything before it
MOST_TOOLS = 200
_PAGES = 20
_LOOKS = 0.5  # seconds between looks whether anybody still wants the call
_GRACE = 5.0  # seconds that a program has for it when nobody does


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
    connection, and raises NotSent when it may not leave any more; writes: whether a repeat could do harm; stopping:
    whether nobody wants it to go on, which a program on this machine is ended for."""

    tool: str
    arguments: Mapping[str, Json]
    digest: str
    leaving: Callable[[], Awaitable[None]]
    writes: bool
    stopping: Callable[[], Awaitable[bool]] | None = None


class Changed(NotSent):
    """The server tells another tool under this name than the one that was looked at."""

    code = "tool_changed"


async def tools_of(reach: Reach) -> list[Told]:
    """All that it offers now. Raises Unreachable, TooLarge, BadAnswer."""
    async with _conversation(Narrow(reach)) as client:
        return await _listed(reach, client)


async def call(reach: Reach, wanted: Call) -> Answer:
    """Sends the call once, after a look whether it is still the tool that was allowed. Raises Changed and NotSent when
    nothing was sent, Ambiguous when nobody knows what came of a change."""
    async with _conversation(Narrow(reach, wanted.leaving), wanted) as client:
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
async def _conversation(narrow: Narrow, wanted: Call | None = None) -> "AsyncIterator[Client]":
    from mcp.client import Client

    opened = stdio.streams if narrow.reach.program else http.streams
    never = 2 * LONGEST_SECONDS  # the limit on the whole comes first, and says so
    async with (
        _faults(narrow, writes=wanted is not None and wanted.writes),
        asyncio.timeout(LONGEST_SECONDS) as limit,
        _ended_early(narrow, wanted, limit),
        Client(opened(narrow, never), read_timeout_seconds=never) as client,
    ):
        yield client


@asynccontextmanager
async def _ended_early(narrow: Narrow, wanted: Call | None, limit: asyncio.Timeout) -> AsyncIterator[None]:
    """A program that nobody waits for any more has a moment left; a server elsewhere ends its work by itself."""
    if narrow.reach.program is None or wanted is None or wanted.stopping is None:
        yield
        return

    async def watch(stopping: Callable[[], Awaitable[bool]]) -> None:
        while not await stopping():  # noqa: ASYNC110 - it is asked, it does not tell
            await asyncio.sleep(_LOOKS)
        await asyncio.sleep(_GRACE)
        narrow.cut(Unreachable(f'Nobody waited for the server "{narrow.reach.name}" any more: its program was ended.'))
        limit.reschedule(asyncio.get_running_loop().time())

    watching = asyncio.create_task(watch(wanted.stopping), name="is the call still wanted")
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@asynccontextmanager
async def _faults(narrow: Narrow, *, writes: bool) -> AsyncIterator[None]:
    """Whatever goes wrong as one of our errors; after a change has left, as Ambiguous."""
    import anyio
    import httpx2
    from mcp.shared.exceptions import MCPError

    closed = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream)
    broken = (httpx2.HTTPError, MCPError, TimeoutError, OSError, ValueError, RuntimeError, *closed)
    try:
        yield
    except (*broken, KubeError, ExceptionGroup) as raised:
        fault = narrow.fault or _first(raised)
        if writes and narrow.sent:
            why = fault.sentence if isinstance(fault, KubeError) else _told_of(narrow.reach, fault)
            raise Ambiguous(f"{why} It had been sent: look whether it took effect. It is not sent again.") from None
        if isinstance(fault, KubeError):
            raise fault from None
        kind = BadAnswer if isinstance(fault, MCPError | ValueError) else Unreachable
        raise kind(_told_of(narrow.reach, fault)) from raised


def _told_of(reach: Reach, fault: Exception) -> str:
    """Why the conversation broke off, as a sentence."""
    from mcp.shared.exceptions import MCPError

    if isinstance(fault, TimeoutError):
        return f'The server "{reach.name}" did not answer within {LONGEST_SECONDS:.0f} s.'
    if isinstance(fault, MCPError):
        return f'The server "{reach.name}" answered with an error: {fault.error.message[:300].rstrip(".")}.'
    return f'The server "{reach.name}" cannot be talked to ({type(fault).__name__}).'


def _first(fault: Exception) -> Exception:
    """Of a group the first that was raised in it."""
    while isinstance(fault, ExceptionGroup):
        fault = fault.exceptions[0]
    return fault
