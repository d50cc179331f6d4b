"""The live door: who may come in, what a bad frame gets, and that everyone who watches sees the same."""

import json
import uuid

import pytest
from django.conf import settings

from chat.actions import conversations, tokens
from chat.models import Conversation, Event, Message, Run
from tests.chat.sockets import Client
from tests.conftest import in_database

SAY_HELLO = [{"say": "Hello **there**.", "chunks": 5, "delay": 0.01}]


@pytest.fixture
def token(transactional_db, alice, token_of):
    return token_of(alice)


# ---- coming in ---------------------------------------------------------------------------------------------------


async def closed_with(client: Client) -> tuple[int, str]:
    await client.socket.connect()
    said = await client.socket.receive_output(5)
    return said["code"], said.get("reason", "")


async def test_a_stranger_is_let_in_and_shown_the_door_with_a_reason(transactional_db):
    code, reason = await closed_with(Client("k8smcp_wrong"))
    assert code == 4201
    assert "Sign in" in reason


@pytest.mark.parametrize("origin", [b"http://evil.example", b"null", b"http://localhost:1", b"https://localhost"])
async def test_another_origin_is_refused_even_with_a_good_token(token, origin):
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"origin", origin)]
    code, _ = await closed_with(Client(token, headers=headers))
    assert code == 4503


async def test_a_cookie_without_an_origin_is_refused(transactional_db):
    code, _ = await closed_with(Client("", headers=[(b"cookie", b"sessionid=x")]))
    assert code == 4503


async def test_a_signed_in_browser_comes_in_and_leaves_when_it_signs_out(crew, alice, client, monkeypatch):
    monkeypatch.setattr("chat.web.hub.TEND", 0.05)
    monkeypatch.setattr("chat.web.tending.RECHECK", 0.05)
    await in_database(client.force_login, alice)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    headers = [(b"cookie", f"sessionid={cookie}".encode()), (b"origin", b"http://localhost")]
    async with Client("", headers=headers) as browser:
        await browser.say({"type": "stop", "id": "1", "run_id": str(uuid.uuid4())})
        assert (await browser.hear())["data"]["code"] == "not_found"
        await in_database(client.logout)
        assert (await browser.socket.receive_output(5))["code"] == 4201


async def test_a_revoked_token_ends_its_sockets(crew, alice, token, monkeypatch):
    monkeypatch.setattr("chat.web.hub.TEND", 0.05)
    monkeypatch.setattr("chat.web.tending.RECHECK", 0.05)
    async with Client(token) as program:
        await in_database(alice.access_tokens.update, expires_at="2020-01-01T00:00:00Z")
        assert (await program.socket.receive_output(5))["code"] == 4201


async def test_one_person_opens_only_so_many_sockets(token, settings):
    settings.K8SMCP_MAX_SOCKETS_PER_USER = 1
    async with Client(token):
        code, _ = await closed_with(Client(token))
        assert code == 4509


# ---- frames that cannot be read ----------------------------------------------------------------------------------

BAD = [
    "",
    "not json",
    "[]",
    '"text"',
    "null",
    "{}",
    '{"message": ""}',
    '{"message": null}',
    '{"message": 5}',
    '{"message": "a", "message": "b"}',
    '{"message": NaN}',
    '{"message": "hi", "conversation_id": 7}',
    '{"message": "hi", "conversation_id": "no uuid"}',
    '{"message": "hi", "conversation_id": []}',
    '{"type": "dance"}',
    '{"type": "send"}',
    "[" * 100_000,
    json.dumps({"message": "x" * 70_000}),
]


@pytest.mark.parametrize("frame", BAD, ids=[str(n) for n in range(len(BAD))])
async def test_a_bad_frame_gets_an_error_and_the_socket_stays_usable(crew, script, token, frame):
    script(SAY_HELLO)
    async with Client(token) as client:
        await client.say(frame)
        answer = await client.hear()
        assert answer["type"] == "error"
        assert answer["data"]["scope"] == "frame"
        assert answer["data"]["error"].endswith(".")
        await client.say({"message": "still there?"})
        assert (await client.until("complete"))["data"]["message"] == "Hello **there**."


async def test_a_binary_frame_gets_an_error(token):
    async with Client(token) as client:
        await client.socket.send_to(bytes_data=b"\x00\x01")
        assert "binary" in (await client.hear())["data"]["error"]


@pytest.mark.parametrize("text", ["   ", "\n\t", "x" * 40_000])
async def test_blank_and_overlong_messages_are_refused_and_nothing_is_kept(token, text):
    async with Client(token) as client:
        await client.say({"message": text})
        assert (await client.hear())["type"] == "error"
    assert await in_database(Message.objects.count) == 0
    assert await in_database(Conversation.objects.count) == 0


