"""Tools run against the demo cluster, through the toolbox, as everything in the product runs them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.tools.api import ANYTHING, SOMEBODY, announced
from tools import registry, toolbox
from tools.kube.guard import Permit

Ask = Callable[..., Awaitable[toolbox.Outcome]]


@pytest.fixture
def ask(demo: str) -> Ask:
    """`await ask(tool name, **arguments)`: the outcome, with a permit for no more than the tool's effect."""

    async def asked(tool_name: str, /, **arguments: Any) -> toolbox.Outcome:
        tool = registry.find(tool_name)
        permit = Permit("call-1", demo, tool.effect, announce=announced, plan=ANYTHING)
        return await toolbox.run(tool, toolbox.parse(tool, arguments), demo, permit, SOMEBODY)

    return asked
