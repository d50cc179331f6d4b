"""The hop from the event loop into the database, for those who drive runs.

Channels gives all database calls of a process one thread. Sockets are content with it, and so is SQLite, where writers
queue anyway. Many runs on PostgreSQL are not: each waits for the server most of the time, so their hops share a few
threads. No order holds between two hops of different runs; what must hold is held by the rows they lock.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

from channels.db import DatabaseSyncToAsync
from django.db import connection

THREADS = 4
P = ParamSpec("P")
R = TypeVar("R")


def in_database(action: Callable[P, R]) -> "DatabaseSyncToAsync[P, R]":
    """Awaitable: runs synchronous ORM code off the event loop."""
    if connection.vendor == "sqlite":
        return DatabaseSyncToAsync(action)
    return DatabaseSyncToAsync(action, thread_sensitive=False, executor=_threads())


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="database")
