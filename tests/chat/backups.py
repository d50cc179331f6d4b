"""A backup of the database, taken and put back: SQLite as a copy of the whole file, PostgreSQL as a dump leaves it."""

import sqlite3
from pathlib import Path

from django.db import connection
from django.db.models import Max

from chat.models import Conversation, Event, JournalState


class Backup:
    """What the journal is at the moment this is made."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "backup.sqlite3"
        self._newest = Event.objects.aggregate(pk=Max("pk"))["pk"] or 0
        self._heads = list(Conversation.objects.values_list("pk", "head_seq"))
        self._states = list(JournalState.objects.values_list("epoch", "pk"))
        if connection.vendor == "sqlite":
            with sqlite3.connect(self._file) as copy:
                connection.connection.backup(copy)
            copy.close()

    def put_back(self) -> None:
        if connection.vendor == "sqlite":
            with sqlite3.connect(self._file) as copy:
                copy.backup(connection.connection)
            copy.close()
        else:
            self._as_a_dump()

    def _as_a_dump(self) -> None:
        """Rows and counters as they were: keys that were given away since are given away again."""
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM chat_event WHERE id > %s", [self._newest])
            for pk, head in self._heads:
                cursor.execute("UPDATE chat_conversation SET head_seq = %s WHERE id = %s", [head, pk])
            cursor.executemany("UPDATE chat_journalstate SET epoch = %s WHERE id = %s", self._states)
            cursor.execute("SELECT setval(pg_get_serial_sequence('chat_event', 'id'), %s)", [self._newest])
