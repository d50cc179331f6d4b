"""Whole conversations with the real tools against a demo cluster: lists, looks, changes, and what refers back."""

import pytest

from chat.agent.ports import Answer, Wish
from tests.chat.agent.guide.talk import Talk, all_offers, with_real_tools

CHECKOUT = {"kind": "deployments", "name": "checkout", "namespace": "shop"}


async def test_all_pods_are_listed_in_one_round_with_the_ill_ones_marked(talk: Talk):
    told = await talk.say("list all pods")
    assert told.calls == [("k8s_list", {"kind": "pods", "limit": 500})]
    assert "pods in all namespaces.**" in told.text
    assert "| `shop` | `redis-0` |" in told.text
    assert told.text.count("⚠") > 2


async def test_it_and_the_second_one_and_too_refer_back(talk: Talk):
    await talk.say("list deployments in shop")
    told = await talk.say("describe the second one")
    assert told.calls == [("k8s_describe", {"kind": "deployments", "name": "catalog", "namespace": "shop"})]
    told = await talk.say("and its logs?")
    assert told.calls[0] == ("k8s_logs", {"target": "deployments/catalog", "namespace": "shop", "tail": 100})
    told = await talk.say("last 5 lines")
    assert told.calls[0][1]["tail"] == 5
    await talk.say("list services in shop")
    told = await talk.say("in payments too")
    assert told.calls == [("k8s_list", {"kind": "services", "namespace": "payments", "limit": 500})]
    told = await talk.say("and in monitoring?")
    assert told.calls[0][1]["namespace"] == "monitoring"


async def test_small_talk_does_not_make_it_forget(talk: Talk):
    await talk.say("describe deployment storefront in shop")
    await talk.say("thanks!")
    told = await talk.say("and its logs?")
    assert told.calls[0][1]["target"] == "deployments/storefront"


async def test_several_candidates_are_asked_about_and_a_number_is_an_answer(talk: Talk):
    told = await talk.say("delete pod storefront")
    assert "Which one do you mean?" in told.text
    assert "k8s_delete" not in told.tools
    second = next(line for line in told.text.splitlines() if line.startswith("2. ")).split("`")[1]
    told = await talk.say("2")
    assert ("k8s_delete", {"kind": "pods", "name": second, "namespace": "shop"}) in told.calls
    assert f"about to delete Pod `{second}` in `shop`" in told.said[0]


async def test_a_name_that_is_nearly_right_is_taken_for_looking_and_asked_about_for_changing(talk: Talk):
    told = await talk.say("logs of storfront")
    assert told.calls[-1][1]["target"] == "deployments/storefront"
    told = await talk.say("restart storfront")
    assert "k8s_rollout_do" not in told.tools
    assert "1. Deployment `storefront` in `shop`" in told.text
    told = await talk.say("yes")
    assert (
        "k8s_rollout_do",
        {"kind": "deployment", "name": "storefront", "namespace": "shop", "action": "restart"},
    ) in told.calls


async def test_a_name_that_does_not_exist_says_where_it_was_looked_for(talk: Talk):
    told = await talk.say("describe deployment zebra")
    assert "I looked through Deployments in all namespaces and found nothing called `zebra`." in told.text


async def test_a_namespace_that_does_not_exist_is_said(talk: Talk):
    told = await talk.say("list pods in nowhere")
    assert 'There is no namespace "nowhere"' in told.text


async def test_scaling_says_what_it_will_do_and_reports_the_real_state(talk: Talk):
    talk.patience = 0.5
    told = await talk.say("scale cart up by 1 in shop")
    before = 2
    assert f"about to scale Deployment `cart` in `shop` from {before} to {before + 1}" in told.said[0]
    assert ("k8s_scale", {"kind": "deployments", "name": "cart", "namespace": "shop", "replicas": 3}) in told.calls
    assert told.tools[-1] == "k8s_rollout_status"
    assert "Scaled from 2 to 3." in told.text
    told = await talk.say("and back to 2")
    assert "from 3 to 2" in told.said[0]
    told = await talk.say("scale cart to 2 in shop")
    assert "has 2 copies already" in told.text


