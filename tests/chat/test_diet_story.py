"""The token diet as a model's endpoint sees it: whole runs against the fake endpoint, on the demo cluster."""

import json
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User

from chat import desk
from chat import given as given_words
from chat.actions import direct
from chat.actions.direct import Through
from chat.actions.messages import Way
from chat.errors import NotFound
from chat.models import Conversation, ToolCall
from tests.chat.test_runs import ended, sent
from tests.conftest import in_database
from tests.fakemodel import FakeModel

Body = dict[str, Any]
Ask = Callable[..., Awaitable[tuple[FakeModel, Body]]]


@pytest_asyncio.fixture
async def ask(crew: Any, settings: Any, alice: User, demo: str) -> AsyncIterator[Ask]:
    """`await ask(reply…)`: a run whose model gives these replies, or plays `stories` (tests/fakemodel); the endpoint,
    and how the run ended."""
    opened: list[FakeModel] = []

    async def run(
        *replies: Body, stories: tuple[Body, ...] = (), text: str = "why?", **more: Any
    ) -> tuple[FakeModel, Body]:
        fake = FakeModel({"stories": list(stories)} if stories else {"requests": list(replies)})
        opened.append(await fake.__aenter__())
        settings.K8SMCP_PROVIDER, settings.ANTHROPIC_BASE_URL = "anthropic", fake.url
        settings.ANTHROPIC_API_KEY, settings.K8SMCP_MODEL = "sk-secret", "claude-test"
        accepted = await sent(alice, text, **more)
        return fake, await ended(accepted.run_id, 120) | {"conversation_id": accepted.conversation_id}

    yield run
    for fake in opened:
        await fake.__aexit__(None, None, None)


def wish(tool: str, /, **arguments: Any) -> Body:
    return {"blocks": [{"tool": tool, "input": arguments}]}


SAY = {"blocks": [{"text": "So it is."}]}


def unmarked(node: Any) -> Any:
    """Without the marks for the cache, which move on by design."""
    if isinstance(node, list):
        return [unmarked(item) for item in node]
    if isinstance(node, dict):
        return {key: unmarked(value) for key, value in node.items() if key != "cache_control"}
    return node


def parts(body: Body) -> tuple[str, str]:
    """What stands before the messages, and the messages, as text."""
    told = unmarked(body)
    return json.dumps([told["tools"], told["system"]]), json.dumps(told["messages"])[:-1]


def breaks(bodies: list[Body]) -> list[int]:
    """The requests that do not begin with the one before."""
    seen = [parts(body) for body in bodies]
    return [n for n, ((_, before), (_, after)) in enumerate(pairwise(seen), 1) if not after.startswith(before)]


# ---- what stays the same -----------------------------------------------------------------------------------------


async def test_each_request_begins_with_the_one_before_but_where_results_are_shortened(ask: Ask):
    rounds = [wish("k8s_list", kind="pods", wide=True, limit=50 + n) for n in range(24)]
    fake, end = await ask(*rounds, SAY)
    assert end["outcome"] == "done"
    assert len({parts(body)[0] for body in fake.bodies}) == 1
    broken = breaks(fake.bodies)
    assert 1 <= len(broken) <= 4
    assert min((after - before for before, after in pairwise(broken)), default=3) >= 3
    sizes = [len(parts(body)[1]) for body in fake.bodies]
    assert all(sizes[n] < sizes[n - 1] for n in broken)


async def test_a_run_that_goes_on_elsewhere_sends_what_was_sent_before(ask: Ask, settings: Any):
    """Read from the journal, the first message's calls are told as they were told live."""
    first, end = await ask(wish("k8s_list", kind="nodes"), SAY)
    second, _ = await ask(SAY, text="And now?", conversation_id=end["conversation_id"])
    assert parts(second.bodies[0])[1].startswith(parts(first.bodies[-1])[1])
    assert parts(second.bodies[0])[0] == parts(first.bodies[0])[0]


