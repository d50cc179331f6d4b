"""Pods that leave: evicted, driven out by a taint, drained with their node. On a demo cluster of this file's own."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import in_database
from tests.demo_process import demo_process
from tests.tools.api import SOMEBODY
from tests.tools.catalogue.conftest import Ask
from tests.tools.test_rehearsal import tried
from tools import clusters, plans, registry, toolbox
from tools.effects import Effect
from tools.kube.client import KubeClient, Selection
from tools.kube.errors import NotSent
from tools.kube.guard import Permit, clock
from tools.kube.plan import Passes
from tools.kube.sending import Sending
from tools.kube.transport import Transport
from tools.undoing import inverse

NODE, OTHERS = "node-3", ("node-1", "node-2")
PINNED = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {count}
  selector: {{matchLabels: {{app: pinned}}}}
  template:
    metadata: {{labels: {{app: pinned}}}}
    spec: {{containers: [{{name: app, image: "nginx:1.27"}}]}}
"""
BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: strict}}
spec: {{maxUnavailable: {most}, selector: {{matchLabels: {{app: pinned}}}}}}
"""
BARE = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: bare}\nspec: {nodeName: node-3, containers: [{name: a, image: a}]}\n"
)
KEEPS = BARE.replace("bare", "keeps").replace("containers:", "volumes: [{name: d, emptyDir: {}}], containers:")


@pytest.fixture(scope="module")
def own_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with demo_process(tmp_path_factory, "drained") as kubeconfig:
        yield kubeconfig


@pytest.fixture
def demo(transactional_db: None, own_kubeconfig: Path) -> str:
    return clusters.register(own_kubeconfig, is_demo=True)[0].name


async def pods_on(cluster: str, node: str = NODE) -> list[dict[str, Any]]:
    access = await in_database(clusters.access, cluster, SOMEBODY)
    client = KubeClient(Transport(cluster, access), Permit("t", cluster, Effect.READ))
    page = await client.page(await client.resolve("v1/pods"), Selection(fields=f"spec.nodeName={node}"))
    return page.items


async def driven_out(cluster: str) -> list[str]:
    """The pods on the node that tolerate no taint of every kind."""
    return [
        pod["metadata"]["uid"]
        for pod in await pods_on(cluster)
        if {"operator": "Exists"} not in pod["spec"].get("tolerations", [])
    ]


async def there(ask: Ask, cluster: str, place: str, count: int, more: str = "") -> list[str]:
    """A Deployment whose pods all came up on the node, while the others were closed."""
    for node in OTHERS:
        await ask("node_cordon", node=node)
    applied = await ask("k8s_apply", manifest=f"{PINNED.format(count=count)}---\n{more}", namespace=place)
    assert applied.status == "completed", applied.text
    names = await ready(cluster, place, count)
    for node in OTHERS:
        await ask("node_uncordon", node=node)
    return names


async def ready(cluster: str, place: str, count: int) -> list[str]:
    for _ in range(200):
        here = [pod for pod in await pods_on(cluster) if pod["metadata"]["namespace"] == place]
        well = [pod for pod in here if pod["status"].get("phase") == "Running" and _is_ready(pod)]
        if len(well) == count:
            return [pod["metadata"]["name"] for pod in well]
        await asyncio.sleep(0.1)
    raise AssertionError([pod["metadata"]["name"] for pod in here])


def _is_ready(pod: dict[str, Any]) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


async def budget_is(cluster: str, place: str, allowed: int) -> None:
    access = await in_database(clusters.access, cluster, SOMEBODY)
    client = KubeClient(Transport(cluster, access), Permit("t", cluster, Effect.READ))
    for _ in range(200):
        found = (await client.page(await client.resolve("pdb"), Selection(place))).items
        if found and found[0].get("status", {}).get("disruptionsAllowed") == allowed:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(found)


# ---- one pod -----------------------------------------------------------------------------------------------------


async def test_a_pod_is_evicted_and_only_that_very_one(ask: Ask, demo: str, place: str) -> None:
    (name,) = await there(ask, demo, place, 1)
    found = await tried(demo, "pod_evict", {"pod": name, "namespace": place})
    (step,) = found.steps
    assert (step.verb, step.kind, step.name, step.effect) == ("evict", "pods", name, Effect.DESTROY)
    assert step.whole is not None
    assert step.bound()["uid"] == step.whole["metadata"]["uid"]
    assert step.address.endswith(f"/pods/{name}")
    assert any(sign == "-" for sign, _ in plans.shown(found.steps)[0]["diff"])
    assert inverse(step, demo)[0] is None
    done = await ask("pod_evict", pod=name, namespace=place)
    assert done.text == f"Evicted pod {name} in {place}: done."
    ghost = await ask("pod_evict", pod="ghost", namespace=place)
    assert 'There is no pod "ghost"' in ghost.text


async def test_a_budget_s_no_is_told_before_anybody_is_asked(ask: Ask, demo: str, place: str) -> None:
    (name,) = await there(ask, demo, place, 1, BUDGET.format(most=0))
    await budget_is(demo, place, 0)
    found = await tried(demo, "pod_evict", {"pod": name, "namespace": place})
    assert "strict" in found.refusal
    assert "may not go now" in found.refusal


async def test_what_is_lost_with_a_pod_is_said(ask: Ask, demo: str, place: str) -> None:
    await ask("k8s_apply", manifest=KEEPS, namespace=place)
    found = await tried(demo, "pod_evict", {"pod": "keeps", "namespace": place})
    assert f"Nothing makes these anew: {place}/keeps." in found.notes
    assert f"What these keep in an emptyDir is lost: {place}/keeps." in found.notes


# ---- taints ------------------------------------------------------------------------------------------------------


async def test_a_taint_is_set_once_and_taken_away(ask: Ask, demo: str) -> None:
    taint = {"node": NODE, "key": "example.com/only", "value": "db"}
    assert (await ask("node_taint", **taint)).text == "Node node-3: taint example.com/only=db:NoSchedule set."
    assert "already" in (await ask("node_taint", **taint)).text
    gone = await ask("node_taint", node=NODE, key="example.com/only", remove=True)
    assert gone.data["taints"] == []
    again = await ask("node_taint", node=NODE, key="example.com/only", remove=True)
    assert "has no taint" in again.text
    wrong = await ask("node_taint", node=NODE, key="a b")
    assert (wrong.status, "metadata.taints[0].key" in wrong.text) == ("failed", True), wrong.text
    assert (await ask("node_taint", node="../x", key="a")).status == "failed"


async def test_pods_that_a_taint_drives_out_are_named_and_it_counts_as_destroying(
    ask: Ask, demo: str, place: str
) -> None:
    await ask("k8s_apply", manifest=BARE, namespace=place)
    before: list[str] | None = None
    while before != (going := await driven_out(demo)):  # the cluster's own story goes on; none of it may come between
        before = going
        found = await tried(demo, "node_taint", {"node": NODE, "key": "full", "effect": "NoExecute"})
    (step,) = found.steps
    assert step.effect is Effect.DESTROY
    assert found.notes[0].startswith(f"{len(going)} pods are evicted, whatever budgets say: ")
    assert "kube-proxy" not in found.notes[0]
    patch = {"spec": {"taints": [{"key": "full", "effect": "NoExecute"}]}}
    (by_patch,) = (await tried(demo, "k8s_patch", {"kind": "node", "name": NODE, "patch": patch})).steps
    assert by_patch.effect is Effect.DESTROY
    done = await ask("node_taint", node=NODE, key="full", effect="NoExecute")
    assert done.status == "completed", done.text
    await gone(ask, place, "bare")
    await ask("node_taint", node=NODE, key="full", effect="NoExecute", remove=True)


async def gone(ask: Ask, place: str, pod: str) -> None:
    for _ in range(100):
        if (await ask("k8s_get", kind="pod", name=pod, namespace=place)).status == "failed":
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{pod} is still there")


# ---- a node ------------------------------------------------------------------------------------------------------


async def drained(cluster: str, arguments: dict[str, Any], **permit: Any) -> tuple[toolbox.Outcome, list[Sending]]:
    """A drain that may send what its rehearsal showed, and what it sent."""
    tool, sent = registry.find("node_drain"), list[Sending]()
    found = await tried(cluster, "node_drain", arguments)
    assert not found.refusal, found.refusal

    async def announce(sending: Sending) -> float:
        sent.append(sending)
        return clock() + 5

    allowed = Permit("call-1", cluster, tool.effect, announce=announce, plan=Passes(found.steps))
    return await toolbox.run(tool, toolbox.parse(tool, arguments), cluster, replace(allowed, **permit), SOMEBODY), sent


async def test_what_would_be_lost_must_be_accepted_first(ask: Ask, demo: str, place: str) -> None:
    await ask("k8s_apply", manifest=KEEPS, namespace=place)
    found = await tried(demo, "node_drain", {"node": NODE})
    assert "nothing makes these anew" in found.refusal
    assert "set delete_emptydir to accept" in found.refusal
    assert f"{place}/keeps" in found.refusal
    accepted = await tried(demo, "node_drain", {"node": NODE, "force": True, "delete_emptydir": True})
    assert not accepted.refusal
    assert any("DaemonSets" in note and "node-exporter" in note for note in accepted.notes)
    assert {step.verb for step in accepted.steps} == {"patch", "evict"}
    assert not any(step.name.startswith("node-exporter") for step in accepted.steps)


async def test_a_node_is_emptied_as_budgets_allow_each_eviction_once(ask: Ask, demo: str, place: str) -> None:
    names = await there(ask, demo, place, 3, BUDGET.format(most=1))
    await budget_is(demo, place, 1)
    lines: list[str] = []
    arguments = {"node": NODE, "force": True, "delete_emptydir": True, "timeout_seconds": 60}
    outcome, sent = await drained(demo, arguments, progress=lines.append)
    assert outcome.status == "completed", outcome.text
    assert outcome.text.startswith("Node node-3 is closed and empty")
    evicted = [sending.path.rpartition("/")[2] for sending in sent if sending.verb == "delete"]
    assert len(set(evicted)) == len(evicted)
    assert set(names) <= set(evicted)
    assert any("waiting for strict" in line for line in lines), lines
    left = [
        pod for pod in await pods_on(demo) if not pod["metadata"]["name"].startswith(("node-exporter", "kube-proxy"))
    ]
    assert left == []
    again, none = await drained(demo, arguments)
    assert (again.status, none) == ("completed", [])
    await ask("node_uncordon", node=NODE)


async def test_a_drain_that_waits_ends_when_it_is_told_to_stop(ask: Ask, demo: str, place: str) -> None:
    names = await there(ask, demo, place, 2, BUDGET.format(most=0))
    await budget_is(demo, place, 0)
    arguments = {"node": NODE, "force": True, "delete_emptydir": True, "timeout_seconds": 60}
    found = await tried(demo, "node_drain", arguments)
    assert [bool(step.blocked) for step in found.steps if step.namespace == place] == [True, True]
    assert "strict" in plans.shown(found.steps)[-1]["blocked"] + plans.shown(found.steps)[1]["blocked"] + "".join(
        found.notes
    )

    async def stopping() -> bool:
        return True

    outcome, sent = await drained(demo, arguments, stopping=stopping)
    assert (outcome.status, "it was told to stop" in outcome.text) == ("failed", True), outcome.text
    assert all(f"{place}/{name}: waits for the budget strict" in outcome.text for name in names)
    assert not any(sending.path.rpartition("/")[2] in names for sending in sent)
    await ask("node_uncordon", node=NODE)


async def test_a_drain_whose_run_was_stopped_sends_nothing_more(ask: Ask, demo: str, place: str) -> None:
    await there(ask, demo, place, 2)
    sent: list[Sending] = []

    async def announce(sending: Sending) -> float:
        if len(sent) == 2:
            raise NotSent("The run was stopped before this was sent.")
        sent.append(sending)
        return clock() + 5

    arguments = {"node": NODE, "force": True, "delete_emptydir": True}
    outcome, _ = await drained(demo, arguments, announce=announce)
    assert (outcome.status, "The run was stopped" in outcome.text) == ("failed", True), outcome.text
    assert [sending.verb for sending in sent] == ["patch", "delete"]
    await ask("node_uncordon", node=NODE)


async def test_a_drain_has_a_bound_of_its_own() -> None:
    tool = registry.find("node_drain")
    assert tool.seconds is not None
    longest = toolbox.parse(tool, {"node": NODE, "timeout_seconds": 600})
    assert tool.seconds(longest) > 600
    with pytest.raises(toolbox.BadArguments):
        toolbox.parse(tool, {"node": NODE, "timeout_seconds": 601})
