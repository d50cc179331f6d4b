"""The bounds of the doors: at each there is still a yes, one past it there is none."""

import asyncio
import math
import uuid

import pytest
from django.utils import timezone

from chat import limits, standing
from chat.actions import messages, runs
from chat.errors import BadInput, TooMany
from chat.limits import Bucket, Pace
from chat.models import Approval, ToolCall
from chat.web import frames
from tests.chat.rest.test_rest import Api
from tests.chat.sockets import Client, becomes
from tests.chat.test_access import made
from tests.chat.test_runs import ended
from tests.conftest import in_database


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_lets_its_burst_through_and_then_its_rate():
    bucket = Bucket.full(20, 40, 0.0)
    assert [bucket.take(0.0) for _ in range(40)] == [0.0] * 40
    assert bucket.take(0.0) == pytest.approx(1 / 20)
    assert bucket.take(0.049) > 0
    assert bucket.take(0.0501) == 0.0
    assert bucket.take(100.0) == 0.0
    assert bucket.level == 39  # a long rest fills it to its burst, no further


def test_a_pace_is_a_persons_own_and_has_a_bound_for_the_minute():
    clock = Clock()
    pace = Pace(clock)
    assert [pace.take(1, 10) for _ in range(20)] == [0.0] * 20
    assert pace.take(1, 10) == pytest.approx(0.1)
    assert pace.take(2, 10) == 0.0
    passed = 20
    for _ in range(700):
        clock.now += 0.08
        passed += not pace.take(1, 10)
        if clock.now - 1000 >= 59.9:
            break
    assert passed <= 600
    clock.now = 1060.0
    assert pace.take(1, 10) == 0.0


def test_in_any_minute_there_are_sixty_seconds_worth_and_not_one_more():
    clock = Clock()
    pace = Pace(clock)
    passed = 0
    while clock.now < 1060 - 1e-6:
        passed += not pace.take(1, 10)
        clock.now += 0.05
    assert passed == 600


def test_only_so_many_people_are_remembered(monkeypatch):
    monkeypatch.setattr(limits, "MOST_NAMED", 3)
    pace = Pace(Clock())
    for name in range(10):
        pace.take(name, 10)
    assert len(pace._seen) == 3


async def test_a_person_asks_so_often_over_rest_and_is_then_told_when_to_come_back(
    transactional_db, alice, bob, token_of, settings
):
    settings.K8SMCP_MAX_REQUESTS_PER_SECOND = 2
    api, other = Api(await in_database(token_of, alice)), Api(await in_database(token_of, bob))
    limits.requests._clock = Clock()
    try:
        assert [(await api.get("/api/v1/tools")).status_code for _ in range(4)] == [200] * 4
        refused = await api.get("/api/v1/tools")
        assert refused.status_code == 429
        assert refused["Retry-After"] == "1"
        assert refused.json()["error"]["code"] == "too_many"
        assert (await other.get("/api/v1/tools")).status_code == 200
        assert (await api.post("/api/chat/message", {"message": "hi"})).status_code == 429
        limits.requests._clock.now += 1
        assert (await api.get("/api/v1/tools")).status_code == 200
    finally:
        limits.requests.__init__()


async def test_a_stranger_is_told_to_wait_and_nobody_else(transactional_db, alice, token_of, settings):
    settings.K8SMCP_MAX_REQUESTS_PER_SECOND = 2
    stranger, api = Api("k8smcp_guess"), Api(await in_database(token_of, alice))
    limits.strangers._clock = Clock()
    try:
        statuses = [(await stranger.get("/api/v1/tools")).status_code for _ in range(5)]
        assert statuses == [401, 401, 401, 401, 429]
        assert (await api.get("/api/v1/tools")).status_code == 200  # a good token from the same address
    finally:
        limits.strangers.__init__()


