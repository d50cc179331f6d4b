"""What a socket missed in a conversation, in one query that is compiled once.

Hundreds come back in the same second after a restart. Django compiles a queryset anew each time it is asked, and for
this one that takes longer than the database takes to answer.
"""

import json
import uuid
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from chat import journal
from chat.access import visible_to
from chat.models import Conversation, Event, Run
from chat.models.run import ENDED
from chat.web.told import moment_of

REPLAY = 300  # events; a larger gap gets a fresh page
MOST = REPLAY + 2  # the event they know, and one more than can be replayed
Row = tuple[Any, ...]
PERSON, CONVERSATION, SEQ = 2_000_000_011, uuid.UUID(int=2_000_000_033), 2_000_000_063  # stand for what is asked


def rows(user: User, conversation_id: uuid.UUID | str, seq: int) -> list[Row]:
    """(head, whether a run is active, epoch, and per event from `seq` on seq, type, data as JSON text, at, run); one
    row with an empty event when there is none, no row when the conversation is not theirs. All as text: making objects
    of hundreds of rows would take longer than everything else."""
    sql, parameters = _compiled(connection.vendor)
    asked = {PERSON: user.pk, _stored(CONVERSATION): _stored(conversation_id), SEQ: seq}
    with connection.cursor() as cursor:
        cursor.execute(sql, [asked.get(each, each) for each in parameters])
        found: list[Row] = cursor.fetchall()
    return found


def event(conversation_id: uuid.UUID | str, row: Row) -> Event:
    """Of (seq, type, data, at, run): what is shown of an event, without what only the model gets back."""
    seq, kind, data, at, run = row
    read = {  # in the order of the model's fields, which is what from_db goes by
        "conversation_id": uuid.UUID(str(conversation_id)),
        "seq": seq,
        "run_id": run and uuid.UUID(run),
        "type": kind,
        "data": json.loads(data),
        "at": datetime.fromisoformat(moment_of(at)),
    }
    return Event.from_db(connection.alias, read.keys(), read.values())


@cache
def _compiled(vendor: str) -> tuple[str, tuple[Any, ...]]:
    return _asked_by(User(pk=PERSON), CONVERSATION, SEQ).query.sql_with_params()


def _stored(conversation_id: uuid.UUID | str) -> Any:
    return Conversation._meta.pk.get_db_prep_value(uuid.UUID(str(conversation_id)), connection)


def _asked_by(user: User, conversation_id: uuid.UUID, seq: int) -> QuerySet[Conversation, Row]:
    active = Run.objects.filter(conversation=OuterRef("pk")).exclude(status__in=ENDED)
    missed = FilteredRelation("events", condition=Q(events__seq__gte=seq))
    return (
        visible_to(user)
        .filter(pk=conversation_id)
        .annotate(missed=missed, busy=Exists(active), epoch=journal.epoch())
        .order_by("missed__seq")
        .values_list(
            "head_seq",
            "busy",
            "epoch",
            "missed__seq",
            "missed__type",
            *(Cast(f"missed__{name}", TextField()) for name in ("data", "at", "run_id")),
        )[:MOST]
    )
