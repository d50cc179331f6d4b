"""The fake's HTTP: hand-made on asyncio, since a framework can neither reset a connection nor end a body wrongly."""

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.fakemodel import wire
from tests.fakemodel.script import Script
from tests.fakemodel.wire import Reply

REASONS = {200: "OK", 404: "Not Found"}


class Gone(Exception):
    """This connection is of no more use."""


class FakeModel:
    """requests: what came; connections: how many so far; streams: answers under way; left: those whose client left."""

    def __init__(
        self, script: Mapping[str, Any] | None = None, *, port: int = 0, key: str = "", journal: Path | None = None
    ) -> None:
        self.script = Script(script or {})
        self.requests: list[dict[str, Any]] = []
        self.streams = 0
        self.left = 0
        self.connections = 0
        self._port = port
        self._key = key
        self._journal = journal
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return "http://{}:{}".format(*self._server.sockets[0].getsockname()[:2])

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request["body"] for request in self.requests]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await self._exchange(reader, writer)
        except (Gone, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    # ---- one request ----

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        if (method, path) == ("GET", "/requests"):
            return await _answer(writer, 200, json.dumps(self.requests))
        if (method, path.partition("?")[0]) != ("POST", "/v1/messages"):
            return await _answer(writer, 404, _error("not_found_error", f"{path} is not here"))
        request = self._record(headers, json.loads(raw))
        if self._key and request["key"] != self._key:
            return await _answer(writer, 401, _error("authentication_error", f"invalid key {request['key']}"))
        reply = self.script.reply(request["body"])
        if "status" in reply:
            given = reply.get("body") or json.loads(_error(*reply.get("error", ("api_error", "Something went wrong"))))
            text = given if isinstance(given, str) else json.dumps(given)
            return await _answer(writer, reply["status"], text, reply.get("headers", {}))
        return await self._stream(reader, writer, reply, request["body"]["model"])

    def _record(self, headers: Mapping[str, str], body: dict[str, Any]) -> dict[str, Any]:
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        credential = "bearer" if bearer else "x-api-key" if "x-api-key" in headers else None
        request = {
            "credential": credential, "key": bearer or headers.get("x-api-key"), "headers": dict(headers), "body": body,
        }  # fmt: skip
        self.requests.append(request)
        if self._journal is not None:
            with self._journal.open("a", encoding="utf-8") as journal:
                journal.write(json.dumps(request) + "\n")
        return request

    # ---- one stream ----

    async def _stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply, model: str
    ) -> None:
        self.streams += 1
        leaving = asyncio.ensure_future(_left(reader))
        playing = asyncio.ensure_future(_play(writer, reply, model))
        try:
            await asyncio.wait((leaving, playing), return_when=asyncio.FIRST_COMPLETED)
            if not playing.done() or isinstance(playing.exception(), OSError):
                self.left += 1
                raise Gone
            playing.result()
            if reply.get("cut", {}).get("how") in ("break", "reset", "stall", "pings"):
                raise Gone
        finally:
            self.streams -= 1
            for task in (leaving, playing):
                task.cancel()
            await asyncio.gather(leaving, playing, return_exceptions=True)


async def _left(reader: asyncio.StreamReader) -> None:
    """Watches without reading: what comes next on this connection may be the next request."""
    while not reader.at_eof() and reader.exception() is None:  # noqa: ASYNC110 - streams tell nobody
        await asyncio.sleep(0.02)


async def _play(writer: asyncio.StreamWriter, reply: Reply, model: str) -> None:
    await asyncio.sleep(reply.get("pause", 0))
    kind = reply.get("content_type", "text/event-stream; charset=utf-8")
    writer.write(_head(200, {"content-type": kind, "transfer-encoding": "chunked"}))
    made = wire.pieces(reply, model)
    cut = reply.get("cut", {})
    if "before" in cut:
        made = made[: wire.position(made, cut["before"], cut.get("nth", 1))]
    chunks = [piece.data for piece in made]
    if "bytes" in cut:
        chunks = [b"".join(chunks)[: cut["bytes"]]]
    if "drip" in reply:
        size, seconds = reply["drip"]
        whole = b"".join(chunks)
        await _send([whole[at : at + size] for at in range(0, len(whole), size)], seconds, writer)
    else:
        await _send(chunks, 1 / reply["rate"] if reply.get("rate") else 0, writer)
    await _end(cut, writer)


async def _send(chunks: list[bytes], seconds: float, writer: asyncio.StreamWriter) -> None:
    """Paced by the clock and not by sleeping the same time after each, or a busy machine would slow the model down."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    for number, chunk in enumerate(chunks):
        if seconds:
            await asyncio.sleep(max(0, begun + number * seconds - clock()))
        if chunk:
            chunk = chunk.replace(wire.STAMP, b"[t=%016d]" % time.monotonic_ns())
            writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        if seconds or number % 64 == 0:
            await writer.drain()
    await writer.drain()


async def _end(cut: Mapping[str, Any], writer: asyncio.StreamWriter) -> None:
    match cut.get("how", "close"):
        case "break":
            return
        case "reset":
            await asyncio.sleep(0.01)  # let what was said arrive: a reset throws away what is still on its way
            writer.transport.abort()
            return
        case "stall":
            await asyncio.Event().wait()
        case "pings":
            while True:
                await _send([wire.PING], 0, writer)
                await asyncio.sleep(0.01)
        case "error":
            await _send([wire.error_event(*cut.get("error", ("overloaded_error", "Overloaded")))], 0, writer)
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _answer(
    writer: asyncio.StreamWriter, status: int, text: str, headers: Mapping[str, str] | None = None
) -> None:
    body = text.encode()
    kind = "text/html" if text.startswith("<") else "application/json"
    writer.write(_head(status, {"content-type": kind, "content-length": str(len(body)), **(headers or {})}) + body)
    await writer.drain()


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {REASONS.get(status, 'Error')}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _error(kind: str, message: str) -> str:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}})
