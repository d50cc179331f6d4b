"""kill -9 in the middle of text, of a tool call, of an approval: nothing accepted is lost, nothing is repeated."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.portal import Portal, say, until
from tools.kube.kubeconfig import context_names

TAKEOVER = 30  # seconds a run may take to end after the restart


@pytest.fixture
def portal(tmp_path: Path, demo_kubeconfig: Path):
    """Plays a script; the cluster is in another process and outlives it."""

    def start(*rounds: list[dict[str, Any]]) -> Portal:
        script = tmp_path / "script.json"
        later = {"when": "and now", "rounds": [[{"say": "Still here."}]]}
        script.write_text(json.dumps({"stories": [later, {"when": "", "rounds": list(rounds)}]}))
        made = Portal(
            tmp_path / "home",
            K8SMCP_PROVIDER="scripted",
            K8SMCP_SCRIPT=str(script),
            KUBECONFIG=str(demo_kubeconfig),
        )
        portals.append(made)
        return made.start().sign_in()

    portals: list[Portal] = []
    assert context_names(demo_kubeconfig)
    yield start
    for each in portals:
        each.kill()


async def after_restart(portal: Portal, conversation: str) -> list[dict[str, Any]]:
    """Everything the journal has, once the run has ended."""
    heard: list[dict[str, Any]] = []
    async with asyncio.timeout(TAKEOVER), portal.connect() as wire:
        await say(wire, type="resume", conversation_id=conversation, seq=0)
        await until(wire, "complete", heard)
    return [frame for frame in heard if "seq" in frame]


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


async def ask_again(portal: Portal, conversation: str) -> dict[str, Any]:
    """The next turn works: its history has no call without a result."""
    async with asyncio.timeout(TAKEOVER), portal.connect() as wire:
        await say(wire, type="send", conversation_id=conversation, text="and now?")
        return (await until(wire, "complete"))["data"]


async def test_in_the_middle_of_text(portal):
    running = portal([{"say": "word " * 100, "chunks": 100, "delay": 0.05}])
    async with running.connect() as wire:
        await say(wire, type="send", text="talk")
        name = (await until(wire, "ack"))["data"]["conversation_id"]
        for _ in range(20):
            await until(wire, "text")
        await asyncio.sleep(1.6)  # a checkpoint is due
        running.kill()
    running.start()
    events = await after_restart(running, name)
    assert kinds(events).count("complete") == 1
    assert "taken_over" in [event["data"].get("code") for event in events]
    complete = events[-1]["data"]
    assert complete["outcome"] == "done"
    partial, whole = [event["data"]["text"] for event in events if event["type"] == "text_end"]
    assert whole == "word " * 100
    assert partial
    assert whole.startswith(partial)
    assert (await ask_again(running, name))["outcome"] == "done"


async def test_in_the_middle_of_a_read(portal, tmp_path):
    """The read is repeated: reading twice does nothing twice."""
    logs = {"target": "deployment/storefront", "namespace": "shop"}
    running = portal([{"wish": "k8s_logs", "arguments": logs}], [{"say": "Read."}])
    async with running.connect() as wire:
        await say(wire, type="send", text="read")
        name = (await until(wire, "ack"))["data"]["conversation_id"]
        await until(wire, "tool_call_start")
        running.kill()
    running.start()
    events = await after_restart(running, name)
    assert kinds(events).count("tool_call_start") == 1
    assert [event["data"]["status"] for event in events if event["type"] == "tool_call_end"] == ["completed"]
    assert events[-1]["data"]["outcome"] == "done"
    assert (await ask_again(running, name))["outcome"] == "done"


async def test_while_an_approval_waits(portal):
    """The question outlives the process, and the answer given afterwards is executed once."""
    running = portal([{"wish": "namespace_create", "arguments": {"name": "after-the-crash"}}], [{"say": "Made."}])
    async with running.connect() as wire:
        await say(wire, type="send", text="make it")
        asked = (await until(wire, "approval_requested"))["data"]
        running.kill()
    running.start()
    heard: list[dict[str, Any]] = []
    async with asyncio.timeout(TAKEOVER), running.connect() as wire:
        await say(wire, type="resume", conversation_id=asked["conversation_id"], seq=0)
        await until(wire, "caught_up")
        await say(wire, type="decide", approval_id=asked["approval_id"], decision="approve")
        complete = (await until(wire, "complete", heard))["data"]
    assert [call["status"] for call in complete["tool_calls"]] == ["completed"]
    assert (await ask_again(running, asked["conversation_id"]))["outcome"] == "done"


async def test_what_was_accepted_the_moment_before_is_answered(portal):
    running = portal([{"say": "Here I am."}])
    async with running.connect() as wire:
        await say(wire, type="send", text="are you there?")
        name = (await until(wire, "ack"))["data"]["conversation_id"]
        running.kill()
    running.start()
    events = await after_restart(running, name)
    assert kinds(events)[0] == "user_message"
    assert events[-1]["data"]["message"].endswith("Here I am.")


async def test_a_change_on_the_wire_is_unknown_and_not_sent_again(portal, tmp_path, request):
    """The cluster never answers the write; the portal dies meanwhile. One request reached the wire, for good."""
    from tests.faults.silent_cluster import SilentCluster

    async with SilentCluster() as cluster:
        running = portal([{"wish": "namespace_create", "arguments": {"name": "lost"}}], [{"say": "{answers}"}])
        running.kill()
        running.environment["KUBECONFIG"] = str(cluster.kubeconfig(tmp_path))
        running.start()
        async with running.connect() as wire:
            await say(wire, type="send", text="make it")
            asked = (await until(wire, "approval_requested"))["data"]
            await say(wire, type="decide", approval_id=asked["approval_id"], decision="approve")
            await asyncio.wait_for(cluster.written.wait(), 20)
            running.kill()
        running.start()
        events = await after_restart(running, asked["conversation_id"])
        assert [event["data"]["status"] for event in events if event["type"] == "tool_call_end"] == ["unknown"]
        assert events[-1]["data"]["outcome"] == "done"
        assert "not known" in events[-1]["data"]["message"]
        assert len(cluster.writes) == 1
