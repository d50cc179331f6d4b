"""Frames made to break the live door: each is answered, and the socket is as good as before."""

import json
import uuid

import pytest

from tests.chat.sockets import Client
from tests.conftest import in_database

HALF = "\\ud800"
RUN = str(uuid.uuid4())
FRAMES = [
    f'{{"type": "stop", "id": "{HALF}"}}',
    f'{{"type": "stop", "id": "a", "run_id": "{RUN}", "{HALF}": 1}}',
    f'{{"type": "stop", "id": "a", "run_id": "{HALF}"}}',
    f'{{"type": "{HALF}", "id": "a"}}',
    f'{{"type": "stop", "id": "{HALF}", "run_id": "{RUN}"}}',
    '{"type": [], "id": "a"}',
    '{"type": {"a": 1}, "id": "a"}',
    '{"type": null}',
    '{"type": "stop", "id": ""}',
    '{"type": "stop", "id": 5}',
    f'{{"type": "stop", "id": "a", "run_id": "{RUN}", "{"k" * 9000}": 1}}',
    f'{{"type": "resume", "id": "a", "conversation_id": "{RUN}", "seq": 1e999}}',
    f'{{"type": "resume", "id": "a", "conversation_id": "{RUN}", "seq": {"9" * 400}}}',
    f'{{"type": "resume", "id": "a", "conversation_id": "{RUN}", "seq": {"9" * 5000}}}',
    f'{{"type": "resume", "id": "a", "conversation_id": "{RUN}", "seq": true}}',
    '{"a":' * 3000 + "1" + "}" * 3000,
]


@pytest.mark.parametrize("frame", FRAMES, ids=range(len(FRAMES)))
async def test_a_hostile_frame_is_answered_and_the_socket_stays(transactional_db, alice, token_of, frame):
    async with Client(await in_database(token_of, alice)) as client:
        await client.say(frame)
        answer = await client.hear()
        assert answer["type"] in ("error", "nack")
        told = answer["data"].get("message") or answer["data"]["error"]
        assert told.endswith(".")
        assert len(told) < 400
        await client.say({"type": "stop", "id": "still here", "run_id": RUN})
        assert (await client.until("nack", id="still here"))["data"]["code"] == "not_found"


async def test_half_a_character_in_a_message_is_mended(crew, script, alice, token_of):
    script([{"say": "You said {words}"}])
    async with Client(await in_database(token_of, alice)) as client:
        await client.say(f'{{"message": "a{HALF}b"}}')
        assert (await client.until("complete"))["data"]["message"] == "You said a\ufffdb"


async def test_a_number_far_beyond_every_event_gets_a_fresh_page(crew, script, alice, token_of):
    script([{"say": "Hello."}])
    async with Client(await in_database(token_of, alice)) as client:
        name = (await client.send("hello"))["data"]["conversation_id"]
        await client.until("complete")
        await client.say(json.dumps({"type": "resume", "id": "r", "conversation_id": name, "seq": 10**300}))
        assert (await client.until("welcome"))["data"]["recovered"] is False
        await client.until("caught_up")
