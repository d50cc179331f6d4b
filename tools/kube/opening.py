"""The opening request of a WebSocket leaves once: aiohttp repeats it on a cut connection and follows redirects.

It is a GET, so aiohttp takes it for harmless; here it runs a command. A redirect would carry the credential elsewhere.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import aiohttp

Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]


class Reopened(Exception):
    """aiohttp wanted to send the opening request once more, here or elsewhere."""


class _Opening:
    sent = False


_opening: ContextVar[_Opening | None] = ContextVar("opening", default=None)


@contextmanager
def once() -> Iterator[None]:
    """Of what is requested inside, one request leaves; the next raises Reopened."""
    token = _opening.set(_Opening())
    try:
        yield
    finally:
        _opening.reset(token)


async def only_once(request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
    """A client middleware for every session; requests outside `once` have their own."""
    opening = _opening.get()
    if opening is not None:
        if opening.sent:
            raise Reopened
        opening.sent = True
    return await handler(request)
