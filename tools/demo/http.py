"""Requests and responses of the demo API server, and the ASGI messages they travel in."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson

from tools.demo.errors import ApiError, Json

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
JSON = "application/json"
LARGEST_BODY = 3 * 1024 * 1024
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """One HTTP request, read to its end."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: list[tuple[str, str]]
    body: bytes = b""

    def param(self, name: str) -> str:
        """The first value of a query parameter, "" if absent."""
        return self.query.get(name, [""])[0]

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def header_values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def flag(self, name: str) -> bool:
        """A boolean parameter the way Go's conversion reads it: anything but false, 0 and absent is true."""
        return self.param(name).lower() not in ("", "false", "0")


@dataclass
class Response:
    """One HTTP answer; `stream` goes out chunk by chunk after the headers."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: list[tuple[str, str]] = field(default_factory=list)
    stream: AsyncGenerator[bytes, None] | None = None


def json_response(body: Json, status: int = 200) -> Response:
    return Response(status, orjson.dumps(body) + b"\n")


def text_response(text: str, status: int = 200) -> Response:
    return Response(status, text.encode(), TEXT)


async def read_request(scope: Scope, receive: Receive) -> Request:
    """Takes the request out of ASGI messages, its whole body included; 413 when that is too large."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            text = f"Request entity too large: limit is {LARGEST_BODY}"
            raise ApiError(413, text, "RequestEntityTooLarge")
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    headers = [(key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in scope["headers"]]
    return Request(scope["method"], scope["path"], query, headers, body)


async def send_response(response: Response, receive: Receive, send: Send, head_only: bool = False) -> None:
    """Sends it; a stream ends when the client has gone."""
    headers = list(response.headers)
    if response.content_type and response.status != 204:
        headers.insert(0, ("content-type", response.content_type))
    if response.stream is None and response.status != 204:
        headers.append(("content-length", str(len(response.body))))
    raw = [(key.encode("latin-1"), value.encode("utf-8", "replace")) for key, value in headers]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    if response.stream is not None:
        await _send_stream(response.stream, receive, send)
    await send({"type": "http.response.body", "body": b"" if head_only else response.body, "more_body": False})


async def _send_stream(stream: AsyncGenerator[bytes, None], receive: Receive, send: Send) -> None:
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        while not gone.done():
            chunk: asyncio.Future[bytes | None] = asyncio.ensure_future(anext(stream, None))
            waited: list[asyncio.Future[Any]] = [chunk, gone]
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not chunk.done():
                chunk.cancel()
                await asyncio.wait({chunk})
                return
            body = chunk.result()
            if body is None:
                return
            await send({"type": "http.response.body", "body": body, "more_body": True})
    finally:
        gone.cancel()
        await stream.aclose()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
