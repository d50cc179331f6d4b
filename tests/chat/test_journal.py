"""The journal: numbers without gap whoever writes, an event with the row it tells of, and pages of it."""

import pytest
from django.db import transaction

from chat import journal
from chat.actions import conversations, messages
from chat.event_types import Notice
from chat.models import Conversation, Event, Message, Run
from tests.chat.test_leases import at_once


def noticed(conversation: Conversation, text: str = "Something.") -> Event:
    with transaction.atomic():
        return journal.append(Notice(conversation_id=str(conversation.pk), code="test", text=text))


def numbers(conversation: Conversation) -> list[int]:
    return list(Event.objects.filter(conversation=conversation).order_by("seq").values_list("seq", flat=True))


@pytest.fixture
def conversation(transactional_db, alice) -> Conversation:
    return conversations.create(alice)


def test_many_writers_leave_no_gap_and_no_double(conversation, alice):
    other = conversations.create(alice)
    brought = at_once(6, lambda n: [noticed((conversation, other)[k % 2]).seq for k in range(10)])
    assert all(isinstance(seqs, list) and seqs[0::2] == sorted(seqs[0::2]) for seqs in brought)
    for each in (conversation, other):
        assert numbers(each) == list(range(1, 31))
        each.refresh_from_db()
        assert each.head_seq == 30 == journal.head(each.pk)


def test_what_is_rolled_back_leaves_no_number_behind(conversation):
    noticed(conversation)
    with transaction.atomic():
        journal.append(Notice(conversation_id=str(conversation.pk), code="test", text="Gone."))
        transaction.set_rollback(True)
    noticed(conversation)
    assert numbers(conversation) == [1, 2]


def test_the_order_of_numbers_is_the_order_of_commits(conversation):
    """Whoever reads up to n never misses a smaller number that comes later."""

    def write_or_read(n: int) -> list[list[int]]:
        if n:
            return [[noticed(conversation).seq] for _ in range(15)]
        return [numbers(conversation) for _ in range(40)]

    for seen in at_once(4, write_or_read)[0]:
        assert seen == list(range(1, len(seen) + 1))


def test_an_event_outside_a_transaction_is_refused(conversation):
    with pytest.raises(RuntimeError, match="transaction"):
        journal.append(Notice(conversation_id=str(conversation.pk), code="test", text="Alone."))
    assert numbers(conversation) == []


def test_a_message_its_run_and_its_event_come_or_go_together(conversation, alice):
    with transaction.atomic():
        messages.send(alice, "hello", conversation_id=conversation.pk)
        assert [Message.objects.count(), Run.objects.count(), Event.objects.count()] == [1, 1, 1]
        transaction.set_rollback(True)
    assert [Message.objects.count(), Run.objects.count(), Event.objects.count()] == [0, 0, 0]
    conversation.refresh_from_db()
    assert conversation.head_seq == 0


def test_pages_forward_and_back(conversation):
    for n in range(7):
        noticed(conversation, f"{n}.")
    assert [event.seq for event in journal.since(conversation.pk, 2, 3)] == [3, 4, 5]
    assert [event.seq for event in journal.before(conversation.pk, 6, 3)] == [3, 4, 5]
    assert journal.since(conversation.pk, 7) == []
    assert journal.since(conversation.pk, 10**30) == []
    assert [event.seq for event in journal.before(conversation.pk, 10**30)] == list(range(1, 8))


def test_what_no_database_can_hold_is_mended(conversation):
    event = noticed(conversation, "a\x00b\ud800c")
    assert Event.objects.get(pk=event.pk).data["text"] == "a\ufffdb\ufffdc"


def test_a_frame_is_what_every_door_shows_and_nothing_sealed(conversation):
    with transaction.atomic():
        told = Notice(conversation_id=str(conversation.pk), code="test", text="Something.")
        event = journal.append(told, sealed={"signature": "secret"})
    frame = Event.objects.get(pk=event.pk).frame()
    assert set(frame) == {"type", "data", "seq", "at"}
    assert frame["at"].endswith("Z")
    assert "secret" not in str(frame)
