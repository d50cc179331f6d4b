"""A message is accepted once, whole, by whoever may speak there; the same command again is the same answer."""

import uuid

import pytest

from chat.actions import conversations, messages, people, runs
from chat.errors import BadInput, Conflict, NotAllowed, NotFound, TooMany
from chat.models import Conversation, Event, Message, Run
from tests.chat.sockets import Client
from tests.chat.test_leases import at_once
from tests.conftest import in_database


@pytest.fixture
def people_here(transactional_db, alice, bob):
    return alice, bob


def counts() -> list[int]:
    return [Conversation.objects.count(), Message.objects.count(), Run.objects.count(), Event.objects.count()]


def test_the_same_command_again_is_the_same_answer(people_here, alice):
    command = uuid.uuid4()
    first = messages.send(alice, "hello", message_id=command)
    assert messages.send(alice, "hello", message_id=command) == first
    assert (
        messages.send(alice, " hello\n", message_id=command, conversation_id=uuid.UUID(first.conversation_id)) == first
    )
    assert counts() == [1, 1, 1, 1]


def test_the_same_command_many_times_at_once_has_one_effect_and_one_answer(people_here, alice):
    command, name = uuid.uuid4(), conversations.create(alice).pk
    brought = at_once(6, lambda n: messages.send(alice, "hello", message_id=command, conversation_id=name))
    assert brought == [brought[0]] * 6
    assert isinstance(brought[0], messages.Accepted)
    assert counts() == [1, 1, 1, 1]


def test_the_first_message_of_a_conversation_many_times_at_once(people_here, alice):
    command, name = uuid.uuid4(), uuid.uuid4()
    brought = at_once(6, lambda n: messages.send(alice, "hello", message_id=command, conversation_id=name))
    assert brought == [brought[0]] * 6
    assert counts() == [1, 1, 1, 1]


def test_many_messages_at_once_are_all_accepted_in_one_order(people_here, alice):
    name = conversations.create(alice).pk
    brought = at_once(6, lambda n: messages.send(alice, f"question {n}", conversation_id=name))
    assert sorted(accepted.seq for accepted in brought) == [1, 2, 3, 4, 5, 6]
    by_number = [accepted.run_id for accepted in sorted(brought, key=lambda accepted: accepted.seq)]
    assert [str(pk) for pk in Run.objects.order_by("message_id").values_list("pk", flat=True)] == by_number


@pytest.mark.parametrize("other", [{"text": "something else"}, {"conversation_id": uuid.uuid4()}])
def test_the_same_id_with_other_content_is_a_conflict(people_here, alice, other):
    command = uuid.uuid4()
    messages.send(alice, "hello", message_id=command)
    with pytest.raises(Conflict) as refused:
        messages.send(alice, **({"text": "hello", "message_id": command} | other))
    assert refused.value.code == "repeated_id"
    assert counts() == [1, 1, 1, 1]


def test_two_people_may_make_the_same_id(people_here, alice, bob):
    command = uuid.uuid4()
    mine, theirs = (messages.send(who, "hello", message_id=command) for who in (alice, bob))
    assert mine.conversation_id != theirs.conversation_id


def test_a_repeated_command_does_not_open_what_is_no_longer_shared(people_here, alice, bob):
    conversation = conversations.create(alice)
    conversations.share(alice, conversation.pk, True)
    command = uuid.uuid4()
    messages.send(bob, "hello", message_id=command, conversation_id=conversation.pk)
    conversations.share(alice, conversation.pk, False)
    with pytest.raises(NotFound):
        messages.send(bob, "hello", message_id=command, conversation_id=conversation.pk)


async def test_a_repeated_command_shows_nothing_of_what_is_no_longer_shared(transactional_db, alice, bob, token_of):
    conversation = await in_database(conversations.create, alice)
    await in_database(conversations.share, alice, conversation.pk, True)
    command = {"type": "send", "id": str(uuid.uuid4()), "text": "hello", "conversation_id": str(conversation.pk)}
    async with Client(await in_database(token_of, bob)) as client:
        await client.say(command)
        await client.until("user_message")
    await in_database(conversations.share, alice, conversation.pk, False)
    await in_database(messages.send, alice, "between us", conversation_id=conversation.pk)
    async with Client(await in_database(token_of, bob)) as client:
        await client.say(command)
        assert (await client.hear())["data"]["code"] == "not_found"
        assert await client.socket.receive_nothing(0.2)


def test_a_foreign_or_deleted_conversation_is_not_found_and_nothing_is_kept(people_here, alice, bob):
    foreign, deleted = conversations.create(alice), conversations.create(bob)
    conversations.delete(bob, deleted.pk)
    for name in (foreign.pk, deleted.pk):
        with pytest.raises(NotFound):
            messages.send(bob, "hello", conversation_id=name)
    assert counts() == [2, 0, 0, 0]


def test_an_unknown_conversation_is_made_under_its_id(people_here, alice):
    name = uuid.uuid4()
    assert messages.send(alice, "hello", conversation_id=name).conversation_id == str(name)
    assert Conversation.objects.get().owner == alice


@pytest.mark.parametrize("text", ["", "  \r\n\t", "\x00", "x" * (messages.MESSAGE_LENGTH + 1)])
def test_what_is_blank_or_too_long_is_refused_with_a_sentence(people_here, alice, text):
    with pytest.raises(BadInput) as refused:
        messages.send(alice, text)
    assert str(refused.value).endswith(".")
    assert counts() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x" * messages.MESSAGE_LENGTH, "x" * messages.MESSAGE_LENGTH),
        ("a\r\nb\x00c", "a\nbc"),
        ("half \ud83d a pair", "half \ufffd a pair"),
        ("<script>alert(1)</script> 🚀 שלום", "<script>alert(1)</script> 🚀 שלום"),
    ],
)
def test_what_is_accepted_is_kept_as_it_is(people_here, alice, text, kept):
    messages.send(alice, text)
    assert Message.objects.get().text == kept
    assert Event.objects.get().data["text"] == kept


def test_the_title_is_the_first_line_in_short(people_here, alice):
    messages.send(alice, "why is checkout failing " * 9 + "\nand more")
    title = Conversation.objects.get().title
    assert title.startswith("why is checkout failing")
    assert len(title) <= messages.TITLE_LENGTH


def test_the_bound_of_a_person_is_theirs_alone_and_ended_runs_do_not_count(people_here, alice, bob, settings):
    settings.K8SMCP_MAX_RUNS_PER_USER = 2
    kept = [messages.send(alice, "hello") for _ in range(2)]
    with pytest.raises(TooMany):
        messages.send(alice, "one more")
    messages.send(bob, "hello")
    runs.stop(alice, kept[0].run_id)
    messages.send(alice, "one more")
    assert Message.objects.count() == 4


@pytest.mark.parametrize("role", ["auditor", ""])
def test_who_may_not_converse_is_refused(people_here, role):
    who = people.create("eve", role="auditor")
    who.groups.set([] if not role else who.groups.all())
    with pytest.raises(NotAllowed):
        messages.send(who, "hello")


def test_a_repeated_command_is_answered_even_at_the_bound(people_here, alice, settings):
    settings.K8SMCP_MAX_RUNS_PER_USER = 1
    command = uuid.uuid4()
    assert messages.send(alice, "hello", message_id=command) == messages.send(alice, "hello", message_id=command)
