"""Serves the demo cluster on a free loopback port, in a thread with an event loop of its own."""

import asyncio
import contextlib
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from tests.apiserver.cluster import Cluster, await_true, binding
from tests.apiserver.credentials import USERS
from tools.demo import certificates
from tools.demo.authentication import User
from tools.demo.cluster import DemoCluster
from tools.demo.server import Application, create_app

START_SECONDS = 30.0


@contextlib.contextmanager
def serve_demo(home: Path) -> Iterator[Cluster]:
    """The demo cluster in its opening state, with the same three users as the real one; its certificates in `home`."""
    certificate = certificates.ensure(home)
    demo = DemoCluster.story(certificate=certificate.authority_text())
    tokens = {user: secrets.token_hex(16) for user in USERS}
    people = {token: User(user, (USERS[user],)) for user, token in tokens.items()}
    config = _config(create_app(demo.store, demo.logs, people))
    config.load()
    config.ssl = certificate.context()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=asyncio.run, args=(_serve(demo, server),), name="demo-cluster")
    thread.start()
    try:
        await_true(lambda: server.started, START_SECONDS, "the demo cluster listens")
        port = server.servers[0].sockets[0].getsockname()[1]
        cluster = Cluster(f"https://127.0.0.1:{port}", certificate.authority, tokens)
        viewers = binding("ClusterRoleBinding", "view", "rig:viewers")
        cluster.http().post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", viewers)
        yield cluster
    finally:
        server.should_exit = server.force_exit = True
        thread.join(START_SECONDS)


def _config(application: Application) -> uvicorn.Config:
    return uvicorn.Config(application, host="127.0.0.1", port=0, log_config=None, log_level="warning", lifespan="off")


async def _serve(demo: DemoCluster, server: uvicorn.Server) -> None:
    demo.start()
    try:
        await server.serve()
    finally:
        await demo.stop()
