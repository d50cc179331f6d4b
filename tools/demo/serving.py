"""Serves the demo cluster on loopback: builds it, writes its kubeconfig when it listens, and ends cleanly."""

import asyncio
import contextlib
import secrets
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

import uvicorn

from tools.demo import certificates, kubeconfig
from tools.demo.authentication import User
from tools.demo.cluster import DemoCluster
from tools.demo.request_journal import journaled
from tools.demo.server import administrator, create_app

HOST = "127.0.0.1"


class PortTaken(Exception):
    """Another program listens on the wanted port."""


def open_socket(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one. PortTaken when it cannot be had."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        text = (
            f"Port {port} on {HOST} cannot be used ({error.strerror}). Choose another with --port; 0 takes a free one."
        )
        raise PortTaken(text) from error
    listener.listen(128)
    return listener


def serve(
    home: Path,
    port: int = 0,
    *,
    ready: Callable[[Path], None],
    parent: IO[bytes] | None = None,
    journal: Path | None = None,
) -> None:
    """Runs until interrupted, or until `parent` (a pipe from the parent process) is closed.

    `ready` is called with the kubeconfig's path once requests are answered. `journal`: a file for every request.
    """
    old = kubeconfig.read(home / kubeconfig.FILE_NAME)
    token = old.token if old else secrets.token_urlsafe(24)
    certificate = certificates.ensure(home)
    with listen(port, old) as listener:
        address = f"https://{HOST}:{listener.getsockname()[1]}"
        access = kubeconfig.Access(address, token, certificate.authority_text())
        part = Part(home / kubeconfig.FILE_NAME, access, certificate, listener, parent, journal)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(part, ready))


class Part(NamedTuple):
    """What one serving needs."""

    path: Path
    access: kubeconfig.Access
    certificate: certificates.Certificates
    listener: socket.socket
    parent: IO[bytes] | None
    journal: Path | None


def listen(port: int, old: kubeconfig.Access | None) -> socket.socket:
    """On the wanted port; without a wish on the port of last time, so old kubeconfigs stay good, or a free one."""
    if port == 0 and old is not None:
        with contextlib.suppress(PortTaken, ValueError):
            return open_socket(int(old.server.rpartition(":")[2]))
    return open_socket(port)


async def _serve(part: Part, ready: Callable[[Path], None]) -> None:
    cluster = DemoCluster.story(certificate=part.access.authority)
    users: dict[str, User] = {part.access.token: administrator("demo-admin")}
    app = create_app(cluster.store, cluster.logs, users)
    if part.journal is not None:
        app = journaled(app, part.journal)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2, ws="none"
    )
    config.load()
    config.ssl = part.certificate.context()
    server = uvicorn.Server(config)
    if part.parent is not None:
        watch_parent(part.parent, server)
    cluster.start()
    serving = asyncio.create_task(server.serve(sockets=[part.listener]))
    await asyncio.wait([serving, asyncio.create_task(started(server))], return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        await cluster.stop()
        return
    kubeconfig.write(part.path, part.access)
    ready(part.path)
    try:
        await serving
    finally:
        await cluster.stop()


async def started(server: uvicorn.Server) -> None:
    """uvicorn tells nobody when it listens, so it is asked."""
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def watch_parent(pipe: IO[bytes], server: uvicorn.Server) -> None:
    """Ends the server when the other end of the pipe is closed, as it is when the parent dies."""

    def wait() -> None:
        while pipe.read(1024):
            pass
        server.should_exit = True

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()
