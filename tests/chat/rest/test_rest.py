"""The REST door: the fallback, conversations, messages, events, runs, approvals, tools, health, over real ASGI."""

import asyncio
import functools
import json
import uuid

import pytest
from django.test import AsyncClient
from django.test.client import AsyncClientHandler

from chat.actions import conversations, tokens
from chat.models import Run
from tests.conftest import in_database

HELLO = [{"say": "Hello **there**."}]


@functools.cache
def handler() -> AsyncClientHandler:
    """One for all: each would load the middleware anew, which takes longer than most requests."""
    return AsyncClientHandler(enforce_csrf_checks=False)


class Api:
    """`token`: of the person on whose behalf everything is asked."""

    def __init__(self, token: str = "") -> None:
        self.client = AsyncClient()
        self.client.handler = handler()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def get(self, path: str, **headers: str):
        return await self.client.get(path, headers=self.headers | headers)

    async def send(self, method: str, path: str, body: object = None):
        data = json.dumps(body) if body is not None else ""
        call = getattr(self.client, method)
        return await call(path, data=data, content_type="application/json", headers=self.headers)

    async def post(self, path: str, body: object = None):
        return await self.send("post", path, body)


@pytest.fixture
def api(transactional_db, alice, token_of):
    return Api(token_of(alice))


@pytest.fixture
def other(transactional_db, bob, token_of):
    return Api(token_of(bob))


# ---- the seed's fallback -----------------------------------------------------------------------------------------


async def test_the_fallback_waits_for_the_whole_answer(crew, demo, script, api):
    script([{"say": "Looking. "}, {"wish": "clusters_list"}], HELLO)
    answer = await api.post("/api/chat/message", {"message": "list all clusters"})
    assert answer.status_code == 200
    said = answer.json()
    assert said["message"] == "Looking. \n\nHello **there**."
    assert [(call["tool_name"], call["arguments"], call["status"]) for call in said["tool_calls"]] == [
        ("clusters_list", {}, "completed")
    ]
    again = await api.post("/api/chat/message", {"message": "again", "conversation_id": said["conversation_id"]})
    assert again.json()["conversation_id"] == said["conversation_id"]


@pytest.mark.parametrize(
    "body", [{}, {"message": ""}, {"message": "  "}, {"message": 5}, {"message": None}, [], "text"]
)
async def test_the_fallback_refuses_what_does_not_fit(api, body):
    answer = await api.post("/api/chat/message", body)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].endswith(".")


async def test_a_body_that_is_not_json_is_refused(api):
    answer = await api.client.post("/api/chat/message", data="{", content_type="application/json", headers=api.headers)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["message"]


async def test_a_run_that_waits_for_a_person_is_answered_with_the_approval(crew, demo, script, api):
    name = f"n-{uuid.uuid4().hex[:8]}"
    script([{"wish": "namespace_create", "arguments": {"name": name}}], [{"say": "Made."}])
    answer = await api.post("/api/chat/message", {"message": "make it"})
    assert answer.status_code == 202
    waiting = answer.json()
    pending = (await api.get("/api/v1/approvals")).json()["items"]
    assert [item["id"] for item in pending] == [waiting["approval_id"]]
    assert pending[0]["arguments"] == {"name": name}
    path = f"/api/v1/approvals/{waiting['approval_id']}"
    assert (await api.get(path)).json()["status"] == "pending"
    decided = await api.post(f"{path}/decision", {"decision": "approve"})
    assert decided.status_code == 200
    assert decided.json()["status"] == "approved"
    assert (await api.post(f"{path}/decision", {"decision": "approve"})).status_code == 409
    run = await ended(api, waiting["run_id"])
    assert run["outcome"] == "done"


async def ended(api: Api, run_id: str) -> dict:
    for _ in range(200):
        run = (await api.get(f"/api/v1/runs/{run_id}")).json()
        if run["outcome"]:
            return run
        await asyncio.sleep(0.05)
    raise AssertionError(f"still {run['status']}")


# ---- conversations -----------------------------------------------------------------------------------------------


async def test_a_conversation_is_made_found_renamed_shared_and_deleted(api, other):
    made = (await api.post("/api/v1/conversations", {"title": "Checkout is down"})).json()
    path = f"/api/v1/conversations/{made['id']}"
    assert (await api.get("/api/v1/conversations?q=checkout")).json()["items"][0]["id"] == made["id"]
    assert (await api.get("/api/v1/conversations?q=nothing")).json() == {"items": []}
    assert (await other.get(path)).status_code == 404
    changed = await api.send("patch", path, {"title": "Solved", "shared": True})
    assert (changed.json()["title"], changed.json()["shared"]) == ("Solved", True)
    assert (await other.get(path)).status_code == 200
    assert (await other.send("patch", path, {"title": "Mine"})).status_code == 403
    assert (await other.send("delete", path)).status_code == 403
    assert (await api.send("delete", path)).status_code == 204
    assert (await api.get(path)).status_code == 404