# ---- tools that are not loaded -----------------------------------------------------------------------------------


async def test_a_tool_is_found_and_called_through_the_envelope_and_known_as_itself(ask: Ask):
    inside = {"kind": "deployment", "name": "checkout", "namespace": "shop"}
    found = wish("tool_find", query="revisions of a workload")
    fake, end = await ask(found, wish("tool_call", tool="k8s_rollout_history", arguments=inside), SAY)
    listed = [tool["name"] for tool in fake.bodies[0]["tools"]]
    assert listed == sorted(listed)
    assert {"tool_find", "tool_call", "k8s_list"} <= set(listed)
    assert not {"k8s_rollout_history", "k8s_delete"} & set(listed)
    assert "k8s_rollout_history" in fake.bodies[0]["system"][1]["text"]
    assert [(call["tool_name"], call["status"]) for call in end["tool_calls"]] == [
        ("tool_find", "completed"), ("k8s_rollout_history", "completed"),
    ]  # fmt: skip
    assert end["tool_calls"][1]["arguments"] == inside
    assert "k8s_rollout_history (READ)" in end["tool_calls"][0]["result"]
    assert breaks(fake.bodies) == []


@pytest.mark.parametrize(
    ("called", "status", "words"),
    [
        (wish("k8s_rollout_history", kind="deployment", name="checkout", namespace="shop"), "completed", "revision"),
        (wish("tool_call", tool="k8s_rollout_history", arguments={"nmae": "x"}), "failed", "did you mean name?"),
        (wish("tool_call", tool="k8s_rolout_history", arguments={}), "failed", "Did you mean k8s_rollout_history?"),
        (wish("tool_call", arguments={}), "failed", 'There is no tool "tool_call"'),
    ],
)
async def test_a_call_of_a_tool_that_was_not_loaded_works_or_says_why(ask: Ask, called: Body, status: str, words: str):
    _, end = await ask(called, SAY)
    assert end["tool_calls"][0]["status"] == status
    assert words in end["tool_calls"][0]["result"]


async def test_an_envelope_opens_no_other_door(ask: Ask, settings: Any):
    settings.K8SMCP_READ_ONLY = True
    inside = {"kind": "deployment", "name": "checkout", "namespace": "shop", "replicas": 0}
    fake, end = await ask(wish("tool_find", query="scale"), wish("tool_call", tool="k8s_scale", arguments=inside), SAY)
    assert "k8s_scale" not in json.dumps([fake.bodies[0]["system"], fake.bodies[0]["tools"]])
    assert "k8s_scale" not in end["tool_calls"][0]["result"]
    assert end["tool_calls"][1]["status"] == "denied"


# ---- reading on --------------------------------------------------------------------------------------------------

LINES = [f"pod-{n:05}  {'CrashLoopBackOff' if n % 100 == 0 else 'Running'}" for n in range(1, 1_001)]
FULL = "\n".join(["1,000 pods.", *LINES])
LONG = {"result": FULL[:30_000], "full": FULL, "data": {"rows": LINES, "about": {"kind": "Pod"}}}


@pytest_asyncio.fixture
async def long_result(ask: Ask, alice: User) -> tuple[str, str]:
    """A conversation with one result that is longer than a model is given, and that result's name."""
    _, end = await ask(wish("k8s_list", kind="nodes"), SAY)
    return end["conversation_id"], await in_database(_kept, end["conversation_id"])


def _kept(conversation: str) -> str:
    call = ToolCall.objects.filter(run__conversation=conversation).latest("requested_at")
    ToolCall.objects.filter(pk=call.pk).update(**LONG)
    return desk.short(call)


async def read_on(user: User, conversation: str, **arguments: Any) -> Body:
    through = Through(Way("rest"), conversation_id=uuid.UUID(conversation))
    accepted = await in_database(direct.ask, user, "result_read", arguments, through)
    call: Body = (await ended(accepted.run_id))["tool_calls"][0]
    return call


