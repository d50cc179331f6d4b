"""What somebody does who owns the database: the triggers taken away, rows changed behind everybody's back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection as default_connection

from chat.audit import chain, guarding
from chat.models import AuditRow


@contextmanager
def unguarded(connection: Any = default_connection) -> Iterator[Any]:
    """A cursor, without the triggers; they stand again afterwards."""
    on = f" ON {guarding.TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in guarding.TRIGGERS[connection.vendor]:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
        yield cursor
    guarding.protect(connection)


def forged(like: int, prev_hash: str, **changes: Any) -> dict[str, Any]:
    """The columns of a row as if it stood after `prev_hash`, with a hash that fits: the way of hashing is no secret."""
    row = AuditRow.objects.values().get(pk=like) | {"prev_hash": prev_hash} | changes
    told = [row[name] if name != "at" else chain.written(row["at"]) for name in chain.SEALED]
    return row | {"hash": chain.digest(prev_hash, told)}


def inserted(cursor: Any, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    at = default_connection.ops.adapt_datetimefield_value(row["at"])
    values = [at if name == "at" else value for name, value in row.items()]
    cursor.execute(f"INSERT INTO {guarding.TABLE} ({names}) VALUES ({', '.join(['%s'] * len(row))})", values)


def chained(cursor: Any, first: int, last: int, prev_hash: str, **changes: Any) -> str:
    """Rows from `first` to `last` forged anew, the head moved after them; returns the last hash."""
    for seq in range(first, last + 1):
        row = forged(seq, prev_hash, **changes)
        cursor.execute(f"DELETE FROM {guarding.TABLE} WHERE seq = %s", [seq])
        inserted(cursor, row)
        prev_hash = row["hash"]
    cursor.execute("UPDATE chat_audithead SET seq = %s, hash = %s", [last, prev_hash])
    return prev_hash


_FULL = {
    "sqlite": ["CREATE TRIGGER full_up BEFORE INSERT ON chat_auditrow BEGIN SELECT RAISE(ABORT, 'no room'); END"],
    "postgresql": [
        "CREATE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$",
        "CREATE TRIGGER full_up BEFORE INSERT ON chat_auditrow FOR EACH ROW EXECUTE FUNCTION full_up()",
    ],
}


@contextmanager
def refusing() -> Iterator[None]:
    """The database takes no audit row."""
    with default_connection.cursor() as cursor:
        for statement in _FULL[default_connection.vendor]:
            cursor.execute(statement)
    yield
    sqlite = default_connection.vendor == "sqlite"
    with default_connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER full_up" if sqlite else "DROP FUNCTION full_up() CASCADE")
