"""What follows when somebody loses what let them in: open sockets end, and runs begun before go no further."""

from collections.abc import Collection, Iterable
from functools import partial

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from chat import doorbell
from chat.models import Revocation


def ring(people: Iterable[int] = (), conversation_id: str = "") -> None:
    """After the commit, whoever shows something to them, or this conversation to anybody, looks at them; without
    either, at everybody."""
    transaction.on_commit(partial(doorbell.rights_changed, people=list(people), conversation_id=conversation_id))


def revoke(user: User, why: Revocation.Why) -> None:
    """From now on nothing that they had begun reaches a cluster."""
    Revocation.objects.create(user=user, why=why)
    ring([user.pk])


def end_sessions(people: Collection[int]) -> None:
    """They sign in anew, and get a new session with their new role. There is no column to find them by: all are read,
    which is a matter of milliseconds for a thousand."""
    ended = [
        session.pk
        for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator()
        if person_of(session) in people
    ]
    Session.objects.filter(pk__in=ended).delete()
    ring(people)


def person_of(session: Session) -> int | None:
    name = str(session.get_decoded().get("_auth_user_id", ""))
    return int(name) if name.isdecimal() else None
