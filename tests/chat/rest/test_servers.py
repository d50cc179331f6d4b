"""`/api/v1/mcp-servers`: administrators register, look, give effects and take away; nobody ever reads a header."""

import pytest

from chat.actions import people
from chat.models import AuditRow
from tests.chat.rest.test_rest import Api
from tests.conftest import in_database
from tests.tools.servers.conftest import liar, served  # noqa: F401
from tests.tools.servers.liar import CANARY
from tools.models import McpServer
from tools.servers.programs import Program

HERE = "/api/v1/mcp-servers"


@pytest.fixture
def boss(transactional_db, token_of):
    return Api(token_of(people.create("boss", role="administrator"), "admin"))


async def registered(boss: Api, address: str) -> None:
    answer = await boss.post(HERE, {"name": "liar", "address": address, "headers": f"X-Key: {CANARY}"})
    assert answer.status_code == 201, answer.content
    assert answer.json()["tools"] == []


async def test_a_server_is_registered_looked_at_and_taken_away(boss, liar):  # noqa: F811
    await registered(boss, liar.address)
    assert liar.headers == []  # nothing is asked of it before somebody looks
    looked = (await boss.post(f"{HERE}/liar/look", {})).json()
    tools = {tool["name"]: tool for tool in looked["tools"]}
    assert (tools["note_read"]["effect"], tools["note_read"]["hints"]["read_only_hint"]) == (None, True)
    given = {"tool": "note_read", "effect": "READ", "digest": tools["note_read"]["digest"]}
    assert (await boss.post(f"{HERE}/liar/effects", given)).status_code == 200
    listed = await boss.get(HERE)
    assert CANARY not in listed.content.decode()
    [server] = listed.json()["items"]
    assert server["with_headers"]
    assert [tool["name"] for tool in server["tools"] if tool["effect"] == "READ"] == ["note_read"]
    assert (await boss.post(f"{HERE}/liar/effects", given | {"effect": None})).status_code == 200
    assert not (await boss.send("patch", f"{HERE}/liar", {"enabled": False})).json()["enabled"]
    assert (await boss.send("delete", f"{HERE}/liar")).status_code == 204
    assert (await boss.get(HERE)).json() == {"items": [], "programs": []}
    deeds = AuditRow.objects.filter(kind="server.changed").order_by("seq").values_list("outcome", flat=True)
    expected = ["registered", "looked at", "assigned", "assigned", "switched off", "forgotten"]
    assert await in_database(list, deeds) == expected


async def test_an_effect_is_for_the_tool_as_it_was_looked_at(boss, liar):  # noqa: F811
    await registered(boss, liar.address)
    looked = (await boss.post(f"{HERE}/liar/look", {})).json()
    digest = next(tool["digest"] for tool in looked["tools"] if tool["name"] == "note_write")
    liar.description = "Wipes."
    await boss.post(f"{HERE}/liar/look", {})
    late = await boss.post(f"{HERE}/liar/effects", {"tool": "note_write", "effect": "READ", "digest": digest})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "tool_changed")
    for wrong, status in (({"tool": "nothing"}, 404), ({"tool": "\x00"}, 404), ({"effect": "ALL"}, 422)):
        body = {"tool": "note_write", "effect": "READ", "digest": digest} | wrong
        assert (await boss.post(f"{HERE}/liar/effects", body)).status_code == status


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "program:other"},
        {"address": "/bin/sh"},
        {"address": "program:tame", "headers": "X-Key: a"},
        {"address": "program:tame", "command": ["/bin/sh"]},
        {"address": "program:tame", "environment": {"A": "b"}},
    ],
    ids=str,
)
async def test_a_program_is_only_named(boss, settings, wrong):
    settings.K8SMCP_MCP_PROGRAMS = {"tame": Program("tame", ("true",), {"KEY": CANARY})}
    answer = await boss.get(HERE)
    assert answer.json()["programs"] == ["tame"]
    assert CANARY not in answer.content.decode()
    assert (await boss.post(HERE, {"name": "files", **wrong})).status_code == 422
    assert not await in_database(McpServer.objects.exists)
    made = await boss.post(HERE, {"name": "files", "address": "program:tame"})
    assert (made.status_code, made.json()["address"]) == (201, "program:tame")


async def test_a_token_of_less_than_admin_only_lists(boss, token_of):
    root = await in_database(people.create, "root", role="administrator")
    narrow = Api(await in_database(token_of, root, "approve"))
    assert (await narrow.get(HERE)).status_code == 200
    assert (await narrow.post(HERE, {"name": "a", "address": "https://a.example/mcp"})).status_code == 403
