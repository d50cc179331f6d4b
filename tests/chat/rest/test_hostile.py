"""What nobody should send over REST: answered with a sentence, never with a fault of ours, and nothing is kept."""

import base64
import uuid

import pytest

from chat.actions import conversations
from chat.models import Run
from tests.chat.rest.test_rest import Api
from tests.conftest import in_database


@pytest.fixture
def api(transactional_db, alice, token_of):
    return Api(token_of(alice))


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


CURSORS = [
    "x",
    "|",
    "2020-01-01|",
    "2020-01-01T00:00:00+00:00|no-uuid",
    f"no-time|{uuid.uuid4()}",
    "9999-12-31T23:59:59-14:00|x",
]


@pytest.mark.parametrize("text", CURSORS)
async def test_a_cursor_that_no_list_gave(api, text):
    answer = await api.get(f"/api/v1/conversations?cursor={cursor(text)}")
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].endswith(".")


@pytest.mark.parametrize(
    "query", ["q=%00", "q=%ED%A0%80", "q=" + "%27%22%5C%25_" * 20, "limit=1e9", "limit=-1", "limit=x"]
)
async def test_a_search_for_anything(api, query):
    assert (await api.get(f"/api/v1/conversations?{query}")).status_code in (200, 422)


@pytest.mark.parametrize("last", ["9" * 5000, "-1", "x", "1e3"])
async def test_a_last_event_id_that_is_no_number(api, alice, last):
    name = (await in_database(conversations.create, alice)).pk
    headers = {"Accept": "text/event-stream", "Last-Event-ID": last}
    answer = await api.get(f"/api/v1/conversations/{name}/events", **headers)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].endswith(".")


@pytest.mark.parametrize("after", ["9" * 30, "-1", "x", "1.5"])
async def test_a_number_of_no_event(api, alice, after):
    name = (await in_database(conversations.create, alice)).pk
    assert (await api.get(f"/api/v1/conversations/{name}/events?after={after}")).status_code == 422
    beyond = await api.get(f"/api/v1/conversations/{name}/events?after=1000000")
    assert beyond.json() == {"events": [], "head_seq": 0}


@pytest.mark.parametrize("title", ["\x00", "a\x00b", "\ud800", "x" * 201, 5, ["a"], "<img src=x onerror=alert(1)>"])
async def test_a_title_of_anything(api, title):
    answer = await api.post("/api/v1/conversations", {"title": title})
    assert answer.status_code in (201, 422)
    if answer.status_code == 201:
        assert "\x00" not in answer.json()["title"]


@pytest.mark.parametrize("cluster", ["\x00", "moon", "../../etc", "x" * 300])
async def test_a_cluster_of_any_name(api, cluster):
    assert (await api.post("/api/v1/conversations", {"cluster": cluster})).status_code == 422
    asked = await api.post("/api/v1/clusters/%00/test")
    assert asked.status_code == 404
    assert asked.json()["error"]["message"].endswith(".")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "null",
        "[]",
        '"x"',
        '{"text": "hi"}',
        '{"id": "x", "text": "hi"}',
        '{"id": 5, "text": {}}',
        "\x00",
        "[" * 99_999,
    ],
    ids=range(10),
)
async def test_a_message_body_of_anything(api, alice, body):
    name = (await in_database(conversations.create, alice)).pk
    answer = await api.client.post(
        f"/api/v1/conversations/{name}/messages", data=body, content_type="application/json", headers=api.headers
    )
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["message"]
    assert await in_database(Run.objects.count) == 0


@pytest.mark.parametrize("token", ["k8smcp_\x00", "k8smcp_" + "x" * 5000, "k8smcp_ü", "Bearer", "' OR 1=1 --"])
async def test_a_token_of_anything(transactional_db, token):
    answer = await Api(token).get("/api/v1/conversations")
    assert answer.status_code == 401


async def test_a_decision_of_anything(api):
    path = f"/api/v1/approvals/{uuid.uuid4()}/decision"
    for body in (
        {},
        {"decision": "maybe"},
        {"decision": "approve", "reason": 5},
        {"decision": "approve", "reason": "x" * 1001},
    ):
        assert (await api.post(path, body)).status_code == 422
    assert (await api.post(path, {"decision": "approve", "reason": "\x00"})).status_code == 404
