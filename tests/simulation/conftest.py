"""A world whose processes end where a test wants it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chat import launch
from chat.actions import people
from tests.conftest import in_database
from tests.simulation import process
from tests.simulation.cluster import RecordingCluster
from tests.simulation.telling import World

BOUNDARIES: dict[str, int] = {}


@pytest_asyncio.fixture
async def world(
    transactional_db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    settings.K8SMCP_PROVIDER, settings.K8SMCP_SCRIPT = "scripted", str(tmp_path / "script.json")
    settings.K8SMCP_MAX_APPROVALS_PER_MINUTE = 10_000
    user = await in_database(people.create, "alice", role="operator")
    async with RecordingCluster() as cluster:
        await in_database(cluster.registered, tmp_path)
        made = World(user, cluster, tmp_path / "script.json")
        process.install(monkeypatch, made.rung, made.clock)
        yield made
        launch._crew = None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says how many boundaries were tried."""
    if BOUNDARIES:
        stories = ", ".join(f"{name} {count}" for name, count in BOUNDARIES.items())
        terminalreporter.write_line(f"Processes were stopped at {sum(BOUNDARIES.values())} boundaries: {stories}.")
