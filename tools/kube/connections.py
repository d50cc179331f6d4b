"""Connections to clusters: one pool per access and event loop, made by `kubernetes.aio` and closed with the loop.

TLS and client certificates are the official client's business (Configuration, RESTClientObject), which is imported
when first needed: it takes up to half a second and 18 MB.
"""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp

from tools.kube import departure, opening
from tools.kube.errors import BadKubeconfig
from tools.kube.kubeconfig import Access

_CONNECTIONS = 16


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
            if access not in self.sessions:
                self.sessions[access] = await _open(access)
            return self.sessions[access]

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


async def close_all() -> None:
    """Closes the connections of the running event loop."""
    if pools := _pools.get(asyncio.get_running_loop()):
        await pools.close()


async def session(access: Access) -> aiohttp.ClientSession:
    """The session to use for this access on the running event loop. Raises BadKubeconfig."""
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
        "middlewares": (opening.only_once,),
    }
    session: aiohttp.ClientSession = rest._create_pool_manager()
    return session


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
