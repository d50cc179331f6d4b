"""One call that reads several clusters: each under its own verdict, one row in the journal, none at another's cost."""

import re

import pytest
from django.contrib.auth.models import User

from chat.actions import people, tokens
from chat.actions import policy as actions
from chat.models import ToolCall
from tests.chat.sockets import Client
from tests.conftest import in_database
from tools import clusters

SHUT = 'The rule "shut" denies this.'


@pytest.fixture
def fleet(demo, demo_kubeconfig, tmp_path):
    """The demo cluster under two more names, and one that is away."""
    for name, server in (("second", None), ("closed", None), ("away", "https://127.0.0.1:9")):
        text = demo_kubeconfig.read_text()
        text = re.sub(r"(current-context: |- name: |name: )demo$", rf"\g<1>{name}", text, flags=re.M)
        text = re.sub(r"(cluster: |user: )demo$", rf"\g<1>{name}", text, flags=re.M)
        file = tmp_path / f"{name}.yaml"
        file.write_text(re.sub(r"server: .*", f"server: {server}", text) if server else text)
        clusters.register(file, is_demo=True)
    people.create("root", role="administrator")
    return demo


def ask(script, wish, /, **arguments):
    script([{"wish": wish, "arguments": arguments}], [{"say": "{answers}"}])


async def said(user):
    async with Client(await in_database(tokens.create, user)) as client:
        await client.send("go")
        return (await client.until("complete"))["data"]


async def test_each_cluster_answers_for_itself(crew, script, alice, fleet):
    root = await in_database(User.objects.get, username="root")
    rule = {"name": "shut", "decision": "deny", "clusters": ["closed"], "effects": ["READ", "SENSITIVE"]}
    await in_database(actions.save_rule, root, rule)
    wanted = [fleet, "second", "closed", "away", "unknown"]
    ask(script, "fleet_query", tool="k8s_list", arguments={"kind": "deploy", "namespace": "shop"}, clusters=wanted)
    complete = await said(alice)
    (call,) = complete["tool_calls"]
    assert call["status"] == "completed"
    assert "k8s_list in 5 clusters, 2 answered." in call["result"]
    sections = dict(part.split("\n", 1) for part in call["result"].split("== ")[1:])
    assert sections[fleet].strip() == sections["second"].strip()
    assert "checkout" in sections["second"]
    assert sections["closed"].strip() == SHUT
    assert "cannot be reached" in sections["away"]
    assert 'There is no cluster "unknown"' in sections["unknown"]
    assert await in_database(ToolCall.objects.count) == 1


async def test_two_objects_are_compared_over_clusters_only_where_both_may_be_read(crew, script, alice, fleet):
    root = await in_database(User.objects.get, username="root")
    rule = {"name": "shut", "decision": "deny", "clusters": ["closed"], "effects": ["SENSITIVE"]}
    await in_database(actions.save_rule, root, rule)
    ask(script, "k8s_compare", kind="deploy", name="cart", namespace="shop", other={"cluster": "second"})
    assert "no difference in what is wanted" in (await said(alice))["message"]
    ask(script, "k8s_compare", kind="deploy", name="cart", namespace="shop", other={"cluster": "closed"})
    complete = await said(alice)
    assert [(call["status"], call["result"]) for call in complete["tool_calls"]] == [("failed", SHUT)]
