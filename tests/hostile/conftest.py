"""A demo cluster that writes down every request, for this programme alone, and the summary at the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.db import database_sync_to_async

from tests.hostile import figures
from tests.hostile.ground import Ground, demo_ground
from tools import clusters
from tools.demo import process


@pytest.fixture(scope="session")
def watched_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The kubeconfig of a demo cluster, and its journal."""
    home = tmp_path_factory.mktemp("hostile")
    journal = home / "requests.jsonl"
    yield process.ensure_running(home, journal=journal), journal
    process.end(home)


@pytest.fixture
async def ground(transactional_db: None, watched_demo: tuple[Path, Path], settings: Any) -> Ground:
    """The demo cluster, registered as the only one, with an empty journal."""
    file, journal = watched_demo
    await database_sync_to_async(clusters.register)(file, is_demo=True)
    return demo_ground(file, journal)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in figures.LINES:
        terminalreporter.write_line(line)
