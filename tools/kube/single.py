"""A request leaves once: aiohttp sends PUT, DELETE and the opening of a WebSocket again when a connection breaks, and
follows a WebSocket's redirects. The opening is a GET, so aiohttp takes it for harmless; here it runs a command.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import aiohttp

Handler = Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]


class Resent(Exception):
    """aiohttp wanted to send the same request once more, here or elsewhere."""


class _Single:
    sent = False


_single: ContextVar[_Single | None] = ContextVar("single", default=None)


@contextmanager
def request() -> Iterator[None]:
    """Of what is requested inside, one request leaves; the next raises Resent."""
    token = _single.set(_Single())
    try:
        yield
    finally:
        _single.reset(token)


async def only_once(asked: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
    """A client middleware for every session; what is asked outside of `request` goes by."""
    single = _single.get()
    if single is not None:
        if single.sent:
            raise Resent
        single.sent = True
    return await handler(asked)
