"""`audit_verify`: whatever somebody who owns the database does to the rows is found, and the first bad row is named."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from chat import audit
from chat.audit import anchors, verify
from chat.models import AuditHead, AuditRow
from tests.chat.audit.tampering import chained, forged, inserted, unguarded
from tests.chat.test_leases import at_once

ROWS, ANCHORED = 12, 7


@pytest.fixture(autouse=True)
def home(settings, tmp_path) -> Path:
    settings.K8SMCP_HOME = tmp_path
    anchors._said.clear()
    return tmp_path


def write(count: int) -> None:
    for n in range(count):
        with transaction.atomic():
            audit.record("policy.changed", actor=f"person {n}", request={"n": n}, cluster="prod")


@pytest.fixture
def chain_of_rows(transactional_db) -> None:
    """ROWS rows, number ANCHORED of them anchored."""
    write(ANCHORED)
    assert anchors.look() is not None
    write(ROWS - ANCHORED)


def found() -> tuple[str, int]:
    problem = verify.verify().problem
    return (problem.code, problem.seq) if problem is not None else ("", 0)


# ---- all is well -------------------------------------------------------------------------------------------------


def test_a_whole_chain_is_good(chain_of_rows):
    result = verify.verify()
    assert (result.rows, result.seq, result.anchors, result.problem, result.notes) == (ROWS, ROWS, 1, None, ())
    assert result.hash == AuditRow.objects.get(pk=ROWS).hash


def test_an_empty_one_is_too(transactional_db):
    assert found() == ("", 0)


def test_it_is_good_while_others_write(transactional_db):
    write(3)
    brought = at_once(4, lambda n: [found() for _ in range(10)] if n == 0 else write(15))
    assert set(brought[0]) == {("", 0)}
    assert verify.verify().rows == 48


# ---- every way to tamper -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["actor", "kind", "request", "outcome", "cluster", "door", "hash", "prev_hash"])
def test_a_changed_field(chain_of_rows, column):
    with unguarded() as cursor:
        cursor.execute(f"UPDATE chat_auditrow SET {column} = 'x' WHERE seq = 5")
    assert found() == ("changed", 5)


def test_a_changed_time(chain_of_rows):
    with unguarded() as cursor:
        at = connection.ops.adapt_datetimefield_value(datetime(2020, 1, 1, tzinfo=UTC))
        cursor.execute("UPDATE chat_auditrow SET at = %s WHERE seq = 5", [at])
    assert found() == ("changed", 5)


def test_a_changed_row_with_a_hash_that_fits(chain_of_rows):
    row = forged(5, AuditRow.objects.get(pk=4).hash, actor="mallory")
    with unguarded() as cursor:
        cursor.execute("DELETE FROM chat_auditrow WHERE seq = 5")
        inserted(cursor, row)
    assert found() == ("replaced", 6)


def test_a_deleted_row(chain_of_rows):
    with unguarded() as cursor:
        cursor.execute("DELETE FROM chat_auditrow WHERE seq IN (5, 6)")
    assert found() == ("missing", 5)
    assert "Rows 5 to 6 are missing." in verify.verify().problem.sentence


def test_the_first_row_deleted(chain_of_rows):
    with unguarded() as cursor:
        cursor.execute("DELETE FROM chat_auditrow WHERE seq = 1")
    assert found() == ("missing", 1)


def test_two_rows_that_changed_places(chain_of_rows):
    with unguarded() as cursor:
        for old, new in ((5, 999), (6, 5), (999, 6)):
            cursor.execute("UPDATE chat_auditrow SET seq = %s WHERE seq = %s", [new, old])
    assert found() == ("changed", 5)


def test_an_inserted_row_with_all_after_it_moved_on(chain_of_rows):
    row = forged(5, AuditRow.objects.get(pk=4).hash, actor="mallory")
    with unguarded() as cursor:
        for seq in range(ROWS, 4, -1):
            cursor.execute("UPDATE chat_auditrow SET seq = %s WHERE seq = %s", [seq + 1, seq])
        inserted(cursor, row)
    assert found() == ("changed", 6)


def test_a_row_before_the_first(chain_of_rows):
    row = forged(1, "0" * 64) | {"seq": 0}
    with unguarded() as cursor:
        inserted(cursor, row)
    assert found() == ("inserted", 0)


def test_a_row_after_the_last(chain_of_rows):
    row = forged(ROWS, AuditRow.objects.get(pk=ROWS).hash, seq=ROWS + 1)
    with unguarded() as cursor:
        inserted(cursor, row)
    assert found() == ("inserted", ROWS + 1)


def test_the_last_row_replaced(chain_of_rows):
    row = forged(ROWS, AuditRow.objects.get(pk=ROWS - 1).hash, actor="mallory")
    with unguarded() as cursor:
        cursor.execute("DELETE FROM chat_auditrow WHERE seq = %s", [ROWS])
        inserted(cursor, row)
    assert found() == ("head", ROWS)


def test_a_tail_that_was_cut_off(chain_of_rows):
    with unguarded() as cursor:
        cursor.execute("DELETE FROM chat_auditrow WHERE seq > 9")
    assert found() == ("cut_off", 10)


def test_a_tail_that_was_cut_off_with_the_head_moved_back(chain_of_rows):
    with unguarded() as cursor:
        cursor.execute("DELETE FROM chat_auditrow WHERE seq > 5")
        cursor.execute("UPDATE chat_audithead SET seq = 5, hash = %s", [AuditRow.objects.get(pk=5).hash])
    assert found() == ("cut_off", 6)
    assert f"row {ANCHORED} was anchored" in verify.verify().problem.sentence


def test_everything_taken_away(chain_of_rows):
    with unguarded() as cursor:
        cursor.execute("DELETE FROM chat_auditrow")
        cursor.execute("DELETE FROM chat_audithead")
    assert found() == ("cut_off", 1)


def test_the_whole_chain_replaced_by_one_that_fits_itself(chain_of_rows):
    with unguarded() as cursor:
        chained(cursor, 1, ROWS, "0" * 64, actor="mallory")
    assert found() == ("replaced", ANCHORED)
    assert "Rows 1 to 7: the chain was replaced" in verify.verify().problem.sentence


def test_the_rest_of_the_chain_replaced_from_one_row_on(chain_of_rows):
    with unguarded() as cursor:
        chained(cursor, 5, ROWS, AuditRow.objects.get(pk=4).hash, actor="mallory")
    assert found() == ("replaced", ANCHORED)


def test_another_database_put_in_its_place(chain_of_rows):
    """Its chain is good, and it is not this one."""
    with unguarded() as cursor:
        cursor.execute("DELETE FROM chat_auditrow")
        cursor.execute("DELETE FROM chat_audithead")
    write(ROWS + 5)
    assert found() == ("replaced", ANCHORED)


# ---- anchors -----------------------------------------------------------------------------------------------------


def lines(home: Path) -> list[str]:
    return (home / "audit-anchors.jsonl").read_text().splitlines()


def test_an_anchor_is_due_after_a_thousand_rows_or_five_minutes(chain_of_rows, home, monkeypatch):
    assert anchors.look() is None
    monkeypatch.setattr(anchors, "EVERY_ROWS", ROWS - ANCHORED)
    assert anchors.look().seq == ROWS
    assert anchors.look() is None  # nothing new
    write(1)
    assert anchors.look() is None
    monkeypatch.setattr(anchors, "EVERY", timedelta(0))
    assert anchors.look().seq == ROWS + 1
    assert [json.loads(line)["seq"] for line in lines(home)] == [ANCHORED, ROWS, ROWS + 1]
    assert verify.verify().anchors == 3


def test_many_processes_make_one_anchor_a_moment(transactional_db, home):
    write(3)
    brought = at_once(6, lambda n: anchors.look())
    assert len([anchor for anchor in brought if anchor is not None]) == 1
    assert len(lines(home)) == 1


def test_the_key_is_made_once_and_nobody_else_reads_it(chain_of_rows, home):
    key = home / "audit-key"
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    write(1)
    anchors.accept("again")
    assert key.read_bytes() == before
    assert before not in (home / "audit-anchors.jsonl").read_bytes()


def test_the_log_has_every_anchor(transactional_db, caplog, home):
    write(2)
    with caplog.at_level(logging.INFO, "chat.audit.anchors"):
        anchor = anchors.look()
    told = caplog.records[-1].getMessage()
    assert re.search(rf"row 2, {anchor.hash}, at .*, signed {anchor.signature}", told)


def test_a_restore_is_said_in_the_log_at_the_next_look(chain_of_rows, caplog):
    with unguarded() as cursor:
        cursor.execute("DELETE FROM chat_auditrow WHERE seq > 5")
        cursor.execute("UPDATE chat_audithead SET seq = 5, hash = %s", [AuditRow.objects.get(pk=5).hash])
    assert [anchors.look(), anchors.look()] == [None, None]
    said = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert len(said) == 1
    assert "run manage.py audit_verify" in said[0]


@pytest.mark.parametrize("deed", ["changed", "taken out", "forged", "no key"])
def test_anchors_that_were_tampered_with(chain_of_rows, home, deed):
    for n in range(2):
        write(1)
        anchors.accept(f"test {n}")
    file, kept = home / "audit-anchors.jsonl", lines(home)
    match deed:
        case "changed":
            kept[1] = kept[1].replace(f'"seq":{ROWS + 1}', f'"seq":{ROWS}')
        case "taken out":
            del kept[1]
        case "forged":
            kept.append(json.dumps(json.loads(kept[-1]) | {"seq": ROWS + 2, "hash": AuditHead.objects.get().hash}))
        case _:
            (home / "audit-key").unlink()
    file.write_text("\n".join(kept) + "\n")
    assert found() == ("anchors", 0)


def test_a_line_that_a_dying_process_left_half_written_is_taken_away(chain_of_rows, home):
    with (home / "audit-anchors.jsonl").open("ab") as file:
        file.write(b'{"seq": 9, "ha')
    anchors.accept("again")
    assert len(lines(home)) == 2
    assert found() == ("", 0)


def test_a_folder_that_cannot_be_written_stops_nobody(transactional_db, settings, tmp_path, caplog):
    settings.K8SMCP_HOME = tmp_path / "missing"
    write(1)
    assert anchors.look() is None
    assert "the audit has no new anchor" in caplog.text


# ---- the command -------------------------------------------------------------------------------------------------


def command(*arguments: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("audit_verify", *arguments, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(end.code)
    return out.getvalue(), 0


def test_the_command_says_what_it_found_and_ends_accordingly(chain_of_rows):
    told, code = command()
    assert code == 0
    assert told.startswith("All is well: 12 rows, up to row 12, 1 anchors")
    head = AuditHead.objects.get()
    assert (head.verified_seq, head.problem) == (ROWS, "")
    assert head.verified_at is not None
    with unguarded() as cursor:
        cursor.execute("UPDATE chat_auditrow SET actor = 'mallory' WHERE seq = 5")
    told, code = command()
    assert code == 1
    assert told.startswith("Row 5 was changed: its hash does not fit what it says. Good before it: 4 rows.")
    assert AuditHead.objects.get().problem.startswith("Row 5 was changed")
    told, code = command("--json")
    plain = json.loads(told)
    assert (code, plain["ok"], plain["problem"]["seq"], plain["problem"]["code"]) == (1, False, 5, "changed")


def test_missing_triggers_are_mentioned(chain_of_rows):
    with unguarded():
        told, code = command()
    assert code == 0
    assert "triggers" in told


def test_a_restore_can_be_accepted_and_stays_visible(chain_of_rows):
    with unguarded() as cursor:
        cursor.execute("DELETE FROM chat_auditrow WHERE seq > 5")
        cursor.execute("UPDATE chat_audithead SET seq = 5, hash = %s", [AuditRow.objects.get(pk=5).hash])
    assert command()[1] == 1
    told, code = command("--accept", "The disk broke, yesterday's backup is in place.")
    assert code == 0, told
    assert "yesterday's backup" in told
    row = AuditRow.objects.get(kind="audit.accepted")
    assert "anchored at" in row.outcome
    assert row.door == "terminal"
    write(3)
    assert command()[1] == 0


def test_bad_rows_cannot_be_accepted(chain_of_rows):
    with unguarded() as cursor:
        cursor.execute("UPDATE chat_auditrow SET actor = 'mallory' WHERE seq = 5")
    assert command("--accept", "Never mind.")[1] == 1
    assert found() == ("changed", 5)
