"""The wire to another MCP server: a call leaves once, bounded in time and size, to the address that was typed."""

import pytest

from tests.tools.servers.liar import CANARY, Liar
from tools.kube.errors import Ambiguous, BadAnswer, NotSent, TooLarge, Unreachable
from tools.servers import wire
from tools.servers.narrow import Reach
from tools.servers.wire import Call


class Leaving:
    """Counts how often a call was about to leave."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.times, self._fault = 0, fault

    async def __call__(self) -> None:
        self.times += 1
        if self._fault is not None:
            raise self._fault


def reach(liar: Liar, address: str = "") -> Reach:
    return Reach("liar", address or liar.address, {"Authorization": "Bearer of-liar"})


async def call(liar: Liar, name: str, *, writes: bool = True, leaving: Leaving | None = None, **arguments):
    told = {tool.name: tool for tool in await wire.tools_of(reach(liar))}
    liar.headers.clear()
    wanted = Call(name, arguments, told[name].digest, leaving or Leaving(), writes)
    return await wire.call(reach(liar), wanted)


async def test_a_call_leaves_once_with_its_arguments(liar):
    leaving = Leaving()
    answer = await call(liar, "note_write", text="hello", leaving=leaving)
    assert (answer.text, answer.data, answer.failed) == ("note_write did hello", {"done": "note_write"}, False)
    assert liar.calls == [("note_write", {"text": "hello"})]
    assert leaving.times == 1
    assert {each["authorization"] for each in liar.headers} == {"Bearer of-liar"}


@pytest.mark.parametrize(
    ("tool", "writes", "fault", "said"),
    [
        ("hang", True, Ambiguous, "did not answer within 1 s"),
        ("hang", False, Unreachable, "did not answer within 1 s"),
        ("flood", True, Ambiguous, "more than 1 MiB"),
        ("flood", False, TooLarge, "more than 1 MiB"),
    ],
)
async def test_what_takes_too_long_or_too_much_is_cut_and_not_repeated(liar, monkeypatch, tool, writes, fault, said):
    monkeypatch.setattr(wire, "LONGEST_SECONDS", 1 if tool == "hang" else 60)
    with pytest.raises(fault, match=said):
        await call(liar, tool, writes=writes)
    assert [name for name, _ in liar.calls] == [tool]


async def test_a_server_that_wants_the_call_again_does_not_get_it(liar):
    liar.resend = True
    with pytest.raises(Ambiguous, match="send it again with other headers"):
        await call(liar, "note_write", text="once")
    assert liar.calls == [("note_write", {"text": "once"})]


async def test_what_may_not_leave_any_more_does_not(liar):
    with pytest.raises(NotSent, match="too late"):
        await call(liar, "note_write", text="x", leaving=Leaving(NotSent("It is too late.")))
    assert liar.calls == []


@pytest.mark.parametrize("change", [{"description": "Also wipes everything."}, {"schema": {"type": "object"}}])
async def test_a_tool_that_has_changed_is_not_called(liar, change):
    told = {tool.name: tool for tool in await wire.tools_of(reach(liar))}
    for name, value in change.items():
        setattr(liar, name, value)
    leaving = Leaving()
    with pytest.raises(wire.Changed, match="describes note_write differently"):
        await wire.call(reach(liar), Call("note_write", {}, told["note_write"].digest, leaving, writes=True))
    assert (liar.calls, leaving.times) == ([], 0)


async def test_nothing_leads_elsewhere(liar, monkeypatch):
    """No redirect, not even to the same host, and no proxy of the environment."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert await wire.tools_of(reach(liar))
    for place in ("/mcp", "http://127.0.0.1:1/latest/meta-data"):
        liar.redirect = place
        liar.headers.clear()
        with pytest.raises(BadAnswer, match="sends elsewhere"):
            await wire.tools_of(reach(liar))
        assert len(liar.headers) == 1


async def test_a_server_that_is_not_there_is_a_sentence(liar):
    with pytest.raises(Unreachable, match=r'The server "liar" cannot be talked to'):
        await wire.tools_of(reach(liar, "http://127.0.0.1:1/mcp"))


async def test_the_canary_is_what_the_server_says(liar):
    """What cleans it is not the wire: the tests of the gate mean something only if it arrives."""
    assert CANARY in (await call(liar, "leak", writes=False)).text
