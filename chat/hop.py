"""The hop from the event loop into the database, for those who drive runs.

Channels gives all database calls of a process one thread. Sockets are content with it, and so is SQLite, where writers
queue anyway. Many runs on PostgreSQL are not: each waits for the server most of the time, so their hops share a few
threads. No order holds between two hops of different runs; what must hold is held by the rows they lock.
"""

import gc
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

from channels.db import DatabaseSyncToAsync
from django.db import connection

THREADS = 4
TURN = 0.001  # seconds; Python's own is five times as long
P = ParamSpec("P")
R = TypeVar("R")


def in_database(action: Callable[P, R]) -> "DatabaseSyncToAsync[P, R]":
    """Awaitable: runs synchronous ORM code off the event loop."""
    if connection.vendor == "sqlite":
        return DatabaseSyncToAsync(action)
    return DatabaseSyncToAsync(action, thread_sensitive=False, executor=_threads())


def take_short_turns() -> None:
    """For this process: the event loop waits a millisecond at most for a thread that computes. With Python's own turns
    a page that is rendered beside many live answers is late, and so are they."""
    sys.setswitchinterval(TURN)


def put_away_what_stays() -> None:
    """For this process, once it has been made ready: what it is made of is looked through for garbage no more. A look
    through all of it holds every thread for a fifth of a second, and comes again and again as the process is used. What
    comes later is looked through less often than Python would: hundreds of rows of a query are no garbage yet."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # Python's own: 700, 10, 10


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="database")
