"""The list of conversations beside every page."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from chat import search
from chat.access import visible_to
from chat.models import Conversation, Run, Share
from chat.models.run import ENDED

LIMIT = 80


@dataclass(frozen=True, slots=True)
class Group:
    """Conversations of one stretch of time, newest first; each carries `active`, the status of its run under way, and
    `is_shared`."""

    name: str
    conversations: list[Conversation]


def groups(user: User, query: str = "") -> list[Group]:
    """At most LIMIT conversations whose title or messages hold the words of `query`."""
    found = search.holding(visible_to(user), query).select_related("owner")
    shares = Share.objects.filter(conversation=OuterRef("pk")).order_by()
    found = found.annotate(active=_active(), is_shared=Exists(shares))
    named: dict[str, list[Conversation]] = {}
    for conversation in found.order_by("-updated_at")[:LIMIT]:
        named.setdefault(_age(conversation), []).append(conversation)
    return [Group(name, conversations) for name, conversations in named.items()]


def _active() -> Subquery:
    runs = Run.objects.filter(conversation=OuterRef("pk")).exclude(status__in=ENDED).order_by("created_at")
    return Subquery(runs.values("status")[:1])


def _age(conversation: Conversation) -> str:
    age = timezone.now().date() - conversation.updated_at.date()
    if age < timedelta(days=1):
        return "Today"
    if age < timedelta(days=2):
        return "Yesterday"
    return "Last 7 days" if age < timedelta(days=7) else "Earlier"
