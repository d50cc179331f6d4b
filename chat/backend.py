"""Whom a session is of: Django's own backend, with one look at a person's row, and at their groups, prepared."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet

from tools.prepared import Prepared, Row, Slot

NAME = "chat.backend.Backend"


class Backend(ModelBackend):
    """Every request and every socket asks it."""

    def get_user(self, user_id: Any) -> User | None:
        found = _person.objects(person=user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None


def groups(user: User) -> frozenset[str]:
    """The names of the groups they are in now."""
    return frozenset(name for (name,) in _groups.rows(person=user.pk))


def _person_asked() -> QuerySet[User]:
    return User.objects.filter(pk=Slot("person", User._meta.pk))


def _groups_asked() -> QuerySet[Group, Row]:
    return Group.objects.filter(user=Slot("person", User._meta.pk)).order_by().values_list("name")


_person, _groups = Prepared(_person_asked), Prepared(_groups_asked)
