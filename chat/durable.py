"""A transaction that is on the disk when it ends, for what somebody is told is accepted and for what goes on the wire.

SQLite can wait for the disk at every commit (`synchronous=FULL`) or leave that to a later one (NORMAL). Neither loses
anything when a process dies; after a power cut NORMAL may have lost the last moments. Those are an agent's own words,
which it says again. So only promises wait for the disk: an accepted message, a decision, an intent. PostgreSQL waits
at every commit.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def durable() -> Iterator[None]:
    """Inside another transaction it is part of that one."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    _wait_for_the_disk("FULL")
    try:
        with transaction.atomic():
            yield
    finally:
        _wait_for_the_disk("NORMAL")


def _wait_for_the_disk(mode: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA synchronous={mode}")
