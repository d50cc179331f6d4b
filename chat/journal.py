"""The only writer of events: numbers them, and reads them back from a number on."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from chat import doorbell, storable
from chat.event_types import EventData
from chat.models import Conversation, Event, JournalState, Run
from tools import redaction
from tools.prepared import Prepared, Slot

FIRST_EPOCH = 1


def append(data: EventData, *, run: Run | None = None, sealed: Mapping[str, Any] | None = None) -> Event:
    """Writes one event inside the caller's transaction, without what is secret in it, and rings after its commit.

    The conversation's row is locked by taking the number, so numbers have no gap and commit order is their order.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An event is written in the transaction of the row it tells of.")
    now = timezone.now()
    seq = _next_number(data.conversation_id, now)
    event = Event.objects.create(
        conversation_id=uuid.UUID(data.conversation_id),
        seq=seq,
        run=run,
        type=data.type,
        data=redaction.data(storable.data(data.model_dump(mode="json"))),
        sealed=storable.data(dict(sealed or {})),
        at=now,
    )
    transaction.on_commit(partial(doorbell.ring, data.conversation_id, seq))
    return event


def _next_number(conversation_id: str, now: datetime) -> int:
    """In one statement, which Django's ORM has no word for; SQLite and PostgreSQL have the same."""
    connection = transaction.get_connection()
    key = Conversation._meta.pk.get_db_prep_value(uuid.UUID(conversation_id), connection)
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chat_conversation SET head_seq = head_seq + 1, updated_at = %s WHERE id = %s RETURNING head_seq",
            [at, key],
        )
        (seq,) = cursor.fetchone()
    return int(seq)


def since(conversation_id: uuid.UUID | str, seq: int, limit: int = 500) -> list[Event]:
    """Events above `seq`, oldest first."""
    return _since(limit).objects(conversation=conversation_id, seq=seq)


def whole(conversation_id: uuid.UUID | str) -> list[Event]:
    return _whole.objects(conversation=conversation_id)


def before(conversation_id: uuid.UUID | str, seq: int, limit: int = 200) -> list[Event]:
    """The newest `limit` events below `seq`, oldest first: a page of history."""
    return list(reversed(_events(conversation_id).filter(seq__lt=seq).order_by("-seq")[:limit]))


def head(conversation_id: uuid.UUID | str) -> int:
    return Conversation.objects.values_list("head_seq", flat=True).get(pk=conversation_id)


def epoch() -> Coalesce:
    """To be read along with what is read anyway: it costs no query of its own, and is never old."""
    return Coalesce(Subquery(JournalState.objects.values("epoch")[:1]), FIRST_EPOCH)


def _events(conversation_id: uuid.UUID | str | Slot) -> QuerySet[Event]:
    return Event.objects.filter(conversation_id=conversation_id).order_by("seq")


_CONVERSATION = Slot("conversation", Conversation._meta.pk)
_whole = Prepared(lambda: _events(_CONVERSATION))


@cache
def _since(limit: int) -> "Prepared[Event]":
    return Prepared(lambda: _events(_CONVERSATION).filter(seq__gt=Slot("seq", Event._meta.get_field("seq")))[:limit])
