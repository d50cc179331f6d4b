"""Audit rows: numbered without gap whoever writes, sealed, in the transaction of the deed, and never changed."""

import pytest
from django.db import DatabaseError, connection, transaction

from chat import audit
from chat.actions import conversations, messages
from chat.audit import chain, guarding, writing
from chat.errors import NotAllowed
from chat.models import AuditHead, AuditRow, Message
from chat.models.audit_row import NOBODY_BEFORE
from tests.chat.audit.tampering import refusing, unguarded
from tests.chat.test_leases import at_once


def noted(n: int = 0, **told) -> AuditRow:
    with transaction.atomic():
        return audit.record("policy.changed", actor="alice", request={"n": n}, **told)


def rows() -> list[AuditRow]:
    return list(AuditRow.objects.order_by("seq"))


def fits(found: list[AuditRow]) -> bool:
    before = NOBODY_BEFORE
    for seq, row in enumerate(found, 1):
        if (row.seq, row.prev_hash, row.hash) != (seq, before, writing.digest(row)):
            return False
        before = row.hash
    return True


def test_each_row_seals_the_one_before(transactional_db):
    for n in range(3):
        noted(n, outcome="n" * 500, request_hash=writing.keyed({"password": "hunter2"}))
    found = rows()
    assert fits(found)
    assert [row.at for row in found] == sorted(row.at for row in found)
    assert found[0].request == '{"n":0}'
    assert found[0].outcome == "n" * 300
    assert AuditHead.objects.values_list("seq", "hash").get() == (3, found[-1].hash)


def test_every_sealed_field_is_under_the_hash(transactional_db):
    row = noted()
    assert set(chain.SEALED) | {"prev_hash", "hash"} == {field.name for field in AuditRow._meta.get_fields()}
    values = [getattr(row, name) if name != "at" else chain.written(row.at) for name in chain.SEALED]
    changed = {chain.digest(row.prev_hash, [*values[:n], "x", *values[n + 1 :]]) for n in range(len(values))}
    assert len(changed) == len(values)
    assert row.hash not in changed


def test_a_row_outside_of_a_transaction_is_refused(transactional_db):
    with pytest.raises(RuntimeError, match="transaction"):
        audit.record("policy.changed", actor="alice")
    assert rows() == []


def test_what_is_undone_leaves_neither_a_row_nor_a_gap(transactional_db):
    noted()
    with transaction.atomic():
        audit.record("policy.changed", actor="alice")
        transaction.set_rollback(True)
    noted()
    assert fits(rows())
    assert len(rows()) == 2


def test_many_writers_make_one_chain_and_none_waits_for_ever(transactional_db, alice, bob):
    """Whole actions at once: each holds its conversation, then the head; nobody holds the head and wants another."""
    mine = [conversations.create(person) for person in (alice, bob, alice)]
    before = len(rows())

    def work(n: int) -> None:
        for k in range(6):
            place = mine[(n + k) % 3]
            owner = place.owner
            match (n + k) % 3:
                case 0:
                    messages.send(owner, f"{n} {k}", conversation_id=place.pk)
                case 1:
                    conversations.change(owner, place.pk, title=f"{n} {k}", shared=bool(k % 2))
                case _:
                    noted(k)

    assert at_once(6, work) == [None] * 6
    found = rows()
    assert fits(found)
    assert len(found) > before + 36
    assert [row.at for row in found] == sorted(row.at for row in found)


def test_what_no_database_can_hold_is_mended_and_what_is_too_long_is_cut(transactional_db):
    with transaction.atomic():
        audit.record("policy.changed", actor="a\x00b\ud800" * 100, request={"\x00": "\ud800", "long": "x" * 50_000})
    assert fits(rows())
    row = rows()[0]
    assert row.actor == ("a\ufffdb\ufffd" * 100)[:150]
    assert len(row.request) < writing.LONGEST_REQUEST
    assert '"characters":' in row.request


def test_the_same_request_is_told_by_its_key_and_nobody_guesses_it_without():
    first, second = writing.keyed({"a": 1, "b": 2}), writing.keyed({"b": 2, "a": 1})
    assert first == second != writing.keyed({"a": 1, "b": 3})


# ---- nobody changes a row ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "deed",
    [
        lambda row: row.save(),
        lambda row: row.delete(),
        lambda row: AuditRow.objects.all().delete(),
        lambda row: AuditRow.objects.update(actor="mallory"),
        lambda row: AuditRow.objects.bulk_update([row], ["actor"]),
        lambda row: AuditRow.objects.bulk_create([AuditRow(seq=2)]),
        lambda row: AuditRow.objects.filter(pk=row.pk).update(actor="mallory"),
    ],
)
def test_the_model_refuses_what_is_not_a_new_row(transactional_db, deed):
    row = noted()
    row.actor = "mallory"
    with pytest.raises(NotAllowed, match=r"^An audit row is never changed|^Audit rows are made one by one"):
        deed(row)
    assert [row.actor for row in rows()] == ["alice"]


STATEMENTS = {
    "update": "UPDATE chat_auditrow SET actor = 'mallory'",
    "delete": "DELETE FROM chat_auditrow",
    "truncate": "TRUNCATE chat_auditrow",
    "replace": "INSERT OR REPLACE INTO chat_auditrow SELECT * FROM chat_auditrow",
}


@pytest.mark.parametrize("verb", STATEMENTS)
def test_the_database_refuses_it_too(transactional_db, verb):
    if verb == ("replace" if connection.vendor == "postgresql" else "truncate"):
        return  # a word that this database does not have
    noted()
    with pytest.raises(DatabaseError, match="never changed or deleted"), connection.cursor() as cursor:
        cursor.execute(STATEMENTS[verb])
    assert [row.actor for row in rows()] == ["alice"]


def test_a_replica_is_refused_as_well(transactional_db):
    """Triggers of PostgreSQL rest while `session_replication_role` is replica; these do not."""
    if connection.vendor != "postgresql":
        return
    noted()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            cursor.execute(STATEMENTS["update"])


def test_triggers_that_went_missing_are_put_back_by_the_next_migration(transactional_db):
    with unguarded():
        assert not guarding.standing(connection)
        guarding.after_migrations("default")
        assert guarding.standing(connection)
    assert guarding.standing(connection)


# ---- what is not recorded is not done ----------------------------------------------------------------------------


def test_a_deed_whose_row_cannot_be_written_is_undone(transactional_db, alice):
    with refusing(), pytest.raises(DatabaseError):
        messages.send(alice, "hello")
    assert not Message.objects.exists()
