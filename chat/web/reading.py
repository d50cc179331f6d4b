"""What sockets read from the database, each in one hop."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Count, Exists, FilteredRelation, OuterRef, Q, TextField
from django.db.models.functions import Cast

from chat import journal
from chat.access import find, visible_to
from chat.event_types import BLOCK_ENDS, Complete
from chat.models import Conversation, Run
from chat.models.run import ENDED
from chat.web import person
from chat.web.frames import Frame
from chat.web.person import Person
from chat.web.told import Told, encoded

REPLAY = 300  # events; a larger gap gets a fresh page
PAGE = 200
Place = tuple[str, int]  # a conversation, and the number above which to read


@dataclass(frozen=True, slots=True)
class Active:
    """A run that has not ended: what it is saying right now, and the number of its newest closed block, -1 for none."""

    open_block: Frame | None
    closed: int


@dataclass(frozen=True, slots=True)
class Found:
    """`recovered`: the events are all that came after the number asked for; else they are the newest page. `events`:
    durable frames as JSON text; `seq`: the number of the last of them; `ended`: the runs that ended in them."""

    head: int
    recovered: bool
    events: list[str]
    seq: int
    ended: set[str]
    active: dict[str, Active]


# ---- coming back -------------------------------------------------------------------------------------------------


def since_or_page(user: User, conversation_id: uuid.UUID | str, seq: int, *, html: bool) -> Found:
    """Everything after `seq`; a fresh page when that is too much, or when there is no such number yet. One query where
    nothing runs. Raises NotFound."""
    rows = list(_missed(user, conversation_id, seq))
    if not rows:
        find(user, conversation_id)  # says in a sentence why there is nothing
    head, busy = rows[0][:2] if rows else (0, False)
    active = _active(conversation_id) if busy else {}
    recovered = seq <= head and len(rows) <= REPLAY
    if not recovered or html:
        return _as_told(conversation_id, head, seq if recovered else None, active, html)
    events = [row[2:] for row in rows if row[2] is not None]
    ended = {str(run) for _, kind, _, _, run in events if kind == Complete.type}
    texts = [encoded(*row[:4]) for row in events]
    return Found(head, True, texts, events[-1][0] if events else seq, ended, active)


def _missed(user: User, conversation_id: uuid.UUID | str, seq: int) -> Iterable[tuple]:  # type: ignore[type-arg]
    """(head, whether a run is active, and per event seq, type, data as JSON text, at, run); one row with an empty event
    when nothing was missed, none when the conversation is not theirs."""
    active = Run.objects.filter(conversation=OuterRef("pk")).exclude(status__in=ENDED)
    missed = FilteredRelation("events", condition=Q(events__seq__gt=seq))
    return (
        visible_to(user)
        .filter(pk=conversation_id)
        .annotate(missed=missed, busy=Exists(active))
        .order_by("missed__seq")
        .values_list(
            "head_seq",
            "busy",
            "missed__seq",
            "missed__type",
            Cast("missed__data", TextField()),
            "missed__at",
            "missed__run_id",
        )[: REPLAY + 1]
    )


def _as_told(
    conversation_id: uuid.UUID | str, head: int, seq: int | None, active: dict[str, Active], html: bool
) -> Found:
    """From `seq` on, or the newest page."""
    if seq is None:
        events = journal.before(conversation_id, head + 1, PAGE)
    else:
        events = journal.since(conversation_id, seq, REPLAY)
    texts = [Told(event, html=html).text(html) for event in events]
    ended = {str(event.run_id) for event in events if event.type == Complete.type}
    return Found(head, seq is not None, texts, events[-1].seq if events else seq or 0, ended, active)


def _active(conversation_id: uuid.UUID | str) -> dict[str, Active]:
    runs = Run.objects.filter(conversation_id=conversation_id).exclude(status__in=ENDED)
    ends = Count("events", filter=Q(events__type__in=[end.type for end in BLOCK_ENDS.values()]))
    return {str(run.pk): Active(_said(run), run.blocks - 1) for run in runs.annotate(blocks=ends)}


# ---- going on live -----------------------------------------------------------------------------------------------


def since(places: Iterable[Place], *, html: bool) -> dict[Place, list[Told]]:
    """The next page of events above each place."""
    return {place: [Told(event, html=html) for event in journal.since(*place, PAGE)] for place in places}


def open_blocks(runs: Iterable[str]) -> list[Frame]:
    """What those of the runs that are in the middle of a block are saying right now."""
    said = [_said(run) for run in Run.objects.filter(pk__in=list(runs), open_block__isnull=False)]
    return [block for block in said if block is not None]


def _said(run: Run) -> Frame | None:
    """The checkpoint of what a run is saying right now, as a delta from the beginning of its block."""
    if run.open_block is None:
        return None
    data = {"conversation_id": str(run.conversation_id), "run_id": str(run.pk), "offset": 0}
    return {
        "type": run.open_block["kind"],
        "data": data | {"block": run.open_block["block"], "text": run.open_block["text"]},
    }


# ---- what time brings --------------------------------------------------------------------------------------------


def heads(conversations: Iterable[str]) -> dict[str, int]:
    found = Conversation.objects.filter(pk__in=list(conversations)).values_list("pk", "head_seq")
    return {str(pk): head for pk, head in found}


def look_again(known: Person, conversations: list[str]) -> tuple[Person | None, set[str]]:
    """The person read anew, None when they may not be here any more; and what of `conversations` they still see."""
    found = person.still(known)
    if found is None:
        return None, set()
    visible = visible_to(found.user).filter(pk__in=conversations).values_list("pk", flat=True) if conversations else []
    return found, {str(pk) for pk in visible}
