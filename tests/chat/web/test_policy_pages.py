"""The policy's pages: who reads and edits what, and that a form says why it was not taken."""

import pytest
from django.test import Client

from chat.actions import grants, people
from chat.actions import policy as actions
from tests.chat.web.test_pages import Danger
from tools.models import Cluster, Grant, PolicyRule
from tools.policy import book

PAGES = ["/policy", "/policy/rule", "/policy/rule/changing", "/policy/rule/no-deletes", "/policy/ask"]
RULE = {
    "name": "no-deletes",
    "decision": "deny",
    "namespaces": "vault, pay-*",
    "effects": ["DESTROY"],
    "enabled": "yes",
}


@pytest.fixture
def cluster(db):
    return Cluster.objects.create(name="prod", server="https://127.0.0.1:1")


@pytest.fixture
def root(client, cluster):
    root = people.create("root", role="administrator")
    client.force_login(root)
    return root


def of(role):
    browser = Client()
    browser.force_login(people.create(f"{role}-person", role=role))
    return browser


def html(browser, place):
    return browser.get(place).content.decode()


def kept(root):
    return actions.save_rule(root, RULE | {"namespaces": ["vault"], "enabled": True, "note": "<b>ask the owners</b>"})


def test_a_rule_is_written_changed_and_removed_by_form(client, root):
    assert client.post("/policy/rule", RULE)["Location"] == "/policy"
    row = PolicyRule.objects.get()
    assert (row.name, row.namespaces, row.effects, row.enabled) == ("no-deletes", ["vault", "pay-*"], ["DESTROY"], True)
    assert "vault, pay-*" in html(client, "/policy/rule/no-deletes")
    changed = RULE | {"decision": "ask", "second_person": "yes", "enabled": ""}
    assert client.post("/policy/rule/no-deletes", changed).status_code == 302
    row.refresh_from_db()
    assert (row.decision, row.second_person, row.enabled) == ("ask", True, False)
    assert "switched off" in html(client, "/policy")
    assert client.post("/policy/rule/no-deletes/removal")["Location"] == "/policy"
    assert not PolicyRule.objects.exists()
    assert client.get("/policy/rule/no-deletes").status_code == 404
    told = html(client, "/policy")
    assert told.count("rule no-deletes: ") == 3


def test_what_does_not_fit_comes_back_as_it_was_typed(client, root):
    answer = client.post("/policy/rule", RULE | {"kinds": "deployments, pods"})
    assert answer.status_code == 422
    told = answer.content.decode()
    assert "write its group too" in told
    assert 'value="deployments, pods"' in told
    assert 'value="vault, pay-*"' in told
    assert not PolicyRule.objects.exists()


def test_a_built_in_rule_is_shown_as_what_it_is_and_can_be_replaced(client, root):
    told = html(client, "/policy/rule/executing")
    assert "stands in its place" in told
    client.post("/policy/rule/reading", {"decision": "allow", "effects": ["READ"], "enabled": "yes"})
    assert PolicyRule.objects.get().name == "reading"
    assert [rule.origin for rule in book.rules().rules if rule.name == "reading"] == ["portal"]


def test_rules_of_the_file_are_shown_and_not_edited(client, root, settings, tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nrules: [{name: no-deletes, decision: deny, effects: [DESTROY], persons: [bob]}]")
    kept(root)
    settings.K8SMCP_POLICY = str(file)
    told = html(client, "/policy")
    assert "from file" in told
    assert "hidden by the file" in told
    assert '/policy/rule/no-deletes"' not in told
    assert client.get("/policy/rule/no-deletes").status_code == 404
    assert client.post("/policy/rule/no-deletes", RULE).status_code == 409
    file.write_text("version: 3")
    assert "not in force as it lies there now" in html(client, "/policy")
    assert "from file" in html(client, "/policy")


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "auditor"])
def test_only_administrators_edit(root, role):
    kept(root)
    grant = grants.give(
        root, people.create("dora", role="viewer").username, grants.Wanted("operator", "prod", "", 5, "x")
    )
    browser = of(role)
    for place in PAGES[1:4]:
        assert browser.get(place).status_code == 403
    posts = {
        "/policy/rule": RULE,
        "/policy/rule/no-deletes": RULE,
        "/policy/rule/no-deletes/removal": {},
        "/policy/grants": {"person": "dora", "minutes": "5"},
        f"/policy/grants/{grant.pk}/revocation": {},
        "/policy/clusters": {"cluster": "prod"},
    }
    for place, form in posts.items():
        assert browser.post(place, form).status_code == 403, place
        assert browser.get(place).status_code in (403, 405), place
    assert book.version() == 2
    told = html(browser, "/policy")
    assert "New rule" not in told
    assert ("Changed lately" in told) is (role == "auditor")
    assert ("dora" in told) is (role == "auditor")


