"""A change nobody heard of: looked up as the person it was for, also when the process lives and only the wire broke."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from chat import lookups
from chat.access import Right, rights
from chat.actions import calls, leases, messages, rounds
from chat.agent.ports import Usage
from chat.audit.calls import Grounds
from chat.models import ToolCall
from tests.chat.sockets import Client
from tests.conftest import in_database
from tests.faults.mute_cluster import PLACE, MuteCluster
from tools import clusters
from tools.kube.sending import ABSENT, Sending

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\ndata: {mode: fast}\n"
SETTINGS = f"{PLACE}/settings"
APPLY = Sending("apply", SETTINGS, "configmap settings in default", "k8s-mcp", ABSENT)


@pytest.fixture
def left(demo, alice):
    """`left(tool, arguments, *sendings)`: a running change, its process dead, and the claim of who took it over."""

    def left_behind(tool: str, arguments: dict, *sent: Sending):
        messages.send(alice, f"change {uuid.uuid4()}")
        claim = leases.claim("dead")
        rounds.start(claim, "scripted", "script")
        call = ToolCall(tool=tool, arguments=arguments, cluster=demo, effect="CHANGE")
        rounds.close_round(claim, [call], Usage())
        calls.begin(claim, call, Grounds())
        for sending in sent:
            calls.announce(claim, call, sending)
        type(call.run).objects.filter(pk=call.run_id).update(lease_until=timezone.now() - timedelta(seconds=1))
        taken = leases.claim("next")
        (found,) = lookups._left(taken)
        return taken, found

    return left_behind


async def told(claim, call) -> tuple[str, str]:
    await lookups.finish(claim, call)
    row = await in_database(ToolCall.objects.get, pk=call.pk)
    return row.status, row.result


async def test_what_was_never_announced_was_never_sent(left):
    status, result = await told(*await in_database(left, "k8s_apply", {"manifest": MANIFEST}))
    assert (status, "before anything was sent" in result) == ("failed", True)


async def test_a_call_of_an_earlier_version_kept_no_record_and_is_unknown(left):
    claim, call = await in_database(left, "k8s_apply", {"manifest": MANIFEST})
    call.sent = None
    status, result = await told(claim, call)
    assert (status, "not known" in result) == ("unknown", True)


@pytest.mark.parametrize("gone", ["person", "cluster", "tool"])
async def test_nothing_is_looked_up_where_there_is_no_way_to(left, alice, gone):
    claim, call = await in_database(left, "k8s_apply", {"manifest": MANIFEST}, APPLY)

    def take_away() -> None:
        if gone == "person":
            alice.groups.clear()
            assert Right.CONVERSE not in rights(alice)
        elif gone == "cluster":
            call.cluster = "nowhere"
        else:
            call.tool = "k8s_gone"

    await in_database(take_away)
    status, result = await told(claim, call)
    assert (status, "not known" in result, "not sent again" in result) == ("unknown", True, True), result


async def test_of_two_applies_to_one_object_neither_is_proven(left):
    """They bear the same name."""
    _, call = await in_database(left, "k8s_apply", {"manifest": MANIFEST}, APPLY)
    question = await in_database(lookups._question, call)
    assert question.sent[0].before == ABSENT
    await in_database(left, "k8s_apply", {"manifest": MANIFEST}, APPLY)
    question = await in_database(lookups._question, call)
    assert question.sent[0].before is None
    elsewhere = Sending("apply", f"{PLACE}/other", "configmap other in default", "k8s-mcp", ABSENT)
    _, call = await in_database(left, "k8s_apply", {"manifest": MANIFEST}, elsewhere)
    assert (await in_database(lookups._question, call)).sent[0].before == ABSENT


@pytest.mark.parametrize(("arrives", "status"), [(True, "completed"), (False, "failed")])
async def test_a_change_whose_connection_broke_is_looked_up_at_once(
    crew, script, alice, token_of, demo_kubeconfig, tmp_path, settings, arrives, status
):
    settings.K8SMCP_SHARED_WRITES = True
    name = f"cut-{uuid.uuid4().hex[:6]}"
    delete = {"kind": "configmap", "name": name, "namespace": "default"}
    script([{"wish": "k8s_delete", "arguments": delete}], [{"say": "{answers}"}])
    token = await in_database(token_of, alice)
    async with MuteCluster(demo_kubeconfig, lambda path: arrives, cuts=True) as cluster:
        await in_database(clusters.register, cluster.kubeconfig(tmp_path))
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
        await cluster.ask("POST", PLACE, body)
        async with Client(token) as client:
            await client.send("delete it")
            asked = (await client.until("approval_requested"))["data"]
            await client.say({"type": "decide", "id": "d", "approval_id": asked["approval_id"], "decision": "approve"})
            end = (await client.until("tool_call_end"))["data"]
        assert (end["status"], "no answer came back" in end["result"].lower()) == (status, True), end["result"]
        assert len(cluster.writes) == 1
