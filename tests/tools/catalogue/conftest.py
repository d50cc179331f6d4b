"""Tools run against the demo cluster, through the toolbox, as everything in the product runs them."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.demo_process import demo_process
from tests.tools.api import ANYTHING, SOMEBODY, announced
from tools import registry, toolbox
from tools.kube.guard import Permit

Ask = Callable[..., Awaitable[toolbox.Outcome]]


@pytest.fixture(scope="package")
def demo_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A demo cluster of these tests' own: what they read of its story, nobody before them has changed."""
    with demo_process(tmp_path_factory, "catalogue") as kubeconfig:
        yield kubeconfig


@pytest.fixture
def ask(demo: str) -> Ask:
    """`await ask(tool name, **arguments)`: the outcome, with a permit for no more than the tool's effect."""

    async def asked(tool_name: str, /, **arguments: Any) -> toolbox.Outcome:
        tool = registry.find(tool_name)
        permit = Permit("call-1", demo, tool.effect, announce=announced, plan=ANYTHING)
        return await toolbox.run(tool, toolbox.parse(tool, arguments), demo, permit, SOMEBODY)

    return asked


@pytest_asyncio.fixture
async def place(ask: Ask) -> AsyncIterator[str]:
    name = f"tools-{secrets.token_hex(3)}"
    assert (await ask("namespace_create", name=name, labels={"team": "tests"})).status == "completed"
    yield name
    await ask("k8s_delete", kind="namespace", name=name)
