"""A program as another MCP server, behind the same gate: registered by name, approved exactly, sent once, cleaned."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from chat import leaving
from chat.actions import people, servers
from chat.models import Approval, AuditRow, ToolCall
from tests.chat.servers.test_gate import decide
from tests.chat.servers.test_page import page
from tests.chat.sockets import Client
from tests.conftest import in_database
from tests.tools.servers.test_stdio import COMMAND, Notes, all_gone, until
from tools.models import McpServer, McpTool
from tools.servers import wire
from tools.servers.programs import Program

CANARY = "tr0ub4dor-canary-5d7a"
EFFECTS = {"echo": "CHANGE", "seen": "SENSITIVE", "die": "CHANGE", "hang": "READ"}


@pytest.fixture
def notes(settings, tmp_path) -> Notes:
    command = (*COMMAND, str(tmp_path))
    settings.K8SMCP_MCP_PROGRAMS = {"tame": Program("tame", command, {"API_KEY": CANARY})}
    return Notes(tmp_path)


@pytest.fixture
def browser(client, notes, transactional_db):
    client.force_login(people.create("root", role="administrator"))
    return client


@pytest.fixture
def looked(browser, notes) -> Notes:
    answer = browser.post("/mcp-servers/registration", {"name": "files", "program": "tame"})
    assert answer.status_code == 302
    rows = McpTool.objects.filter(name__in=list(EFFECTS))
    given = {row.pk: (EFFECTS[row.name], row.digest) for row in rows}
    assert servers.assign(User.objects.get(username="root"), "files", given) == 0
    (notes.folder / "notes").unlink()
    return notes


@pytest.fixture
def wish(script):
    def play(name: str, **arguments) -> None:
        script([{"wish": f"files__{name}", "arguments": arguments}], [{"say": "{answers}"}])

    return play


def test_the_page_offers_what_is_named_and_shows_nothing_of_how_it_is_started(looked, browser, settings):
    html = page(browser)
    assert "<option>tame</option>" in html
    assert "files__echo" in html
    assert not [word for word in (*COMMAND, str(looked.folder), CANARY, "API_KEY") if word in html]
    told = str(list(AuditRow.objects.filter(kind="server.changed").values_list("request", flat=True)))
    assert "program:tame" in told
    assert CANARY not in told
    settings.K8SMCP_MCP_PROGRAMS = {}
    html = page(browser)
    assert "nobody can type a command" in html
    assert "names this program no more" in html
    assert "files__echo" not in browser.get("/tools").content.decode()
    assert '<select name="program"' not in html
    answer = browser.post("/mcp-servers/files/look")
    assert answer.status_code == 422
    assert "K8SMCP_MCP_PROGRAMS" in answer.content.decode()


def test_what_it_was_given_is_in_no_fault(browser, settings):
    broken = Program("tame", ("sh", "-c", "echo cannot sign in with $API_KEY >&2"), {"API_KEY": CANARY})
    settings.K8SMCP_MCP_PROGRAMS = {"tame": broken}
    answer = browser.post("/mcp-servers/registration", {"name": "files", "program": "tame"})
    assert answer.status_code == 422
    for html in (answer.content.decode(), page(browser)):
        assert "cannot sign in with" in html
        assert CANARY not in html


@pytest.mark.parametrize(
    "form",
    [
        {"program": "other"},
        {"program": "tame; id"},
        {"program": "/bin/sh"},
        {"program": "tame", "headers": "X-Key: a"},
        {"address": "program:other"},
        {"address": "/bin/sh"},
        {"command": "/bin/sh", "arguments": "-c id", "path": "/bin/sh"},
    ],
    ids=str,
)
def test_no_form_starts_anything_that_is_not_named(browser, notes, form):
    assert browser.post("/mcp-servers/registration", {"name": "files", **form}).status_code == 422
    assert not McpServer.objects.exists()
    assert notes.lines() == []


async def test_a_change_is_approved_as_it_is_and_sent_once(crew, looked, token, wish):
    wish("echo", text="hello")
    async with Client(token) as client:
        await client.send("write")
        asked = (await client.until("approval_requested"))["data"]
        assert looked.lines() == []
        complete = (await decide(client, asked["approval_id"]))["data"]
    assert asked["cluster"] == "mcp:files"
    assert complete["tool_calls"][0]["status"] == "completed"
    assert 'echo did {"text": "hello"}' in complete["message"]
    assert looked.called == ["echo"]
    kinds = await in_database(list, AuditRow.objects.filter(cluster="mcp:files").values_list("kind", flat=True))
    assert {"approval.requested", "approval.decided", "call.begun", "call.sent", "call.ended"} <= set(kinds)


async def test_an_approval_is_for_the_command_as_it_was(crew, looked, token, wish, settings):
    """A portal that was started anew with another command asks anew."""
    wish("echo", text="hello")
    async with Client(token) as client:
        await client.send("write")
        asked = (await client.until("approval_requested"))["data"]
        was = settings.K8SMCP_MCP_PROGRAMS["tame"]
        settings.K8SMCP_MCP_PROGRAMS = {"tame": replace(was, environment={"API_KEY": "another-one"})}
        await client.say({"type": "decide", "id": "1", "approval_id": asked["approval_id"], "decision": "approve"})
        again = (await client.until("approval_requested"))["data"]
    assert again["approval_id"] != asked["approval_id"]
    assert looked.called == []


async def test_what_it_was_given_comes_back_to_nobody(crew, looked, token, wish):
    wish("seen")
    async with Client(token) as client:
        await client.send("what do you see?")
        await client.until("complete")
    call = await in_database(ToolCall.objects.get)
    assert call.status == "completed"
    assert "LANG" in call.result
    assert CANARY not in f"{client.frames}{call.result}{call.full}{call.data}"


async def test_a_portal_that_leaves_does_not_wait_for_one_that_hangs(crew, looked, token, wish, monkeypatch):
    monkeypatch.setattr(wire, "_GRACE", 0.2)
    wish("hang")
    async with Client(token) as client:
        await client.send("hang")
        await until(lambda: looked.called)
        leaving.begin()
        try:
            complete = (await client.until("complete"))["data"]
        finally:
            leaving.stay()
    assert complete["tool_calls"][0]["status"] == "failed"
    assert "Nobody waited" in complete["message"]
    assert all_gone(*looked.numbers("pid"))


async def test_one_that_dies_with_a_change_is_unknown_and_not_repeated(crew, looked, token, wish):
    wish("die")
    async with Client(token) as client:
        await client.send("die")
        asked = (await client.until("approval_requested"))["data"]
        complete = (await decide(client, asked["approval_id"]))["data"]
    assert complete["tool_calls"][0]["status"] == "unknown"
    assert "I have lost my mind" in complete["message"]
    assert looked.called == ["die"]


async def test_one_that_is_named_no_more_is_not_started(crew, looked, token, wish, settings):
    wish("echo", text="hello")
    async with Client(token) as client:
        await client.send("write")
        asked = (await client.until("approval_requested"))["data"]
        settings.K8SMCP_MCP_PROGRAMS = {}
        await client.say({"type": "decide", "id": "1", "approval_id": asked["approval_id"], "decision": "approve"})
        complete = (await client.until("complete"))["data"]
    assert complete["tool_calls"][0]["status"] == "failed"
    assert looked.lines() == []
    assert (await in_database(Approval.objects.get)).consumed_at is None
