"""A demo cluster that writes down every request, for the scenarios alone, and the summary at the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.db import database_sync_to_async

from tests.apiserver.control_plane import ControlPlane
from tests.hostile.ground import Ground, demo_ground, plane_ground
from tests.scenarios import summary
from tools import clusters
from tools.demo import process


@pytest.fixture(scope="session")
def scenario_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The kubeconfig of a demo cluster, and its journal."""
    home = tmp_path_factory.mktemp("scenarios")
    journal = home / "requests.jsonl"
    yield process.ensure_running(home, journal=journal), journal
    process.end(home)


@pytest.fixture
async def demo_cluster(transactional_db: None, scenario_demo: tuple[Path, Path]) -> Ground:
    """The demo cluster, registered as the only one."""
    await database_sync_to_async(clusters.register)(scenario_demo[0], is_demo=True)
    return demo_ground(*scenario_demo)


@pytest.fixture
async def real_cluster(transactional_db: None, api_server: ControlPlane) -> Ground:
    """A real API server, asked as its administrator."""
    contexts = await database_sync_to_async(clusters.register)(api_server.kubeconfig)
    assert contexts[0].name == "admin"
    return plane_ground(api_server)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in summary.lines():
        terminalreporter.write_line(line)
