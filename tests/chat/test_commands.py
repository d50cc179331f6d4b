"""A command has one effect and one answer, however often, from wherever and how fast it comes."""

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection

from chat.actions import approvals, commands, conversations, leases, messages, queue, rounds, runs
from chat.actions.commands import Named
from chat.agent.ports import Usage
from chat.asking import Question
from chat.errors import BadInput, Conflict, NotFound
from chat.models import Approval, Command, Conversation, Event, Message, Run, ToolCall
from tests.chat.rest.test_rest import Api
from tests.chat.sockets import Client
from tests.chat.test_leases import at_once
from tests.conftest import in_database


def everything() -> list[Any]:
    kinds = (Conversation, Message, Run, Event, ToolCall, Approval, Command)
    return [list(kind.objects.order_by("pk").values()) for kind in kinds]


# ---- the rule ----------------------------------------------------------------------------------------------------


class Effect:
    """Counts how often it was made; each time another answer."""

    def __init__(self) -> None:
        self.made = 0
        self._lock = threading.Lock()

    def __call__(self) -> dict[str, int]:
        with self._lock:
            self.made += 1
            return {"n": self.made}


def test_the_same_again_is_the_same_answer_without_an_effect(alice):
    effect = Effect()
    first = commands.once(alice, Named("stop", "a"), {"run_id": "r"}, effect)
    again = commands.once(alice, Named("stop", "a"), {"run_id": "r"}, effect)
    assert (first, again) == (commands.Once({"n": 1}), commands.Once({"n": 1}, again=True))
    assert effect.made == 1


@pytest.mark.parametrize(("kind", "content"), [("stop", {"run_id": "other"}), ("steer", {"run_id": "r"})])
def test_the_same_id_for_something_else_is_a_conflict(alice, kind, content):
    effect = Effect()
    commands.once(alice, Named("stop", "a"), {"run_id": "r"}, effect)
    with pytest.raises(Conflict) as refused:
        commands.once(alice, Named(kind, "a"), content, effect)
    assert refused.value.code == "repeated_id"
    assert effect.made == 1


def test_an_effect_that_raised_leaves_no_record_and_may_be_asked_for_again(alice):
    def refused() -> dict[str, Any]:
        conversations.create(alice)
        raise BadInput("Not today.")

    with pytest.raises(BadInput):
        commands.once(alice, Named("stop", "a"), {}, refused)
    assert Command.objects.count() == Conversation.objects.count() == 0
    assert not commands.once(alice, Named("stop", "a"), {}, Effect()).again


def test_ids_are_a_persons_own_and_a_uuid_is_the_same_however_it_is_spelled(alice, bob):
    effect, name = Effect(), uuid.uuid4()
    commands.once(alice, Named("stop", str(name)), {}, effect)
    assert commands.once(alice, Named("stop", name.hex.upper()), {}, effect).again
    assert not commands.once(bob, Named("stop", str(name)), {}, effect).again


def test_an_id_that_is_no_uuid_counts_within_its_conversation(alice):
    effect = Effect()
    for conversation in ("a", "b"):
        assert not commands.once(alice, Named("stop", "1", conversation), {"run_id": conversation}, effect).again
    assert commands.once(alice, Named("stop", "1", "a"), {"run_id": "a"}, effect).again
    with pytest.raises(Conflict):
        commands.once(alice, Named("stop", "1", "a"), {"run_id": "c"}, effect)


def test_without_an_id_every_time_is_a_new_time(alice):
    effect = Effect()
    assert [commands.once(alice, Named("stop", ""), {}, effect).answer["n"] for _ in range(3)] == [1, 2, 3]
    assert Command.objects.count() == 0


def test_many_at_once_wait_for_the_first_and_get_its_answer(transactional_db, alice):
    effect = Effect()
    brought = at_once(6, lambda n: commands.once(alice, Named("stop", "a"), {}, effect))
    assert [done.answer for done in brought] == [{"n": effect.made}] * 6
    assert sorted(done.again for done in brought) == [False] + [True] * 5
    assert Command.objects.count() == 1


# ---- every command, over the socket ------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """A conversation with a run that waits for a person, and a message queued behind it."""

    conversation: str
    active: str
    approval: str
    queued: str


def made(alice) -> World:
    first = messages.send(alice, "make it")
    claim = leases.claim("somewhere")
    rounds.start(claim, "scripted", "script")
    call = ToolCall(tool="namespace_create", arguments={"name": "x"}, cluster="c", effect="CHANGE", intent="Make x")
    rounds.close_round(claim, [call], Usage())
    approval = approvals.request(claim, call, "Make x", Question({}, {}, "digest", "Because."))
    runs.park(claim)
    second = messages.send(alice, "and then", conversation_id=uuid.UUID(first.conversation_id), message_id=uuid.uuid4())
    return World(first.conversation_id, first.run_id, str(approval.pk), second.message_id)


