"""Pytest fixtures around a real API server; a plugin to be listed in `pytest_plugins`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apiserver.control_plane import ASSETS_VARIABLE, ControlPlane, start

SKIPPED = (
    f"Left out: set {ASSETS_VARIABLE} to a folder with kube-apiserver, kube-controller-manager, kube-scheduler and "
    "etcd to run this against a real API server."
)


@pytest.fixture(scope="session")
def api_server() -> Iterator[ControlPlane]:
    """A real control plane with three fake nodes, one for the whole session."""
    assets = os.environ.get(ASSETS_VARIABLE)
    if not assets:
        pytest.skip(SKIPPED)
    plane = start(Path(assets))
    yield plane
    plane.stop()


@pytest.fixture
def real_namespace(api_server: ControlPlane) -> Iterator[str]:
    """A namespace of the real API server for one test."""
    with api_server.namespace() as name:
        yield name
