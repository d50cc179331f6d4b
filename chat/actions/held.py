"""The one statement with which a runner takes its run's row: locked, its lease prolonged, and read.

Every write of a runner begins with it. Django's ORM has no word for it: it would take one statement to lock the row and
another to read it.
"""

import uuid
from datetime import timedelta
from functools import cache

from django.db import connection

from chat.models import Run
from chat.models.run import RunStatus

_FIELDS = Run._meta.concrete_fields
_LATER = {  # by the database's clock, as django.db.models.functions.Now writes it
    "sqlite": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', %s || ' seconds')",
    "postgresql": "STATEMENT_TIMESTAMP() + %s * INTERVAL '1 second'",
}


def prolonged(run_id: uuid.UUID, epoch: int, lease: timedelta) -> Run | None:
    """The run, if it is being driven under this epoch; its lease then lasts that long from now on."""
    key = Run._meta.pk.get_db_prep_value(run_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(_statement(connection.vendor), [lease.total_seconds(), key, epoch, RunStatus.RUNNING.value])
        row = cursor.fetchone()
    return None if row is None else _made(row)


@cache
def _statement(vendor: str) -> str:
    columns = ", ".join(f'"{field.column}"' for field in _FIELDS)
    return (
        f"UPDATE chat_run SET lease_until = {_LATER[vendor]} WHERE id = %s AND lease_epoch = %s AND status = %s "
        f"RETURNING {columns}"
    )


def _made(row: tuple[object, ...]) -> Run:
    """From what the database gave, as the ORM makes a row: each column by the converters of its field."""
    compiler = Run.objects.all().query.get_compiler(connection=connection)
    converters = compiler.get_converters([field.get_col(Run._meta.db_table) for field in _FIELDS])
    (values,) = compiler.apply_converters([row], converters) if converters else ([*row],)
    return Run.from_db(connection.alias, [field.attname for field in _FIELDS], values)
