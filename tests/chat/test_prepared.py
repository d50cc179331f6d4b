"""Prepared queries say what the same queryset says, whatever is asked and in whichever database."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.utils import timezone

from chat import backend, sessions
from chat.models import Conversation
from tools.prepared import Prepared, Slot

pytestmark = pytest.mark.django_db


def test_values_are_handed_over_and_given_back_as_their_fields_do(alice, django_assert_num_queries):
    made = [Conversation.objects.create(owner=alice, title=f"It's {n} %s") for n in range(3)]
    key, at = Conversation._meta.pk, Conversation._meta.get_field("created_at")
    asked = Prepared(
        lambda: Conversation.objects.filter(pk=Slot("key", key), created_at__lte=Slot("until", at)).values_list(
            "pk", "title", "created_at", "deleted_at"
        )
    )
    for each in made:
        with django_assert_num_queries(1):
            rows = asked.rows(key=each.pk, until=each.created_at)
        assert rows == [(each.pk, each.title, each.created_at, None)]
        assert isinstance(rows[0][0], uuid.UUID)
    assert asked.rows(key=made[0].pk, until=made[0].created_at - timedelta(seconds=1)) == []


def test_numbers_that_no_database_can_hold_are_beyond_all_that_are_there(alice):
    key = User._meta.pk
    above = Prepared(lambda: User.objects.filter(pk__gt=Slot("key", key)).order_by("pk").values_list("pk"))
    here = Prepared(lambda: User.objects.filter(pk=Slot("key", key)).values_list("pk"))
    assert above.rows(key=10**30) == here.rows(key=10**30) == here.rows(key=-(10**30)) == []
    assert (alice.pk,) in above.rows(key=-(10**30))


def test_what_is_asked_is_no_part_of_the_statement(alice):
    asked = Prepared(
        lambda: User.objects.filter(username=Slot("n", User._meta.get_field("username"))).values_list("pk")
    )
    assert asked.rows(n="alice") == [(alice.pk,)]
    assert asked.rows(n="alice' OR '1'='1") == []
    assert asked.rows(n="%s") == []


def test_the_person_behind_a_session_is_the_row_as_it_is_now(alice, django_assert_num_queries):
    User.objects.filter(pk=alice.pk).update(first_name="Älice", last_login=timezone.now())
    with django_assert_num_queries(1):
        found = backend.Backend().get_user(alice.pk)
    whole = User.objects.get(pk=alice.pk)
    assert found == whole
    assert {name: value for name, value in vars(found).items() if name != "_state"} == {
        name: value for name, value in vars(whole).items() if name != "_state"
    }
    found.email = "alice@example.com"
    found.save()  # it is a row that is there, not a new one
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert backend.Backend().get_user(alice.pk) is None
    assert backend.Backend().get_user(alice.pk + 1_000) is None


def test_groups_are_those_of_now(alice):
    assert backend.groups(alice) == {"operator"}
    alice.groups.add(Group.objects.create(name="shop"))
    assert backend.groups(alice) == {"operator", "shop"}


def test_a_session_that_is_over_or_made_up_forgets_its_key(db):
    made = sessions.SessionStore()
    made["a"] = 1
    made.save()
    assert sessions.SessionStore(made.session_key)["a"] == 1
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    for key in (made.session_key, "made-up"):
        over = sessions.SessionStore(key)
        assert over.load() == {}
        assert over.session_key is None
