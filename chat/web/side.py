"""The list of conversations beside every page."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Subquery
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from chat import search
from chat.access import visible_to
from chat.models import Conversation, Run, Share
from chat.models.run import ENDED

LIMIT = 80
KEPT = 4096  # lines, about a kilobyte each


@dataclass(frozen=True, slots=True)
class Line:
    """One conversation; `active` is the status of its run under way, `own` whether it belongs to whoever looks, `here`
    whether it is the one they are looking at."""

    pk: uuid.UUID
    title: str
    active: str | None
    shared: bool
    own: bool
    here: bool

    def html(self) -> SafeString:
        return _html(self)


@lru_cache(maxsize=KEPT)
def _html(line: Line) -> SafeString:
    """Every page has eighty of them, and from one page to the next hardly any is another."""
    return SafeString(render_to_string("chat/parts/_conversation.html", {"item": line}).strip())


@dataclass(frozen=True, slots=True)
class Group:
    """Conversations of one stretch of time, newest first."""

    name: str
    lines: list[Line]


def groups(user: User, query: str = "", here: uuid.UUID | None = None) -> list[Group]:
    """At most LIMIT conversations whose title or messages hold the words of `query`."""
    shares = Share.objects.filter(conversation=OuterRef("pk")).order_by()
    found = search.holding(visible_to(user), query).annotate(active=_active(), is_shared=Exists(shares))
    rows = found.order_by("-updated_at").values_list("pk", "title", "owner_id", "updated_at", "active", "is_shared")
    named: dict[str, list[Line]] = {}
    for pk, title, owner, updated_at, active, shared in rows[:LIMIT]:
        line = Line(pk, title or str(Conversation()), active, shared, owner == user.pk, pk == here)
        named.setdefault(_age(updated_at), []).append(line)
    return [Group(name, lines) for name, lines in named.items()]


def _active() -> Subquery:
    runs = Run.objects.filter(conversation=OuterRef("pk")).exclude(status__in=ENDED).order_by("created_at")
    return Subquery(runs.values("status")[:1])


def _age(updated_at: datetime) -> str:
    age = timezone.now().date() - updated_at.date()
    if age < timedelta(days=1):
        return "Today"
    if age < timedelta(days=2):
        return "Yesterday"
    return "Last 7 days" if age < timedelta(days=7) else "Earlier"
