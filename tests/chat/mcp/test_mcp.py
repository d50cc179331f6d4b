"""MCP as other agents use it: the official client against a portal in a process of its own, with the demo cluster."""

import asyncio
import json
from contextlib import asynccontextmanager, closing
from http.client import HTTPConnection
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, build_opener

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.k8smcp.commands import manage
from tests.portal import Portal

SCALE = {"kind": "deployment", "name": "storefront", "namespace": "shop", "replicas": 2}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Portal(tmp_path_factory.mktemp("mcp"), K8SMCP_DEMO="1") as portal:
        yield portal.sign_in()


@pytest.fixture(scope="module")
def token(served):
    return _token(served, "admin", "approve")


def _token(served: Portal, user: str, scope: str) -> str:
    return manage(served.home, "create_token", user, "--scope", scope).stdout.strip()


@pytest.fixture(scope="module")
def viewer(served):
    made = manage(served.home, "create_user", "vera", "--role", "viewer", "--password-env", "PW", PW="long and dull 7")
    assert made.returncode == 0, made.stderr
    return _token(served, "vera", "write")


@asynccontextmanager
async def client(served: Portal, token: str, mode: str = "auto"):
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60)
    wire = Client(streamable_http_client(f"{served.address}/mcp", http_client=http), mode=mode)
    async with http, wire:
        yield wire


def _post(served: Portal, path: str, token: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with build_opener().open(Request(served.address + path, json.dumps(body).encode(), headers)) as answer:
        return answer.status, json.loads(answer.read())


# ---- the catalogue -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_tools_have_schemas_titles_and_hints(served, token, mode):
    async with client(served, token, mode) as wire:
        tools = {tool.name: tool for tool in (await wire.list_tools()).tools}
    listing, removal = tools["k8s_list"], tools["k8s_delete"]
    assert listing.title
    assert listing.description
    assert listing.input_schema["additionalProperties"] is False
    assert listing.annotations.read_only_hint
    assert not removal.annotations.read_only_hint
    assert removal.annotations.destructive_hint
    assert listing.output_schema["properties"]["status"]
    assert "k8s_call_outcome" in tools


async def test_who_may_not_change_is_offered_no_change_and_cannot_call_it(served, viewer):
    async with client(served, viewer) as wire:
        assert "k8s_scale" not in {tool.name for tool in (await wire.list_tools()).tools}
        answer = await wire.call_tool("k8s_scale", SCALE)
    assert answer.is_error
    assert 'There is no tool "k8s_scale" for vera' in answer.content[0].text


# ---- calls -------------------------------------------------------------------------------------------------------


async def test_a_call_is_answered_in_words_and_in_structure(served, token):
    async with client(served, token) as wire:
        answer = await wire.call_tool("k8s_list", {"kind": "pods", "namespace": "shop"})
    told = answer.structured_content
    assert not answer.is_error
    assert told["status"] == "completed"
    assert answer.content[0].text == told["result"]
    assert "checkout" in told["result"]
    assert told["conversation_url"].startswith(served.address + "/c/")
    assert "checkout" in served.page("/c/" + told["conversation_url"].rpartition("/")[2])


async def test_one_call_after_another_fills_one_conversation(served, token):
    async with client(served, token) as wire:
        places = [
            (await wire.call_tool("k8s_list", {"kind": kind})).structured_content["conversation_url"]
            for kind in ("nodes", "namespaces", "services")
        ]
    assert len(set(places)) == 1


async def test_arguments_that_do_not_fit_are_a_sentence(served, token):
    async with client(served, token) as wire:
        answer = await wire.call_tool("k8s_list", {"kind": "pods", "namespaze": "shop"})
    assert answer.is_error
    assert "did you mean namespace?" in answer.content[0].text


async def test_a_change_waits_for_a_person_and_its_outcome_can_be_asked_for(served, token):
    async with client(served, token) as wire:
        asked = await wire.call_tool("k8s_scale", SCALE)
        told = asked.structured_content
        assert (asked.is_error, told["status"]) == (False, "waiting")
        assert told["approval_url"].startswith(served.address + "/approvals/")
        assert told["approval_url"] in asked.content[0].text
        still = (await wire.call_tool("k8s_call_outcome", {"run_id": told["run_id"]})).structured_content
        assert still["status"] == "waiting"
        name = told["approval_url"].rpartition("/")[2]
        status, _ = _post(served, f"/api/v1/approvals/{name}/decision", token, {"decision": "approve"})
        assert status == 200
        done = await wire.call_tool("k8s_call_outcome", {"run_id": told["run_id"], "wait_seconds": 30})
    assert done.structured_content["status"] == "completed"
    assert "storefront" in done.structured_content["result"]


async def test_others_outcomes_are_not_there(served, token, viewer):
    async with client(served, token) as wire:
        run = (await wire.call_tool("k8s_list", {"kind": "nodes"})).structured_content["run_id"]
    async with client(served, viewer) as wire:
        answer = await wire.call_tool("k8s_call_outcome", {"run_id": run})
    assert answer.is_error
    assert "not yours" in answer.content[0].text


async def test_many_calls_at_once_are_all_answered(served, token):
    async with client(served, token) as wire:
        calls = [wire.call_tool("k8s_list", {"kind": "pods"}) for _ in range(8)]
        answers = await asyncio.gather(*calls)
    assert {answer.structured_content["status"] for answer in answers} == {"completed"}


# ---- the door ----------------------------------------------------------------------------------------------------


QUESTION = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}).encode()


def _knock(served: Portal, body: bytes = QUESTION, **headers: str) -> tuple[int, str]:
    """The status, and the error's code."""
    sent = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"} | headers
    try:
        with build_opener().open(Request(f"{served.address}/mcp", body, sent)) as answer:
            return answer.status, ""
    except HTTPError as refused:
        with refused:
            told = refused.read()
        return refused.code, json.loads(told)["error"] if told.startswith(b'{"error') else ""


@pytest.mark.parametrize(
    ("status", "code", "headers"),
    [
        (401, "invalid_token", {"Authorization": "Bearer k8smcp_nonsense"}),
        (401, "invalid_token", {"Authorization": "Basic YWRtaW46eA=="}),
        (403, "wrong_origin", {}),
        (403, "wrong_origin", {"Authorization": "Bearer TOKEN", "Origin": "https://evil.example"}),
        (403, "wrong_origin", {"Authorization": "Bearer TOKEN", "Origin": "null"}),
        (421, "wrong_host", {"Authorization": "Bearer TOKEN", "Host": "evil.example"}),
        (200, "", {"Authorization": "Bearer TOKEN"}),
    ],
)
def test_who_may_come_in(served, token, status, code, headers):
    sent = {name: value.replace("TOKEN", token) for name, value in headers.items()}
    assert _knock(served, **sent) == (status, code)


def test_a_reading_token_is_told_which_scope_it_needs(served):
    reading = _token(served, "admin", "read")
    assert _knock(served, Authorization=f"Bearer {reading}") == (403, "insufficient_scope")


def test_the_cookie_of_a_browser_opens_nothing_here(served):
    """Else a page elsewhere could call tools with it."""
    assert _knock(served, Cookie=served.cookies, Origin=served.address)[0] == 401


def test_a_request_has_a_bound(served, token):
    """Told as soon as it is announced: whoever is in the middle of sending may not hear it."""
    address = urlsplit(served.address)
    with closing(HTTPConnection(address.hostname, address.port, timeout=30)) as connection:
        connection.putrequest("POST", "/mcp")
        for name, value in {"Authorization": f"Bearer {token}", "Content-Length": str((1 << 20) + 1)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        assert connection.getresponse().status == 413
