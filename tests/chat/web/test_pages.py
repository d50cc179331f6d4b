"""The pages: who sees what, what forms do, and what a page never contains."""

import re
import uuid
from html.parser import HTMLParser

import pytest
from django.test import Client

from chat.actions import sign_in
from chat.models import Approval, Conversation, Message
from chat.web.door import page
from tests.chat.web.stories import Story, whole_story
from tests.portal import ROOT
from tools.models import Cluster

ADDRESSES = [
    "/",
    "/conversations",
    "/conversations?q=pods",
    "/approvals",
    "/clusters",
    "/tools",
    "/model",
    "/budgets",
    "/tokens",
]
ADDRESSES += ["/promises"]


@pytest.fixture
def browser(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def story(alice):
    return whole_story(alice)


def address(story, rest=""):
    return f"/c/{story.conversation.pk}{rest}"


# ---- who comes in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [*ADDRESSES, f"/c/{uuid.uuid4()}", f"/approvals/{uuid.uuid4()}"])
def test_whoever_is_not_signed_in_is_asked_to(client, db, place):
    answer = client.get(place)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in?next=/")


def test_a_password_signs_in_and_a_wrong_one_says_so(client, alice):
    alice.set_password("a long enough one")
    alice.save()
    assert (
        "do not belong together" in client.post("/sign-in", {"username": "alice", "password": "wrong"}).content.decode()
    )
    answer = client.post("/sign-in", {"username": "alice", "password": "a long enough one", "next": "/tools"})
    assert answer["Location"] == "/tools"


def test_a_sign_in_link_works_once(client, alice):
    token = sign_in.link(alice)
    assert client.get(f"/sign-in/{token}")["Location"] == "/"
    assert client.get("/").status_code == 200
    again = Client().get(f"/sign-in/{token}")
    assert again.status_code == 404
    assert "was used" in again.content.decode()


def test_signing_out_needs_a_post(browser):
    assert browser.get("/sign-out").status_code == 405
    assert browser.post("/sign-out")["Location"] == "/sign-in"
    assert browser.get("/").status_code == 302


@pytest.mark.parametrize("place", ADDRESSES)
def test_every_page_opens(browser, story, place):
    answer = browser.get(place)
    assert answer.status_code == 200
    assert answer["Cache-Control"].find("no-store") >= 0


# ---- whose conversations -----------------------------------------------------------------------------------------


def test_a_conversation_is_read_whole_without_scripts(browser, story):
    html = browser.get(address(story)).content.decode()
    for piece in (
        "why is checkout failing?",
        "<strong>crashes</strong>",
        "CrashLoopBackOff",
        "Approved by alice",
        "Rejected by alice",
    ):
        assert piece in html
    assert "The model did not accept the key." in html


def test_others_conversations_are_not_there(client, story, bob):
    client.force_login(bob)
    for place in ("", "?before=5"):
        assert client.get(address(story, place)).status_code == 404
    for deed in ("/messages", "/title", "/sharing", "/deletion"):
        answer = client.post(address(story, deed), {"text": "hello", "title": "mine", "shared": "yes"})
        assert answer.status_code == 404, deed
    story.conversation.refresh_from_db()
    assert story.conversation.title == "Why is checkout failing?"
    assert story.conversation.deleted_at is None
    assert str(story.conversation.pk) not in client.get("/conversations").content.decode()
    assert client.get(f"/c/{uuid.uuid4()}").status_code == 404


def test_a_shared_one_is_read_and_answered_but_not_owned(client, alice, bob):
    story = whole_story(alice, shared=True)
    client.force_login(bob)
    assert client.get(address(story)).status_code == 200
    assert client.post(address(story, "/messages"), {"text": "me too"}).status_code == 302
    for deed in ("/title", "/sharing", "/deletion"):
        assert client.post(address(story, deed), {"title": "mine", "shared": "no"}).status_code == 403, deed


def test_search_looks_into_titles_and_messages(browser, alice, bob):
    Story(alice, title="Rollout").ask("does the LEDGER leak memory?")
    Story(bob, title="ledger of bob").ask("ledger")
    html = browser.get("/conversations?q=ledger", headers={"X-Requested-With": "fetch"}).content.decode()
    assert "Rollout" in html
    assert "ledger of bob" not in html
    assert "<html" not in html
    assert "Nothing found" in browser.get("/conversations?q=ledger%20xyzzy").content.decode()


# ---- forms, without scripts --------------------------------------------------------------------------------------


def test_a_first_message_makes_a_conversation_once(browser):
    form = {"text": "list all pods", "id": str(uuid.uuid4())}
    first, again = browser.post("/", form), browser.post("/", form)
    assert first["Location"] == again["Location"]
    assert Message.objects.get().text == "list all pods"
    assert "list all pods" in browser.get(first["Location"]).content.decode()


@pytest.mark.parametrize(
    ("text", "sentence"), [("", "Message is required"), ("   ", "Message is required"), ("x" * 40_000, "too long")]
)
def test_what_is_not_accepted_says_why(browser, text, sentence):
    answer = browser.post("/", {"text": text})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Message.objects.exists()


def test_rename_share_and_delete_by_form(browser, story):
    assert browser.post(address(story, "/title"), {"title": "  Checkout\n down "}).status_code == 302
    assert browser.post(address(story, "/sharing"), {"shared": "yes"}).status_code == 302
    story.conversation.refresh_from_db()
    assert (story.conversation.title, story.conversation.shared) == ("Checkout down", True)
    assert browser.post(address(story, "/title"), {"title": " "}).status_code == 422
    assert browser.post(address(story, "/deletion"))["Location"] == "/"
    assert browser.get(address(story)).status_code == 404
    assert Conversation.objects.get().deleted_at is not None


def test_a_script_gets_a_bare_answer(browser, story):
    fetch = {"X-Requested-With": "fetch"}
    assert browser.post(address(story, "/title"), {"title": "New"}, headers=fetch).status_code == 204
    refused = browser.post(address(story, "/title"), {"title": ""}, headers=fetch)
    assert refused["Content-Type"].startswith("text/plain")
    assert refused.content.decode().startswith("A conversation needs a title")


def test_stop_by_form(browser, alice):
    story = Story(alice)
    run = story.ask()
    assert browser.post("/runs/stop", {"run": str(run.pk)})["Location"] == address(story)
    run.refresh_from_db()
    assert run.status == "stopped"
    assert browser.post("/runs/stop", {"run": "nonsense"}).status_code == 404


# ---- approvals ---------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(alice):
    story = Story(alice, title="Scale it")
    run = story.ask()
    story.begin(run)
    return story.request(story.wish(run, "k8s_scale", "CHANGE", "Scale frontend to 3", replicas=3))


def test_an_approval_is_decided_from_its_page_once(browser, asked):
    assert "Scale deployment frontend in shop to 3" in browser.get("/approvals").content.decode()
    assert f'value="{asked.pk}"' in browser.get(f"/approvals/{asked.pk}").content.decode()
    form = {"approve": str(asked.pk), f"reason-{asked.pk}": "go ahead"}
    assert browser.post("/approvals/decision", form)["Location"].endswith(f"#approval-{asked.pk}")
    decided = Approval.objects.get()
    assert (decided.status, decided.decided_by.username, decided.reason) == ("approved", "alice", "go ahead")
    late = browser.post("/approvals/decision", {"reject": str(asked.pk)})
    assert late.status_code == 409
    assert "already decided" in late.content.decode()
    assert "Approved by alice" in browser.get("/approvals").content.decode()


def test_outsiders_neither_see_nor_decide_an_approval(client, asked, bob):
    client.force_login(bob)
    assert client.get(f"/approvals/{asked.pk}").status_code == 404
    assert str(asked.pk) not in client.get("/approvals").content.decode()
    assert client.post("/approvals/decision", {"approve": str(asked.pk)}).status_code == 404
    assert Approval.objects.get().status == "pending"


def test_an_approver_decides_without_seeing_the_conversation(client, asked, charlie):
    client.force_login(charlie)
    html = client.get("/approvals").content.decode()
    assert str(asked.pk) in html
    assert "/c/" not in html
    assert client.post("/approvals/decision", {"reject": str(asked.pk)})["Location"] == "/approvals"
    assert Approval.objects.get().status == "rejected"


def test_a_decision_that_names_nothing_is_refused(browser, asked):
    assert browser.post("/approvals/decision", {}).status_code == 422
    assert browser.post("/approvals/decision", {"approve": "nonsense"}).status_code == 404


# ---- clusters and tools ------------------------------------------------------------------------------------------


def test_a_cluster_that_does_not_answer_says_so_in_its_card(browser, tmp_path):
    Cluster.objects.create(
        name="gone", kubeconfig=str(tmp_path / "nowhere"), context="gone", server="https://127.0.0.1:1"
    )
    html = browser.get("/clusters").content.decode()
    assert "https://127.0.0.1:1" in html
    assert "/clusters/gone/state" in html


def test_an_unknown_cluster_has_no_state(browser):
    assert browser.get("/clusters/nothing/state").status_code == 404


def test_the_promises_are_those_of_the_docs(browser):
    page = browser.get("/promises").content.decode()
    written = (ROOT / "docs" / "promises.md").read_text().splitlines()
    for promise in [line[3:].strip("*") for line in written if re.match(r"\d\. ", line)]:
        assert promise in page
    assert page.count("<tr>") > 5


def test_the_catalogue_shows_every_tool_with_its_arguments(browser):
    from tools import registry

    html = browser.get("/tools").content.decode()
    for tool in registry.all_tools():
        assert f'id="tool-{tool.name}"' in html
        for name in tool.arguments.model_fields:
            assert f"<code>{name}</code>" in html


# ---- what a page never contains ----------------------------------------------------------------------------------


class Danger(HTMLParser):
    """Collects what the Content-Security-Policy would refuse, and addresses of other hosts."""

    def __init__(self, html):
        super().__init__()
        self.found, self.ids, self._inside = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "style" or "style" in given or any(name.startswith("on") for name in given):
            self.found.append((tag, given))
        for name in ("src", "action") + (("href",) if tag in ("link", "use") else ()):
            if name in given and not given[name].startswith("/"):
                self.found.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        self._inside = tag if tag == "script" else ""

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside and data.strip():
            self.found.append((self._inside, data))


def test_no_page_has_inline_script_or_style_or_another_host(browser, story, asked):
    for place in [
        *ADDRESSES,
        address(story),
        f"/approvals/{asked.pk}",
        f"/c/{asked.tool_call.run.conversation_id}",
        "/nothing",
    ]:
        seen = Danger(browser.get(place).content.decode())
        assert seen.found == [], place
        assert len(seen.ids) == len(set(seen.ids)), place
    assert Danger(Client().get("/sign-in").content.decode()).found == []


def test_every_page_forbids_what_it_does_not_need(browser, story):
    for place in [*ADDRESSES, address(story)]:
        policy = browser.get(place)["Content-Security-Policy"]
        for part in (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ):
            assert part in policy


def test_every_unsafe_address_wants_the_token_of_the_form(alice, story, asked):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    places = ["/", "/runs/stop", "/approvals/decision", "/sign-out"]
    for place in places + [address(story, deed) for deed in ("/messages", "/title", "/sharing", "/deletion")]:
        answer = strict.post(place, {"text": "hello", "title": "x", "approve": str(asked.pk)})
        assert answer.status_code == 403, place
        assert "nothing was done" in answer.content.decode()
    assert Approval.objects.get(pk=asked.pk).status == "pending"


def test_unsafe_addresses_do_nothing_on_get(browser, story, asked):
    for place in ("/runs/stop", "/approvals/decision", address(story, "/deletion"), address(story, "/title")):
        assert browser.get(place).status_code == 405


def test_what_is_not_there_says_so_with_a_way_on(browser):
    answer = browser.get("/no/such/page")
    assert answer.status_code == 404
    html = answer.content.decode()
    assert "Back to the portal" in html
    assert "Traceback" not in html


def test_a_fault_of_ours_is_a_page_without_a_trace():
    from chat.web.pages import faults

    html = faults.broken(None).content.decode()
    assert "What was accepted before is kept" in html
    assert Danger(html).found == []


# ---- what a page costs -------------------------------------------------------------------------------------------


def test_a_page_asks_the_database_the_same_few_questions_however_long_the_story(
    browser, alice, django_assert_max_num_queries
):
    for number in range(12):
        whole_story(alice, title=f"Story {number}")
    longest = whole_story(alice)
    for _ in range(6):
        run = longest.ask()
        longest.begin(run)
        longest.answer(longest.wish(run))
        longest.say(run, 0)
        longest.end(run)
    for place in [*ADDRESSES, address(longest)]:
        with django_assert_max_num_queries(14):
            browser.get(place)


def test_a_view_is_for_its_methods_only(rf, alice):
    request = rf.delete("/")
    request.user = alice
    assert page("GET")(lambda request: None)(request).status_code == 405
