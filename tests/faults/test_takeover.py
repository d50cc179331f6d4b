"""A process dies, or freezes, around a change: the change is looked up, told as it is, and never sent again."""

import asyncio
import json
import secrets
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.mute_cluster import MuteCluster
from tests.freezing import until_frozen
from tests.portal import Portal, say, until

TAKEOVER = 30  # seconds a run may take to end after the restart
Events = list[dict[str, Any]]
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


@pytest.fixture
def name() -> str:
    return f"takeover-{secrets.token_hex(3)}"


@pytest.fixture
def portal(tmp_path: Path):
    """`portal(cluster, tool, **arguments)`: a portal whose model wishes for exactly this change."""

    def start(cluster: MuteCluster, tool: str, **arguments: Any) -> Portal:
        script = tmp_path / "script.json"
        script.write_text(json.dumps({"rounds": [[{"wish": tool, "arguments": arguments}], [{"say": "{answers}"}]]}))
        environment = {"K8SMCP_SCRIPT": str(script), "KUBECONFIG": str(cluster.kubeconfig(tmp_path))}
        made = Portal(tmp_path / "home", K8SMCP_PROVIDER="scripted", K8SMCP_DEMO="0", **environment)
        portals.append(made)
        return made.start().sign_in()

    portals: list[Portal] = []
    yield start
    for each in portals:
        each.kill()


@pytest.fixture
def second(tmp_path: Path):
    """Another process on the same database, with its own port and log."""

    def start(first: Portal) -> Portal:
        made = Portal(
            tmp_path / "second", **{key: first.environment[key] for key in first.environment if key != "PORT"}
        )
        made.environment["PORT"] = str(made.port)
        portals.append(made)
        made.start()
        made.cookies = first.cookies
        return made

    portals: list[Portal] = []
    yield start
    for each in portals:
        each.kill()


async def approve(portal: Portal) -> str:
    """Has the change made: approved, and on its way. Returns the conversation."""
    async with portal.connect() as wire:
        await say(wire, type="send", text="do it")
        asked = (await until(wire, "approval_requested"))["data"]
        await say(wire, type="decide", approval_id=asked["approval_id"], decision="approve")
        await until(wire, "approval_decided")
    return str(asked["conversation_id"])


async def ended(portal: Portal, conversation: str) -> Events:
    heard: Events = []
    async with asyncio.timeout(TAKEOVER), portal.connect() as wire:
        await say(wire, type="resume", conversation_id=conversation, seq=0)
        await until(wire, "complete", heard)
    return [frame for frame in heard if "seq" in frame]


def call_end(events: Events) -> tuple[str, str]:
    """Status and result of the one call that ended."""
    (end,) = [event["data"] for event in events if event["type"] == "tool_call_end"]
    return end["status"], end["result"]


Meanwhile = Callable[[MuteCluster, str], Any]


async def nothing(cluster: MuteCluster, name: str) -> None:
    pass


async def relabelled(cluster: MuteCluster, name: str) -> None:
    labels = {"metadata": {"labels": {"seen": "yes"}}}
    await cluster.ask("PATCH", f"/api/v1/namespaces/default/configmaps/{name}", labels, MERGE)


async def written_over(cluster: MuteCluster, name: str) -> None:
    data = {"data": {"mode": "other"}}
    await cluster.ask("PATCH", f"/api/v1/namespaces/default/configmaps/{name}", data, MERGE)


async def removed(cluster: MuteCluster, name: str) -> None:
    await cluster.ask("DELETE", f"/api/v1/namespaces/default/configmaps/{name}")


async def made_anew(cluster: MuteCluster, name: str) -> None:
    await removed(cluster, name)
    await made(cluster, name)


async def gone_away(cluster: MuteCluster, name: str) -> None:
    await cluster.away()


async def made(cluster: MuteCluster, name: str) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"mode": "fast"}}
    await cluster.ask("POST", "/api/v1/namespaces/default/configmaps", body)


PATCH = {"patch": {"data": {"mode": "slow"}}}


