"""A restarted PostgreSQL leaves a pool of dead connections: nobody meets one of them."""

from collections.abc import Iterator

import pytest

from k8smcp.environment import Environment
from k8smcp.postgresql.base import DatabaseWrapper
from tests.faults.rig.servers import PostgreSQL, postgres_programs

pytestmark = [pytest.mark.postgres, pytest.mark.skipif(postgres_programs() is None, reason="needs initdb")]
MANY = 5
CUT = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid NOT IN (pg_backend_pid(), %s)"""


@pytest.fixture
def server() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture
def connections(server, tmp_path, django_db_blocker) -> Iterator[list[DatabaseWrapper]]:
    """Several of one pool, each with a connection of its own given back to it."""
    from django.db import connections as known

    entry = Environment({"DATABASE_URL": server.address}).database(tmp_path)
    settings = known.configure_settings({"default": entry})["default"]
    made = [DatabaseWrapper(settings, alias="restarted") for _ in range(MANY)]
    with django_db_blocker.unblock():
        assert [answer(each) for each in made] == [1] * MANY
        for each in made:
            each.close()
        yield made
    for each in made:
        each.close()
    made[0].close_pool()


def answer(connection: DatabaseWrapper) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return int(cursor.fetchone()[0])


def test_a_restart_of_the_server_costs_nobody_an_error(server, connections):
    before = connections[0].pool.get_stats()["pool_size"]
    assert before == MANY
    server.stop()
    server.start()
    assert [answer(each) for each in connections] == [1] * MANY


def test_connections_that_were_cut_are_replaced_and_living_ones_kept(connections):
    first, second, *others = connections
    assert answer(first) == 1
    kept = pid(first)
    first.close()
    assert pid(second) != 0
    with second.cursor() as cursor:
        cursor.execute(CUT, [kept])
    pids = {pid(each) for each in (first, *others)}
    assert kept in pids
    assert len(pids) == MANY - 1


def pid(connection: DatabaseWrapper) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
