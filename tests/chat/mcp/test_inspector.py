"""MCP as another program's authors understand it: the MCP Inspector in its command-line mode, against a real portal."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.k8smcp.commands import manage
from tests.portal import Portal
from tools import registry
from tools.effects import Effect

INSPECTOR = os.environ.get("MCP_INSPECTOR", "")
LEFT_OUT = (
    "Left out: set MCP_INSPECTOR to the program of an installed MCP Inspector. To get it: npm install --prefix DIR "
    "@modelcontextprotocol/inspector, then DIR/node_modules/.bin/mcp-inspector."
)
pytestmark = pytest.mark.skipif(not INSPECTOR, reason=LEFT_OUT)
SECONDS = 90


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with Portal(tmp_path_factory.mktemp("inspected"), K8SMCP_DEMO="1") as portal:
        yield portal.sign_in()


@pytest.fixture(scope="module")
def token(served: Portal) -> str:
    return manage(served.home, "create_token", "admin", "--scope", "approve").stdout.strip()


def inspect(served: Portal, token: str, *words: str) -> subprocess.CompletedProcess[str]:
    """One run of the Inspector: it connects, asks one thing, prints the answer and ends."""
    command = [INSPECTOR, "--cli", f"{served.address}/mcp", "--transport", "http"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(served.home)}
    return subprocess.run(
        [*command, *words, "--header", f"Authorization: Bearer {token}"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr + done.stdout
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_it_lists_the_catalogue_and_finds_no_fault_in_a_schema(served: Portal, token: str) -> None:
    listed = answer(inspect(served, token, "--method", "tools/list", "--strict"))["tools"]
    switched_on = {tool.name for tool in registry.all_tools() if tool.effect is not Effect.EXECUTE}
    assert {tool["name"] for tool in listed} == switched_on | {"k8s_call_outcome"}
    assert all(tool["title"] and tool["description"] and tool["outputSchema"] for tool in listed)


def test_it_calls_a_tool_and_hears_words_and_structure(served: Portal, token: str) -> None:
    words = ("--tool-arg", "kind=pods", "--tool-arg", "namespace=shop")
    said = answer(inspect(served, token, "--method", "tools/call", "--tool-name", "k8s_list", *words))
    assert not said.get("isError")
    assert said["structuredContent"]["status"] == "completed"
    assert "checkout" in said["content"][0]["text"] == said["structuredContent"]["result"]


def test_a_change_tells_it_where_a_person_decides(served: Portal, token: str) -> None:
    words = ("--tool-arg", "name=storefront", "--tool-arg", "namespace=shop", "--tool-arg", "replicas=2")
    said = answer(inspect(served, token, "--method", "tools/call", "--tool-name", "k8s_scale", *words))
    assert said["structuredContent"]["status"] == "waiting"
    assert said["structuredContent"]["approval_url"].startswith(served.address + "/approvals/")


def test_a_token_that_nobody_knows_lets_it_do_nothing(served: Portal) -> None:
    refused = inspect(served, "k8smcp_nonsense", "--method", "tools/list")
    assert refused.returncode != 0
    assert "tools" not in refused.stdout
