"""A demo cluster that writes down every request, for this programme alone, and the summary at the end."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.db import database_sync_to_async

from tests.hostile import figures
from tests.hostile.ground import Ground
from tools import clusters
from tools.demo import kubeconfig, process


@pytest.fixture(scope="session")
def watched_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The kubeconfig of a demo cluster, and its journal."""
    home = tmp_path_factory.mktemp("hostile")
    journal = home / "requests.jsonl"
    command = [sys.executable, "-m", "tools.demo", "--home", str(home), "--journal", str(journal), "--end-with-parent"]
    with (home / "log").open("wb") as log:
        child = subprocess.Popen(command, cwd=process.ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log)
    file = home / kubeconfig.FILE_NAME
    deadline = time.monotonic() + process.PATIENCE
    while not process.answers(file):
        assert child.poll() is None, (home / "log").read_text()
        assert time.monotonic() < deadline, "the demo cluster did not come up"
        time.sleep(0.1)
    yield file, journal
    process.stop(child)


@pytest.fixture
async def ground(transactional_db: None, watched_demo: tuple[Path, Path], settings: Any) -> Ground:
    """The demo cluster, registered as the only one, with an empty journal."""
    file, journal = watched_demo
    await database_sync_to_async(clusters.register)(file, is_demo=True)
    access = kubeconfig.read(file)
    assert access is not None
    return Ground(access.server, access.authority, access.token, journal)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for line in figures.LINES:
        terminalreporter.write_line(line)