COMMANDS: dict[str, Callable[[World], dict[str, Any]]] = {
    "send": lambda world: {"text": "one more", "conversation_id": world.conversation},
    "stop": lambda world: {"run_id": world.active},
    "decide": lambda world: {"approval_id": world.approval, "decision": "approve", "reason": "go"},
    "queue_edit": lambda world: {"message_id": world.queued, "text": "and after that"},
    "queue_remove": lambda world: {"message_id": world.queued},
    "steer": lambda world: {"message_id": world.queued},
    "rename": lambda world: {"conversation_id": world.conversation, "title": "A better title"},
}
OTHERWISE: dict[str, dict[str, Any]] = {
    "send": {"text": "something else"},
    "decide": {"decision": "reject"},
    "queue_edit": {"text": "something else"},
    "rename": {"title": "Another title"},
}
every_command = pytest.mark.parametrize("kind", COMMANDS)


@pytest.fixture
def world(transactional_db, alice) -> World:
    return made(alice)


@pytest.fixture
def token(transactional_db, alice, token_of):
    return token_of(alice)


def command(kind: str, world: World) -> dict[str, Any]:
    return {"type": kind, "id": str(uuid.uuid4()), **COMMANDS[kind](world)}


async def answered(client: Client, frame: dict[str, Any]) -> dict[str, Any]:
    await client.say(frame)
    while (answer := await client.hear())["data"].get("id") != frame["id"]:
        pass
    return answer


@every_command
async def test_the_same_frame_twice_has_one_effect_and_one_answer(world, token, kind):
    frame = command(kind, world)
    async with Client(token) as client:
        first = await answered(client, frame)
        after = await in_database(everything)
        second = await answered(client, frame)
    assert first["type"] == "ack"
    assert second == first
    assert await in_database(everything) == after


@every_command
async def test_an_answer_that_was_lost_is_given_again_on_a_new_socket(world, token, kind):
    """The socket goes right after the frame was said; what the server did about it is done once."""
    frame = command(kind, world)
    async with Client(token) as gone:
        await gone.say(frame)
    async with Client(token) as back:
        first = await answered(back, frame)
        after = await in_database(everything)
        assert await answered(back, frame) == first
    assert first["type"] == "ack"
    assert await in_database(everything) == after
    assert await in_database(Command.objects.filter(name=frame["id"]).count) == 1


@every_command
async def test_an_id_that_was_used_for_another_command_has_no_second_effect(world, token, kind):
    other = {"type": "send", "id": str(uuid.uuid4()), "text": "hello"}
    if kind == "send":
        other = {"type": "stop", "id": other["id"], "run_id": world.active}
    async with Client(token) as client:
        await answered(client, other)
        before = await in_database(everything)
        refused = await answered(client, command(kind, world) | {"id": other["id"]})
    assert (refused["type"], refused["data"]["code"]) == ("nack", "repeated_id")
    assert await in_database(everything) == before


@pytest.mark.parametrize("kind", OTHERWISE)
async def test_the_same_id_with_other_content_is_refused(world, token, kind):
    frame = command(kind, world)
    async with Client(token) as client:
        await answered(client, frame)
        before = await in_database(everything)
        refused = await answered(client, frame | OTHERWISE[kind])
    assert (refused["type"], refused["data"]["code"]) == ("nack", "repeated_id")
    assert await in_database(everything) == before


DEEDS: dict[str, Callable[[Any, World, str], Any]] = {
    "send": lambda who, world, name: messages.send(
        who, "one more", message_id=uuid.UUID(name), conversation_id=uuid.UUID(world.conversation)
    ),
    "stop": lambda who, world, name: runs.stop(who, world.active, command_id=name).status,
    "decide": lambda who, world, name: approvals.decide(who, world.approval, "approve", command_id=name).status,
    "queue_edit": lambda who, world, name: queue.edit(who, world.queued, "and after that", command_id=name),
    "queue_remove": lambda who, world, name: queue.remove(who, world.queued, command_id=name),
    "steer": lambda who, world, name: queue.steer(who, world.queued, command_id=name),
    "rename": lambda who, world, name: conversations.rename(who, world.conversation, "New", command_id=name).head_seq,
}


@pytest.mark.parametrize("kind", DEEDS)
def test_two_at_once_have_one_effect_and_one_answer(world, alice, kind):
    name = str(uuid.uuid4())
    brought = at_once(4, lambda n: DEEDS[kind](alice, world, name))
    assert brought == [brought[0]] * 4
    assert not isinstance(brought[0], Exception)
    row = Command.objects.get(name=name)
    assert row.kind == kind
    effects = {"send": 2, "stop": 1, "decide": 1, "queue_edit": 1, "queue_remove": 1, "steer": 0, "rename": 1}
    told = {"send": "user_message", "stop": "complete", "decide": "approval_decided", "queue_edit": "message_edited"}
    told |= {"queue_remove": "message_removed", "steer": "message_steered", "rename": "conversation_renamed"}
    count = Event.objects.filter(type=told[kind]).count()
    assert count == effects[kind] + (1 if kind == "send" else 0)


