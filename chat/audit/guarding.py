"""The triggers that keep audit rows as they are, in PostgreSQL and in SQLite: nobody changes, deletes or empties them.

They stop a mistake and a careless script. Who owns the database can take them away; the chain and the anchors find what
was done then.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "chat_auditrow"
_SENTENCE = "Audit rows are never changed or deleted."
_STAND = {
    "postgresql": (
        "CREATE OR REPLACE FUNCTION chat_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{_SENTENCE}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE TRIGGER audit_rows_stay BEFORE UPDATE OR DELETE ON {TABLE} "
        "FOR EACH ROW EXECUTE FUNCTION chat_audit_stays()",
        f"CREATE TRIGGER audit_table_stays BEFORE TRUNCATE ON {TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION chat_audit_stays()",
        f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER audit_rows_stay",
        f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER audit_table_stays",
    ),
    "sqlite": (
        f"CREATE TRIGGER audit_rows_stay BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END",
        f"CREATE TRIGGER audit_table_stays BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END",
        # INSERT OR REPLACE takes the old row away without asking the trigger on DELETE
        f"CREATE TRIGGER audit_rows_are_new BEFORE INSERT ON {TABLE} "
        f"WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END",
    ),
}
_LOOK = {
    "postgresql": f"SELECT tgname FROM pg_trigger WHERE tgrelid = '{TABLE}'::regclass AND tgenabled = 'A'",
    "sqlite": f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{TABLE}'",
}
TRIGGERS = {
    "postgresql": frozenset({"audit_rows_stay", "audit_table_stays"}),
    "sqlite": frozenset({"audit_rows_stay", "audit_table_stays", "audit_rows_are_new"}),
}


def standing(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_LOOK[connection.vendor])
        return {name for (name,) in cursor.fetchall()} >= TRIGGERS[connection.vendor]


def protect(connection: BaseDatabaseWrapper) -> None:
    """Puts the triggers where they are not: SQLite loses them when a migration makes the table anew."""
    if standing(connection):
        return
    on = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in sorted(TRIGGERS[connection.vendor]):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
        for statement in _STAND[connection.vendor]:
            cursor.execute(statement)


def after_migrations(using: str, **_: Any) -> None:
    """Receiver of `post_migrate` of this app."""
    from django.db import connections

    if TABLE in connections[using].introspection.table_names():
        protect(connections[using])