@pytest.mark.parametrize(
    ("tool", "more", "arrives", "meanwhile", "status", "says"),
    [
        ("k8s_patch", PATCH, True, nothing, "completed", "bears the mark of this very call"),
        ("k8s_patch", PATCH, False, nothing, "failed", "is as it was before"),
        ("k8s_patch", PATCH, True, relabelled, "completed", "bears the mark of this very call"),
        ("k8s_patch", PATCH, True, written_over, "unknown", "has changed since"),
        ("k8s_patch", PATCH, True, removed, "unknown", "not there any more"),
        ("k8s_patch", PATCH, False, made_anew, "unknown", "made anew"),
        ("k8s_patch", PATCH, True, gone_away, "unknown", "cannot be reached"),
        ("k8s_delete", {}, True, nothing, "completed", "is gone"),
        ("k8s_delete", {}, False, nothing, "failed", "is still there"),
        ("k8s_delete", {}, True, made, "completed", "another of the same name"),
    ],
)
async def test_killed_on_the_wire(
    portal, demo_kubeconfig, name, tool, more, arrives, meanwhile: Meanwhile, status, says
):
    async with MuteCluster(demo_kubeconfig, arrives=arrives) as cluster:
        await made(cluster, name)
        running = portal(cluster, tool, kind="configmap", name=name, namespace="default", **more)
        conversation = await approve(running)
        await asyncio.wait_for(cluster.written.wait(), 20)
        running.kill()
        await meanwhile(cluster, name)
        running.start()
        events = await ended(running, conversation)
        told, result = call_end(events)
        assert (told, says in result) == (status, True), result
        assert events[-1]["data"]["outcome"] == "done"
        assert result in events[-1]["data"]["message"]
        assert len(cluster.writes) == 1


async def test_killed_before_anything_was_sent(portal, demo_kubeconfig, name):
    """Approved and begun, and still looking at the object: that nothing was sent is known without the cluster."""
    async with MuteCluster(demo_kubeconfig, arrives=True) as cluster:
        await made(cluster, name)
        running = portal(cluster, "k8s_delete", kind="configmap", name=name, namespace="default")
        cluster.hold()
        conversation = await approve(running)
        await asyncio.wait_for(cluster.reading.wait(), 20)
        running.kill()
        await cluster.away()
        running.start()
        status, result = call_end(await ended(running, conversation))
        assert (status, "before anything was sent" in result) == ("failed", True), result
        assert cluster.writes == []


async def test_stopped_while_nobody_drives_it(portal, demo_kubeconfig, name):
    """Stop says what had already been done, also when the process that did it is dead."""
    async with MuteCluster(demo_kubeconfig, arrives=True) as cluster:
        await made(cluster, name)
        running = portal(cluster, "k8s_delete", kind="configmap", name=name, namespace="default")
        conversation = await approve(running)
        await asyncio.wait_for(cluster.written.wait(), 20)
        running.kill()
        running.start()
        async with running.connect() as wire:
            await say(wire, type="resume", conversation_id=conversation, seq=0)
            run = (await until(wire, "run_started"))["data"]["run_id"]
            await say(wire, type="stop", run_id=run)
        events = await ended(running, conversation)
        assert events[-1]["data"]["outcome"] == "stopped"
        status, result = call_end(events)
        assert (status, "is gone" in result) == ("completed", True), result


async def test_a_process_frozen_before_the_wire_sends_nothing_when_it_wakes(portal, second, demo_kubeconfig, name):
    """SIGSTOP between the intent and the wire; another process takes over and tells; SIGCONT: silence."""
    async with MuteCluster(demo_kubeconfig, arrives=True) as cluster:
        await made(cluster, name)
        first = portal(cluster, "k8s_delete", kind="configmap", name=name, namespace="default")
        cluster.hold()
        conversation = await approve(first)
        await asyncio.wait_for(cluster.reading.wait(), 20)
        assert first.process is not None
        first.process.send_signal(signal.SIGSTOP)
        await until_frozen(first.process.pid)
        try:
            cluster.let_go()
            events = await ended(second(first), conversation)
        finally:
            first.process.send_signal(signal.SIGCONT)
        status, result = call_end(events)
        assert (status, "before anything was sent" in result) == ("failed", True), result
        await asyncio.sleep(3)  # the one that woke has had its answers by now, and could go on
        assert "Traceback" not in first.log
        assert cluster.writes == []
        assert await ended(first, conversation) == events
