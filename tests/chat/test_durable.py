"""What waits for the disk: an accepted message, a decision, an intent. On SQLite the rest does not."""

import pytest
from django.db import connection, transaction

from chat.actions import messages
from chat.durable import durable

pytestmark = pytest.mark.django_db(transaction=True)


def waits() -> bool:
    """Whether a commit now would wait for the disk, in the database's own words."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return bool(cursor.execute("PRAGMA synchronous").fetchone()[0] == 2)
        cursor.execute("SHOW synchronous_commit")
        return bool(cursor.fetchone()[0] == "on")


@pytest.fixture
def always() -> bool:
    """PostgreSQL waits at every commit."""
    return connection.vendor != "sqlite"


def test_a_plain_transaction_waits_where_the_database_always_does(always):
    with transaction.atomic():
        assert waits() is always


def test_a_durable_one_waits_and_leaves_the_connection_as_it_was(always):
    with durable():
        assert waits()
    with pytest.raises(ZeroDivisionError), durable():
        raise ZeroDivisionError
    assert waits() is always


def test_inside_another_transaction_it_is_part_of_that_one(always):
    with transaction.atomic(), durable():
        assert waits() is always


def test_an_accepted_message_waits(alice, monkeypatch):
    seen = []
    monkeypatch.setattr("chat.actions.messages._check_bound", lambda user: seen.append(waits()))
    messages.send(alice, "hello")
    assert seen == [True]
