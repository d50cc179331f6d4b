"""What every test may ask for: people, a crew of runners, scripts for the model, sockets, and the bigger parts."""

import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import channels.db
import pytest
import pytest_asyncio
from channels.db import database_sync_to_async
from channels.layers import channel_layers
from django.contrib.auth.models import User

from chat import launch, limits
from chat.actions import people, tokens
from tests.demo_process import demo_process

pytest_plugins = ["tests.apiserver.fixtures"]

# A consumer closes old connections when it ends; a test's own must not be among them (Channels 4, PostgreSQL).
channels.db.close_old_connections = lambda *args, **kwargs: None


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """PostgreSQL drops no database that somebody is connected to, and the tests' threads are, to the very end."""
    from django.db import connection

    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file, as people run it: the in-memory one locks differently."""
    from django.conf import settings

    if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        settings.DATABASES["default"]["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True)
def fresh_layer() -> Iterator[None]:
    """The in-memory layer binds to an event loop, and every test has its own."""
    channel_layers.backends.clear()
    yield
    channel_layers.backends.clear()


@pytest.fixture(autouse=True)
def rested_people() -> None:
    """Every test's first person has the same number, and should not pay for what others asked."""
    limits.requests.forget()
    limits.strangers.forget()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where everything must run (CI), a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("K8SMCP_TEST_REQUIRE") == "1" and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def audit_stands_aside_for_an_emptied_test_database() -> Iterator[None]:
    """The audit's triggers stand in every test, but between two of them Django empties every table."""
    from django.db.backends.base.operations import BaseDatabaseOperations

    from tests.chat.audit.tampering import unguarded

    empty = BaseDatabaseOperations.execute_sql_flush

    def execute_sql_flush(self: Any, sql_list: list[str]) -> None:
        with unguarded(self.connection):
            empty(self, sql_list)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", execute_sql_flush)
        yield


# ---- people ------------------------------------------------------------------------------------------------------


@pytest.fixture
def alice(db: None) -> User:
    """Owner of what a test makes."""
    return people.create("alice", role="operator")


@pytest.fixture
def bob(db: None) -> User:
    """A teammate: sees what is shared."""
    return people.create("bob", role="operator")


@pytest.fixture
def charlie(db: None) -> User:
    """Another teammate, an approver."""
    return people.create("charlie", role="approver")


@pytest.fixture
def token_of() -> Callable[..., str]:
    return lambda user, scope="": tokens.create(user, scope=scope)


# ---- runs --------------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def crew(transactional_db: None) -> AsyncIterator[launch.Crew]:
    """Runners in this process, as in the web process."""
    yield launch.begin()
    await launch.end()


@pytest.fixture
def script(settings: Any, tmp_path: Path) -> Callable[..., None]:
    """Makes the model say exactly this: rounds of steps (chat/agent/providers/scripted.py)."""

    def play(*rounds: list[dict[str, Any]], stories: list[dict[str, Any]] | None = None) -> None:
        file = tmp_path / "script.json"
        file.write_text(json.dumps({"stories": stories} if stories else {"rounds": list(rounds)}))
        settings.K8SMCP_PROVIDER, settings.K8SMCP_SCRIPT = "scripted", str(file)

    return play


def in_database(action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Awaitable: runs synchronous ORM code from an asynchronous test."""
    return database_sync_to_async(action)(*args, **kwargs)


# ---- a cluster ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def demo_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A demo cluster in a process of its own, for the whole run."""
    with demo_process(tmp_path_factory, "demo") as kubeconfig:
        yield kubeconfig


@pytest.fixture
def demo(transactional_db: None, demo_kubeconfig: Path) -> str:
    """The demo cluster, registered; returns its name."""
    from tools import clusters

    return clusters.register(demo_kubeconfig, is_demo=True)[0].name
