"""Which programs may be registered: said in the environment alone, strictly, and never by anybody in the portal."""

import json

import pytest

from tests.conftest import in_database
from tests.tools.servers.test_stdio import COMMAND
from tools.kube.errors import BadInput, NotPermitted
from tools.models import McpServer, McpTool
from tools.servers import offered, programs, registered, running
from tools.servers.programs import BadPrograms, Program


@pytest.fixture
def allowed(settings, tmp_path):
    settings.K8SMCP_MCP_PROGRAMS = {"tame": Program("tame", (*COMMAND, str(tmp_path)), {"KEY": "of-its-own-1"})}


def test_a_command_stands_alone_or_with_its_environment():
    short = programs.read('{"files": ["/usr/bin/mcp-files", "--read-only"]}')
    assert short == {"files": Program("files", ("/usr/bin/mcp-files", "--read-only"), {})}
    long = programs.read('{"files": {"command": ["mcp-files"], "environment": {"TOKEN": "a b"}}}')
    assert long == {"files": Program("files", ("mcp-files",), {"TOKEN": "a b"})}
    assert programs.read("") == programs.read("{}") == {}
    assert short["files"].fingerprint != long["files"].fingerprint


@pytest.mark.parametrize(
    "text",
    [
        "mcp-files --read-only",
        '["mcp-files"]',
        '{"files": "mcp-files tr0ub4dor"}',
        '{"files": []}',
        '{"files": [""]}',
        '{"files": ["a", 1]}',
        '{"files": ["a\\u0000b"]}',
        '{"files": {}}',
        '{"files": {"command": "tr0ub4dor"}}',
        '{"files": {"command": ["a"], "shell": true}}',
        '{"files": {"command": ["a"], "environment": ["TOKEN=tr0ub4dor"]}}',
        '{"files": {"command": ["a"], "environment": {"TOKEN": 1}}}',
        '{"files": {"command": ["a"], "environment": {"A=B": "tr0ub4dor"}}}',
        '{"Files": ["a"]}',
        '{"": ["a"]}',
        '{"a b": ["a"]}',
        '{"files": ["a"], "files": ["b"]}',
        '{"files": {"command": ["a"], "command": ["b"]}}',
        "[" * 100_000,
        json.dumps({f"p{n}": ["a"] for n in range(51)}),
    ],
    ids=lambda text: text[:50],
)
def test_what_makes_no_sense_is_refused_and_not_told(text):
    with pytest.raises(BadPrograms, match="accepts JSON such as") as fault:
        programs.read(text)
    assert str(fault.value).endswith(".")
    assert "tr0ub4dor" not in str(fault.value)


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("program:", ""),
        ("program:other", ""),
        ("program:tame --more", ""),
        ("program:tame\n", ""),
        ("program:../tame", ""),
        ("program:/bin/sh", ""),
        ("program:Tame", ""),
        ("PROGRAM:tame", ""),
        ("program:tame", "X-Key: a"),
        ("/bin/sh", ""),
        ("sh -c id", ""),
    ],
)
def test_only_a_name_that_is_allowed_can_be_registered(db, allowed, address, headers):
    with pytest.raises(BadInput, match=r"\.$"):
        registered.register("tame", address, headers)
    assert not McpServer.objects.exists()


def test_out_of_the_box_there_is_none(db, settings):
    assert settings.K8SMCP_MCP_PROGRAMS == {}
    with pytest.raises(BadInput, match="none yet"):
        registered.register("tame", "program:tame", "")


async def test_one_that_is_named_no_more_is_not_started(transactional_db, allowed, settings):
    server = await in_database(registered.register, "tame", "program:tame", "")
    await running.look(server)
    assert await in_database(McpTool.objects.filter(server=server).count) == 10
    settings.K8SMCP_MCP_PROGRAMS = {}
    with pytest.raises(NotPermitted, match="nothing was started"):
        await running.look(server)


async def test_an_approval_is_for_this_command_and_environment(transactional_db, allowed, settings):
    server = await in_database(registered.register, "tame", "program:tame", "")
    await running.look(server)

    def place() -> tuple[str, str]:
        tool = offered.find("tame__echo")
        return offered.foretold(tool, tool.arguments())[1]

    before = await in_database(place)
    was = settings.K8SMCP_MCP_PROGRAMS["tame"]
    for changed in (Program("tame", (*was.command, "more"), was.environment), Program("tame", was.command, {})):
        settings.K8SMCP_MCP_PROGRAMS = {"tame": changed}
        assert await in_database(place) != before
    settings.K8SMCP_MCP_PROGRAMS = {"tame": was}
    assert await in_database(place) == before