async def test_a_draft_is_applied_by_yes_and_deleted_by_name(talk: Talk):
    told = await talk.say("give me a deployment yaml for nginx in shop with 2 replicas")
    assert told.tools == ["manifest_draft"]
    assert "```yaml\napiVersion: apps/v1" in told.text
    assert "replicas: 2" in told.text
    told = await talk.say("yes")
    assert told.tools[0] == "k8s_apply"
    assert "`deployment nginx in shop`: created" in told.text
    told = await talk.say("delete deployment nginx in shop")
    assert "✓ It is gone." in told.text


async def test_pasted_yaml_is_applied(talk: Talk):
    told = await talk.say(
        "apply this\n```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hints\n  namespace: shop\n```"
    )
    assert told.tools == ["k8s_apply"]
    assert "`configmap hints in shop`: created" in told.text


async def test_nodes_are_closed_and_opened(talk: Talk):
    told = await talk.say("cordon node-2")
    assert ("node_cordon", {"node": "node-2"}) in told.calls
    assert "SchedulingDisabled" in told.text
    told = await talk.say("uncordon it")
    assert ("node_uncordon", {"node": "node-2"}) in told.calls


async def test_every_other_everyday_question_is_answered_from_the_cluster(talk: Talk):
    expected = {
        "which pods use the most memory": "uses the most memory",
        "top nodes": "| `node-1` |",
        "which images are used in shop": "registry.example.com/shop/catalog:2.2.0",
        "warnings in payments": "settlement",
        "rollout history of checkout in shop": "shop/checkout:1.8.0",
        "yaml of service storefront in shop": "selector:",
        "how many deployments are in shop": "6 Deployments in `shop`",
        "list certificates": "`bank-client`",
        "show certificates": "`bank-client`",
        "what kinds are there": "`certificates`",
        "cluster status": "nodes ready",
        "list clusters": "This conversation is about",
        "list pods with label app=catalog": "with label `app=catalog`",
        "what runs on node-1": "on node `node-1`",
        "where does redis run": "node-",
        "list secrets in shop": "`shop-session`",
        "show me everything in monitoring": "`prometheus`",
    }
    for question, mark in expected.items():
        told = await talk.say(question)
        assert mark in told.text, (question, told.text)


async def test_a_rejected_change_is_respected(talk: Talk):
    real = with_real_tools(talk.clusters[0])

    async def refusing(wish: Wish) -> Answer:
        if wish.name == "k8s_rollout_do":
            return Answer(wish.id, "Bob rejected this, so nothing was done. They said: not today", failed=True)
        return await real(wish)

    talk.do = refusing
    told = await talk.say("restart catalog in shop")
    assert told.tools[-1] == "k8s_rollout_do"
    assert "Bob rejected this" in told.text
    assert "✓" not in told.text


async def test_a_tool_that_is_not_offered_is_explained(talk: Talk):
    told = await talk.say("run ls in pod redis-0 in shop")
    assert "switched off" in told.text
    assert told.calls == []
    talk.read_only, talk.offers = True, all_offers("k8s_scale", "k8s_delete", "pod_exec", "k8s_top")
    told = await talk.say("scale catalog to 3 in shop")
    assert "read-only" in told.text
    assert told.calls == []
    told = await talk.say("top pods")
    assert "not offered" in told.text
    assert told.calls == []


async def test_the_answers_survive_a_conversation_that_was_cut(talk: Talk):
    """Only the last turns are left, and the older answers have lost their data: nothing breaks, less is known."""
    await talk.say("list deployments in shop")
    talk.turns = talk.turns[:2]
    told = await talk.say("list pods in shop")
    assert "in `shop`" in told.text


async def test_one_word_is_enough_when_something_is_called_that(talk: Talk):
    told = await talk.say("storefront")
    assert "**Deployment `storefront` in `shop`**" in told.text
    told = await talk.say("abracadabra")
    assert "I did not understand that." in told.text


