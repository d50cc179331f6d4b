"""Changes of several objects and changes that take long: counted, typed, told while they go on, and stopped."""

import secrets

import pytest

from chat.actions import approvals, people, runs
from chat.errors import BadInput
from chat.models import Approval, ToolCall
from tests.chat.questions import asked, outside, reader
from tests.chat.sockets import Client, becomes
from tests.conftest import in_database
from tools.effects import Effect
from tools.kube.resources import Target

ONE = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}-{number}, namespace: shop, labels: {{set: {name}}}}}
---
"""
STRANDED = """
apiVersion: v1
kind: Node
metadata: {{name: {name}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: {name}, namespace: shop}}
spec: {{minAvailable: 1, selector: {{matchLabels: {{app: {name}}}}}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: shop, labels: {{app: {name}}}}}
spec: {{nodeName: {name}, containers: [{{name: app, image: "nginx:1.27"}}]}}
"""


@pytest.fixture
def name() -> str:
    return f"long-{secrets.token_hex(3)}"


async def test_how_many_go_is_typed_before_they_go(crew, demo, script, alice, token, name):
    await outside(demo, "k8s_apply", manifest="".join(ONE.format(name=name, number=n) for n in (1, 2)))
    wish = {"kind": "configmap", "label_selector": f"set={name}", "namespace": "shop"}
    script([{"wish": "k8s_delete", "arguments": wish}], [{"say": "{answers}"}])
    async with Client(token) as client:
        request = await asked(client)
        assert request["plan"]["type_name"] == "2"
        assert (
            f"Exactly these 2 go, and no other that comes to have the labels set={name}." in request["plan"]["touched"]
        )
        with pytest.raises(BadInput, match="Type 2 to approve this"):
            await in_database(approvals.decide, alice, request["approval_id"], "approve")
        await in_database(approvals.decide, alice, request["approval_id"], "approve", typed="2")
        complete = await client.until("complete")
    assert complete["data"]["tool_calls"][0]["status"] == "completed", complete
    call = await in_database(ToolCall.objects.get)
    assert [row["verb"] for row in call.sent] == ["delete", "delete"]


async def test_a_drain_is_told_while_it_waits_and_ends_at_a_stop(crew, demo, script, alice, token, name):
    await outside(demo, "k8s_apply", manifest=STRANDED.format(name=name))
    await becomes(lambda: _guarded(demo, name))
    arguments = {"node": name, "force": True, "timeout_seconds": 120}
    script([{"wish": "node_drain", "arguments": arguments}], [{"say": "{answers}"}])
    async with Client(token) as client:
        request = await asked(client)
        assert any(f"shop/{name}" in sentence and "budget" in sentence for sentence in request["plan"]["touched"])
        await in_database(approvals.decide, alice, request["approval_id"], "approve")
        told = await client.until("tool_progress", patience=60)
        assert told["data"]["tool_call_id"] == request["tool_call_id"]
        assert f"1 waiting for {name}" in told["data"]["text"]
        await in_database(runs.stop, alice, request["run_id"])
        complete = await client.until("complete", patience=60)
    assert complete["data"]["outcome"] == "stopped"
    call = await in_database(ToolCall.objects.get, pk=request["tool_call_id"])
    assert "it was told to stop" in call.result
    assert [row["verb"] for row in call.sent] == ["patch"]
    assert (await in_database(Approval.objects.get, pk=request["approval_id"])).consumed_at is not None


async def test_a_drain_ends_where_its_person_may_change_nothing_any_more(crew, demo, script, alice, token, name):
    await outside(demo, "k8s_apply", manifest=STRANDED.format(name=name))
    await becomes(lambda: _guarded(demo, name))
    arguments = {"node": name, "force": True, "timeout_seconds": 120}
    script([{"wish": "node_drain", "arguments": arguments}], [{"say": "{answers}"}])
    async with Client(token) as client:
        request = await asked(client)
        await in_database(approvals.decide, alice, request["approval_id"], "approve")
        await client.until("tool_progress", patience=60)
    await in_database(people.give_role, alice, "viewer")
    await outside(demo, "k8s_delete", kind="pdb", name=name, namespace="shop")
    await becomes(lambda: in_database(_ended, request["tool_call_id"]))
    call = await in_database(ToolCall.objects.get, pk=request["tool_call_id"])
    assert [row["verb"] for row in call.sent] == ["patch"]
    assert "alice may look, but not change anything" in call.result


def _ended(call_id: str) -> bool:
    return ToolCall.objects.get(pk=call_id).finished


async def _guarded(cluster: str, name: str) -> bool:
    client = await reader(cluster, Effect.READ)
    budget = await client.get(Target(await client.resolve("pdb"), "shop", name))
    return budget.get("status", {}).get("currentHealthy") == 1
