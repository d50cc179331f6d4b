"""What is approved is what happens: shown beforehand, bound to its objects, edited, asked anew, and raced for."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from chat import deciding, launch
from chat.actions import approvals
from chat.errors import BadInput, Conflict, NotAllowed
from chat.models import Approval, Event, Run
from tests.chat.questions import asked, exists, manifest, mode_of, outside, status_of
from tests.chat.sockets import Client
from tests.conftest import in_database
from tests.tools.api import SOMEBODY
from tools import clusters
from tools.effects import Effect
from tools.kube.client import KubeClient, Selection
from tools.kube.guard import Permit
from tools.kube.transport import Transport


async def test_the_question_shows_what_would_change(crew, demo, script, token, config):
    await outside(demo, "k8s_apply", manifest=manifest(config, "slow"))
    patch = {"kind": "configmap", "name": config, "namespace": "shop", "patch": {"data": {"mode": "fast"}}}
    script([{"say": "It is too slow."}, {"wish": "k8s_patch", "arguments": patch}], [{"say": "{answers}"}])
    async with Client(token) as client:
        request = await asked(client)
    (step,) = request["plan"]["steps"]
    assert step["lines"] == ["data.mode: slow → fast"]
    assert ["-", "  mode: slow"] in step["diff"]
    assert ["+", "  mode: fast"] in step["diff"]
    assert request["plan"]["asked_by"] == "alice"
    assert request["plan"]["reason"] == "It is too slow."
    assert request["plan"]["rule"]


async def test_what_the_cluster_refuses_is_told_without_asking_anybody(crew, demo, script, token):
    script([{"wish": "namespace_create", "arguments": {"name": "shop"}}], [{"say": "{answers}"}])
    async with Client(token) as client:
        await client.send("make it")
        complete = await client.until("complete")
    assert complete["data"]["tool_calls"][0]["status"] == "failed"
    assert "exists already" in complete["data"]["message"]
    assert await in_database(Approval.objects.count) == 0


async def test_a_call_that_changes_nothing_needs_no_yes(crew, demo, script, token):
    access = await in_database(clusters.access, demo, SOMEBODY)
    client_ = KubeClient(Transport(demo, access), Permit("t", demo, Effect.READ))
    nodes = await client_.page(await client_.resolve("nodes"), Selection())
    node = next(item["metadata"]["name"] for item in nodes.items if not item["spec"].get("unschedulable"))
    script([{"wish": "node_uncordon", "arguments": {"node": node}}], [{"say": "{answers}"}])
    async with Client(token) as client:
        await client.send("open it")
        complete = await client.until("complete")
    assert complete["data"]["tool_calls"][0]["status"] == "completed"
    assert "already" in complete["data"]["message"]
    assert await in_database(Approval.objects.count) == 0


async def test_an_object_that_changed_meanwhile_is_asked_about_anew(crew, demo, script, alice, token, config):
    """Decided at a door that looks: the decision comes too late, and the same run asks with the new state."""
    await outside(demo, "k8s_apply", manifest=manifest(config, "slow"))
    script([{"wish": "k8s_apply", "arguments": {"manifest": manifest(config, "fast")}}], [{"say": "{answers}"}])
    async with Client(token) as client:
        first = await asked(client)
        await outside(demo, "k8s_apply", manifest=manifest(config, "middling"))
        await client.say({"type": "decide", "id": "d", "approval_id": first["approval_id"], "decision": "approve"})
        refused = await client.until("nack")
        assert refused["data"]["code"] == "void"
        second = (await client.until("approval_requested"))["data"]
        assert second["approval_id"] != first["approval_id"]
        assert second["run_id"] == first["run_id"]
        assert second["plan"]["steps"][0]["lines"] == ["data.mode: middling → fast"]
        assert await mode_of(demo, config) == "middling"
        await client.say({"type": "decide", "id": "e", "approval_id": second["approval_id"], "decision": "approve"})
        complete = await client.until("complete")
    assert complete["data"]["tool_calls"][0]["status"] == "completed"
    assert await mode_of(demo, config) == "fast"


async def test_an_object_that_changes_between_the_yes_and_the_wire_is_asked_about_anew(
    crew, demo, script, alice, token, config
):
    """Decided without a look at the cluster, as in a race: the rehearsal before the wire finds it."""
    await outside(demo, "k8s_apply", manifest=manifest(config, "slow"))
    script([{"wish": "k8s_apply", "arguments": {"manifest": manifest(config, "fast")}}], [{"say": "{answers}"}])
    async with Client(token) as client:
        first = await asked(client)
        await outside(demo, "k8s_apply", manifest=manifest(config, "middling"))
        await in_database(approvals.decide, alice, first["approval_id"], "approve")
        second = (await client.until("approval_requested"))["data"]
        assert await mode_of(demo, config) == "middling"
        await in_database(approvals.decide, alice, second["approval_id"], "reject")
        await client.until("complete")
    void = await in_database(Approval.objects.get, pk=first["approval_id"])
    assert void.status == "void"
    assert f"configmaps {config} in shop changed meanwhile" in void.reason
    assert void.consumed_at is None


async def test_a_deletion_is_void_when_the_object_was_made_anew(crew, demo, script, alice, token, config):
    await outside(demo, "k8s_apply", manifest=manifest(config, "slow"))
    wish = {"kind": "configmap", "name": config, "namespace": "shop"}
    script([{"wish": "k8s_delete", "arguments": wish}], [{"say": "{answers}"}])
    async with Client(token) as client:
        first = await asked(client)
        assert ["-", "  mode: slow"] in first["plan"]["steps"][0]["diff"]
        await outside(demo, "k8s_delete", **wish)
        await outside(demo, "k8s_apply", manifest=manifest(config, "slow"))
        await in_database(approvals.decide, alice, first["approval_id"], "approve")
        await client.until("approval_requested")
    assert await mode_of(demo, config) == "slow"


async def test_edited_arguments_are_a_new_question_and_the_model_is_told(crew, demo, story, alice, token, namespace):
    async with Client(token) as client:
        first = await asked(client)
        await deciding.edit(alice, first["approval_id"], {"name": f"{namespace}-b"})
        edited = (await client.until("arguments_edited"))["data"]
        second = (await client.until("approval_requested"))["data"]
        assert second["arguments"] == edited["arguments"] == {"name": f"{namespace}-b"}
        with pytest.raises(Conflict) as late:
            await in_database(approvals.decide, alice, first["approval_id"], "approve")
        assert late.value.code == "void"
        await in_database(approvals.decide, alice, second["approval_id"], "approve")
        complete = await client.until("complete")
    assert complete["data"]["tool_calls"][0]["status"] == "completed"
    assert "alice changed the arguments" in complete["data"]["message"]
    assert await exists(demo, f"{namespace}-b")
    assert not await exists(demo, namespace)
    original = await in_database(Approval.objects.select_related("edited_by").get, pk=first["approval_id"])
    assert (original.status, original.reason, original.edited_by) == ("void", "Edited by alice.", alice)


async def test_what_an_edited_call_is_called_bears_no_secret(crew, demo, script, alice, token):
    wish = {"name": "storefront", "namespace": "shop", "images": {"storefront": "nginx:1.27"}}
    script([{"wish": "k8s_set", "arguments": wish}], [{"say": "{answers}"}])
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    async with Client(token) as client:
        first = await asked(client)
        await deciding.edit(alice, first["approval_id"], wish | {"images": {"storefront": f"nginx:{secret}"}})
        second = (await client.until("approval_requested"))["data"]
    kept = await in_database(Approval.objects.select_related("tool_call").get, pk=second["approval_id"])
    assert secret not in kept.summary + kept.tool_call.intent
    assert "<redacted" in kept.summary


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"name": "shop"}, "exists already"),
        ({"nam": "x"}, "did you mean name"),
        ({"name": "x", "cluster": "y"}, "cluster stays"),
    ],
)
async def test_an_edit_that_cannot_be_done_leaves_all_as_it_is(
    crew, demo, story, alice, token, namespace, arguments, says
):
    async with Client(token) as client:
        first = await asked(client)
        with pytest.raises(BadInput, match=says):
            await deciding.edit(alice, first["approval_id"], arguments)
        assert await status_of(Approval, first["approval_id"]) == "pending"


async def test_where_a_second_person_is_asked_for_the_first_may_only_reject(
    crew, demo, story, alice, charlie, token, namespace
):
    async with Client(token) as client:
        request = await asked(client)
        await in_database(Approval.objects.update, second_person=True)
        with pytest.raises(NotAllowed):
            await in_database(approvals.decide, alice, request["approval_id"], "approve")
        await in_database(approvals.decide, charlie, request["approval_id"], "approve")
        complete = await client.until("complete")
    assert complete["data"]["tool_calls"][0]["status"] == "completed"


async def test_what_must_be_typed_must_be_typed(crew, demo, story, alice, token, namespace):
    async with Client(token) as client:
        request = await asked(client)
        await in_database(Approval.objects.update, type_name=namespace)
        for typed in ("", "something"):
            with pytest.raises(BadInput):
                await in_database(approvals.decide, alice, request["approval_id"], "approve", typed=typed)
        await in_database(approvals.decide, alice, request["approval_id"], "approve", typed=namespace)
        await client.until("complete")
    assert await exists(demo, namespace)


async def test_an_approver_who_loses_the_role_has_approved_nothing(
    transactional_db, demo, story, alice, charlie, token, namespace
):
    """The yes came while no process drove the run; the role went before one did."""
    launch.begin()
    async with Client(token) as client:
        request = await asked(client)
        while await status_of(Run, request["run_id"]) != "waiting":  # noqa: ASYNC110 - rows change without a bell
            await asyncio.sleep(0.02)
        await launch.end()
        await in_database(approvals.decide, charlie, request["approval_id"], "approve")
        await in_database(charlie.groups.clear)
        launch.begin()
        try:
            complete = await client.until("complete")
        finally:
            await launch.end()
    assert complete["data"]["tool_calls"][0]["status"] == "denied"
    assert not await exists(demo, namespace)


async def test_a_double_click_counts_once(crew, demo, story, alice, token, namespace):
    async with Client(token) as client:
        request = await asked(client)
        twice = [in_database(approvals.decide, alice, request["approval_id"], "approve") for _ in range(2)]
        outcomes = await asyncio.gather(*twice, return_exceptions=True)
        complete = await client.until("complete")
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1
    assert [call["status"] for call in complete["data"]["tool_calls"]] == ["completed"]
    assert await in_database(Event.objects.filter(type="approval_decided").count) == 1


@pytest.mark.parametrize("milliseconds", [-50, 50])
async def test_at_the_very_moment_of_expiry_one_wins(crew, demo, story, alice, token, namespace, milliseconds):
    async with Client(token) as client:
        request = await asked(client)
        moment = timezone.now() + timedelta(milliseconds=500)
        await in_database(Approval.objects.update, expires_at=moment)
        await asyncio.sleep(0.5 + milliseconds / 1000)
        outcome = await asyncio.gather(
            in_database(approvals.decide, alice, request["approval_id"], "approve"), return_exceptions=True
        )
        complete = await client.until("complete")
    status = complete["data"]["tool_calls"][0]["status"]
    assert await in_database(Event.objects.filter(type="approval_decided").count) in (1, 2)  # a yes may run out unused
    assert (status == "completed") == await exists(demo, namespace)
    if isinstance(outcome[0], Conflict):
        assert outcome[0].code == "expired"
        assert status == "denied"


async def test_no_more_than_five_questions_of_a_run_wait_at_once(crew, demo, script, alice, token):
    names = [f"n-{uuid.uuid4().hex[:8]}" for _ in range(6)]
    script([{"wish": "namespace_create", "arguments": {"name": name}} for name in names], [{"say": "{answers}"}])
    async with Client(token) as client:
        await client.send("make six")
        requests = [(await client.until("approval_requested"))["data"] for _ in range(5)]
        while await status_of(Run, requests[0]["run_id"]) != "waiting":  # noqa: ASYNC110 - rows change without a bell
            await asyncio.sleep(0.02)
        assert await in_database(Approval.objects.count) == 5
        await in_database(approvals.decide, alice, requests[0]["approval_id"], "reject")
        requests.append((await client.until("approval_requested"))["data"])
        for request in requests[1:]:
            await in_database(approvals.decide, alice, request["approval_id"], "reject")
        complete = await client.until("complete")
    assert [call["status"] for call in complete["data"]["tool_calls"]] == ["denied"] * 6


async def test_what_needs_an_earlier_change_of_the_same_round_waits_for_it(crew, demo, script, alice, token, namespace):
    inside = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: {namespace}}}\ndata: {{a: b}}"
    wishes = [
        {"wish": "namespace_create", "arguments": {"name": namespace}},
        {"wish": "k8s_apply", "arguments": {"manifest": inside}},
    ]
    script(wishes, [{"say": "{answers}"}])
    async with Client(token) as client:
        first = await asked(client)
        await in_database(approvals.decide, alice, first["approval_id"], "approve")
        second = (await client.until("approval_requested"))["data"]
        await in_database(approvals.decide, alice, second["approval_id"], "approve")
        complete = await client.until("complete")
    assert [call["status"] for call in complete["data"]["tool_calls"]] == ["completed"] * 2


@pytest.mark.parametrize(
    ("image", "says"),
    [
        ("registry.example.com/shop/storefront:3.4.1", "done: 1 of 1 available and up to date"),
        ("registry.example.com/shop/storefront:typo-typo", "1 pod fails"),
    ],
)
async def test_after_a_change_the_rollout_is_waited_for_and_told(crew, demo, script, alice, token, config, image, says):
    labels = f"{{app: {config}}}"
    deployment = (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {config}, namespace: shop}}\n"
        f"spec: {{replicas: 1, selector: {{matchLabels: {labels}}}, template: {{metadata: {{labels: {labels}}}, "
        f'spec: {{containers: [{{name: web, image: "{image}"}}]}}}}}}'
    )
    script([{"wish": "k8s_apply", "arguments": {"manifest": deployment}}], [{"say": "{answers}"}])
    async with Client(token) as client:
        request = await asked(client)
        await in_database(approvals.decide, alice, request["approval_id"], "approve")
        complete = await client.until("complete", 45)
    assert says in complete["data"]["message"]
    await outside(demo, "k8s_delete", kind="deployment", name=config, namespace="shop")
