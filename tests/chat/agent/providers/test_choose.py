"""From settings to a provider."""

import subprocess
import sys

import pytest

from chat.agent.limits import Limits
from chat.agent.loop import run
from chat.agent.providers.choose import choose, close
from tests.chat.agent.stage import Recorder, ask
from tests.fakemodel import FakeModel


def test_a_provider_nobody_knows_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="K8SMCP_PROVIDER must be"):
        choose("oracle")
    with pytest.raises(ValueError, match="with a script"):
        choose("scripted")


def test_the_guide_needs_no_settings():
    assert choose("guide").name == "guide"


async def test_runs_share_one_model_and_what_was_learned_about_it():
    async with FakeModel({"refuse": ["thinking"]}) as fake:
        settings = {"model": "claude-test", "api_key": "k", "base_url": fake.url}
        for _ in range(3):
            await run(ask(), choose("anthropic", **settings), Recorder(), Limits())
        assert (len(fake.requests), fake.connections) == (4, 1)
        await close()
        await run(ask(), choose("anthropic", **settings), Recorder(), Limits())
        assert (len(fake.requests), fake.connections) == (6, 2)
        await close()


async def test_another_key_is_another_model():
    first, second = (choose("anthropic", model="m", api_key=key) for key in ("a", "b"))
    assert first is not second
    await close()


def test_nothing_of_a_vendor_is_loaded_before_it_is_asked():
    code = (
        "import sys; from chat.agent.providers.choose import choose; "
        "choose('anthropic', model='m', api_key='k'); "
        "sys.exit(any(name.split('.')[0] in ('anthropic', 'httpx2', 'django', 'kubernetes') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
