"""The last moment before a change leaves: it is written down, and then leaves at once or not at all.

A process can be frozen anywhere, and be replaced meanwhile. So the permit's `announce` is asked when the connection
stands and nothing is left to do but to write: it records the request under the run's lease and says until when the
request may leave. Whoever wakes after that finds the time over. What is between the last look at the clock and the
system call is a few lines without a pause.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace

import aiohttp

from tools.kube import guard
from tools.kube.errors import NotPermitted, NotSent
from tools.kube.guard import Permit
from tools.kube.sending import Sending

SEND_WITHIN = 2.0  # seconds from the moment a change is written down to its leaving


class _Departure:
    """One request on its way out."""

    def __init__(self, permit: Permit, sending: Sending) -> None:
        self._permit, self._sending = permit, sending

    async def leave(self) -> None:
        """Raises NotSent, NotPermitted: nothing has been written to the connection then."""
        if self._permit.announce is None:
            raise NotPermitted("Nobody keeps a record of what this call changes, so it was not sent.")
        until = await self._permit.announce(self._sending)
        if guard.clock() > until:
            raise NotSent("The portal stood still just before this was to be sent, so it was not sent. Ask again.")


_departing: ContextVar[_Departure | None] = ContextVar("departing", default=None)


@contextmanager
def departing(permit: Permit | None, sending: Sending | None) -> Iterator[None]:
    """What is requested inside is announced before it leaves; without a `sending` there is nothing to announce."""
    token = _departing.set(_Departure(permit, sending) if permit is not None and sending is not None else None)
    try:
        yield
    finally:
        _departing.reset(token)


async def _about_to_leave(
    session: aiohttp.ClientSession, context: SimpleNamespace, request: aiohttp.TraceRequestHeadersSentParams
) -> None:
    departure = _departing.get()
    if departure is not None:
        await departure.leave()


def watched() -> aiohttp.TraceConfig:
    """For every session to a cluster. aiohttp calls this when it has connected and before it writes the first byte,
    in the task of the request; a fault raised here closes the connection unused."""
    config = aiohttp.TraceConfig()
    config.on_request_headers_sent.append(_about_to_leave)
    return config
