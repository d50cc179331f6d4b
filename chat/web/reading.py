"""What sockets read from the database, each in one hop."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Count, Q

from chat import journal, standing
from chat.access import find, visible_to
from chat.event_types import BLOCK_ENDS, Complete
from chat.models import Conversation, Event, Run
from chat.models.run import ENDED
from chat.standing import Person
from chat.web import missed
from chat.web.frames import Frame
from chat.web.told import Told, encoded, moment_of
from tools.prepared import Row

PAGE = 200
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
    rows = missed.rows(user, conversation_id, seen.seq)
    if not rows:
        find(user, conversation_id)  # says in a sentence why there is nothing
    head, busy, epoch = rows[0][:3] if rows else (0, False, journal.FIRST_EPOCH)
    active = _active(conversation_id) if busy else {}
    events = [row[3:] for row in rows if row[3] is not None]
    last = events.pop(0) if events and events[0][0] == seen.seq else None
    if not _still_so(seen, head, epoch, last) or len(events) > missed.REPLAY:
        page = journal.before(conversation_id, head + 1, PAGE)
        return Found(head, epoch, False, *_told(page, 0, html=html), active)
    if html:
        replayed = [missed.event(conversation_id, row) for row in events]
        return Found(head, epoch, True, *_told(replayed, seen.seq, html=True), active)
    texts = [encoded(seq, kind, data, at) for seq, kind, data, at, _ in events]
    ended = {str(uuid.UUID(run)) for _, kind, _, _, run in events if kind == Complete.type}
    return Found(head, epoch, True, texts, events[-1][0] if events else seen.seq, ended, active)


def _still_so(seen: Seen, head: int, epoch: int, last: Row | None) -> bool:
    """Whether the journal has what was seen. `last`: the event of that number, as it stands there now."""
    if seen.seq > head or seen.epoch not in (None, epoch):
        return False
    return not seen.at or seen.seq == 0 or (last is not None and moment_of(last[3]) == seen.at)


def _told(events: list[Event], seq: int, *, html: bool) -> tuple[list[str], int, set[str]]:
    """Their frames, the number of the last of them, `seq` when there is none, and the runs that ended in them."""
    texts = [Told(event, html=html).text(html) for event in events]
    ended = {str(event.run_id) for event in events if event.type == Complete.type}
    return texts, events[-1].seq if events else seq, ended


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
    found = standing.still(known)
    if found is None:
        return None, set()
    visible = visible_to(found.user).filter(pk__in=conversations).values_list("pk", flat=True) if conversations else []
    return found, {str(pk) for pk in visible}
