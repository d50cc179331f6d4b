"""A backup that was put back is noticed, whatever has been written since, and nothing else is taken for one."""

import json
import os
import threading
import uuid

import pytest
from django.db import connection, transaction

from chat import anchors, journal
from chat.actions import conversations, restores
from chat.anchors import Anchor
from chat.event_types import Notice
from chat.models import Conversation, Event, JournalState
from chat.web import reading
from chat.web.reading import Seen
from tests.chat.backups import Backup
from tests.chat.sockets import Client
from tests.conftest import in_database
from tests.portal import free_port

REDIS = os.environ.get("TEST_REDIS_URL", "")


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.K8SMCP_HOME = tmp_path
    return tmp_path


@pytest.fixture
def conversation(transactional_db, alice) -> Conversation:
    return conversations.create(alice)


def write(conversation: Conversation, *texts: str) -> Event:
    for text in texts:
        with transaction.atomic():
            event = journal.append(Notice(conversation_id=str(conversation.pk), run_id=None, code="wait", text=text))
    return event


def look() -> int:
    return restores.compare(restores._installation()).epoch


# ---- noticed -----------------------------------------------------------------------------------------------------


def test_a_database_behind_its_anchor_begins_an_epoch_once(conversation, tmp_path, caplog):
    write(conversation, "one", "two")
    assert look() == 1
    backup = Backup(tmp_path)
    write(conversation, "three", "four")
    assert look() == 1
    backup.put_back()
    assert [look(), look(), look()] == [2, 2, 2]
    assert [each.getMessage()[:44] for each in caplog.records] == ["The journal was put back from a backup: epoc"]


def test_it_is_noticed_when_as_much_has_been_written_again(conversation, tmp_path):
    write(conversation, "one")
    look()
    backup = Backup(tmp_path)
    before = write(conversation, "two", "three")
    look()
    backup.put_back()
    after = write(conversation, "something", "else", "and more")
    assert after.pk >= before.pk
    assert look() == 2


def test_the_same_backup_twice_is_two_epochs(conversation, tmp_path):
    write(conversation, "one")
    look()
    backup = Backup(tmp_path)
    write(conversation, "two")
    look()
    backup.put_back()
    assert look() == 2
    backup.put_back()
    assert look() == 3


def test_one_restore_that_several_machines_notice_is_one_epoch(conversation, tmp_path, settings):
    machines = [tmp_path / name for name in ("a", "b", "c")]

    def look_at_each() -> list[int]:
        epochs = []
        for settings.K8SMCP_HOME in machines:
            settings.K8SMCP_HOME.mkdir(exist_ok=True)
            epochs.append(look())
        return epochs

    write(conversation, "one")
    look_at_each()
    backup = Backup(tmp_path)
    write(conversation, "two")
    assert look_at_each() == [1, 1, 1]
    backup.put_back()
    assert look_at_each() == [2, 2, 2]
    write(conversation, "three")
    assert look_at_each() == [2, 2, 2]


def test_what_redis_kept_is_enough(conversation, tmp_path):
    write(conversation, "one")
    installation = restores._installation()
    backup = Backup(tmp_path)
    write(conversation, "two")
    kept = restores.compare(installation)
    backup.put_back()
    (tmp_path / "journal-anchor.json").unlink()
    assert restores.compare(installation, [kept]).epoch == 2


@pytest.mark.redis
@pytest.mark.skipif(not REDIS, reason="needs TEST_REDIS_URL")
async def test_redis_alone_is_enough_where_machines_do_not_last(conversation, tmp_path, settings):
    settings.REDIS_URL = REDIS
    await in_database(write, conversation, "one")
    assert await restores.look() == 1
    backup = await in_database(Backup, tmp_path)
    await in_database(write, conversation, "two")
    assert await restores.look() == 1
    await in_database(backup.put_back)
    (tmp_path / "journal-anchor.json").unlink()
    assert await restores.look() == 2


