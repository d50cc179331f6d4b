"""What a socket reads from the database, each in one hop."""

from dataclasses import dataclass

from chat import journal
from chat.access import visible_to
from chat.models import Event, Run
from chat.models.run import ENDED
from chat.web import feed, person
from chat.web.frames import Frame
from chat.web.person import Person

REPLAY = 300  # events; a larger gap gets a fresh page
PAGE = 200


@dataclass(frozen=True, slots=True)
class Found:
    """`recovered`: the events are all that came after the number asked for; else they are the newest page. `active`:
    the runs that have not ended, each with what it is saying right now."""

    head: int
    recovered: bool
    events: list[Frame]
    active: dict[str, Frame | None]


def since_or_page(conversation_id: str, seq: int, *, html: bool) -> Found:
    """Everything after `seq`; a fresh page when that is too much, or when there is no such number yet."""
    head = journal.head(conversation_id)
    recovered = seq <= head and head - seq <= REPLAY
    if recovered:
        events = journal.since(conversation_id, seq, REPLAY)
    else:
        events = journal.before(conversation_id, head + 1, PAGE)
    active = Run.objects.filter(conversation_id=conversation_id).exclude(status__in=ENDED)
    shown = [_frame(event, html) for event in events]
    return Found(head, recovered, shown, {str(run.pk): _said(run) for run in active})


def since(conversation_id: str, seq: int, *, html: bool) -> list[Frame]:
    """The next page of events above `seq`."""
    return [_frame(event, html) for event in journal.since(conversation_id, seq, PAGE)]


def _frame(event: Event, html: bool) -> Frame:
    return event.frame() | ({"html": feed.piece(event)} if html else {})


def open_block(run_id: str) -> Frame | None:
    return _said(Run.objects.get(pk=run_id))


def _said(run: Run) -> Frame | None:
    """The checkpoint of what a run is saying right now, as a delta from the beginning of its block."""
    if run.open_block is None:
        return None
    data = {"conversation_id": str(run.conversation_id), "run_id": str(run.pk), "offset": 0}
    return {
        "type": run.open_block["kind"],
        "data": data | {"block": run.open_block["block"], "text": run.open_block["text"]},
    }


def look_again(known: Person, conversations: list[str]) -> tuple[Person | None, set[str]]:
    """The person read anew, None when they may not be here any more; and what of `conversations` they still see."""
    found = person.still(known)
    if found is None:
        return None, set()
    visible = visible_to(found.user).filter(pk__in=conversations).values_list("pk", flat=True) if conversations else []
    return found, {str(pk) for pk in visible}
