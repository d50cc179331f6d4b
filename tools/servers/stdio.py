"""A program on this machine as an MCP server: what it writes becomes messages, bounded, and its end becomes a sentence.

The SDK's own client for this keeps whatever a program says without a line's end, and gives it the portal's variables.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from tools.kube.errors import BadAnswer, KubeError, Unreachable
from tools.rendering import plain
from tools.servers.groups import Listener, running
from tools.servers.narrow import Narrow

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

Streams: TypeAlias = Any  # of anyio, which the SDK brings along
_LAST_WORDS = 2_000  # bytes of what it writes to stderr
_SHOWN = 200  # characters of them
_PATIENCE = 1.0  # seconds, for the exit code after the end of its output


class Heard(Listener):
    """What a program writes, as it comes: lines of stdout for the reader, the last words of stderr. Both count."""

    def __init__(self, narrow: Narrow) -> None:
        super().__init__()
        self._narrow, self._line = narrow, bytearray()
        self.lines: asyncio.Queue[bytes | None] = asyncio.Queue()  # None: there is nothing more; bounded by `narrow`
        self.last_words = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._program = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if self._narrow.fault is not None:
            return
        try:
            self._narrow.take(len(data))
        except KubeError:
            self._deaf()
            return
        if fd == 2:
            self.last_words = (self.last_words + data)[-_LAST_WORDS:]
            return
        self._line += data
        if b"\n" in data:
            *whole, self._line = self._line.split(b"\n")
            for line in filter(bytearray.strip, whole):
                self.lines.put_nowait(bytes(line))

    def _deaf(self) -> None:
        """An endless one is not read any further."""
        self.lines.put_nowait(None)
        for fd in (1, 2):
            if (pipe := self._program.get_pipe_transport(fd)) is not None:
                pipe.close()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self.lines.put_nowait(None)


@asynccontextmanager
async def streams(narrow: Narrow, seconds: float) -> "AsyncIterator[TransportStreams]":
    import anyio

    assert narrow.reach.program is not None
    heard = Heard(narrow)
    incoming, read = anyio.create_memory_object_stream[Any](0)
    write, outgoing = anyio.create_memory_object_stream[Any](0)
    async with (
        incoming,
        read,
        write,
        outgoing,
        running(narrow.reach.program, heard) as program,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(_hear, narrow, heard, program, incoming)
        tasks.start_soon(_tell, narrow, program, outgoing, incoming)
        try:
            yield read, write
        finally:
            tasks.cancel_scope.cancel()


async def _hear(narrow: Narrow, heard: Heard, program: asyncio.SubprocessTransport, incoming: Streams) -> None:
    import anyio

    async with incoming:
        with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):  # nobody listens any more
            while (line := await heard.lines.get()) is not None:
                await incoming.send(_message(narrow, line))
            await _explain(narrow, heard, program)


def _message(narrow: Narrow, line: bytes) -> Any:
    """Raises BadAnswer."""
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter

    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError:
        raise narrow.cut(
            BadAnswer(f'The server "{narrow.reach.name}" wrote something else than messages of MCP to its output.')
        ) from None


async def _explain(narrow: Narrow, heard: Heard, program: asyncio.SubprocessTransport) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            await heard.ended.wait()
    code, words = program.get_returncode(), " ".join(plain(heard.last_words.decode(errors="replace")).split())
    how = "closed its output" if code is None else f"ended by itself (exit code {code})"
    said = f", and said last: {words[-_SHOWN:].rstrip('.')}" if words else ""
    narrow.cut(Unreachable(f'The program of the server "{narrow.reach.name}" {how}{said}.'))


async def _tell(narrow: Narrow, program: asyncio.SubprocessTransport, outgoing: Streams, incoming: Streams) -> None:
    stdin: Any = program.get_pipe_transport(0)
    async for each in outgoing:
        text = each.message.model_dump_json(by_alias=True, exclude_unset=True)
        try:
            await narrow.let_out(json.loads(text))
        except KubeError:
            incoming.close()
            return
        stdin.write(text.encode() + b"\n")
