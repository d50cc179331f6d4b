"""What a socket missed in a conversation, in one prepared query: hundreds come back at once after a restart."""

import json
import uuid
from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from chat import journal
from chat.access import visible_to
from chat.models import Conversation, Event, Run
from chat.models.run import ENDED
from chat.web.told import moment_of
from tools.prepared import Prepared, Row, Slot

REPLAY = 300  # events; a larger gap gets a fresh page
MOST = REPLAY + 2  # the event they know, and one more than can be replayed


def rows(user: User, conversation_id: uuid.UUID | str, seq: int) -> list[Row]:
    """(head, whether a run is active, epoch, and per event from `seq` on seq, type, data as JSON text, at, run); one
    row with an empty event when there is none, no row when the conversation is not theirs. All as text: making objects
    of hundreds of rows would take longer than everything else."""
    return _missed.raw(person=user.pk, conversation=conversation_id, seq=seq)


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


def _asked() -> QuerySet[Conversation, Row]:
    user = User(pk=Slot("person", User._meta.pk))
    active = Run.objects.filter(conversation=OuterRef("pk")).exclude(status__in=ENDED)
    missed = FilteredRelation("events", condition=Q(events__seq__gte=Slot("seq", Event._meta.get_field("seq"))))
    return (
        visible_to(user)
        .filter(pk=Slot("conversation", Conversation._meta.pk))
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


_missed = Prepared(_asked)