def test_the_record_is_of_the_same_transaction_as_the_effect(world, alice):
    """Whoever finds the effect finds the record: both are there, or neither."""
    frames = [(kind, str(uuid.uuid4())) for kind in ("queue_edit", "rename", "steer", "decide", "stop")]
    for kind, name in frames:
        DEEDS[kind](alice, world, name)
    assert set(Command.objects.filter(name__in=[name for _, name in frames]).values_list("kind", flat=True)) == {
        kind for kind, _ in frames
    }
    assert not connection.in_atomic_block


def test_a_message_that_was_edited_is_still_answered_as_it_was_sent(world, alice):
    name = uuid.uuid4()
    first = messages.send(alice, "one more", message_id=name, conversation_id=uuid.UUID(world.conversation))
    queue.edit(alice, name, "something else")
    assert messages.send(alice, "one more", message_id=name) == first
    with pytest.raises(Conflict):
        messages.send(alice, "something else", message_id=name)


def test_a_message_from_before_commands_were_recorded_is_known(world, alice):
    name = uuid.uuid4()
    first = messages.send(alice, "one more", message_id=name)
    Command.objects.all().delete()
    assert messages.send(alice, "one more", message_id=name) == first
    with pytest.raises(Conflict):
        messages.send(alice, "something else", message_id=name)


def test_nobody_takes_the_id_of_somebody_elses_message_in_a_conversation(world, alice, bob):
    """Whoever watches places a message by its id."""
    conversations.share(alice, world.conversation, True)
    with pytest.raises(Conflict) as refused:
        messages.send(bob, "mine", message_id=uuid.UUID(world.queued), conversation_id=uuid.UUID(world.conversation))
    assert refused.value.code == "repeated_id"
    assert Message.objects.filter(client_id=world.queued).count() == 1


def test_a_repeated_command_says_nothing_of_what_is_no_longer_shared(world, alice, bob):
    conversations.share(alice, world.conversation, True)
    runs.stop(bob, world.active, command_id="s")
    conversations.share(alice, world.conversation, False)
    with pytest.raises(NotFound):
        runs.stop(bob, world.active, command_id="s")


# ---- over REST ---------------------------------------------------------------------------------------------------

REST: dict[str, Callable[[World], tuple[str, str, dict[str, Any]]]] = {
    "stop": lambda world: ("post", f"/api/v1/runs/{world.active}/stop", {}),
    "decide": lambda world: ("post", f"/api/v1/approvals/{world.approval}/decision", {"decision": "reject"}),
    "rename": lambda world: ("patch", f"/api/v1/conversations/{world.conversation}", {"title": "New", "shared": True}),
    "queue_edit": lambda world: ("patch", _message(world), {"text": "and after that"}),
    "queue_remove": lambda world: ("delete", _message(world), {}),
    "steer": lambda world: ("post", _message(world) + "/steer", {}),
}


def _message(world: World) -> str:
    return f"/api/v1/conversations/{world.conversation}/messages/{world.queued}"


@pytest.mark.parametrize("kind", REST)
async def test_over_rest_the_same_request_twice_has_one_effect_and_one_answer(world, token, kind):
    api, (method, path, body) = Api(token), REST[kind](world)
    name = str(uuid.uuid4())
    if method == "delete":
        path, body = f"{path}?id={name}", None
    else:
        body = body | {"id": name}
    first = await api.send(method, path, body)
    after = await in_database(everything)
    second = await api.send(method, path, body)
    assert first.status_code == second.status_code == 200, first.content
    assert json.loads(first.content) == json.loads(second.content)
    assert await in_database(everything) == after


async def test_a_repeated_fallback_waits_for_the_same_run(crew, script, token):
    script([{"say": "Hello."}])
    api, said = Api(token), {"message": "hello", "id": str(uuid.uuid4())}
    first = (await api.post("/api/chat/message", said)).json()
    assert (await api.post("/api/chat/message", said)).json() == first
    assert await in_database(Run.objects.count) == 1


async def test_a_call_without_a_model_is_made_once_and_the_id_holds_its_arguments(crew, demo, token):
    api, name = Api(token), str(uuid.uuid4())
    path, wanted = "/api/v1/tools/k8s_list/call", {"arguments": {"kind": "pods"}, "id": name}
    first = (await api.post(path, wanted)).json()
    assert first["status"] == "completed"
    assert (await api.post(path, wanted)).json() == first
    refused = await api.post(path, {"arguments": {"kind": "pods", "limit": 3}, "id": name})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "repeated_id")
    assert await in_database(ToolCall.objects.count) == 1


@pytest.mark.parametrize("kind", REST)
async def test_over_rest_an_id_is_not_needed(world, token, kind):
    api, (method, path, body) = Api(token), REST[kind](world)
    answer = await api.send(method, path, body or None)
    assert answer.status_code == 200, answer.content
