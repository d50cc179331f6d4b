"""A process dies, or freezes, around a change: the change is looked up, told as it is, and never sent again."""

import asyncio
import json
import secrets
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.mute_cluster import PLACE, MuteCluster
from tests.freezing import until_frozen
from tests.portal import Portal, say, until

TAKEOVER = 30  # seconds a run may take to end after the restart
Events = list[dict[str, Any]]
Change = tuple[str, dict[str, Any]]
MERGE = "application/merge-patch+json"


def patch(name: str) -> Change:
    return "k8s_patch", {"kind": "configmap", "name": name, "namespace": "default", "patch": {"data": {"mode": "slow"}}}


def delete(name: str) -> Change:
    return "k8s_delete", {"kind": "configmap", "name": name, "namespace": "default"}


@pytest.fixture
def name() -> str:
    return f"takeover-{secrets.token_hex(3)}"


@pytest.fixture
def portal(tmp_path: Path):
    """`portal(cluster, {name: change})`: a portal whose model wishes for the change of the name it is told."""

    def start(cluster: MuteCluster, changes: dict[str, Change]) -> Portal:
        script = tmp_path / "script.json"
        stories = [
            {"when": f"{name}$", "rounds": [[{"wish": tool, "arguments": arguments}], [{"say": "{answers}"}]]}
            for name, (tool, arguments) in changes.items()
        ]
        script.write_text(json.dumps({"stories": stories}))
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


async def approve(portal: Portal, name: str) -> str:
    """Has the change to this object made: approved, and on its way. Returns the conversation."""
    async with portal.connect() as wire:
        await say(wire, type="send", text=f"Do it to {name}")
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


# ---- what others do meanwhile ------------------------------------------------------------------------------------


async def nothing(cluster: MuteCluster, name: str) -> None:
    pass


async def labelled(cluster: MuteCluster, name: str) -> None:
    await cluster.ask("PATCH", f"{PLACE}/{name}", {"metadata": {"labels": {"seen": "yes"}}}, MERGE)


async def written_over(cluster: MuteCluster, name: str) -> None:
    await cluster.ask("PATCH", f"{PLACE}/{name}", {"data": {"mode": "other"}}, MERGE)


async def removed(cluster: MuteCluster, name: str) -> None:
    await cluster.ask("DELETE", f"{PLACE}/{name}")


async def made(cluster: MuteCluster, name: str) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"mode": "fast"}}
    await cluster.ask("POST", PLACE, body)


async def made_anew(cluster: MuteCluster, name: str) -> None:
    await removed(cluster, name)
    await made(cluster, name)


@dataclass(frozen=True)
class Case:
    """A change, whether it reached the cluster, what others did before the takeover, and what is told."""

    change: Callable[[str], Change]
    arrives: bool
    meanwhile: Callable[[MuteCluster, str], Awaitable[None]]
    status: str
    says: str


CASES = {
    "patched": Case(patch, True, nothing, "completed", "bears the mark of this very call"),
    "not-patched": Case(patch, False, nothing, "failed", "is as it was before"),
    "patched-and-labelled": Case(patch, True, labelled, "completed", "bears the mark of this very call"),
    "patched-and-written-over": Case(patch, True, written_over, "unknown", "has changed since"),
    "not-patched-but-written-over": Case(patch, False, written_over, "unknown", "has changed since"),
    "patched-and-removed": Case(patch, True, removed, "unknown", "not there any more"),
    "not-patched-but-made-anew": Case(patch, False, made_anew, "unknown", "made anew"),
    "deleted": Case(delete, True, nothing, "completed", "is gone"),
    "not-deleted": Case(delete, False, nothing, "failed", "is still there"),
    "deleted-and-made-again": Case(delete, True, made, "completed", "another of the same name"),
}


async def test_killed_on_the_wire(portal, demo_kubeconfig, name):
    """Every case in a conversation of its own, and one kill for all."""
    cases = {f"{name}-{case}": CASES[case] for case in CASES}
    async with MuteCluster(demo_kubeconfig, lambda path: cases[path.rpartition("/")[2]].arrives) as cluster:
        for each in cases:
            await made(cluster, each)
        running = portal(cluster, {each: case.change(each) for each, case in cases.items()})
        conversations = {each: await approve(running, each) for each in cases}
        async with asyncio.timeout(20):
            for _ in cases:
                await cluster.taken.get()
        running.kill()
        for each, case in cases.items():
            await case.meanwhile(cluster, each)
        running.start()
        for each, case in cases.items():
            events = await ended(running, conversations[each])
            status, result = call_end(events)
            assert (each, status, case.says in result) == (each, case.status, True), result
            assert events[-1]["data"]["outcome"] == "done"
            assert result in events[-1]["data"]["message"]
        assert len(cluster.writes) == len(cases)


async def test_killed_on_the_wire_and_the_cluster_is_away_afterwards(portal, demo_kubeconfig, name):
    async with MuteCluster(demo_kubeconfig) as cluster:
        await made(cluster, name)
        running = portal(cluster, {name: delete(name)})
        conversation = await approve(running, name)
        await asyncio.wait_for(cluster.taken.get(), 20)
        running.kill()
        await cluster.away()
        running.start()
        events = await ended(running, conversation)
        status, result = call_end(events)
        assert (status, "cannot be reached" in result, "Look at" in result) == ("unknown", True, True), result
        assert events[-1]["data"]["outcome"] == "done"


async def test_killed_before_anything_was_sent(portal, demo_kubeconfig, name):
    """Approved and begun, and still looking at the object: that nothing was sent is known without the cluster."""
    async with MuteCluster(demo_kubeconfig) as cluster:
        await made(cluster, name)
        running = portal(cluster, {name: delete(name)})
        cluster.hold_at = 2
        conversation = await approve(running, name)
        await asyncio.wait_for(cluster.reading.wait(), 20)
        running.kill()
        await cluster.away()
        running.start()
        status, result = call_end(await ended(running, conversation))
        assert (status, "before anything was sent" in result) == ("failed", True), result
        assert cluster.writes == []


async def test_stopped_while_nobody_drives_it(portal, demo_kubeconfig, name):
    """Stop says what had already been done, also when the process that did it is dead."""
    async with MuteCluster(demo_kubeconfig) as cluster:
        await made(cluster, name)
        running = portal(cluster, {name: delete(name)})
        conversation = await approve(running, name)
        await asyncio.wait_for(cluster.taken.get(), 20)
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
    async with MuteCluster(demo_kubeconfig) as cluster:
        await made(cluster, name)
        first = portal(cluster, {name: delete(name)})
        cluster.hold_at = 2
        conversation = await approve(first, name)
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
