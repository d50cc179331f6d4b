"""A provider in front of a fake endpoint on loopback, impatient, and with waits that are noted and not slept."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from chat.agent.limits import Limits
from chat.agent.loop import End, run
from chat.agent.ports import Request
from chat.agent.providers.anthropic.provider import Anthropic, Patience
from tests.chat.agent.stage import Recorder, ask
from tests.fakemodel import FakeModel

KEY = "sk-ant-very-secret-key"
IMPATIENT = Patience(connect=2, silence=5, idle=5, whole=10)


@dataclass
class Rehearsal:
    fake: FakeModel
    provider: Anthropic
    slept: list[float]
    stage: Recorder = field(default_factory=Recorder)

    async def run(self, request: Request | None = None) -> End:
        return await run(request or ask(), self.provider, self.stage, Limits())


Rehearse = Callable[..., Awaitable[Rehearsal]]


@pytest.fixture
async def rehearse() -> AsyncIterator[Rehearse]:
    """`await rehearse(reply, reply…, patience=, key=, base_url=, keys of the script)`; the last reply repeats."""
    async with AsyncExitStack() as stack:

        async def begin(
            *replies: dict[str, Any], patience: Patience = IMPATIENT, key: str = KEY, base_url: str = "", **script: Any
        ) -> Rehearsal:
            fake = await stack.enter_async_context(FakeModel({"requests": list(replies), **script}, key=KEY))
            slept: list[float] = []

            async def sleep(seconds: float) -> None:
                slept.append(seconds)

            provider = Anthropic(
                model="claude-test", api_key=key, base_url=base_url or fake.url, patience=patience, sleep=sleep
            )
            stack.push_async_callback(provider.aclose)
            return Rehearsal(fake, provider, slept)

        yield begin