async def test_a_list_is_paged_without_gap_or_repeat(api, alice):
    for n in range(7):
        await in_database(conversations.create, alice, title=f"c{n}")
    seen, following = [], ""
    while True:
        page = (await api.get(f"/api/v1/conversations?limit=3&cursor={following}")).json()
        seen += [item["title"] for item in page["items"]]
        following = page.get("next", "")
        if not following:
            break
    assert seen == [f"c{n}" for n in reversed(range(7))]
    assert (await api.get("/api/v1/conversations?cursor=nonsense")).status_code == 422
    assert (await api.get("/api/v1/conversations?limit=0")).status_code == 422


# ---- messages and events -----------------------------------------------------------------------------------------


async def test_a_message_is_accepted_once(crew, script, api):
    script(HELLO)
    name = (await api.post("/api/v1/conversations", {})).json()["id"]
    path, body = f"/api/v1/conversations/{name}/messages", {"id": str(uuid.uuid4()), "text": "hello"}
    first, second = await api.post(path, body), await api.post(path, body)
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert (await api.post(path, body | {"text": "other"})).status_code == 409
    assert await in_database(Run.objects.count) == 1


async def test_a_long_poll_brings_the_frames_of_the_socket_as_they_come(crew, script, api):
    script([{"say": "One."}, {"wish": "clusters_list"}], [{"say": "Two."}])
    name = (await api.post("/api/v1/conversations", {})).json()["id"]
    await api.post(f"/api/v1/conversations/{name}/messages", {"id": str(uuid.uuid4()), "text": "hello"})
    events, after = [], 0
    while not events or events[-1]["type"] != "complete":
        page = (await api.get(f"/api/v1/conversations/{name}/events?after={after}&wait=5")).json()
        events += page["events"]
        after = events[-1]["seq"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert page["head_seq"] == after
    assert (await api.get(f"/api/v1/conversations/{name}/events?after={after}")).json()["events"] == []


async def test_server_sent_events_go_on_after_the_last_id(crew, script, api):
    script(HELLO)
    answer = await api.post("/api/chat/message", {"message": "hello"})
    name = answer.json()["conversation_id"]
    stream = await api.get(
        f"/api/v1/conversations/{name}/events", **{"Accept": "text/event-stream", "Last-Event-ID": "2"}
    )
    assert stream["Content-Type"] == "text/event-stream"
    told = b""
    async for piece in stream.streaming_content:
        told += piece
        if b'"complete"' in told:
            break
    ids = [int(line.removeprefix(b"id: ")) for line in told.splitlines() if line.startswith(b"id: ")]
    assert ids == list(range(3, 3 + len(ids)))


async def test_events_of_a_foreign_conversation_are_not_found(api, other):
    name = (await api.post("/api/v1/conversations", {})).json()["id"]
    for path in ("events", "messages"):
        assert (await other.get(f"/api/v1/conversations/{name}/{path}")).status_code in (404, 405)
    answer = await other.post(f"/api/v1/conversations/{name}/messages", {"id": str(uuid.uuid4()), "text": "hi"})
    assert answer.status_code == 404


async def test_a_run_is_stopped(crew, script, api, tmp_path):
    script([{"say": "Begun."}, {"wait": str(tmp_path / "never"), "seconds": 30}])
    name = (await api.post("/api/v1/conversations", {})).json()["id"]
    sent = await api.post(f"/api/v1/conversations/{name}/messages", {"id": str(uuid.uuid4()), "text": "hello"})
    run_id = sent.json()["run_id"]
    await asyncio.sleep(0.3)
    assert (await api.post(f"/api/v1/runs/{run_id}/stop")).status_code == 200
    assert (await ended(api, run_id))["outcome"] == "stopped"


# ---- tools and clusters ------------------------------------------------------------------------------------------


async def test_the_catalogue_describes_itself(api):
    items = (await api.get("/api/v1/tools")).json()["items"]
    by_name = {item["name"]: item for item in items}
    assert by_name["k8s_list"]["effect"] == "READ"
    assert by_name["k8s_delete"]["effect"] == "DESTROY"
    assert by_name["k8s_list"]["input_schema"]["additionalProperties"] is False
    assert "pod_exec" not in by_name


async def test_one_call_without_a_model(crew, demo, api):
    answer = await api.post("/api/v1/tools/k8s_list/call", {"arguments": {"kind": "pods", "namespace": "shop"}})
    assert answer.status_code == 200
    called = answer.json()
    assert called["status"] == "completed"
    assert "checkout" in called["result"]
    events = (await api.get(f"/api/v1/conversations/{called['conversation_id']}/events")).json()["events"]
    assert [event["type"] for event in events][-2:] == ["tool_call_end", "complete"]
    full = await api.get(f"/api/v1/tool-calls/{called['tool_call_id']}/result")
    assert "checkout" in full.content.decode()


async def test_a_change_without_a_model_waits_for_a_person_too(crew, demo, api):
    name = f"n-{uuid.uuid4().hex[:8]}"
    answer = await api.post("/api/v1/tools/namespace_create/call", {"arguments": {"name": name}})
    assert answer.status_code == 202
    await api.post(f"/api/v1/approvals/{answer.json()['approval_id']}/decision", {"decision": "reject"})
    assert (await ended(api, answer.json()["run_id"]))["outcome"] == "done"


@pytest.mark.parametrize(
    ("name", "arguments", "status"),
    [("k8s_dance", {}, 404), ("k8s_list", {}, 422), ("k8s_list", {"kind": "pods", "surprise": 1}, 422)],
)
async def test_a_call_that_does_not_fit_is_refused_and_nothing_is_recorded(api, name, arguments, status):
    answer = await api.post(f"/api/v1/tools/{name}/call", {"arguments": arguments})
    assert answer.status_code == status
    assert await in_database(Run.objects.count) == 0


async def test_an_unknown_cluster_is_a_failed_call_with_a_sentence(crew, transactional_db, api):
    answer = await api.post("/api/v1/tools/k8s_list/call", {"arguments": {"kind": "pods", "cluster": "moon"}})
    assert answer.json()["status"] == "failed"
    assert "moon" in answer.json()["result"] or "No cluster" in answer.json()["result"]


async def test_clusters_are_listed_and_tested(demo, api):
    listed = (await api.get("/api/v1/clusters")).json()["items"]
    assert [item["name"] for item in listed] == [demo]
    assert "token" not in json.dumps(listed)
    health = (await api.post(f"/api/v1/clusters/{demo}/test")).json()
    assert health["reachable"] is True


# ---- who may -----------------------------------------------------------------------------------------------------

PATHS = [
    ("get", "/api/v1/conversations"),
    ("post", "/api/v1/conversations"),
    ("get", f"/api/v1/conversations/{uuid.uuid4()}/events"),
    ("get", "/api/v1/approvals"),
    ("get", "/api/v1/tools"),
    ("post", "/api/v1/tools/k8s_list/call"),
    ("get", "/api/v1/clusters"),
    ("get", f"/api/v1/runs/{uuid.uuid4()}"),
    ("post", "/api/chat/message"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("token", ["", "k8smcp_wrong", "expired"])
async def test_without_a_valid_sign_in_everything_is_401(transactional_db, alice, method, path, token):
    if token == "expired":
        token = await in_database(tokens.create, alice)
        await in_database(alice.access_tokens.update, expires_at="2020-01-01T00:00:00Z")
    answer = await Api(token).send(method, path, {} if method == "post" else None)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_signed_in"


async def test_a_session_needs_the_csrf_token_for_unsafe_verbs(transactional_db, alice):
    strict = AsyncClient(enforce_csrf_checks=True)
    await strict.aforce_login(alice)
    assert (await strict.get("/api/v1/conversations")).status_code == 200
    refused = await strict.post("/api/v1/conversations", data="{}", content_type="application/json")
    assert refused.status_code == 403
    refused = await strict.post("/api/chat/message", data='{"message": "x"}', content_type="application/json")
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("scope", "path"),
    [("read", "/api/v1/conversations"), ("write", f"/api/v1/approvals/{uuid.uuid4()}/decision")],
)
async def test_a_token_does_only_what_its_scope_says(transactional_db, alice, scope, path):
    api = Api(await in_database(tokens.create, alice, scope=scope))
    answer = await api.post(path, {"decision": "approve"} if "decision" in path else {})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "scope"


async def test_too_many_runs_at_once_are_told_to_wait(transactional_db, api, settings):
    settings.K8SMCP_MAX_RUNS_PER_USER = 1
    name = (await api.post("/api/v1/conversations", {})).json()["id"]
    path = f"/api/v1/conversations/{name}/messages"
    assert (await api.post(path, {"id": str(uuid.uuid4()), "text": "one"})).status_code == 202
    refused = await api.post(path, {"id": str(uuid.uuid4()), "text": "two"})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


# ---- health and the description ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/health", "/livez", "/readyz"])
async def test_health_is_ok_when_the_database_and_the_layer_answer(transactional_db, path):
    answer = await Api().get(path)
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


async def test_the_api_describes_itself(transactional_db, api):
    described = (await api.get("/api/v1/openapi.json")).json()
    for path in ("/api/v1/conversations", "/api/v1/tools/{name}/call", "/api/v1/approvals/{approval_id}/decision"):
        assert path in described["paths"]


async def test_the_description_fetches_nothing_from_elsewhere(transactional_db):
    page = (await Api().get("/api/v1/docs")).content.decode()
    assert "swagger-ui" in page
    assert "//" not in page.replace("<!--", "")


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/runs/no-uuid", "/api/v1/conversations/no-uuid"])
async def test_what_is_not_there_is_404(api, path):
    assert (await api.get(path)).status_code == 404