@pytest.mark.parametrize(
    ("asked", "header", "last"),
    [
        ({"lines": "2-4"}, "3 lines, 2-4 of 1,001 lines in {ref}.", LINES[2]),
        ({"lines": "-2"}, "2 lines, 1000-1001 of 1,001 lines in {ref}.", LINES[-1]),
        ({"lines": "1000-"}, "2 lines, 1000-1001 of 1,001 lines in {ref}.", LINES[-1]),
        ({"grep": "crash|x"}, '10 lines with "crash|x", 101-1001 of 1,001 lines in {ref}.', f"1001: {LINES[-1]}"),
        ({"path": "rows[6]"}, "1 line, 1-1 of 1 line in {ref} at rows[6].", LINES[6]),
        ({"path": "about"}, "1 line, 1-1 of 1 line in {ref} at about.", "kind: Pod"),
        ({"grep": "evicted"}, 'No line with "evicted" of 1,001 lines in {ref}.', ""),
        ({"lines": "2000-3000"}, "No such line of 1,001 lines in {ref}.", ""),
    ],
)  # fmt: skip
async def test_a_result_is_read_on_by_lines_words_and_path(
    long_result: tuple[str, str], alice: User, asked: Body, header: str, last: str
):
    conversation, ref = long_result
    call = await read_on(alice, conversation, ref=ref, **asked)
    assert call["status"] == "completed", call["result"]
    first, *rest = call["result"].split("\n")
    assert first == header.format(ref=ref)
    assert (rest or [""])[-1] == last


async def test_what_is_read_on_is_bounded_and_says_where_it_goes_on(long_result: tuple[str, str], alice: User):
    conversation, ref = long_result
    told = (await read_on(alice, conversation, ref=ref))["result"]
    assert len(told) < 11_000
    shown = re.search(r"; the first (\d+) are shown: go on with lines=(\d+)-, or grep\.", told)
    assert shown
    assert int(shown[2]) == int(shown[1]) + 1
    more = (await read_on(alice, conversation, ref=ref, lines=f"{shown[2]}-"))["result"]
    assert more.split("\n")[1] == FULL.split("\n")[int(shown[1])]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"lines": "many"}, "is no range of lines"),
        ({"path": "items[0]"}, "It has: about, rows."),
        ({"path": "rows["}, "is not a path"),
        ({"ref": "00000000"}, "There is no result 00000000 in this conversation"),
    ],
)
async def test_what_cannot_be_read_is_said_with_the_next_step(
    long_result: tuple[str, str], alice: User, asked: Body, words: str
):
    conversation, ref = long_result
    call = await read_on(alice, conversation, **{"ref": ref, **asked})
    assert call["status"] == "failed"
    assert words in call["result"]


async def test_a_result_is_read_in_its_own_conversation_only(long_result: tuple[str, str], alice: User, bob: User):
    conversation, ref = long_result
    with pytest.raises(NotFound):
        await read_on(bob, conversation, ref=ref)
    other = await in_database(Conversation.objects.create, owner=bob)
    call = await read_on(bob, str(other.pk), ref=ref)
    assert (call["status"], "There is no result" in call["result"]) == ("failed", True)


async def test_the_model_is_given_the_beginning_of_a_long_result_and_people_all_of_it(ask: Ask):
    """Live, from a tool whose answer is long."""
    fake, end = await ask(wish("k8s_logs", label_selector="app", namespace="shop", tail=2_000), SAY)
    result = end["tool_calls"][0]["result"]
    given = fake.bodies[1]["messages"][-1]["content"][0]["content"]
    assert len(result) > given_words.WHOLE
    assert len(given) < given_words.HEAD + 300
    assert result.startswith(given.rpartition("\n")[0])
    assert "Read on: result_read ref=" in given
