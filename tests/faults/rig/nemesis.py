"""The nemesis: a TCP proxy per link, whose manners are changed while it runs. It lives in a thread of its own, so that
it goes on while a test waits for a process."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, at once
BITE = 65536


class Cut(Exception):
    """A filter wants this connection reset now."""


class Filter(Protocol):
    """Sees one connection's bytes and says what goes on; raises Cut to end it."""

    def upward(self, data: bytes) -> bytes: ...

    def downward(self, data: bytes) -> bytes: ...


class Link:
    """One proxy. `delay`: seconds before each piece; `rate`: bytes a second, 0 for no limit; `filter`: made anew for
    each connection. `connections` counts all that came."""

    def __init__(self, name: str, target: tuple[str, int], loop: asyncio.AbstractEventLoop) -> None:
        self.name, self.target = name, target
        self.port = 0
        self.delay = 0.0
        self.rate = 0.0
        self.filter: Callable[[], Filter] | None = None
        self.connections = 0
        self._loop = loop
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    # ---- from any thread ----

    def cut(self) -> None:
        """Resets every connection; new ones are taken."""
        self._do(self._reset())

    def refuse(self) -> None:
        """Nobody listens any more, and what is open is reset."""
        self._do(self._deafen())

    def freeze(self) -> None:
        """Connections stay open and nothing passes, as when a cable is out."""
        self._do(self._stop_flowing())

    def half_close(self) -> None:
        """Says to every client that the server will say no more; what clients say still arrives."""
        self._do(self._end_downward())

    def heal(self) -> None:
        self._do(self._heal())

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    # ---- in the nemesis's thread ----

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _heal(self) -> None:
        self.delay, self.rate, self.filter = 0.0, 0.0, None
        self._flowing.set()
        if self._server is None:
            await self.listen()

    async def _deafen(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset()

    async def _stop_flowing(self) -> None:
        self._flowing.clear()

    async def _end_downward(self) -> None:
        for writer in list(self._open):
            if getattr(writer, "to_client", False) and writer.can_write_eof():
                writer.write_eof()

    async def _reset(self) -> None:
        for writer in list(self._open):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.to_client = True  # type: ignore[attr-defined]
        try:
            there, onward = await asyncio.open_connection(*self.target)
        except OSError:
            return _reset(writer)
        self._open |= {writer, onward}
        seen = self.filter() if self.filter else None
        up = self._pump(reader, onward, seen.upward if seen else None)
        down = self._pump(there, writer, seen.downward if seen else None)
        both = [asyncio.ensure_future(up), asyncio.ensure_future(down)]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            self._open -= {writer, onward}
            for task in both:
                task.cancel()
            broken = any(isinstance(each, Exception) for each in await asyncio.gather(*both, return_exceptions=True))
            for end in (writer, onward):
                _reset(end) if broken else end.close()
        return None

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Callable[[bytes], bytes] | None
    ) -> None:
        while data := await reader.read(BITE if not self.rate else max(1, int(self.rate / 10))):
            if self.delay:
                await asyncio.sleep(self.delay)
            if self.rate:
                await asyncio.sleep(len(data) / self.rate)
            await self._flowing.wait()
            writer.write(seen(data) if seen else data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """A TCP reset instead of a farewell."""
    plug = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


class Nemesis:
    """All links of a set-up. Enter it, ask for links, do them harm."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="nemesis", daemon=True)
        self.links: dict[str, Link] = {}

    def __enter__(self) -> "Nemesis":
        self._thread.start()
        return self

    def __exit__(self, *fault: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def link(self, name: str, port: int) -> Link:
        """A new link to a port of this machine."""
        link = self.links[name] = Link(name, ("127.0.0.1", port), self._loop)
        link._do(link.listen())
        return link

    def heal(self) -> None:
        for link in self.links.values():
            link.heal()

    async def _end(self) -> None:
        for link in self.links.values():
            await link._deafen()
        mine = asyncio.current_task()
        rest = [task for task in asyncio.all_tasks() if task is not mine]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
