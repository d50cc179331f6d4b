"""One stage for all tests of this folder that look at a cluster with something on it."""

from collections.abc import Iterator

import pytest

from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.tool_stage import Stage, set_stage


@pytest.fixture(scope="session")
def stage(api_server: ControlPlane) -> Iterator[Stage]:
    """A namespace with something of everything, built once."""
    yield from set_stage(api_server)
