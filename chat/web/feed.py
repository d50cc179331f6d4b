"""A conversation's feed: pages of history, and single pieces for those who watch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from chat import journal
from chat.event_types import (
    ApprovalDecided,
    ApprovalRequested,
    MessageEdited,
    MessageRemoved,
    MessageSteered,
    ToolCallEnd,
    ToolCallStart,
    UserMessage,
)
from chat.models import Conversation, Event
from chat.models.event import moment
from chat.web import rendering

PAGE = 200  # events


@dataclass(frozen=True, slots=True)
class Feed:
    """`first_seq` and `last_seq` are the numbers of the oldest and newest event in `pieces`; 0 for an empty feed.
    `last_at` is the time of the newest, as frames carry it."""

    pieces: list[SafeString]
    first_seq: int
    last_seq: int
    last_at: str

    @property
    def has_earlier(self) -> bool:
        return self.first_seq > 1


def newest(conversation: Conversation) -> Feed:
    return _feed(journal.before(conversation.pk, conversation.head_seq + 1, PAGE))


def before(conversation: Conversation, seq: int) -> Feed:
    """The page of history below `seq`. What was still open at its end is shown as it ended later."""
    events = journal.before(conversation.pk, seq, PAGE)
    return _feed(events, _endings(conversation, events, seq))


def piece(event: Event) -> SafeString:
    """One event's piece for those who watch now."""
    return rendering.render(event, _requests([event]).get(event.data.get("approval_id", "")))


def _feed(events: list[Event], endings: Iterable[Event] = ()) -> Feed:
    shown = [*events, *endings]
    pieces = rendering.page(shown, _requests(shown))
    return Feed(pieces, events[0].seq, events[-1].seq, moment(events[-1].at)) if events else Feed(pieces, 0, 0, "")


def _requests(events: Iterable[Event]) -> Mapping[str, Any]:
    """What was asked for by the approvals that these events decide without asking for them."""
    events = list(events)
    asked = {event.data["approval_id"] for event in events if event.type == ApprovalRequested.type}
    missing = [
        event for event in events if event.type == ApprovalDecided.type and event.data["approval_id"] not in asked
    ]
    if not missing:
        return {}
    found = Event.objects.filter(
        conversation_id=missing[0].conversation_id,
        run_id__in={event.run_id for event in missing},
        type=ApprovalRequested.type,
    )
    return {event.data["approval_id"]: event.data for event in found}


def _endings(conversation: Conversation, events: list[Event], seq: int) -> list[Event]:
    ended = {rendering.dom_id(event) for event in events if event.type in _ENDINGS}
    opened = [event for event in events if event.type in _OPENINGS]
    unended = {rendering.dom_id(event): event.run_id for event in opened if rendering.dom_id(event) not in ended}
    if not unended:
        return []
    later = Event.objects.filter(
        conversation=conversation,
        seq__gte=seq,
        run_id__in=set(unended.values()),
        type__in=(*_ENDINGS, MessageEdited.type),
    ).order_by("seq")
    return [event for event in later if rendering.dom_id(event) in unended]


_OPENINGS = (ToolCallStart.type, ApprovalRequested.type, UserMessage.type, MessageEdited.type)
_ENDINGS = (ToolCallEnd.type, ApprovalDecided.type, MessageRemoved.type, MessageSteered.type)
