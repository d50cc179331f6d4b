"""PostgreSQL drops every connection in the middle of everything: no restart is needed, and nothing accepted is lost."""

import asyncio
import json
import os
import uuid
from collections.abc import Iterator

import psycopg
import pytest

from tests.portal import Portal, say, until

SERVER = os.environ.get("TEST_DATABASE_URL", "")
pytestmark = [pytest.mark.postgres, pytest.mark.skipif(not SERVER, reason="needs TEST_DATABASE_URL")]


@pytest.fixture
def database() -> Iterator[str]:
    """An empty database of its own on the test server."""
    name = f"fault_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield name
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def drop_connections(name: str) -> int:
    with psycopg.connect(SERVER, autocommit=True) as server:
        dropped = server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        return dropped.rowcount


async def test_every_connection_is_cut_while_a_run_speaks(tmp_path, database, demo_kubeconfig):
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"rounds": [[{"say": "word " * 60, "chunks": 60, "delay": 0.05}]]}))
    address = SERVER.rpartition("/")[0] + f"/{database}"
    variables = {"DATABASE_URL": address, "KUBECONFIG": str(demo_kubeconfig)}
    playing = {"K8SMCP_PROVIDER": "scripted", "K8SMCP_SCRIPT": str(script)}
    with Portal(tmp_path / "home", **variables, **playing) as portal:
        portal.sign_in()
        async with asyncio.timeout(40), portal.connect() as wire:
            first = await say(wire, type="send", text="talk")
            accepted = (await until(wire, "ack", id=first))["data"]
            await until(wire, "text")
            assert drop_connections(database) > 0
            ended = (await until(wire, "complete", run_id=accepted["run_id"]))["data"]
            assert ended["outcome"] == "done"
            assert await answered(wire)


async def answered(wire) -> bool:
    """A new message is accepted within a few tries, and its answer comes whole."""
    for _ in range(10):
        command = await say(wire, type="send", text="talk")
        async for raw in wire:
            frame = json.loads(raw)
            if frame["data"].get("id") == command:
                break
        if frame["type"] == "ack":
            complete = await until(wire, "complete", run_id=frame["data"]["run_id"])
            return bool(complete["data"]["message"] == "word " * 60)
        assert frame["data"]["temporary"] is True
    return False