async def test_a_complaint_about_nothing_known_is_answered_with_a_look_at_everything(talk: Talk):
    told = await talk.say("why is blorbly failing")
    assert told.text.startswith("Nothing here is called `blorbly`, so I looked at everything.")
    assert "k8s_diagnose" in told.tools


@pytest.mark.parametrize(
    ("words", "call", "told"),
    [
        ("what changed lately in shop?", ("k8s_changes", {"namespace": "shop", "since": "24h"}), "in shop"),
        ("helm releases", ("helm_list", {}), "Helm release"),
        ("what uses checkout?", ("k8s_relations", CHECKOUT), "used by"),
        ("can I delete pods in shop?", ("k8s_can_i", {"verb": "delete", "kind": "pods", "namespace": "shop"}), "may"),
        ("what am I allowed to do in shop?", ("k8s_can_i", {"namespace": "shop"}), "shop"),
    ],
)
async def test_what_one_tool_answers_whole_is_asked_of_it(talk: Talk, words: str, call: object, told: str):
    answer = await talk.say(words)
    assert answer.calls[-1] == call
    assert told in answer.text.split("\n", 1)[0]


async def test_a_label_is_set_and_taken_away_again_and_nothing_else(talk: Talk):
    told = await talk.say("label deployment cart in shop with team=web")
    cart = {"kind": "deployments", "name": "cart", "namespace": "shop"}
    assert told.calls[-1] == ("k8s_label", {**cart, "labels": {"team": "web"}})
    assert "set the label `team=web` on Deployment `cart` in `shop`" in told.said[0]
    assert "team=web" in (await talk.say("describe deployment cart in shop")).text
    told = await talk.say("remove label team from deployment cart in shop")
    assert told.calls[-1] == ("k8s_label", {**cart, "labels": {"team": None}})
    assert "team=web" not in (await talk.say("describe deployment cart in shop")).text


async def test_who_owns_something_is_told_from_the_nearest_owner_up_and_then_what_uses_it(talk: Talk):
    pods = (await talk.say("list pods in shop")).text
    pod = next(line.split("`")[1] for line in pods.splitlines() if "`storefront-" in line)
    told = await talk.say(f"who owns pod {pod} in shop?")
    assert set(told.tools) - {"k8s_list"} == {"k8s_describe", "k8s_relations"}
    first, second, *_ = told.text.split("\n\n")
    assert first.startswith(f"**Pod `{pod}` in `shop` belongs to ReplicaSet `storefront-")
    assert first.endswith("`, which belongs to Deployment `storefront`.**")
    assert "used by" in second
    told = await talk.say("who owns deployment storefront in shop")
    assert told.text.startswith("**Nothing owns Deployment `storefront` in `shop`.**")


async def test_rolling_back_goes_to_the_revision_before_or_to_the_one_that_is_named(talk: Talk):
    talk.patience = 0.5
    await talk.say("give me a deployment yaml for moved in shop with 1 replica")
    assert (await talk.say("yes")).tools[0] == "k8s_apply"
    moved = {"kind": "deployment", "name": "moved", "namespace": "shop", "action": "undo"}
    await talk.say("set MODE=fast on deployment moved in shop")
    told = await talk.say("roll back moved in shop")
    assert ("k8s_rollout_do", {**moved, "to_revision": 1}) in told.calls
    assert "about to put Deployment `moved` in `shop` back to revision 1 (`moved:latest`)" in told.said[0]
    assert "✓ Deployment `moved` in `shop` is rolled out" in told.text
    told = await talk.say("roll back deployment moved in shop to revision 2")
    assert ("k8s_rollout_do", {**moved, "to_revision": 2}) in told.calls
    told = await talk.say("roll back moved to revision 77")
    assert "k8s_rollout_do" not in told.tools
    assert "has no revision 77. There are: " in told.text
    told = await talk.say("rollout history of moved in shop")
    assert "To go back: Say: `roll back deployment moved in shop`" in told.text
    await talk.say("delete deployment moved in shop")
    talk.offers = all_offers("k8s_rollout_do")
    assert (await talk.say("roll back cart in shop")).calls == []
