"""Finds conversations by the words of their titles and messages, the same for every door."""

from django.db.models import Q, QuerySet

from chat import storable
from chat.models import Conversation

MOST_WORDS = 8


def holding(rows: QuerySet[Conversation], query: str) -> QuerySet[Conversation]:
    """Those of `rows` that hold every word of `query`, of which the first MOST_WORDS count."""
    for word in storable.text(query).split()[:MOST_WORDS]:
        told = Conversation.objects.filter(messages__text__icontains=word).values("pk")
        rows = rows.filter(Q(title__icontains=word) | Q(pk__in=told))
    return rows
