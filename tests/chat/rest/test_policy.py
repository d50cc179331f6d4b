"""The policy over REST and in the terminal: the rules that concern whoever asks, and the verdict for administrators."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from chat.actions import people
from chat.actions import policy as actions
from tests.chat.rest.test_rest import Api
from tests.conftest import in_database
from tools.models import Cluster, McpServer

VERDICT = "/api/v1/policy/verdict?person=alice&cluster=prod&effect={}&kind=pods&namespace={}"
RULE = {"name": "no-deletes", "decision": "deny", "namespaces": ["vault"], "effects": ["DESTROY"], "note": "Never."}


@pytest.fixture
def root(transactional_db):
    root = people.create("root", role="administrator")
    Cluster.objects.create(name="prod")
    actions.save_rule(root, RULE)
    return root


async def test_administrators_ask_for_any_verdict(root, alice, token_of):
    api = Api(await in_database(token_of, root))
    denied = (await api.get(VERDICT.format("DESTROY", "vault"))).json()
    assert denied == {
        "decision": "deny",
        "rule": "no-deletes",
        "reason": 'The rule "no-deletes" denies this: Never.',
        "second_person": False,
    }
    assert (await api.get(VERDICT.format("DESTROY", "shop"))).json()["decision"] == "ask"
    assert (await api.get(VERDICT.format("READ", "*"))).json()["decision"] == "allow"
    assert (await api.get(VERDICT.format("DESTROY", "").removesuffix("&namespace="))).json()["rule"] == "changing"
    await in_database(McpServer.objects.create, name="notes", address="https://a.example/mcp")
    at_a_server = VERDICT.format("EXECUTE", "").replace("prod", "mcp:notes").replace("=pods", "=notes/unassigned.mcp")
    assert (await api.get(at_a_server)).json()["rule"] == "unassigned"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (("alice", "nobody"), 404),
        (("alice", "%00"), 404),
        (("prod", "nowhere"), 422),
        (("DESTROY", "DELETE"), 422),
        (("pods", "deployments"), 422),
        (("pods", "%00"), 422),
        (("vault", "va*lt"), 422),
    ],
)
async def test_a_question_that_does_not_fit_says_so(root, alice, token_of, change, status):
    api = Api(await in_database(token_of, root))
    answer = await api.get(VERDICT.format("DESTROY", "vault").replace(*change))
    assert answer.status_code == status
    assert answer.json()["error"]["message"].endswith(".")


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "auditor"])
async def test_others_do_not_ask_about_people(root, alice, token_of, role):
    somebody = await in_database(people.create, "somebody", role=role)
    api = Api(await in_database(token_of, somebody))
    assert (await api.get(VERDICT.format("READ", "shop"))).status_code == 403
    assert (await Api().get(VERDICT.format("READ", "shop"))).status_code == 401
    assert (await Api().get("/api/v1/policy/rules")).status_code == 401


async def test_everybody_reads_the_rules_that_concern_them(root, alice, token_of):
    await in_database(actions.save_rule, root, {"name": "about-bob", "decision": "deny", "persons": ["bob"]})
    mine = (await Api(await in_database(token_of, alice)).get("/api/v1/policy/rules")).json()
    names = [rule["name"] for rule in mine["items"]]
    assert "no-deletes" in names
    assert "about-bob" not in names
    everything = (await Api(await in_database(token_of, root)).get("/api/v1/policy/rules")).json()
    (bob,) = [rule for rule in everything["items"] if rule["name"] == "about-bob"]
    assert (bob["persons"], bob["origin"], bob["decision"]) == (["bob"], "portal", "deny")
    assert everything["version"]


async def test_a_run_knows_by_which_token_it_was_begun(crew, demo, script, root, alice, token_of):
    rule = {"name": "by-hand", "decision": "deny", "tokens": ["write"], "effects": ["READ"], "kinds": ["pods"]}
    await in_database(actions.save_rule, root, rule)
    listing = {"arguments": {"kind": "pods", "namespace": "shop"}}
    narrow = Api(await in_database(token_of, alice, "write"))
    refused = (await narrow.post("/api/v1/tools/k8s_list/call", listing)).json()
    assert refused["status"] == "failed"
    assert "rule by-hand" in refused["result"]
    wide = Api(await in_database(token_of, alice, "approve"))
    assert (await wide.post("/api/v1/tools/k8s_list/call", listing)).json()["status"] == "completed"


async def test_the_catalogue_holds_what_the_person_may_use_somewhere(root, alice, token_of):
    viewer = await in_database(people.create, "viewer", role="viewer")
    effects = {}
    for user in (alice, viewer):
        listed = (await Api(await in_database(token_of, user)).get("/api/v1/tools")).json()["items"]
        effects[user.username] = {tool["effect"] for tool in listed}
    assert effects == {"alice": {"READ", "SENSITIVE", "CHANGE", "DESTROY"}, "viewer": {"READ", "SENSITIVE"}}


# ---- in the terminal ---------------------------------------------------------------------------------------------


def told(*words):
    out = StringIO()
    call_command("policy_ask", *words, stdout=out)
    return out.getvalue()


def test_policy_ask_names_decision_rule_and_reason(root, alice):
    assert told("alice", "prod", "vault", "pods", "destroy").splitlines() == [
        "decision  deny",
        "rule      no-deletes",
        'reason    The rule "no-deletes" denies this: Never.',
    ]
    assert "decision  ask (a second person)" in told(
        "alice", "prod", "-", "clusterroles.rbac.authorization.k8s.io", "CHANGE"
    )
    assert "decision  allow" in told("alice", "prod", "*", "pods", "READ")
    assert "unknown-kind" in told("alice", "prod", "shop", "?", "CHANGE")
    for wrong in (("nobody", "prod", "-", "pods", "READ"), ("alice", "prod", "-", "deployments", "READ")):
        with pytest.raises(CommandError):
            told(*wrong)