async def test_a_session_has_the_same_pace_as_a_token(transactional_db, alice, token_of, settings, async_client):
    settings.K8SMCP_MAX_REQUESTS_PER_SECOND = 1
    await async_client.aforce_login(alice)
    api = Api(await in_database(token_of, alice))
    statuses = [(await async_client.get("/api/v1/tools")).status_code for _ in range(2)]
    assert statuses == [200, 200]
    assert (await api.get("/api/v1/tools")).status_code == 429


async def test_frames_beyond_the_pace_of_a_socket_are_answered_later_and_all_of_them(
    transactional_db, alice, token_of, settings
):
    settings.K8SMCP_MAX_FRAMES_PER_SECOND = 2
    clock = asyncio.get_running_loop().time
    async with Client(await in_database(token_of, alice)) as client:
        began = clock()
        for number in range(5):
            await client.say({"type": "stop", "id": str(number), "run_id": str(uuid.uuid4())})
        await client.until("nack", id="3")
        await client.until("nack", id="4")
        assert clock() - began > 0.3  # the fifth waited for its turn


def test_a_frame_has_so_many_bytes_and_not_one_more():
    def frame(size: int) -> str:
        return '{"message": "' + "x" * (size - 15) + '"}'

    assert len(frame(limits.FRAME_BYTES)) == limits.FRAME_BYTES
    assert frames.parse(frame(limits.FRAME_BYTES))
    with pytest.raises(frames.Unreadable, match="too long"):
        frames.parse(frame(limits.FRAME_BYTES + 1))


def test_a_message_has_so_many_characters_and_not_one_more():
    assert messages.checked("x" * limits.MESSAGE_LENGTH)
    with pytest.raises(BadInput):
        messages.checked("x" * (limits.MESSAGE_LENGTH + 1))


@pytest.mark.parametrize(("setting", "code"), [("K8SMCP_MAX_SOCKETS", 4107), ("K8SMCP_MAX_SOCKETS_PER_USER", 4509)])
async def test_so_many_sockets_come_in_and_not_one_more(transactional_db, alice, token_of, settings, setting, code):
    setattr(settings, setting, 2)
    token = await in_database(token_of, alice)
    async with Client(token), Client(token) as second:
        third = Client(token)
        await third.socket.connect()
        assert (await third.socket.receive_output(5))["code"] == code
        await second.say({"type": "stop", "id": "here", "run_id": str(uuid.uuid4())})
        assert (await second.hear())["type"] == "nack"
    async with Client(token) as again:  # there is room once they are gone
        await again.say({"type": "stop", "id": "here", "run_id": str(uuid.uuid4())})
        assert (await again.hear())["type"] == "nack"


def test_a_persons_runs_ask_for_so_many_approvals_in_a_minute(transactional_db, alice, bob, settings):
    settings.K8SMCP_MAX_APPROVALS_PER_MINUTE = 2
    made(alice)
    assert standing.asks_too_often(alice) == ""
    made(alice)
    assert standing.asks_too_often(alice).endswith(".")
    assert standing.asks_too_often(bob) == ""
    Approval.objects.update(requested_at=timezone.now() - timezone.timedelta(seconds=61))
    assert standing.asks_too_often(alice) == ""


async def test_one_approval_too_many_is_denied_without_asking(crew, demo, script, alice, settings):
    settings.K8SMCP_MAX_APPROVALS_PER_MINUTE = 1
    script([{"wish": "k8s_scale", "arguments": _SCALE}, {"wish": "k8s_scale", "arguments": _SCALE}], [{"say": "Over."}])
    accepted = await in_database(messages.send, alice, "scale twice")
    await becomes(lambda: in_database(ToolCall.objects.filter(status="denied").exists))
    assert await in_database(Approval.objects.count) == 1
    await in_database(runs.stop, alice, accepted.run_id)
    await ended(accepted.run_id)


_SCALE = {"kind": "deployment", "name": "storefront", "namespace": "shop", "replicas": 2}


def test_a_wait_is_told_in_whole_seconds():
    assert math.ceil(TooMany("Wait.", after=0.2).after) == 1