def test_people_read_the_rules_that_concern_them(root, alice):
    actions.save_rule(root, {"name": "about-alice", "decision": "deny", "persons": ["alice"], "effects": ["DESTROY"]})
    actions.save_rule(root, {"name": "about-bob", "decision": "deny", "persons": ["bob"]})
    actions.save_rule(root, {"name": "about-operators", "decision": "ask", "groups": ["operator"]})
    browser = Client()
    browser.force_login(alice)
    told = html(browser, "/policy")
    for name, shown in [("about-alice", True), ("about-bob", False), ("about-operators", True), ("reading", True)]:
        assert (name in told) is shown, name


def test_grants_are_given_listed_and_taken_back(client, root):
    people.create("dora", role="viewer")
    form = {"person": "dora", "role": "operator", "cluster": "prod", "namespace": "shop", "minutes": "30"}
    assert client.post("/policy/grants", form | {"reason": "checkout is down"})["Location"] == "/policy"
    assert "checkout is down" in html(client, "/policy")
    for wrong in ({"minutes": "ten"}, {"minutes": "99999999"}, {"reason": ""}, {"role": "approver"}, {"cluster": "x"}):
        answer = client.post("/policy/grants", form | {"reason": "because"} | wrong)
        assert answer.status_code == 422, wrong
    grant = Grant.objects.get()
    assert client.post(f"/policy/grants/{grant.pk}/revocation").status_code == 302
    assert "checkout is down" not in html(client, "/policy")
    assert client.post("/policy/grants/4711/revocation").status_code == 404


def test_clusters_are_marked(client, root, cluster):
    form = {"cluster": "prod", "production": "yes", "namespaces": "shop\npay-*"}
    assert client.post("/policy/clusters", form).status_code == 302
    cluster.refresh_from_db()
    assert (cluster.production, cluster.read_only) == (True, False)
    told = html(client, "/policy")
    assert "pay-*, shop" in told
    assert "production-prod" in told
    assert client.post("/policy/clusters", {"cluster": "nowhere"}).status_code == 404
    assert client.post("/policy/clusters", form | {"namespaces": "A B"}).status_code == 422


def test_what_would_happen_if(client, root, alice):
    kept(root)
    question = "/policy/ask?person=alice&cluster=prod&effect={}&kind=pods&namespace={}"
    told = html(client, question.format("DESTROY", "vault"))
    assert "Denied" in told
    assert "rule no-deletes" in told
    assert "&lt;b&gt;ask the owners" in told
    assert "A person is asked" in html(client, question.format("DESTROY", "shop"))
    assert "Allowed at once" in html(client, question.format("READ", "*"))
    for wrong in (
        "effect=X&kind=pods&cluster=prod",
        "effect=READ&kind=&cluster=prod",
        "effect=READ&kind=pods&cluster=x",
    ):
        assert client.get(f"/policy/ask?{wrong}").status_code == 422
    assert client.get("/policy/ask?effect=READ&kind=deployments&cluster=prod").status_code == 422
    assert client.get("/policy/ask?person=nobody&effect=READ&kind=pods&cluster=prod").status_code == 404
    browser = Client()
    browser.force_login(alice)
    assert browser.get(question.format("READ", "shop")).status_code == 200
    assert browser.get(question.format("READ", "shop").replace("alice", "root")).status_code == 403


def test_the_pages_hold_nothing_the_content_policy_refuses(client, root):
    kept(root)
    people.create("dora", role="viewer")
    grants.give(root, "dora", grants.Wanted("operator", "prod", "shop", 5, "<script>alert(1)</script>"))
    for place in PAGES:
        seen = Danger(html(client, place))
        assert seen.found == [], place
        assert len(seen.ids) == len(set(seen.ids)), place
    assert "<script>alert" not in html(client, "/policy")


def test_a_page_of_many_rules_asks_the_database_few_questions(client, root, django_assert_max_num_queries):
    for number in range(30):
        actions.save_rule(root, RULE | {"name": f"rule-{number}", "namespaces": ["vault"], "enabled": number % 2 == 0})
    client.get("/policy")
    with django_assert_max_num_queries(22):
        client.get("/policy")


def test_unsafe_addresses_want_the_token_of_the_form(root):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(root)
    for place in ("/policy/rule", "/policy/rule/a/removal", "/policy/grants", "/policy/clusters"):
        assert strict.post(place, RULE).status_code == 403
    assert book.version() == 0
