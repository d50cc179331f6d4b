"""Tools of another MCP server behind the gate: asked about, approved exactly, sent once, cleaned, never believed."""

import pytest
from django.contrib.auth.models import User

from chat import desk, tool_calls
from chat.actions import people, servers
from chat.actions import policy as rules
from chat.models import Approval, AuditRow, Change, ToolCall
from tests.chat.rest.test_rest import Api
from tests.chat.sockets import Client
from tests.conftest import in_database
from tests.tools.servers.conftest import liar, served  # noqa: F401
from tests.tools.servers.liar import CANARY
from tools.models import McpTool
from tools.servers import wire

EFFECTS = {"note_read": "READ", "note_write": "CHANGE", "hang": "CHANGE", "leak": "SENSITIVE", "flood": "READ"}


@pytest.fixture
async def looked(transactional_db, liar):  # noqa: F811
    """Registered by an administrator, who gave most tools an effect; `wipe` has none."""
    root = await in_database(people.create, "root", role="administrator")
    await in_database(servers.register, root, "liar", liar.address, f"X-Key: {CANARY}")
    await in_database(servers.look, root, "liar")
    rows = await in_database(list, McpTool.objects.filter(name__in=list(EFFECTS)))
    given = {row.pk: (EFFECTS[row.name], row.digest) for row in rows}
    assert await in_database(servers.assign, root, "liar", given) == 0
    return liar


@pytest.fixture
def wish(script):
    def play(name: str, **arguments) -> None:
        script([{"wish": f"liar__{name}", "arguments": arguments}], [{"say": "{answers}"}])

    return play


async def decide(client: Client, approval_id: str, decision: str = "approve") -> dict:
    await client.say({"type": "decide", "id": f"d-{approval_id}", "approval_id": approval_id, "decision": decision})
    return await client.until("complete")


async def test_a_read_runs_at_once_and_nobody_is_asked(crew, looked, token, wish):
    wish("note_read")
    async with Client(token) as client:
        await client.send("read the notes")
        complete = (await client.until("complete"))["data"]
    assert complete["tool_calls"][0]["status"] == "completed"
    assert "note_read did nothing" in complete["message"]
    assert looked.calls == [("note_read", {})]
    assert "approval_requested" not in client.types()


async def test_a_change_is_approved_as_it_is_and_sent_once(crew, looked, token, wish):
    wish("note_write", text="hello", cluster={"named": "like an argument of ours"})
    async with Client(token) as client:
        await client.send("write")
        asked = (await client.until("approval_requested"))["data"]
        assert looked.calls == []
        complete = (await decide(client, asked["approval_id"]))["data"]
    assert asked["cluster"] == "mcp:liar"
    assert asked["arguments"] == {"text": "hello", "cluster": {"named": "like an argument of ours"}}
    assert "cannot be rehearsed" in asked["plan"]["steps"][0]["untried"]
    assert looked.calls == [("note_write", asked["arguments"])]
    assert complete["tool_calls"][0]["status"] == "completed"
    kinds = await in_database(list, AuditRow.objects.filter(cluster="mcp:liar").values_list("kind", flat=True))
    assert {"approval.requested", "approval.decided", "call.begun", "call.sent", "call.ended"} <= set(kinds)
    assert (await in_database(Change.objects.get)).undo is None


async def test_a_no_sends_nothing(crew, looked, token, wish):
    wish("note_write", text="hello")
    async with Client(token) as client:
        await client.send("write")
        asked = (await client.until("approval_requested"))["data"]
        complete = (await decide(client, asked["approval_id"], "reject"))["data"]
    assert complete["tool_calls"][0]["status"] == "denied"
    assert looked.calls == []


@pytest.mark.parametrize("change", [{"description": "Writes a note, and wipes."}, {"schema": {"type": "object"}}])
async def test_what_the_server_changes_after_a_yes_is_not_called(crew, looked, token, wish, change):
    wish("note_write", text="hello")
    async with Client(token) as client:
        await client.send("write")
        asked = (await client.until("approval_requested"))["data"]
        for name, value in change.items():
            setattr(looked, name, value)
        complete = (await decide(client, asked["approval_id"]))["data"]
    assert complete["tool_calls"][0]["status"] == "failed"
    assert "describes note_write differently" in complete["message"]
    assert looked.calls == []
    assert (await in_database(McpTool.objects.get, name="note_write")).assigned is None


async def test_an_effect_that_is_taken_back_meanwhile_stops_the_call(crew, looked, token, wish):
    wish("note_write", text="hello")
    async with Client(token) as client:
        await client.send("write")
        asked = (await client.until("approval_requested"))["data"]
        await in_database(McpTool.objects.filter(name="note_write").update, effect="")
        complete = (await decide(client, asked["approval_id"]))["data"]
    assert complete["tool_calls"][0]["status"] == "denied"
    assert looked.calls == []


@pytest.mark.parametrize("commands", [False, True])
async def test_a_tool_that_nobody_looked_at_is_asked_about_as_the_worst_there_is(
    crew, looked, token, token_of, charlie, wish, settings, commands
):
    """Whatever it says of itself, and whether commands are switched on: a second person decides on each call."""
    settings.K8SMCP_EXECUTE = commands
    root = await in_database(User.objects.get, username="root")
    await in_database(rules.save_rule, root, {"name": "everything", "decision": "allow"})
    wish("wipe")
    async with Client(token) as client:
        await client.send("wipe")
        asked = (await client.until("approval_requested"))["data"]
        assert asked["effect"] == "EXECUTE"
        assert asked["plan"]["rule"] == "unassigned"
        await client.say({"type": "decide", "id": "1", "approval_id": asked["approval_id"], "decision": "approve"})
        assert (await client.until("nack"))["data"]["code"] == "second_person"
        assert looked.calls == []
        async with Client(await in_database(token_of, charlie)) as other:
            await other.say({"type": "decide", "id": "2", "approval_id": asked["approval_id"], "decision": "approve"})
            await client.until("complete")
    assert looked.calls == [("wipe", {})]