@pytest.mark.parametrize(
    "command",
    [
        {"type": "send", "id": "not a uuid", "text": "hi"},
        {"type": "send", "id": "a", "text": "hi", "surprise": 1},
        {"type": "resume", "id": "a", "conversation_id": str(uuid.uuid4()), "seq": -1},
        {"type": "resume", "id": "a", "conversation_id": str(uuid.uuid4()), "seq": 0},
        {"type": "stop", "id": "a", "run_id": str(uuid.uuid4())},
        {"type": "decide", "id": "a", "approval_id": str(uuid.uuid4()), "decision": "maybe"},
        {"type": "decide", "id": "a", "approval_id": str(uuid.uuid4()), "decision": "approve"},
        {"type": "queue_edit", "id": "a", "message_id": str(uuid.uuid4()), "text": "hi"},
        {"type": "queue_edit", "id": "a", "message_id": str(uuid.uuid4())},
        {"type": "queue_remove", "id": "a", "message_id": str(uuid.uuid4())},
        {"type": "queue_remove", "id": "a", "message_id": "no uuid"},
        {"type": "steer", "id": "a", "message_id": str(uuid.uuid4()), "text": "hi"},
        {"type": "steer", "id": "a", "message_id": str(uuid.uuid4())},
        {"type": "rename", "id": "a", "conversation_id": str(uuid.uuid4()), "title": "x" * 201},
        {"type": "rename", "id": "a", "conversation_id": str(uuid.uuid4()), "title": "hi"},
    ],
)
async def test_a_typed_command_that_does_not_fit_is_answered_under_its_id(token, command):
    async with Client(token) as client:
        await client.say(command)
        answer = await client.hear()
        assert answer["type"] == "nack"
        assert answer["data"]["id"] == command["id"]
        assert answer["data"]["message"].endswith(".")


async def test_a_read_token_may_watch_but_not_speak(transactional_db, alice):
    token = await in_database(tokens.create, alice, scope="read")
    async with Client(token) as client:
        await client.say({"message": "hi"})
        assert (await client.hear())["data"]["code"] == "scope"


# ---- accepted once -----------------------------------------------------------------------------------------------


async def test_the_same_command_twice_has_one_effect_and_the_same_answer(crew, script, token):
    script(SAY_HELLO)
    command = {"type": "send", "id": str(uuid.uuid4()), "text": "hello"}
    async with Client(token) as client:
        await client.say(command)
        first = await client.until("ack")
        await client.until("complete")
        await client.say(command)
        second = await client.until("ack")
    assert first["data"] == second["data"]
    assert await in_database(Run.objects.count) == 1


async def test_a_repeated_id_with_other_words_is_refused(crew, script, token):
    script(SAY_HELLO)
    command = {"type": "send", "id": str(uuid.uuid4()), "text": "hello"}
    async with Client(token) as client:
        await client.say(command)
        await client.until("complete")
        await client.say(command | {"text": "something else"})
        assert (await client.until("nack"))["data"]["code"] == "repeated_id"
    assert await in_database(Message.objects.count) == 1


async def test_an_unknown_conversation_is_made_and_a_foreign_one_is_not_found(crew, script, token, bob):
    script(SAY_HELLO)
    mine, foreign = str(uuid.uuid4()), str((await in_database(conversations.create, bob)).pk)
    async with Client(token) as client:
        await client.say({"message": "hello", "conversation_id": mine})
        assert (await client.until("complete"))["data"]["conversation_id"] == mine
        for frame in ({"message": "hello", "conversation_id": foreign},):
            await client.say(frame)
            assert (await client.until("error"))["data"]["code"] == "not_found"
        await client.say({"type": "resume", "id": "r", "conversation_id": foreign, "seq": 0})
        assert (await client.until("nack"))["data"]["code"] == "not_found"


# ---- everyone sees the same --------------------------------------------------------------------------------------


async def test_two_tabs_and_two_people_see_the_same_live(crew, script, alice, bob, token_of):
    script([{"say": "One two three four five.", "chunks": 10, "delay": 0.02}, {"wish": "clusters_list"}], SAY_HELLO)
    conversation = await in_database(conversations.create, alice)
    await in_database(conversations.share, alice, conversation.pk, True)
    mine, theirs = await in_database(token_of, alice), await in_database(token_of, bob)
    name = str(conversation.pk)
    async with Client(mine) as speaker, Client(mine) as tab, Client(theirs) as teammate:
        for watcher in (tab, teammate):
            await watcher.say({"type": "resume", "id": "r", "conversation_id": name, "seq": 0})
            await watcher.until("caught_up")
        await speaker.send("hello", conversation_id=name)
        for client in (speaker, tab, teammate):
            await client.until("complete")
    assert speaker.durable() == tab.durable() == teammate.durable()
    for client in (speaker, tab, teammate):
        told = "".join(frame["data"]["text"] for frame in client.frames if frame["type"] == "text")
        assert told == "One two three four five.Hello **there**."


