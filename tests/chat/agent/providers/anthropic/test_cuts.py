"""A stream cut at every single byte never yields a wish; only the whole of it does."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.agent.errors import ModelError
from chat.agent.ports import Finished, Wish
from chat.agent.providers.anthropic.events import events
from chat.agent.providers.anthropic.failures import Broken, Place
from chat.agent.providers.anthropic.message import Message
from chat.agent.providers.anthropic.provider import Patience
from chat.agent.providers.anthropic.strict import strict_object
from tests.chat.agent.providers.anthropic.conftest import Rehearse
from tests.fakemodel import wire

ARGUMENTS = {"kind": "pods", "namespace": "prod", "label_selector": "app=old,track=canary"}
REPLY = {
    "blocks": [
        {"think": "They want the old canaries gone. ✓", "chunks": 2},
        {"text": "I will delete the old canaries – only those.", "chunks": 3},
        {"tool": "k8s_delete", "id": "toolu_1", "input": ARGUMENTS, "chunks": 6},
        {"tool": "k8s_list", "id": "toolu_2", "input": {"kind": "pods"}, "chunks": 2},
    ]
}
WHOLE = wire.body(REPLY)
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
SIMPLE = st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | WORDS
PLACE = Place("model.test", "m")


async def read(chunks: list[bytes]) -> Finished:
    async def source() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    message = Message(PLACE, 16_000)
    async for told in events(source()):
        for event in told:
            for _ in message.take(event):
                pass
            if message.ended:
                return message.finished()
    return message.finished()


async def test_the_whole_stream_yields_its_wishes():
    finished = await read([WHOLE])
    assert finished.wishes == (Wish("toolu_1", "k8s_delete", ARGUMENTS), Wish("toolu_2", "k8s_list", {"kind": "pods"}))


async def test_a_stream_cut_at_any_byte_yields_no_wish():
    for offset in range(len(WHOLE)):
        with pytest.raises(Broken):
            await read([WHOLE[:offset]])


async def test_a_stream_split_at_any_byte_is_the_same_stream():
    expected = (await read([WHOLE])).wishes
    for offset in range(0, len(WHOLE), 3):
        assert (await read([WHOLE[:offset], WHOLE[offset:]])).wishes == expected
    assert (await read([WHOLE[at : at + 1] for at in range(len(WHOLE))])).wishes == expected


@pytest.mark.parametrize("how", ["close", "break"])
async def test_over_the_wire_too_a_cut_yields_no_wish(rehearse: Rehearse, how: str):
    offsets = sorted({*range(0, len(WHOLE), 97), *range(len(WHOLE) - 6, len(WHOLE))})
    replies = [{"raw": WHOLE.decode(), "cut": {"bytes": offset, "how": how}} for offset in offsets]
    play = await rehearse(*replies, patience=Patience(attempts=1))
    for _ in offsets:
        with pytest.raises(ModelError, match="Send the message again"):
            await play.run()
    assert len(play.fake.requests) == len(offsets)
    assert play.stage.of("perform") == play.stage.of("round_ended") == []


@given(st.recursive(SIMPLE, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner), max_leaves=20))
@settings(max_examples=60, deadline=None)
def test_every_object_survives_strict_reading(value: object):
    assert strict_object(json.dumps({"value": value})) == {"value": value}


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes_make_no_answer(noise: bytes):
    with pytest.raises(Broken):
        asyncio.run(read([noise]))


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_a_stream_with_damaged_bytes_is_read_or_refused_and_nothing_else(offset: int, damage: bytes):
    """Damage inside a word cannot be noticed here (TLS does that); it must not bring the reader down."""
    damaged = WHOLE[:offset] + damage + WHOLE[offset + len(damage) :]
    try:
        finished = asyncio.run(read([damaged]))
    except Broken:
        return
    assert all(isinstance(wish.arguments, dict) for wish in finished.wishes)