async def test_without_redis_the_file_is_enough(conversation, settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    await in_database(write, conversation, "one")
    assert [await restores.look(), await restores.look()] == [1, 1]


# ---- nothing else is -----------------------------------------------------------------------------------------------


def test_a_restart_a_rollback_and_an_anchor_that_lags_are_no_restore(conversation, tmp_path):
    write(conversation, "one")
    look()
    early = (tmp_path / "journal-anchor.json").read_bytes()
    with transaction.atomic():
        write(conversation, "never")
        transaction.set_rollback(True)
    connection.close()
    write(conversation, "two", "three")
    assert look() == 1
    (tmp_path / "journal-anchor.json").write_bytes(early)
    assert look() == 1


@pytest.mark.parametrize("broken", [b"", b'{"installation": "', b"[]", b"null", b"\xff"])
def test_an_anchor_that_was_not_written_to_the_end_is_none(conversation, tmp_path, broken):
    write(conversation, "one")
    (tmp_path / "journal-anchor.json").write_bytes(broken)
    assert [look(), look()] == [1, 1]


def test_the_anchor_of_another_database_says_nothing(conversation):
    write(conversation, "one")
    anchors.keep_on_this_machine(Anchor(str(uuid.uuid4()), 7, 1_000, "2026-11-26T09:00:00Z"))
    assert look() == 1


def test_a_home_that_cannot_be_written_stops_nobody(conversation, tmp_path, settings):
    settings.K8SMCP_HOME = tmp_path / "nowhere"
    assert look() == 1


def test_many_processes_that_write_and_look_at_once_see_no_restore(conversation):
    """As threads with connections of their own: what they share is the file and the database, as processes do."""
    look()
    epochs: set[int] = set()

    def work() -> None:
        try:
            for n in range(10):
                write(conversation, str(n))
                epochs.add(look())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert epochs == {1}
    assert JournalState.objects.get().epoch == 1


# ---- what whoever comes back is told ---------------------------------------------------------------------------------


@pytest.fixture
def seen(conversation, tmp_path) -> Seen:
    """How far somebody had read before the journal was put back, to two events."""
    write(conversation, "one", "two")
    backup = Backup(tmp_path)
    last = write(conversation, "three", "four").frame()
    backup.put_back()
    return Seen(last["seq"], last["at"], 1)


@pytest.mark.parametrize("html", [False, True])
def test_a_number_that_is_not_there_yet_gets_a_fresh_page(conversation, alice, seen, html):
    found = reading.since_or_page(alice, conversation.pk, seen, html=html)
    assert (found.recovered, found.seq, len(found.events)) == (False, 2, 2)


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("more", [["another", "way"], ["another", "way", "and", "further"]])
def test_a_number_that_is_another_event_now_gets_a_fresh_page(conversation, alice, seen, more, html):
    write(conversation, *more)
    found = reading.since_or_page(alice, conversation.pk, seen, html=html)
    assert (found.recovered, found.seq, len(found.events)) == (False, 2 + len(more), 2 + len(more))


def test_another_epoch_alone_is_enough(conversation, alice, seen, django_assert_num_queries):
    write(conversation, "another", "way")
    JournalState.objects.update_or_create(pk=1, defaults={"epoch": 2})
    found = reading.since_or_page(alice, conversation.pk, Seen(seen.seq, epoch=1), html=False)
    assert (found.recovered, found.epoch) == (False, 2)
    with django_assert_num_queries(1):
        found = reading.since_or_page(alice, conversation.pk, Seen(seen.seq, epoch=2), html=False)
    assert (found.recovered, found.epoch, found.events) == (True, 2, [])


def test_who_has_seen_what_still_stands_misses_nothing(conversation, alice, django_assert_num_queries):
    first = write(conversation, "one").frame()
    write(conversation, "two", "three")
    look()
    with django_assert_num_queries(1):
        found = reading.since_or_page(alice, conversation.pk, Seen(1, first["at"], 1), html=False)
    assert found.recovered
    assert [json.loads(text)["seq"] for text in found.events] == [2, 3]
    assert reading.since_or_page(alice, conversation.pk, Seen(0, first["at"], 1), html=False).recovered


async def test_sockets_that_watch_are_asked_to_come_back_and_shown_what_is_there(
    conversation, alice, token_of, tmp_path, monkeypatch
):
    monkeypatch.setattr("chat.web.hub.TEND", 0.05)
    await in_database(write, conversation, "one")
    assert await restores.look() == 1
    token = await in_database(token_of, alice)
    backup = await in_database(Backup, tmp_path)
    last = (await in_database(write, conversation, "two")).frame()
    await restores.look()
    resume = {"type": "resume", "conversation_id": str(conversation.pk), "seq": 2, "at": last["at"], "epoch": 1}
    async with Client(token) as client:
        await client.say(resume | {"id": "1"})
        assert (await client.until("welcome"))["data"]["recovered"]
        await client.until("caught_up")
        await in_database(backup.put_back)
        assert await restores.look() == 2
        assert (await client.socket.receive_output(5))["code"] == 4106
    async with Client(token) as client:
        await client.say(resume | {"id": "2"})
        welcome = (await client.until("welcome"))["data"]
        assert (welcome["recovered"], welcome["epoch"], welcome["head_seq"]) == (False, 2, 1)
