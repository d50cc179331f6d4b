"""Streamable HTTP to another MCP server: to the address that was typed alone, no redirect, no proxy, nothing packed."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tools.kube.errors import BadAnswer
from tools.servers.narrow import LARGEST, Narrow

if TYPE_CHECKING:
    import httpx2
    from mcp.client._transport import TransportStreams

_CONNECT = 10.0  # seconds


@asynccontextmanager
async def streams(narrow: Narrow, seconds: float) -> "AsyncIterator[TransportStreams]":
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    headers = {**narrow.reach.headers, "Accept-Encoding": "identity"}
    timeout = httpx2.Timeout(_CONNECT, read=seconds)
    http = httpx2.AsyncClient(
        headers=headers, timeout=timeout, transport=_transport(narrow), trust_env=False, follow_redirects=False
    )
    wire = streamable_http_client(narrow.reach.address, http_client=http, max_sse_event_size=LARGEST)
    async with http, wire as both:
        yield both


def _transport(narrow: Narrow) -> "httpx2.AsyncBaseTransport":
    import httpx2

    inner = httpx2.AsyncHTTPTransport(trust_env=False, retries=0)

    class Transport(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            await narrow.let_out(json.loads(await request.aread() or b"null"))
            response = await inner.handle_async_request(request)
            _check(narrow, response)
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
                narrow.take(len(piece))
                yield piece

        async def aclose(self) -> None:
            await self._whole.aclose()

    return Transport()


def _check(narrow: Narrow, response: "httpx2.Response") -> None:
    name = narrow.reach.name
    if response.has_redirect_location or 300 <= response.status_code < 400:
        raise narrow.cut(BadAnswer(f'The server "{name}" sends elsewhere, which is not followed.'))
    if response.headers.get("content-encoding", "identity") != "identity":
        raise narrow.cut(BadAnswer(f'The server "{name}" packs its answers, which was not asked for.'))
