"""SIGTERM: the process says that it leaves, takes nothing new, hands over what it has, and nothing is lost."""

import asyncio
import json
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.k8smcp.commands import manage, sentence
from tests.portal import ROOT, Portal, say, until

SOONEST = 25  # seconds within which a process that was told to leave is gone


@pytest.fixture
def portal(tmp_path: Path, demo_kubeconfig: Path):
    script = tmp_path / "script.json"
    talk = {"when": "", "rounds": [[{"say": "word " * 200, "chunks": 200, "delay": 0.05}]]}
    script.write_text(json.dumps({"stories": [talk]}))
    made = Portal(
        tmp_path / "home", K8SMCP_PROVIDER="scripted", K8SMCP_SCRIPT=str(script), KUBECONFIG=str(demo_kubeconfig)
    )
    yield made.start().sign_in()
    made.kill()


def readiness(portal: Portal) -> tuple[int, dict[str, Any]]:
    try:
        return 200, json.loads(portal.page("/readyz"))
    except HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


def in_thread(action: Any, *args: Any) -> asyncio.Future[Any]:
    return asyncio.get_running_loop().run_in_executor(None, action, *args)


async def hear_out(wire: ClientConnection) -> None:
    while True:
        await wire.recv()


async def test_a_web_process_that_is_told_to_stop_drains(portal):
    process = portal.process
    async with portal.connect() as wire:
        await say(wire, type="send", text="talk")
        name = (await until(wire, "ack"))["data"]["conversation_id"]
        for _ in range(10):
            await until(wire, "text")
        told = time.monotonic()
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        status, body = await in_thread(readiness, portal)
        assert (status, body["status"]) == (503, "draining")
        refused = await say(wire, type="send", text="more", conversation_id=name)
        nack = (await until(wire, "nack", id=refused))["data"]
        assert (nack["code"], nack["temporary"]) == ("draining", True)
        with pytest.raises(ConnectionClosed) as closed:
            await hear_out(wire)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
    assert await in_thread(process.wait, SOONEST) == 0
    assert time.monotonic() - told < SOONEST
    portal.start()
    heard: list[dict[str, Any]] = []
    async with portal.connect() as wire:
        await say(wire, type="resume", conversation_id=name, seq=0)
        await until(wire, "complete", heard)
    durable = [frame for frame in heard if "seq" in frame]
    assert [frame["type"] for frame in durable].count("complete") == 1
    assert [frame["seq"] for frame in durable] == list(range(1, len(durable) + 1))
    assert durable[-1]["data"]["outcome"] == "done"


async def test_a_long_poll_does_not_hold_a_process_that_leaves(portal):
    async with portal.connect() as wire:
        await say(wire, type="send", text="talk")
        name = (await until(wire, "ack"))["data"]["conversation_id"]
    path = f"/api/v1/conversations/{name}/events?after=1000&wait=25"
    poll = in_thread(portal.page, path)
    await asyncio.sleep(0.5)
    told = time.monotonic()
    portal.process.send_signal(signal.SIGTERM)
    assert json.loads(await poll)["events"] == []
    assert await in_thread(portal.process.wait, SOONEST) == 0
    assert time.monotonic() - told < SOONEST


async def test_told_twice_it_goes_without_its_notice_and_loses_nothing(portal):
    async with portal.connect() as wire:
        await say(wire, type="send", text="talk", id=str(uuid.uuid4()))
        await until(wire, "ack")
        portal.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.1)
        portal.process.send_signal(signal.SIGTERM)
        assert await in_thread(portal.process.wait, SOONEST) == 0


@pytest.mark.parametrize("number", ["0", "-1", "1001"])
def test_a_worker_refuses_a_number_that_makes_no_sense(tmp_path, number):
    assert "--concurrency" in sentence(manage(tmp_path, "agentworker", "--concurrency", number))


async def test_a_worker_that_is_told_to_stop_hands_its_run_over(portal):
    """The next worker goes on at once, and the watcher keeps its socket."""

    def worker() -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "agentworker", "--concurrency", "2"]
        return subprocess.Popen(command, cwd=ROOT, env=portal.environment)

    portal.kill()
    portal.environment["K8SMCP_INPROCESS_RUNNER"] = "0"
    portal.start()
    first = worker()
    second = None
    try:
        async with portal.connect() as wire:
            await say(wire, type="send", text="talk")
            await until(wire, "ack")
            await until(wire, "run_started")  # text itself does not cross processes without Redis
            await asyncio.sleep(1)
            first.send_signal(signal.SIGTERM)
            assert await in_thread(first.wait, SOONEST) == 0
            second = worker()
            heard: list[dict[str, Any]] = []
            complete = (await until(wire, "complete", heard))["data"]
        assert complete["outcome"] == "done"
        assert [frame["type"] for frame in heard].count("complete") == 1
    finally:
        for each in (first, second):
            if each is not None and each.poll() is None:
                each.kill()
                each.wait()
