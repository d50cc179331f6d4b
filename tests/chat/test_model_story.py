"""A run against a Messages API endpoint, from the socket to the model and back: whole, interrupted, refused."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User

from chat import launch
from tests.chat.sockets import Client
from tests.conftest import in_database
from tests.fakemodel import FakeModel

LOOK = {"blocks": [{"think": "Which are there?"}, {"text": "I look."}, {"tool": "clusters_list", "chunks": 2}]}
TELL = {"blocks": [{"text": "None is registered.", "chunks": 3}]}
Tell = Callable[..., Awaitable[tuple[FakeModel, Client]]]


@pytest_asyncio.fixture
async def told(crew: launch.Crew, settings: Any, alice: User, token_of: Callable[..., str]) -> AsyncIterator[Tell]:
    """`await told(reply…)`: asks a portal whose model gives these replies, and hears the run out."""
    opened: list[FakeModel] = []

    async def ask(*replies: dict[str, Any]) -> tuple[FakeModel, Client]:
        fake = FakeModel({"requests": list(replies)})
        opened.append(await fake.__aenter__())
        settings.K8SMCP_PROVIDER, settings.ANTHROPIC_BASE_URL = "anthropic", fake.url
        settings.ANTHROPIC_API_KEY, settings.K8SMCP_MODEL = "sk-secret", "claude-test"
        async with Client(await in_database(token_of, alice)) as client:
            await client.say({"message": "which clusters are there?"})
            await client.until("complete")
        return fake, client

    yield ask
    for fake in opened:
        await fake.__aexit__(None, None, None)


def of(client: Client, kind: str) -> list[dict[str, Any]]:
    return [frame["data"] for frame in client.frames if frame["type"] == kind]


async def test_a_question_goes_to_the_model_and_its_answer_to_the_screen(told: Tell):
    fake, client = await told(LOOK, TELL)
    complete = of(client, "complete")[0]
    assert complete["outcome"] == "done"
    assert complete["message"] == "I look.\n\nNone is registered."
    assert complete["usage"]["input_tokens"] == 200
    assert [call["tool_name"] for call in complete["tool_calls"]] == ["clusters_list"]
    assert "clusters_list" in [tool["name"] for tool in fake.bodies[0]["tools"]]
    answer = fake.bodies[1]["messages"][-1]["content"][0]
    assert answer["type"] == "tool_result"
    assert answer["content"] == complete["tool_calls"][0]["result"]


async def test_a_cut_in_a_tool_call_is_told_and_nothing_of_it_is_done(told: Tell):
    cut = LOOK | {"cut": {"before": "content_block_stop", "nth": 3, "how": "close"}}
    _, client = await told(cut, TELL)
    assert of(client, "tool_call_start") == []
    assert any("broke off" in notice["text"] for notice in of(client, "notice"))
    assert of(client, "complete")[0]["outcome"] == "done"


@pytest.mark.parametrize(("status", "words"), [(401, "ANTHROPIC_API_KEY"), (404, "K8SMCP_MODEL")])
async def test_a_refusal_ends_the_run_with_its_sentence(told: Tell, status: int, words: str):
    _, client = await told({"status": status, "error": ["x", "sk-secret is not welcome"]})
    error = of(client, "error")[0]
    assert words in error["error"]
    assert (error["scope"], error["temporary"]) == ("run", False)
    assert of(client, "complete")[0]["outcome"] == "failed"
    assert "sk-secret" not in str(client.frames)
