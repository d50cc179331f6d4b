"""Connections to clusters: one pool per cluster and event loop, made by `kubernetes.aio` and closed with the loop.

Everybody's requests share them: who asks is said with each request, never by the connection.

TLS and client certificates are the official client's business (Configuration, RESTClientObject), which is imported
when first needed: it takes up to half a second and 18 MB.
"""

import asyncio
import socket
import ssl
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from tools.kube import departure, single, strictness
from tools.kube.errors import BadKubeconfig, Unreachable
from tools.kube.kubeconfig import Access

_CONNECTIONS = 16
REST_SECONDS = 5.0  # how long a cluster that answered no connection is left alone


class _Pools:
    """The sessions of one event loop, closed when it shuts its generators down, as `asyncio.run` does."""

    def __init__(self) -> None:
        self.opening = asyncio.Lock()
        self.sessions: dict[Access, aiohttp.ClientSession] = {}
        self.keeper = self._close_with_loop()
        self.kept = False

    async def session(self, access: Access) -> aiohttp.ClientSession:
        async with self.opening:
            if not self.kept:
                self.kept = True
                await anext(self.keeper)
            wire = access.wire
            if wire not in self.sessions:
                self.sessions[wire] = await _open(wire)
            return self.sessions[wire]

    async def close(self) -> None:
        await self.keeper.aclose()

    async def _close_with_loop(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            _pools.pop(asyncio.get_running_loop(), None)
            for session in self.sessions.values():
                await session.close()


_pools: dict[asyncio.AbstractEventLoop, _Pools] = {}
_resting: dict[Access, float] = {}  # until when, by the clock of time.monotonic


def let_rest(access: Access) -> None:
    """For a cluster that did not even answer a connection: nobody else waits as long for the same."""
    now = time.monotonic()
    for other in [other for other, until in _resting.items() if until < now]:
        del _resting[other]
    _resting[access.wire] = now + REST_SECONDS


def _check_rest(access: Access) -> None:
    if _resting and _resting.get(access.wire, 0.0) > time.monotonic():
        raise Unreachable(
            f'Cluster "{access.name}" did not answer a moment ago, so it is left alone for a few seconds. '
            "Try again then, and check network and firewall."
        )


async def close_all() -> None:
    """Closes the connections of the running event loop."""
    if pools := _pools.get(asyncio.get_running_loop()):
        await pools.close()


async def session(access: Access) -> aiohttp.ClientSession:
    """The session to use for this access on the running event loop. Raises BadKubeconfig, Unreachable."""
    _check_rest(access)
    loop = asyncio.get_running_loop()
    if loop not in _pools:
        _pools[loop] = _Pools()
    return await _pools[loop].session(access)


async def _open(access: Access) -> aiohttp.ClientSession:
    try:
        rest = await asyncio.get_running_loop().run_in_executor(None, _rest_client, access)
    except (ssl.SSLError, ValueError, OSError):
        raise BadKubeconfig(
            f'The certificates of cluster "{access.name}" cannot be used. '
            "Check certificate-authority, client-certificate and client-key in its kubeconfig."
        ) from None
    rest.configuration.client_session_kwargs = {
        "trust_env": False,
        "cookie_jar": aiohttp.DummyCookieJar(),
        "trace_configs": [departure.watched()],
        "middlewares": (single.only_once,),
    }
    if access.guarded:
        rest._create_connector = lambda: aiohttp.TCPConnector(
            limit=rest.maxsize, ssl=rest.ssl_context, resolver=GuardedResolver(access.loopback)
        )
    session: aiohttp.ClientSession = rest._create_pool_manager()
    return session


class RefusedAddress(OSError):
    """A name stands for an address to which no credentials are sent."""


class GuardedResolver(AbstractResolver):
    """Looks names up and connects to exactly what it has looked at: a name that changes its address between a check
    and the connection gains nothing. Addresses given as numbers were looked at when the cluster was registered."""

    def __init__(self, loopback: bool, inner: AbstractResolver | None = None) -> None:
        self._loopback = loopback
        self._inner = inner or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for answer in found:
            why = strictness.why_not(answer["host"], loopback=self._loopback)
            if why:
                raise RefusedAddress(f"{host} is {why}")
        return found

    async def close(self) -> None:
        await self._inner.close()


def _rest_client(access: Access) -> Any:
    """Runs in a thread: the import is slow, and certificates are loaded from files only."""
    from kubernetes.aio.client.configuration import Configuration
    from kubernetes.aio.client.rest import RESTClientObject

    with tempfile.TemporaryDirectory(prefix="k8smcp-") as folder:
        configuration = Configuration(
            host=access.server,
            ca_cert_data=access.ca_data or None,
            verify_ssl=not access.insecure,
            connection_pool_maxsize=_CONNECTIONS,
        )
        configuration.disable_strict_ssl_verification = True  # as kubectl: many clusters' own CAs lack newer extensions
        if access.client_certificate:
            configuration.cert_file = _kept(Path(folder) / "certificate", access.client_certificate)
            configuration.key_file = _kept(Path(folder) / "key", access.client_key)
        return RESTClientObject(configuration)


def _kept(file: Path, text: str) -> str:
    file.touch(mode=0o600)
    file.write_text(text)
    return str(file)
