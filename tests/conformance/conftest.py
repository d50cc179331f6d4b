"""Runs every conformance test on a real API server and on the demo cluster."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.apiserver.cluster import Cluster
from tests.conformance.demo_server import serve_demo
from tests.conformance.place import Place


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The demo cluster, one for the whole session."""
    with serve_demo(tmp_path_factory.mktemp("demo")) as cluster:
        yield cluster


@pytest.fixture(scope="session", params=[pytest.param("real", marks=pytest.mark.apiserver), "demo"])
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """The cluster under test; the real one is skipped with a reason where there is none."""
    found: Any = request.getfixturevalue({"real": "api_server", "demo": "demo_server"}[request.param])
    assert isinstance(found, Cluster)
    return found


@pytest.fixture
def place(cluster: Cluster) -> Iterator[Place]:
    """A fresh namespace of the cluster under test."""
    with cluster.namespace("conform") as name:
        yield Place(cluster, name)
