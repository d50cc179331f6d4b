"""Coming back costs one query, and brings the very frames that the socket sends live."""

import json
from datetime import UTC, datetime

import pytest

from chat.actions import conversations
from chat.errors import NotFound
from chat.models import Conversation, Event
from chat.web import missed, reading
from chat.web.reading import Seen
from chat.web.told import Told

MOMENTS = [datetime(2026, 11, 26, 9, 0, 0, micro, tzinfo=UTC) for micro in (0, 120_000, 123_456, 1)]


@pytest.fixture
def conversation(transactional_db, alice) -> Conversation:
    made = conversations.create(alice)
    for seq, at in enumerate(MOMENTS, 1):
        data = {"conversation_id": str(made.pk), "run_id": None, "code": "wait", "text": f'é "{seq}" \\ \u2028'}
        Event.objects.create(conversation=made, seq=seq, type="notice", data=data, at=at)
    Conversation.objects.filter(pk=made.pk).update(head_seq=len(MOMENTS))
    return made


def test_what_was_missed_is_the_frames_themselves_in_one_query(conversation, alice, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = reading.since_or_page(alice, conversation.pk, Seen(1), html=False)
    frames = [event.frame() for event in conversation.events.order_by("seq")]
    assert [json.loads(text) for text in found.events] == frames[1:]
    assert (found.recovered, found.head, found.seq, found.active) == (True, 4, 4, {})


def test_with_nothing_missed_one_query_too(conversation, alice, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = reading.since_or_page(alice, conversation.pk, Seen(4), html=False)
    assert (found.recovered, found.events, found.seq) == (True, [], 4)


def test_a_page_gets_its_pieces_in_the_same_query(conversation, alice, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = reading.since_or_page(alice, conversation.pk, Seen(1), html=True)
    live = [Told(event, html=True).text(html=True) for event in conversation.events.order_by("seq")]
    assert found.events == live[1:]


def test_what_is_compiled_once_is_asked_anew_for_each_person_and_number(conversation, alice, bob):
    other = conversations.create(bob)
    assert [row[3] for row in missed.rows(alice, conversation.pk, 3)] == [3, 4]
    assert [row[3] for row in missed.rows(alice, str(conversation.pk), 2)] == [2, 3, 4]
    assert missed.rows(alice, other.pk, 0) == []
    assert [row[0] for row in missed.rows(bob, other.pk, 0)] == [0]


def test_a_number_beyond_the_head_brings_the_newest_page(conversation, alice):
    found = reading.since_or_page(alice, conversation.pk, Seen(9), html=False)
    assert (found.recovered, len(found.events), found.seq) == (False, 4, 4)


def test_too_much_brings_the_newest_page(conversation, alice, monkeypatch):
    monkeypatch.setattr(missed, "REPLAY", 2)
    found = reading.since_or_page(alice, conversation.pk, Seen(0), html=False)
    assert (found.recovered, len(found.events)) == (False, 4)
    assert reading.since_or_page(alice, conversation.pk, Seen(2), html=False).recovered


def test_what_is_not_theirs_is_not_there(conversation, bob):
    with pytest.raises(NotFound, match="not shared with you"):
        reading.since_or_page(bob, conversation.pk, Seen(0), html=False)
