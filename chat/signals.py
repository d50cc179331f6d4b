"""Hears what changes for a person wherever it is changed: in the admin, by a command, at a sign-out.

What goes past these signals (SQL, `QuerySet.update`) is found by the look every few seconds (chat/web/tending.py).
"""

import time
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest

from chat.access import ROLES
from chat.actions import standing
from chat.models import AccessToken, Revocation, Share
from chat.sessions import BEGAN

PRIVILEGES = ("is_superuser", "is_staff", "is_active")


@receiver(user_logged_in)
def _remember_when(request: HttpRequest, **_: Any) -> None:
    request.session[BEGAN] = time.time()


@receiver(post_delete, sender=Session)
def _session_ended(instance: Session, **_: Any) -> None:
    person = standing.person_of(instance)
    if person is not None:
        standing.ring([person])


@receiver(pre_save, sender=User)
def _compare(instance: User, raw: bool = False, update_fields: Any = None, **_: Any) -> None:
    """What the save is about to change, for the one that hears when it is done."""
    instance.changed_privileges = instance.changed_password = False  # type: ignore[attr-defined]
    watched = {*PRIVILEGES, "password"}
    if raw or instance.pk is None or (update_fields is not None and not watched & set(update_fields)):
        return
    before = User.objects.filter(pk=instance.pk).values(*watched).first()
    if before is None:
        return
    instance.changed_privileges = any(before[name] != getattr(instance, name) for name in PRIVILEGES)  # type: ignore[attr-defined]
    # A hash that is only made anew at a sign-in, with more rounds, is no new password.
    new = instance._password is not None or not instance.has_usable_password()  # type: ignore[attr-defined]
    instance.changed_password = new and before["password"] != instance.password  # type: ignore[attr-defined]


@receiver(post_save, sender=User)
def _person_changed(instance: User, **_: Any) -> None:
    if getattr(instance, "changed_password", False):
        standing.revoke(instance, Revocation.Why.PASSWORD)
    if getattr(instance, "changed_privileges", False):
        standing.end_sessions([instance.pk])


@receiver(post_delete, sender=User)
def _person_gone(instance: User, **_: Any) -> None:
    standing.ring([instance.pk])


@receiver(m2m_changed, sender=User.groups.through)
def _groups_changed(instance: User | Group, action: str, reverse: bool, pk_set: set[int] | None, **_: Any) -> None:
    """A new role is a new sign-in; another group that was taken away is looked at."""
    if action not in ("post_add", "post_remove", "pre_clear") or (pk_set is not None and not pk_set):
        return
    if isinstance(instance, Group):
        groups = [instance.name]
        people = list(pk_set or instance.user_set.values_list("pk", flat=True))
    else:
        named = Group.objects.filter(pk__in=pk_set) if pk_set is not None else instance.groups
        groups, people = list(named.values_list("name", flat=True)), [instance.pk]
    if ROLES.keys() & set(groups):
        standing.end_sessions(people)
    else:
        standing.ring(people)


@receiver(post_delete, sender=Group)
def _group_gone(**_: Any) -> None:
    standing.ring()


@receiver(pre_save, sender=AccessToken)
def _was_valid(instance: AccessToken, **_: Any) -> None:
    before = AccessToken.objects.filter(pk=instance.pk).values_list("revoked_at", flat=True)
    instance.revoked_now = instance.revoked_at is not None and None in before  # type: ignore[attr-defined]


@receiver(post_save, sender=AccessToken)
def _token_revoked(instance: AccessToken, **_: Any) -> None:
    if getattr(instance, "revoked_now", False):
        standing.token_revoked(instance)


@receiver(post_delete, sender=AccessToken)
def _token_gone(instance: AccessToken, origin: Any = None, **_: Any) -> None:
    """Not one that goes along with its person: nothing of theirs may be left to point at them."""
    if getattr(origin, "model", type(origin)) is AccessToken:
        standing.token_revoked(instance)


@receiver(post_delete, sender=Share)
def _share_gone(instance: Share, **_: Any) -> None:
    """Taken back, or gone along with its group or person: whoever watches the conversation is looked at."""
    standing.ring(conversation_id=str(instance.conversation_id))
