"""What sockets read from the database, each in one hop."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

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
from chat.web.told import Told, encoded, moment_of

REPLAY = 300  # events; a larger gap gets a fresh page
PAGE = 200
Row = tuple[Any, ...]
Place = tuple[str, int]  # a conversation, and the number above which to read


@dataclass(frozen=True, slots=True)
class Seen:
    """How far somebody had read: `seq`, and if they know them the `at` of that event and the journal's epoch then."""

    seq: int
    at: str | None = None
    epoch: int | None = None


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
    epoch: int
    recovered: bool
    events: list[str]
    seq: int
    ended: set[str]
    active: dict[str, Active]


# ---- coming back -------------------------------------------------------------------------------------------------


def since_or_page(user: User, conversation_id: uuid.UUID | str, seen: Seen, *, html: bool) -> Found:
    """Everything after what was seen; a fresh page when that is too much, or when the journal does not have what was
    seen, since it was put back from a backup. One query where nothing runs. Raises NotFound."""
    rows = list(_from(user, conversation_id, seen.seq))
    if not rows:
        find(user, conversation_id)  # says in a sentence why there is nothing
    head, busy, epoch = rows[0][:3] if rows else (0, False, journal.FIRST_EPOCH)
    active = _active(conversation_id) if busy else {}
    events = [row[3:] for row in rows if row[3] is not None]
    last = events.pop(0) if events and events[0][0] == seen.seq else None
    recovered = _still_so(seen, head, epoch, last) and len(events) <= REPLAY
    if not recovered or html:
        return _as_told(conversation_id, Found(head, epoch, recovered, [], seen.seq, set(), active), html)
    ended = {str(uuid.UUID(run)) for _, kind, _, _, run in events if kind == Complete.type}
    texts = [encoded(*row[:4]) for row in events]
    return Found(head, epoch, True, texts, events[-1][0] if events else seen.seq, ended, active)


def _still_so(seen: Seen, head: int, epoch: int, last: Row | None) -> bool:
    """Whether the journal has what was seen. `last`: the event of that number, as it stands there now."""
    if seen.seq > head or seen.epoch not in (None, epoch):
        return False
    return not seen.at or seen.seq == 0 or (last is not None and moment_of(last[3]) == seen.at)


def _from(user: User, conversation_id: uuid.UUID | str, seq: int) -> Iterable[Row]:
    """(head, whether a run is active, epoch, and per event from `seq` on seq, type, data as JSON text, at, run); one
    row with an empty event when there is none, no row when the conversation is not theirs. All as text: making objects
    of hundreds of rows would take longer than everything else."""
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
        )[: REPLAY + 2]
    )


def _as_told(conversation_id: uuid.UUID | str, found: Found, html: bool) -> Found:
    """With the events above its number, or of the newest page."""
    if found.recovered:
        events = journal.since(conversation_id, found.seq, REPLAY)
    else:
        events = journal.before(conversation_id, found.head + 1, PAGE)
    texts = [Told(event, html=html).text(html) for event in events]
    ended = {str(event.run_id) for event in events if event.type == Complete.type}
    seq = events[-1].seq if events else found.seq if found.recovered else 0
    return replace(found, events=texts, seq=seq, ended=ended)


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


def heads(conversations: Iterable[str]) -> tuple[dict[str, int], int | None]:
    """The newest number of each, and the journal's epoch; None when none of them is there."""
    rows = Conversation.objects.filter(pk__in=list(conversations)).annotate(epoch=journal.epoch())
    found = list(rows.values_list("pk", "head_seq", "epoch"))
    return {str(pk): head for pk, head, _ in found}, found[0][2] if found else None


def look_again(known: Person, conversations: list[str]) -> tuple[Person | None, set[str]]:
    """The person read anew, None when they may not be here any more; and what of `conversations` they still see."""
    found = person.still(known)
    if found is None:
        return None, set()
    visible = visible_to(found.user).filter(pk__in=conversations).values_list("pk", flat=True) if conversations else []
    return found, {str(pk) for pk in visible}
