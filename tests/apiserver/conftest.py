"""A stage for each file of this folder that looks at a cluster with something on it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.leaving_cases import DEBUG_IMAGE
from tests.apiserver.tool_stage import Stage, set_stage


@pytest.fixture(scope="module")
def stage(api_server: ControlPlane) -> Iterator[Stage]:
    """A namespace with something of everything, built once a file: none finds what another has changed."""
    yield from set_stage(api_server)


@pytest.fixture(autouse=True)
def debug_images(settings: Any) -> None:
    """The image that cases of pod_debug use is allowed."""
    settings.K8SMCP_DEBUG_IMAGES = [DEBUG_IMAGE]
