"""Rows about people, wherever they are changed from: signing in and out, being made, changed, deleted, given roles.

Django's own signals, because the portal's pages, its commands and the Django admin all change people.
"""

from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from chat.audit import door
from chat.audit.writing import Told, keyed, record

_WATCHED = ("username", "password", "is_active", "is_staff", "is_superuser")


def connect() -> None:
    """Once, when the app is ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="audit")
    user_logged_out.connect(_signed_out, dispatch_uid="audit")
    user_login_failed.connect(_refused, dispatch_uid="audit")
    pre_save.connect(_about_to_change, sender=User, dispatch_uid="audit")
    post_save.connect(_changed, sender=User, dispatch_uid="audit")
    post_delete.connect(_deleted, sender=User, dispatch_uid="audit")
    m2m_changed.connect(_roles, sender=User.groups.through, dispatch_uid="audit")


def _alone(kind: str, actor: str, told: Told) -> None:
    """In the sender's transaction where there is one, else in its own."""
    with transaction.atomic():
        record(kind, actor=actor, **told)


def _signed_in(user: User, **_: Any) -> None:
    _alone("sign_in", user.get_username(), {"outcome": "signed in"})


def _signed_out(user: User | None, **_: Any) -> None:
    if user is not None:
        _alone("sign_out", user.get_username(), {"outcome": "signed out"})


def _refused(credentials: dict[str, Any], **_: Any) -> None:
    """A name that nobody has is not kept, but what stands for it: people type passwords into the wrong field."""
    typed = str(credentials.get("username", ""))
    known = User.objects.filter(username=typed).exists()
    _alone("sign_in_failed", typed if known else "", {"request_hash": keyed(typed), "outcome": "refused"})


def _about_to_change(instance: User, update_fields: frozenset[str] | None = None, **_: Any) -> None:
    """Signing in saves too (`last_login`); only what gives or takes rights is compared with what is kept."""
    looked_at = [name for name in _WATCHED if update_fields is None or name in update_fields]
    before = User.objects.filter(pk=instance.pk).values(*looked_at).first() if looked_at and instance.pk else None
    changed = [name for name in looked_at if before is not None and before[name] != getattr(instance, name)]
    instance._audit_changed = changed  # type: ignore[attr-defined]


def _changed(instance: User, created: bool, **_: Any) -> None:
    changed = getattr(instance, "_audit_changed", [])
    if created:
        _about("person.created", instance, {"is_superuser": instance.is_superuser, "is_staff": instance.is_staff})
    elif changed:
        now = {name: getattr(instance, name) for name in changed if name != "password"}
        _about("person.changed", instance, {"changed": changed} | now)


def _deleted(instance: User, **_: Any) -> None:
    _about("person.deleted", instance, {})


def _roles(instance: User | Group, action: str, reverse: bool, pk_set: set[int] | None, **_: Any) -> None:
    if not action.startswith("post_"):
        return
    if reverse:  # people put into a group
        for user in User.objects.filter(pk__in=pk_set or ()):
            _about("person.roles", user, {"roles": _groups(user)})
    elif isinstance(instance, User) and (pk_set or action == "post_clear"):
        _about("person.roles", instance, {"roles": _groups(instance)})


def _groups(user: User) -> list[str]:
    return sorted(user.groups.values_list("name", flat=True))


def _about(kind: str, user: User, request: dict[str, Any]) -> None:
    told: Told = {"request": {"person": user.get_username()} | request, "outcome": user.get_username()}
    _alone(kind, door.person(), told)
