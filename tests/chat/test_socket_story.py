"""The seed document's story through the live door, with a client that knows nothing but the seed's protocol."""

import pytest

from tests.chat.sockets import Client

SEED = {"thinking", "text", "tool_call_start", "tool_call_end", "error", "complete"}


@pytest.fixture
def story(script):
    script(
        [{"say": "I will look. ", "chunks": 4}, {"wish": "clusters_list", "arguments": {}}],
        [{"say": "There is nothing **registered**.", "chunks": 6, "delay": 0.01}],
    )


async def test_the_seed_document_frame_by_frame(crew, story, alice, token_of):
    async with Client(await in_db(token_of, alice)) as client:
        await client.say({"message": "list all pods", "conversation_id": None})
        await client.until("complete")
    seen = [frame for frame in client.frames if frame["type"] in SEED]
    kinds = [frame["type"] for frame in seen]
    assert kinds[0] == "thinking"
    assert kinds[-1] == "complete"
    assert kinds.count("complete") == 1
    start, end = kinds.index("tool_call_start"), kinds.index("tool_call_end")
    assert 0 < start < end
    assert "text" in kinds[:start]
    assert "text" in kinds[end:]
    conversations = {frame["data"]["conversation_id"] for frame in seen}
    assert len(conversations) == 1
    said = "".join(frame["data"]["text"] for frame in seen if frame["type"] == "text")
    complete = seen[-1]["data"]
    assert complete["message"] == "I will look. \n\nThere is nothing **registered**."
    assert said == "I will look. There is nothing **registered**."
    assert complete["outcome"] == "done"
    assert [call["tool_name"] for call in complete["tool_calls"]] == ["clusters_list"]


async def in_db(action, *args):
    from channels.db import database_sync_to_async

    return await database_sync_to_async(action)(*args)