async def test_the_bell_alone_brings_everything_at_once(crew, script, token, monkeypatch):
    """The look every two seconds is a net: without it nothing is late."""
    monkeypatch.setattr("chat.web.hub.TEND", 3600)
    script([{"say": "One by one.", "chunks": 8, "delay": 0.06}])
    async with Client(token) as client:
        await client.send("hello")
        await client.until("complete")
        assert client.types().count("text") > 2


async def test_resume_replays_exactly_what_was_missed(crew, script, token):
    script([{"say": "First."}, {"wish": "clusters_list"}], [{"say": "Second."}])
    async with Client(token) as client:
        name = (await client.send("hello"))["data"]["conversation_id"]
        await client.until("complete")
        whole = client.durable()
    for cut in range(len(whole) + 1):
        async with Client(token) as back:
            await back.say({"type": "resume", "id": "r", "conversation_id": name, "seq": cut})
            welcome = await back.until("welcome")
            await back.until("caught_up")
        assert welcome["data"]["recovered"] is True
        assert back.durable() == whole[cut:]


async def test_a_number_beyond_the_head_gets_a_fresh_page(crew, script, token):
    script(SAY_HELLO)
    async with Client(token) as client:
        name = (await client.send("hello"))["data"]["conversation_id"]
        await client.until("complete")
        whole = client.durable()
        await client.say({"type": "resume", "id": "r", "conversation_id": name, "seq": 10_000})
        welcome = await client.until("welcome")
        assert welcome["data"]["recovered"] is False
        client.frames.clear()
        await client.until("caught_up")
    assert client.durable() == whole


async def test_a_late_joiner_gets_the_open_block_from_its_beginning(crew, script, token, monkeypatch):
    monkeypatch.setattr("chat.actions.leases.RENEW_EVERY", 0.2)
    said = "".join(f"word{n} " for n in range(600))
    script([{"say": said, "chunks": 600, "delay": 0.05}])
    async with Client(token) as first, Client(token) as late:
        sent = await first.send("hello")
        await first.until("text", offset=0)
        for _ in range(8):
            await first.until("text")
        await late.say({"type": "resume", "id": "r", "conversation_id": sent["data"]["conversation_id"], "seq": 0})
        for _ in range(3):  # more than one: not only what the end of the block brings
            await late.until("text")
        await first.say({"type": "stop", "id": "s", "run_id": sent["data"]["run_id"]})
        end = await late.until("text_end")
    live = [frame["data"] for frame in late.frames if frame["type"] == "text"]
    assert live[0]["offset"] == 0
    heard = "".join(piece["text"] for piece in live)
    assert heard == end["data"]["text"]
    assert said.startswith(heard)


async def test_losing_the_right_to_a_conversation_ends_its_view(crew, alice, bob, token_of, monkeypatch):
    monkeypatch.setattr("chat.web.hub.TEND", 0.05)
    monkeypatch.setattr("chat.web.tending.RECHECK", 0.05)
    conversation = await in_database(conversations.create, alice)
    await in_database(conversations.share, alice, conversation.pk, True)
    async with Client(await in_database(token_of, bob)) as watcher:
        await watcher.say({"type": "resume", "id": "r", "conversation_id": str(conversation.pk), "seq": 0})
        await watcher.until("caught_up")
        await in_database(conversations.share, alice, conversation.pk, False)
        assert (await watcher.socket.receive_output(5))["code"] == 4504


async def test_a_run_goes_on_when_the_browser_closes(crew, script, token, tmp_path):
    gate = tmp_path / "gate"
    script([{"say": "Before. "}, {"wait": str(gate), "seconds": 10}, {"say": "After."}])
    async with Client(token) as client:
        name = (await client.send("hello"))["data"]["conversation_id"]
        await client.until("text_end")
    gate.touch()
    async with Client(token) as back:
        await back.say({"type": "resume", "id": "r", "conversation_id": name, "seq": 0})
        complete = await back.until("complete")
    assert complete["data"]["message"] == "Before. \n\nAfter."
    assert await in_database(Event.objects.filter(type="complete").count) == 1


async def test_one_socket_may_begin_any_number_of_conversations(crew, script, token, monkeypatch):
    """Also while its rights are looked at all the time: one that has just begun is not taken for a lost one."""
    monkeypatch.setattr("chat.web.hub.TEND", 0.001)
    monkeypatch.setattr("chat.web.tending.RECHECK", 0.0)
    script(SAY_HELLO)
    async with Client(token) as client:
        for _ in range(25):
            await client.say({"message": "hello", "conversation_id": str(uuid.uuid4())})
            assert (await client.until("complete"))["data"]["outcome"] == "done"
