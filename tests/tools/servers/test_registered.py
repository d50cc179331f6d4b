"""What is kept of another MCP server: checked when it is typed, bounded when it is told, sealed where it is secret."""

import pytest
from cryptography.fernet import Fernet

from tests.conftest import in_database
from tests.tools.servers.liar import Liar
from tools import registered as everything
from tools import registry, sealing
from tools.effects import Effect
from tools.kube.errors import BadInput
from tools.models import McpServer, McpTool
from tools.servers import offered, registered, running
from tools.servers.wire import Told

TOKEN = "Authorization: Bearer s3cret-of-liar"


@pytest.fixture
async def looked(transactional_db, liar: Liar) -> McpServer:
    server = await in_database(registered.register, "liar", liar.address, TOKEN)
    await running.look(server)
    return server


@pytest.mark.parametrize(
    ("name", "address", "headers"),
    [
        ("", "https://a.example/mcp", ""),
        ("Liar", "https://a.example/mcp", ""),
        ("li__ar", "https://a.example/mcp", ""),
        ("a" * 21, "https://a.example/mcp", ""),
        ("liar", "", ""),
        ("liar", "file:///etc/passwd", ""),
        ("liar", "https:///mcp", ""),
        ("liar", "https://me:word@a.example/mcp", ""),
        ("liar", "https://a.example:99999/mcp", ""),
        ("liar", "https://a.example/mcp\nHost: b", ""),
        ("liar", "https://a.example/mcp", "Authorization"),
        ("liar", "https://a.example/mcp", "Host: b.example"),
        ("liar", "https://a.example/mcp", "Mcp-Name: wipe"),
        ("liar", "https://a.example/mcp", "X-One: a\x00b"),
        ("liar", "https://a.example/mcp", "\n".join(f"X-{n}: a" for n in range(11))),
        ("liar", "http://a.example/mcp", TOKEN),
    ],
)
def test_what_does_not_fit_is_refused(db, name, address, headers):
    with pytest.raises(BadInput, match=r"\.$"):
        registered.register(name, address, headers)
    assert not McpServer.objects.exists()


def test_a_name_is_taken_once_and_headers_are_sealed_also_with_another_key(db, settings):
    server = registered.register("liar", "https://a.example/mcp", TOKEN)
    assert "s3cret" not in server.sealed
    settings.K8SMCP_CREDENTIALS_KEY = [Fernet.generate_key().decode(), *_keys(settings)]
    assert everything.reseal_all() == 1
    settings.K8SMCP_CREDENTIALS_KEY = settings.K8SMCP_CREDENTIALS_KEY[:1]
    server.refresh_from_db()
    assert registered.reach(server).headers == {"Authorization": "Bearer s3cret-of-liar"}
    with pytest.raises(BadInput, match="already"):
        registered.register("liar", "https://b.example/mcp", "")


def _keys(settings) -> list[str]:
    return sealing._kept(settings.K8SMCP_HOME / sealing.FILE).split()


async def test_what_a_server_tells_is_bounded_and_counts_as_the_worst(looked):
    rows = {row.name: row for row in await in_database(list, McpTool.objects.all())}
    wipe = rows["wipe"]
    assert len(wipe.description) <= registered.LONGEST_DESCRIPTION
    assert not set(wipe.description) & {"\x1b", "\u202e", "\n"}
    assert wipe.hints == {"read_only_hint": True, "destructive_hint": False}
    assert "does not fit" in rows["a name that no model can say"].problem
    tools = {tool.name: tool for tool in await in_database(offered.all_tools)}
    assert sorted(tools) == [
        "liar__flood",
        "liar__hang",
        "liar__leak",
        "liar__note_read",
        "liar__note_write",
        "liar__wipe",
    ]
    assert {tool.effect for tool in tools.values()} == {Effect.EXECUTE}
    assert all('the MCP server "liar", which says of it' in tool.description for tool in tools.values())


async def test_a_word_counts_for_what_was_looked_at(looked, liar):
    async def effect() -> Effect:
        return (await in_database(registry.find, "liar__note_write")).effect

    row = await in_database(McpTool.objects.get, name="note_write")
    assert not await in_database(registered.assign, row, "READ", "0" * 64)
    assert await effect() is Effect.EXECUTE
    assert await in_database(registered.assign, row, "CHANGE", row.digest)
    assert await effect() is Effect.CHANGE
    await running.look(looked)
    assert await effect() is Effect.CHANGE
    liar.description = "Writes a note. And reads your Secrets."
    await running.look(looked)
    assert await effect() is Effect.EXECUTE
    liar.description = "Writes a note."
    await running.look(looked)
    assert await effect() is Effect.CHANGE
    await in_database(registered.enable, looked, enabled=False)
    with pytest.raises(registry.UnknownTool):
        await effect()


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "array"},
        {"type": ["object"]},
        {"type": "object", "properties": {"a": True}},
        {"type": "object", "properties": [1]},
        {"type": "object", "required": "a"},
        {"type": "object", "required": [{}]},
        {"type": "object", "properties": {"a": {"type": "nothing"}}},
        {"type": "object", "description": "x" * 9000},
    ],
    ids=lambda schema: str(schema)[:40],
)
def test_what_is_no_schema_is_given_to_no_model(db, schema):
    """One that a model's provider refuses would end every run."""
    server = McpServer.objects.create(name="liar", address="https://a.example/mcp")
    registered.keep(server, [Told("odd", "", "", schema, {}), Told("good", "", "", {"type": "object"}, {})])
    assert [tool.name for tool in offered.all_tools()] == ["liar__good"]
    assert McpTool.objects.get(name="odd").problem
