"""A journal: one JSON object a line, each with the moment it was written; the checker reads nothing else."""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

Line = dict[str, Any]
TABLES = {
    "events": "SELECT conversation_id, seq, run_id, type, data, at FROM chat_event ORDER BY conversation_id, seq",
    "runs": "SELECT id, conversation_id, status, attempt, lease_epoch FROM chat_run ORDER BY id",
    "calls": "SELECT id, run_id, tool, arguments, effect, status, result FROM chat_toolcall ORDER BY run_id, position",
}
JSON_COLUMNS = ("data", "arguments")


class Journal:
    """Appends; `at` is seconds since 1970."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")

    def write(self, **line: Any) -> None:
        self._file.write(json.dumps({"at": time.time(), **line}) + "\n")

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Iterator[Line]:
    """Every line; none when there is no such journal."""
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def dump(database: str, folder: Path) -> None:
    """Writes events.jsonl, runs.jsonl and calls.jsonl from a DATABASE_URL."""
    for name, query in TABLES.items():
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for row in _rows(database, query):
                file.write(json.dumps(_plain(row)) + "\n")


def _rows(database: str, query: str) -> Iterable[Line]:
    if database.startswith("sqlite:///"):
        connection = sqlite3.connect(database.removeprefix("sqlite:///"))
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query)]
        finally:
            connection.close()
    with psycopg.connect(database, row_factory=dict_row) as server:
        return server.execute(query).fetchall()


def _plain(row: Line) -> Line:
    """SQLite keeps JSON as text, uuids without hyphens and times with a blank: told as PostgreSQL tells them."""
    plain = {}
    for name, value in row.items():
        if name in JSON_COLUMNS and isinstance(value, str):
            plain[name] = json.loads(value)
        elif name in JSON_COLUMNS or isinstance(value, int) or value is None:
            plain[name] = value
        elif name == "id" or name.endswith("_id"):
            plain[name] = str(value).replace("-", "")
        else:
            plain[name] = str(value)
    return plain
