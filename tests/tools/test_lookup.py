"""What became of a change that nobody heard of: told from the cluster, on the demo cluster and on a real one."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from channels.db import database_sync_to_async

from tests.tools.api import ANYTHING, SOMEBODY, announced
from tests.tools.wanted import CONFIG, DEPLOYMENT
from tools import clusters, registry, toolbox
from tools.effects import Effect
from tools.kube.client import KubeClient, Selection
from tools.kube.errors import NotSent
from tools.kube.guard import Permit, clock
from tools.kube.resources import Target
from tools.kube.sending import Sending, from_plain
from tools.kube.transport import Transport
from tools.lookup import ARRIVES_WITHIN, Told, look_up

OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: others}\ndata: {mode: fast}\n"
SETTINGS = {"kind": "configmap", "name": "settings"}
WEB = {"kind": "deployment", "name": "web"}
LONG_AGO = 60.0


class Ground:
    """A namespace with a Deployment and a ConfigMap, and calls whose answers are thrown away."""

    def __init__(self, cluster: str, namespace: str, tracks_subresources: bool) -> None:
        self.cluster, self.namespace, self.tracks_subresources = cluster, namespace, tracks_subresources

    async def do(self, tool: str, /, **arguments: Any) -> toolbox.Outcome:
        """As somebody else does it: with an answer."""
        permit = Permit("somebody-else", self.cluster, Effect.EXECUTE, announce=announced, plan=ANYTHING)
        outcome = await toolbox.run(registry.find(tool), self._parsed(tool, arguments), self.cluster, permit, SOMEBODY)
        assert outcome.status == "completed", outcome.text
        return outcome

    async def lose(self, tool: str, /, *, arrives: bool, most: int = 99, **arguments: Any) -> list[Sending]:
        """What was written down of a call whose answer nobody heard. `most`: how many of its requests left."""
        sent: list[Sending] = []

        async def announce(sending: Sending) -> float:
            sent.append(sending)
            if not arrives or len(sent) > most:
                raise NotSent("cut")
            return clock() + 5

        permit = Permit("call-1", self.cluster, Effect.EXECUTE, announce=announce, plan=ANYTHING)
        await toolbox.run(registry.find(tool), self._parsed(tool, arguments), self.cluster, permit, SOMEBODY)
        return sent[:most]

    async def told(self, tool: str, sent: list[Sending], /, *, ago: float = LONG_AGO, **arguments: Any) -> Told:
        """What a look says, `sent` having gone through a row of the database."""
        again = [from_plain(sending.plain(datetime.now(UTC))) for sending in sent]
        permit = Permit("call-1", self.cluster, Effect.READ)
        return await look_up(registry.find(tool), self._parsed(tool, arguments), permit, again, ago, SOMEBODY)

    def _parsed(self, tool: str, arguments: dict[str, Any]) -> Any:
        filled = {key: self.namespace if value == "{ns}" else value for key, value in arguments.items()}
        return toolbox.parse(registry.find(tool), filled)

    async def client(self) -> KubeClient:
        access = await database_sync_to_async(clusters.portal_access)(self.cluster)
        return KubeClient(Transport(self.cluster, access), Permit("test", self.cluster, Effect.SENSITIVE))

    async def node(self) -> str:
        client = await self.client()
        return str((await client.page(await client.resolve("nodes"), Selection())).items[0]["metadata"]["name"])


@pytest.fixture(params=["demo", pytest.param("real", marks=pytest.mark.apiserver)])
def cluster(request: pytest.FixtureRequest, transactional_db: None) -> str:
    if request.param == "demo":
        return str(request.getfixturevalue("demo"))
    plane = request.getfixturevalue("api_server")
    clusters.register(plane.kubeconfig)
    return "admin"


@pytest_asyncio.fixture
async def ground(request: pytest.FixtureRequest, cluster: str) -> AsyncIterator[Ground]:
    name = f"lookup-{secrets.token_hex(3)}"
    ground = Ground(cluster, name, cluster == "demo" or request.getfixturevalue("api_server").minor >= 22)
    await ground.do("namespace_create", name=name)
    await ground.do("k8s_apply", manifest=f"{CONFIG}---{DEPLOYMENT}", namespace=name)
    await asyncio.sleep(1.1)  # the cluster's times are whole seconds
    yield ground
    await ground.do("k8s_delete", kind="namespace", name=name)


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("k8s_apply", {"manifest": CONFIG.replace("fast", "slow"), "namespace": "{ns}"}),
    ("k8s_apply", {"manifest": OTHER, "namespace": "{ns}"}),
    ("k8s_apply", {"manifest": f"{OTHER}---\n{CONFIG.replace('fast', 'slow')}", "namespace": "{ns}"}),
    ("k8s_patch", SETTINGS | {"namespace": "{ns}", "patch": {"data": {"mode": "slow"}}}),
    (
        "k8s_patch",
        WEB | {"namespace": "{ns}", "patch": [{"op": "add", "path": "/spec/minReadySeconds", "value": 3}]},
    ),
    ("k8s_patch", WEB | {"namespace": "{ns}", "patch": {"metadata": {"annotations": {"a": "b"}}}}),
    ("k8s_scale", {"name": "web", "namespace": "{ns}", "replicas": 2}),
    ("k8s_set", {"name": "web", "namespace": "{ns}", "env": {"MODE": "slow"}}),
    ("k8s_label", {"kind": "cm", "name": "settings", "namespace": "{ns}", "labels": {"a": "b"}}),
    ("k8s_rollout_do", {"action": "restart", "name": "web", "namespace": "{ns}"}),
    ("k8s_delete", SETTINGS | {"namespace": "{ns}"}),
    ("k8s_delete", WEB | {"namespace": "{ns}"}),
]
NAMES = [f"{name}-{number}" for number, (name, _) in enumerate(CHANGES)]


@pytest.mark.parametrize(("name", "arguments"), CHANGES, ids=NAMES)
async def test_what_arrived_is_told_as_done(ground: Ground, name: str, arguments: dict[str, Any]) -> None:
    sent = await ground.lose(name, arrives=True, **arguments)
    told = await ground.told(name, sent, **arguments)
    if name == "k8s_scale" and not ground.tracks_subresources:
        assert told.status == "unknown"
    else:
        assert (told.status, "looked up in the cluster" in told.text) == ("completed", True), told.text


@pytest.mark.parametrize(("name", "arguments"), CHANGES, ids=NAMES)
async def test_what_did_not_arrive_is_told_as_not_done(ground: Ground, name: str, arguments: dict[str, Any]) -> None:
    sent = await ground.lose(name, arrives=False, **arguments)
    assert sent
    told = await ground.told(name, sent, **arguments)
    assert (told.status, told.text[:17]) == ("failed", "It did not happen"), told.text
    assert "not sent again" in told.text


async def test_a_namespace_that_was_made_and_one_that_was_not(ground: Ground) -> None:
    for arrives, status in ((True, "completed"), (False, "failed")):
        name = f"lookup-{secrets.token_hex(3)}"
        sent = await ground.lose("namespace_create", arrives=arrives, name=name)
        assert (await ground.told("namespace_create", sent, name=name)).status == status
        if arrives:
            await ground.do("k8s_delete", kind="namespace", name=name)


async def test_a_node_that_was_closed(ground: Ground) -> None:
    node = await ground.node()
    await ground.do("node_uncordon", node=node)  # whoever was here before
    sent = await ground.lose("node_cordon", arrives=False, node=node)
    assert len(sent) == 1
    assert (await ground.told("node_cordon", sent, node=node)).status == "failed"
    sent = await ground.lose("node_cordon", arrives=True, node=node)
    try:
        assert (await ground.told("node_cordon", sent, node=node)).status == "completed"
    finally:
        await ground.do("node_uncordon", node=node)


async def test_nothing_written_down_is_nothing_sent(ground: Ground) -> None:
    told = await ground.told("k8s_delete", [], **SETTINGS, namespace="{ns}")
    assert (told.status, "before anything was sent" in told.text) == ("failed", True)


# ---- somebody else was there since (FI-5) ------------------------------------------------------------------------

PATCH = SETTINGS | {"namespace": "{ns}", "patch": {"data": {"mode": "slow"}}}
SOMETHING_ELSE = SETTINGS | {"namespace": "{ns}", "patch": {"data": {"colour": "red"}}}
TAKEN_BACK = SETTINGS | {"namespace": "{ns}", "patch": {"data": {"mode": "fast"}}}


async def test_a_mark_outlives_what_others_did_to_other_fields(ground: Ground) -> None:
    sent = await ground.lose("k8s_patch", arrives=True, **PATCH)
    await ground.do("k8s_patch", **SOMETHING_ELSE)
    assert (await ground.told("k8s_patch", sent, **PATCH)).status == "completed"


@pytest.mark.parametrize("arrives", [True, False])
async def test_an_object_that_others_wrote_over_does_not_tell(ground: Ground, arrives: bool) -> None:
    sent = await ground.lose("k8s_patch", arrives=arrives, **PATCH)
    await ground.do("k8s_patch", **SETTINGS, namespace="{ns}", patch={"data": {"mode": "other"}})
    told = await ground.told("k8s_patch", sent, **PATCH)
    assert (told.status, "Look at configmap settings" in told.text) == ("unknown", True), told.text


async def test_a_change_taken_back_is_not_told_as_never_made(ground: Ground) -> None:
    """The object reads as before, but it is not the same version."""
    sent = await ground.lose("k8s_patch", arrives=True, **PATCH)
    await ground.do("k8s_patch", **TAKEN_BACK)
    assert (await ground.told("k8s_patch", sent, **PATCH)).status == "unknown"


async def test_an_object_that_is_gone_does_not_tell_whether_it_was_changed(ground: Ground) -> None:
    sent = await ground.lose("k8s_patch", arrives=True, **PATCH)
    await ground.do("k8s_delete", **SETTINGS, namespace="{ns}")
    told = await ground.told("k8s_patch", sent, **PATCH)
    assert (told.status, "not there any more" in told.text) == ("unknown", True)


async def test_an_object_made_anew_does_not_tell_whether_the_old_one_was_changed(ground: Ground) -> None:
    sent = await ground.lose("k8s_patch", arrives=True, **PATCH)
    await ground.do("k8s_delete", **SETTINGS, namespace="{ns}")
    await ground.do("k8s_apply", manifest=CONFIG, namespace="{ns}")
    told = await ground.told("k8s_patch", sent, **PATCH)
    assert (told.status, "made anew" in told.text) == ("unknown", True)


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_deletion_is_done_when_that_very_object_is_gone(ground: Ground, arrives: bool) -> None:
    """Who deleted it is not told: that it is gone is."""
    sent = await ground.lose("k8s_delete", arrives=arrives, **SETTINGS, namespace="{ns}")
    if not arrives:
        await ground.do("k8s_delete", **SETTINGS, namespace="{ns}")
    await ground.do("k8s_apply", manifest=CONFIG, namespace="{ns}")
    told = await ground.told("k8s_delete", sent, **SETTINGS, namespace="{ns}")
    assert (told.status, "another of the same name" in told.text) == ("completed", True)


async def test_controllers_that_only_report_status_do_not_blur_it(ground: Ground) -> None:
    """A Deployment's status moves all the time."""
    scale = {"name": "web", "namespace": "{ns}", "replicas": 2}
    sent = await ground.lose("k8s_scale", arrives=False, **scale)
    assert sent[0].before is not None
    version = sent[0].before.version
    client = await ground.client()
    web = Target(await client.resolve("deployments.apps"), ground.namespace, "web")
    pods = await client.resolve("v1/pods")

    async def pod() -> str:
        found = (await client.page(pods, Selection(ground.namespace, labels="app=web"))).items
        return found[0]["metadata"]["name"] if found else ""

    async def another_version() -> bool:
        return (await client.get(web))["metadata"]["resourceVersion"] != version

    await ground.do("k8s_delete", kind="pod", name=await until(pod), namespace="{ns}", grace_seconds=0)
    await until(another_version)
    told = await ground.told("k8s_scale", sent, **scale)
    assert told.status == ("failed" if ground.tracks_subresources else "unknown"), told.text


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    for _ in range(200):
        if found := await look():
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("It never came.")


