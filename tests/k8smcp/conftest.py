"""A portal that was prepared once, for all tests that only run a command in it."""

from pathlib import Path

import pytest

from tests.k8smcp.commands import manage


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, demo_kubeconfig: Path) -> Path:
    place = tmp_path_factory.mktemp("home")
    done = manage(place, "start", "--prepare", KUBECONFIG=str(demo_kubeconfig))
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def kubeconfig(demo_kubeconfig: Path) -> dict[str, str]:
    return {"KUBECONFIG": str(demo_kubeconfig)}
