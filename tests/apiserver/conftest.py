"""A stage for each file of this folder that looks at a cluster with something on it."""

from collections.abc import Iterator

import pytest

from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.tool_stage import Stage, set_stage


@pytest.fixture(scope="module")
def stage(api_server: ControlPlane) -> Iterator[Stage]:
    """A namespace with something of everything, built once a file: none finds what another has changed."""
    yield from set_stage(api_server)
