"""A PostgreSQL server of the rig's own, and a database for each rehearsal."""

import shutil
import uuid
from collections.abc import Iterator

import pytest

from tests.faults.rig.servers import PostgreSQL, postgres_programs


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[PostgreSQL]:
    if postgres_programs() is None or shutil.which("redis-server") is None:
        pytest.skip("needs initdb and redis-server (Debian: apt-get install postgresql redis-server)")
    with PostgreSQL() as server:
        yield server


@pytest.fixture
def own_database(own_postgres: PostgreSQL) -> str:
    return own_postgres.database(f"fault_{uuid.uuid4().hex[:12]}")