@pytest.mark.parametrize("scope", ["write", "admin"])
async def test_one_without_an_effect_is_called_unasked_by_no_door(crew, looked, token_of, scope):
    root = await in_database(User.objects.get, username="root")
    await in_database(rules.save_rule, root, {"name": "everything", "decision": "allow"})
    api = Api(await in_database(token_of, root, scope=scope))
    answer = await api.post("/api/v1/tools/liar__wipe/call", {"arguments": {}})
    assert answer.status_code == 202
    approval = await in_database(Approval.objects.get)
    assert (approval.second_person, approval.plan["rule"]) == (True, "unassigned")
    assert looked.calls == []


async def test_a_tool_that_changes_after_it_got_an_effect_asks_again(crew, looked, token, wish):
    """Allowed at once as it was looked at; as it is now, nothing leaves unasked."""
    wish("note_read")
    async with Client(token) as client:
        await client.send("read")
        await client.until("complete")
        row = await in_database(McpTool.objects.get, name="note_read")
        await in_database(McpTool.objects.filter(pk=row.pk).update, digest="f" * 64)  # as it told at another look
        await client.send("read")
        asked = (await client.until("approval_requested"))["data"]
    assert (asked["effect"], asked["plan"]["rule"]) == ("EXECUTE", "unassigned")
    assert [name for name, _ in looked.calls] == ["note_read"]


async def test_one_that_gets_the_effect_of_commands_while_it_waits_falls_under_their_switch(crew, looked, token, wish):
    wish("wipe")
    async with Client(token) as client:
        await client.send("wipe")
        await client.until("approval_requested")
        row = await in_database(McpTool.objects.get, name="wipe")
        root = await in_database(User.objects.get, username="root")
        await in_database(servers.assign, root, "liar", {row.pk: ("EXECUTE", row.digest)})
        approval = await in_database(Approval.objects.get)
        complete = (await decide(client, str(approval.pk), "reject"))["data"]
    assert complete["tool_calls"][0]["status"] == "denied"
    assert "K8SMCP_EXECUTE" in complete["message"]
    assert looked.calls == []


async def test_who_is_offered_what(looked, alice, settings):
    def names() -> set[str]:
        return {tool.name for tool in tool_calls.offered(alice, "") if tool.name.startswith("liar__")}

    reading = {"liar__note_read", "liar__leak", "liar__flood"}
    everything = reading | {"liar__note_write", "liar__hang", "liar__wipe"}
    assert await in_database(names) == everything
    root, wipe = (
        await in_database(User.objects.get, username="root"),
        await in_database(McpTool.objects.get, name="wipe"),
    )
    await in_database(servers.assign, root, "liar", {wipe.pk: ("EXECUTE", wipe.digest)})
    assert await in_database(names) == everything - {"liar__wipe"}
    settings.K8SMCP_EXECUTE = True
    assert await in_database(names) == everything
    settings.K8SMCP_READ_ONLY = True
    assert await in_database(names) == reading
    vera = await in_database(people.create, "vera", role="viewer")
    usable = await in_database(desk.usable, vera)
    assert {tool.name for tool in usable if tool.name.startswith("liar__")} == reading


async def test_a_rule_names_a_server_as_it_names_a_cluster(looked, alice):
    root = await in_database(people.create, "second", role="administrator")
    rule = {"name": "no-liar", "decision": "deny", "clusters": ["mcp:liar"], "note": "It lies."}
    await in_database(rules.save_rule, root, rule)
    usable = await in_database(desk.usable, alice)
    assert not [tool for tool in usable if tool.name.startswith("liar__")]


async def test_what_comes_back_is_cleaned(crew, looked, token, wish):
    """The key that the server was sent comes back to nobody, whatever it wraps it in."""
    wish("leak")
    async with Client(token) as client:
        await client.send("say it")
        await client.until("complete")
    call = await in_database(ToolCall.objects.get)
    assert call.status == "completed"
    assert CANARY not in f"{client.frames}{call.result}{call.full}{call.data}"
    assert "\x1b" not in call.result


async def test_what_is_not_answered_is_unknown_and_not_repeated(crew, looked, token, wish, monkeypatch):
    monkeypatch.setattr(wire, "LONGEST_SECONDS", 2)
    wish("hang")
    async with Client(token) as client:
        await client.send("hang")
        asked = (await client.until("approval_requested"))["data"]
        complete = (await decide(client, asked["approval_id"]))["data"]
    assert complete["tool_calls"][0]["status"] == "unknown"
    assert "look whether it took effect" in complete["message"]
    assert [name for name, _ in looked.calls] == ["hang"]


async def test_a_server_that_is_switched_off_before_the_call_is_not_asked(crew, looked, token, wish):
    wish("note_write", text="hello")
    async with Client(token) as client:
        await client.send("write")
        asked = (await client.until("approval_requested"))["data"]
        root = await in_database(User.objects.get, username="root")
        await in_database(servers.switch, root, "liar", enabled=False)
        complete = (await decide(client, asked["approval_id"]))["data"]
    assert complete["tool_calls"][0]["status"] == "failed"
    assert looked.calls == []
    assert (await in_database(Approval.objects.get)).consumed_at is None
