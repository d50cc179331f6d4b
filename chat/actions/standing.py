"""What follows when somebody loses what let them in: open sockets end, and runs begun before go no further."""

from collections.abc import Collection, Iterable
from functools import partial

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from chat import audit, doorbell
from chat.audit import door
from chat.models import AccessToken, Revocation


def ring(people: Iterable[int] = (), conversation_id: str = "") -> None:
    """After the commit, whoever shows something to them, or this conversation to anybody, looks at them; without
    either, at everybody."""
    transaction.on_commit(partial(doorbell.rights_changed, people=list(people), conversation_id=conversation_id))


def revoke(user: User, why: Revocation.Why) -> None:
    """From now on nothing that they had begun reaches a cluster."""
    Revocation.objects.create(user=user, why=why)
    ring([user.pk])


def token_revoked(token: AccessToken) -> None:
    """Wherever it was taken back, or deleted: in the portal, in the admin, by a command."""
    with transaction.atomic():
        revoke(token.user, Revocation.Why.TOKEN)
        told = {"person": token.user.get_username(), "token": token.prefix}
        audit.record("token.revoked", actor=door.person(), request=told, outcome=token.user.get_username())


def end_sessions(people: Collection[int]) -> None:
    """They sign in anew, and get a new session with their new role. There is no column to find them by: all are read,
    which is a matter of milliseconds for a thousand."""
    ended = [
        session.pk
        for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator()
        if person_of(session) in people
    ]
    if not ended:
        ring(people)
        return
    with transaction.atomic():
        ring(people)
        Session.objects.filter(pk__in=ended).delete()
        names = sorted(User.objects.filter(pk__in=people).values_list("username", flat=True))
        told = {"people": names, "sessions": len(ended)}
        audit.record("sessions.ended", actor=door.person(), request=told, outcome=", ".join(names))


def person_of(session: Session) -> int | None:
    name = str(session.get_decoded().get("_auth_user_id", ""))
    return int(name) if name.isdecimal() else None
