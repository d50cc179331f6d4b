"""One request on the wire, to one cluster: guarded, bounded in time and size, and writes sent at most once.

The request goes straight to the aiohttp session of the pool (`connections`), because the `kubernetes` client's own
`request` follows redirects, reads without bound and cannot be kept from repeating.

aiohttp itself sends some of them a second time when a connection breaks. `single` stops that.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from tools.effects import Effect
from tools.kube import connections, guard, signing, single
from tools.kube.connections import RefusedAddress
from tools.kube.departure import departing
from tools.kube.errors import Ambiguous, BadAnswer, BadInput, NotPermitted, TooLarge, Unreachable
from tools.kube.guard import Permit
from tools.kube.kubeconfig import Access
from tools.kube.plan import wire
from tools.kube.resources import Resource
from tools.kube.sending import Sending

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
WRITE_SECONDS = 10  # the API server gives a change up after this long, so that what has not happened will not happen
LARGEST_ANSWER = 8 << 20
_REPEATS = 2
_LONGEST_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of an API server. `query` without None values; `largest` bounds the answer's bytes; `last`: of a
    file only so many bytes, at its end, where a server can; `sending`: what is written down of a change before it
    leaves."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"
    accept: str = "application/json"
    seconds: float = READ_SECONDS
    largest: int = LARGEST_ANSWER
    cut_at_largest: bool = False
    last: int = 0
    sending: Sending | None = None

    @property
    def reads(self) -> bool:
        """What may be sent again. A GET that is handed on to something that may act on it is no read."""
        return self.method == "GET" and not guard.effect_of("GET", self.path, self.query, self.accept).writes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, undecoded. `cut`: there was more than `largest`, and the request allowed to cut there."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False


class Transport:
    """The wire to one cluster. Cheap to make: the connections are shared by all transports of the same access."""

    def __init__(self, cluster: str, access: Access) -> None:
        self.cluster = cluster
        self.access = access

    def foretold(self, kind: str) -> Resource | None:
        """A kind that does not exist yet but will: known in rehearsals only."""
        return None

    async def send(self, request: Request, permit: Permit | None) -> Answer:
        """Any HTTP answer is returned as it is. Raises NotPermitted, NotSent, Unreachable, Ambiguous, TooLarge,
        BadAnswer."""
        effect = guard.check(permit, self.cluster, request.method, request.path, request.query, request.accept)
        self._keep_to_reading(effect)
        if effect.writes:
            sent = wire(request.method, request.path, request.query, request.content_type, request.body)
            guard.spend(permit, sent, body_says_dry=not request.body or b'"dryRun":["All"]' in request.body)
        with departing(permit, _sending(request.path, request.sending, permit) if effect.writes else None):
            return await self._send(request)

    async def _send(self, request: Request) -> Answer:
        attempt = 0
        while True:
            wait = await self._attempt(request, last=not request.reads or attempt >= _REPEATS)
            if isinstance(wait, Answer):
                return wait
            attempt += 1
            await asyncio.sleep(wait * (1 + random.random() / 4))

    async def _attempt(self, request: Request, *, last: bool) -> Answer | float:
        """The answer, or how many seconds to wait before a read is tried again."""
        try:
            with single.request():
                answer = await self._once(request)
        except (single.Resent, aiohttp.ClientError, TimeoutError) as fault:
            if last or not _was_cut(fault):
                raise self._explained(request, fault) from fault
            return 0.1
        seconds = _asked_to_wait(answer)
        return answer if last or seconds is None or seconds > _LONGEST_WAIT else seconds

    async def websocket(
        self,
        path: str,
        query: list[tuple[str, str]],
        protocols: tuple[str, ...],
        permit: Permit | None,
        sending: Sending | None = None,
    ) -> aiohttp.ClientWebSocketResponse:
        """An open WebSocket, asked for once. Raises NotPermitted, NotSent, Unreachable, Ambiguous;
        aiohttp.WSServerHandshakeError when it is refused."""
        effect = guard.check(permit, self.cluster, "GET", path, dict(query))
        self._keep_to_reading(effect)
        if effect.writes:
            guard.spend(permit, wire("GET", path, query, "", None), body_says_dry=False)
        session = await connections.session(self.access)
        try:
            with single.request(), departing(permit, _sending(path, sending, permit) if effect.writes else None):
                return await session.ws_connect(
                    _address(self.access.server, path, query),
                    protocols=protocols,
                    headers=await signing.headers(self.access),
                    autoping=True,
                    heartbeat=None,
                    max_msg_size=LARGEST_ANSWER,
                    timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                    server_hostname=self.access.tls_server_name or None,
                    proxy=self.access.proxy or None,
                )
        except aiohttp.WSServerHandshakeError:
            raise
        except (single.Resent, aiohttp.ClientError, TimeoutError) as fault:
            raise self._explained(Request("POST" if effect.writes else "GET", path), fault) from fault

    @contextlib.asynccontextmanager
    async def stream(self, request: Request, permit: Permit | None) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a read while it comes in, asked for once: a watch. Raises as `send` does."""
        effect = guard.check(permit, self.cluster, request.method, request.path, request.query, request.accept)
        if effect.writes:
            raise NotPermitted("Only what reads is followed while it comes in: nothing was sent.")
        try:
            with single.request():
                async with self._opened(request) as response:
                    yield response
        except (single.Resent, aiohttp.ClientError, TimeoutError) as fault:
            raise self._explained(request, fault) from fault

    async def _once(self, request: Request) -> Answer:
        async with self._opened(request) as response:
            body, cut = await _bounded(response.content, request, self.cluster)
            return Answer(response.status, dict(response.headers), body, cut)

    @contextlib.asynccontextmanager
    async def _opened(self, request: Request) -> AsyncIterator[aiohttp.ClientResponse]:
        session = await connections.session(self.access)
        headers = await signing.headers(self.access)
        headers["Accept"] = request.accept
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if request.last:
            headers["Range"] = f"bytes=-{request.last}"
        async with session.request(
            request.method,
            _address(self.access.server, request.path, list(request.query.items())),
            data=request.body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                total=request.seconds + 2 * CONNECT_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=request.seconds
            ),
            server_hostname=self.access.tls_server_name or None,
            proxy=self.access.proxy or None,
        ) as response:
            yield response

    def _keep_to_reading(self, effect: Effect) -> None:
        """An identity that is for looking only changes nothing, whatever the gate allowed."""
        if effect.writes and self.access.no_changes:
            raise NotPermitted(self.access.no_changes)

    def _explained(self, request: Request, fault: BaseException) -> Exception:
        if isinstance(fault, aiohttp.ConnectionTimeoutError):
            connections.let_rest(self.access)
        if isinstance(fault, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            return Unreachable(_unreachable(self.cluster, self.access.server, fault))
        if not request.reads:
            return Ambiguous(
                f'The connection to cluster "{self.cluster}" broke after the change was sent: '
                "it may have happened. Look at the object before trying again."
            )
        if isinstance(fault, TimeoutError):
            return Unreachable(
                f'Cluster "{self.cluster}" did not answer within {request.seconds:.0f} s. Try again later.'
            )
        if isinstance(fault, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError | single.Resent):
            return Unreachable(
                f'The connection to cluster "{self.cluster}" broke before the answer was complete. Try again.'
            )
        return BadAnswer(f"What answered at {self.access.server} does not speak HTTP as an API server does.")


def _sending(path: str, known: Sending | None, permit: Permit | None) -> Sending | None:
    """What is announced of a change: also of one that nobody described. A rehearsal changes nothing."""
    if permit is not None and permit.rehearsal:
        return None
    return known or Sending("other", "", path)


def _was_cut(fault: BaseException) -> bool:
    """Whether a working connection broke: worth another try, unlike one that cannot be made or says nothing."""
    if isinstance(fault, aiohttp.ClientConnectorError | TimeoutError):
        return False
    return isinstance(fault, single.Resent | aiohttp.ClientConnectionError | aiohttp.ClientPayloadError)


def _unreachable(cluster: str, server: str, fault: BaseException) -> str:
    if isinstance(fault, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        why = "its certificate is not one this cluster's kubeconfig trusts"
        hint = "Check certificate-authority and tls-server-name."
    elif isinstance(fault, aiohttp.ClientConnectorDNSError) and isinstance(fault.os_error, RefusedAddress):
        why, hint = f"{fault.os_error}", "Register the address of the API server itself."
    elif isinstance(fault, aiohttp.ClientConnectorDNSError):
        why, hint = "its name cannot be resolved", "Check the server address in the kubeconfig."
    elif isinstance(fault, aiohttp.ConnectionTimeoutError):
        why, hint = f"no connection within {CONNECT_SECONDS:.0f} s", "Check network and firewall."
    else:
        why, hint = "the connection was refused", "Check that its API server runs and the address is right."
    return f'Cluster "{cluster}" cannot be reached at {server}: {why}. {hint}'


def _address(server: str, path: str, query: list[tuple[str, str]]) -> URL:
    if any(sign in path for sign in "?#%\\ "):
        raise BadInput(f"{path!r} is not a path of the API.")
    text = urlencode(query, quote_via=quote)
    return URL(f"{server}{path}?{text}" if text else f"{server}{path}", encoded=True)


async def _bounded(stream: aiohttp.StreamReader, request: Request, cluster: str) -> tuple[bytes, bool]:
    held = bytearray()
    async for chunk in stream.iter_chunked(1 << 16):
        held += chunk
        if len(held) > request.largest:
            if request.cut_at_largest:
                return bytes(held[: request.largest]), True
            raise TooLarge(
                f'The answer of cluster "{cluster}" is larger than {request.largest >> 20} MiB. '
                "Narrow it: one namespace, a selector, or a smaller limit."
            )
    return bytes(held), False


def _asked_to_wait(answer: Answer) -> float | None:
    """Seconds after which a 429 or 503 may be tried again; None: no such answer."""
    if answer.status not in (429, 503):
        return None
    given = next((value for key, value in answer.headers.items() if key.lower() == "retry-after"), "")
    return float(given) if given.isdigit() else 0.5
