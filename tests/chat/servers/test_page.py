"""The page of other MCP servers: for administrators, hostile words shown as text, an effect for what was looked at."""

import pytest
from django.test import Client

from chat.actions import people
from chat.models import AuditRow
from tests.tools.servers.conftest import liar, served  # noqa: F401
from tests.tools.servers.liar import CANARY
from tools.models import McpServer, McpTool

DEEDS = ["registration", "liar/look", "liar/effects", "liar/switch", "liar/deletion"]


@pytest.fixture
def root(client, transactional_db):
    client.force_login(people.create("root", role="administrator"))
    return client


@pytest.fixture
def registered(root, liar):  # noqa: F811
    form = {"name": "liar", "address": liar.address, "headers": f"X-Key: {CANARY}"}
    assert root.post("/mcp-servers/registration", form).status_code == 302
    return liar


def page(browser: Client) -> str:
    return browser.get("/mcp-servers").content.decode()


def test_what_a_server_says_is_shown_as_text_and_its_key_is_not(registered, root):
    registered.description = "<script>alert(1)</script> \x1b[2J"
    root.post("/mcp-servers/liar/look")
    html = page(root)
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
    assert "\x1b" not in html
    assert CANARY not in html
    assert "liar__wipe" in html
    assert "read_only_hint: yes" in html


def test_an_effect_is_kept_for_what_was_shown(registered, root):
    row = McpTool.objects.get(name="note_write")
    shown = {f"effect-{row.pk}": "CHANGE", f"digest-{row.pk}": row.digest}
    registered.description = "Something else."
    root.post("/mcp-servers/liar/look")
    answer = root.post("/mcp-servers/liar/effects", shown)
    assert answer.status_code == 422
    assert "changed 1 of them" in answer.content.decode()
    row.refresh_from_db()
    assert row.assigned is None
    shown[f"digest-{row.pk}"] = row.digest
    assert root.post("/mcp-servers/liar/effects", shown).status_code == 302
    row.refresh_from_db()
    assert row.assigned == "CHANGE"
    told = AuditRow.objects.filter(kind="server.changed").order_by("seq").values_list("outcome", flat=True)
    assert list(told) == ["registered", "looked at", "looked at", "assigned"]
    assert CANARY not in str(list(AuditRow.objects.values_list("request", flat=True)))


def test_a_server_is_switched_off_and_forgotten(registered, root):
    root.post("/mcp-servers/liar/switch", {"off": ""})
    assert not McpServer.objects.get().enabled
    assert "switched off" in page(root)
    root.post("/mcp-servers/liar/switch", {"on": ""})
    assert McpServer.objects.get().enabled
    root.post("/mcp-servers/liar/deletion")
    assert not McpTool.objects.exists()


def test_what_cannot_be_asked_is_told_and_kept_to_try_again(root, transactional_db):
    form = {"name": "gone", "address": "http://127.0.0.1:1/mcp", "headers": ""}
    answer = root.post("/mcp-servers/registration", form)
    assert answer.status_code == 422
    assert "cannot be talked to" in answer.content.decode()
    assert "cannot be talked to" in page(root)


def test_one_without_an_effect_stands_apart_and_the_policy_says_which_rule_asks(registered, root):
    tools = root.get("/tools").content.decode()
    shelf = tools[tools.index('id="no-effect-yet"') :]
    assert "Asks a person" in shelf
    assert "liar__wipe" in shelf
    question = "/policy/ask?effect=EXECUTE&cluster=mcp:liar&namespace=&kind="
    said = root.get(question + "liar/unassigned.mcp").content.decode()
    assert "A person is asked" in said
    assert "rule unassigned" in said
    assert "rule execute-off" in root.get(question + "liar.mcp").content.decode()
    assert root.get(question.replace("liar", "nobody") + "liar.mcp").status_code == 422


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "auditor"])
def test_only_administrators_come_here(transactional_db, role):
    McpServer.objects.create(name="liar", address="http://127.0.0.1:1/mcp")
    browser = Client()
    browser.force_login(people.create("somebody", role=role))
    assert browser.get("/mcp-servers").status_code == 403
    form = {"name": "other", "address": "https://a.example/mcp", "effect-1": "READ", "digest-1": "a"}
    assert {browser.post(f"/mcp-servers/{deed}", form).status_code for deed in DEEDS} == {403}
    assert list(McpServer.objects.values_list("name", "enabled")) == [("liar", True)]