# ---- several requests, and those still on their way --------------------------------------------------------------


async def test_of_several_documents_only_the_first_was_sent(ground: Ground) -> None:
    manifest = {"manifest": f"{OTHER}---\n{CONFIG.replace('fast', 'slow')}", "namespace": "{ns}"}
    sent = await ground.lose("k8s_apply", arrives=True, most=1, **manifest)
    told = await ground.told("k8s_apply", sent, **manifest)
    assert (told.status, told.text[:27]) == ("failed", "Only a part of it was done;"), told.text


async def test_a_command_leaves_no_trace_to_look_for(ground: Ground) -> None:
    sent = [Sending("run", "/api/v1/namespaces/x/pods/web", "pod web in x")]
    command = {"pod": "web", "namespace": "x", "command": ["ls"]}
    told = await ground.told("pod_exec", sent, ago=0, **command)
    assert (told.status, "Look at pod web in x" in told.text) == ("unknown", True)


async def test_a_request_that_is_still_on_its_way_is_waited_for(ground: Ground) -> None:
    sent = await ground.lose("k8s_patch", arrives=False, **PATCH)
    looking = asyncio.create_task(ground.told("k8s_patch", sent, ago=ARRIVES_WITHIN - 4, **PATCH))
    await asyncio.sleep(1)
    assert not looking.done()
    await ground.lose("k8s_patch", arrives=True, **PATCH)
    assert (await looking).status == "completed"


async def test_what_has_not_arrived_is_only_said_when_it_cannot_arrive_any_more(ground: Ground) -> None:
    sent = await ground.lose("k8s_patch", arrives=False, **PATCH)
    began = time.monotonic()
    assert (await ground.told("k8s_patch", sent, ago=ARRIVES_WITHIN - 2, **PATCH)).status == "failed"
    assert time.monotonic() - began >= 2
