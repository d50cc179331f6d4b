"""Tools that are not loaded: what a request lists instead, and the envelope by which they are called."""

import pytest

from chat.agent.deferral import ENVELOPE, MOST_NAMED, loaded, named, opened
from chat.agent.ports import ToolOffer, Wish


def offer(name: str, *, deferred: bool = False) -> ToolOffer:
    return ToolOffer(name, f"What {name} does.", {"type": "object"}, deferred)


CORE = [offer("k8s_list"), offer("k8s_get")]
MORE = [offer("node_drain", deferred=True), offer("helm_list", deferred=True)]


def test_the_core_is_listed_in_one_order_whatever_order_it_comes_in():
    names = [tool.name for tool in loaded([*CORE, *MORE])]
    assert names == ["k8s_get", "k8s_list", "tool_call"]
    assert loaded([*reversed(MORE), *reversed(CORE)]) == loaded([*CORE, *MORE])


def test_without_deferred_tools_there_is_no_envelope():
    assert loaded(CORE) == sorted(CORE, key=lambda tool: tool.name)
    assert named(CORE) == ""


def test_the_names_of_the_rest_are_told_in_one_order_and_bounded():
    assert named([*MORE, *CORE]).endswith(": helm_list, node_drain.")
    many = [offer(f"tool_{n:03}", deferred=True) for n in range(MOST_NAMED + 7)]
    assert named(many).endswith(f"tool_{MOST_NAMED - 1:03} and 7 more.")


@pytest.mark.parametrize(
    ("given", "name", "arguments"),
    [
        ({"tool": "node_drain", "arguments": {"node": "a"}}, "node_drain", {"node": "a"}),
        ({"tool": "node_drain"}, "node_drain", {}),
        ({"tool": "node_drain", "node": "a"}, "node_drain", {"node": "a"}),
        ({"tool": "node_drain", "extra": 1, "arguments": {"node": "a"}}, "node_drain", {"extra": 1, "node": "a"}),
        ({"tool": "node_drain", "arguments": "a"}, "node_drain", {"arguments": "a"}),
        ({"tool": "tool_call", "arguments": {"tool": "x"}}, "tool_call", {"tool": "x"}),
        ({"arguments": {}}, "tool_call", {"arguments": {}}),
        ({"tool": ["node_drain"]}, "tool_call", {"tool": ["node_drain"]}),
        ({"tool": "drain node a"}, "tool_call", {"tool": "drain node a"}),
        ({"tool": "x" * 65}, "tool_call", {"tool": "x" * 65}),
    ],
)
def test_an_envelope_is_opened_and_nothing_in_it_is_lost(given, name, arguments):
    assert opened(Wish("1", ENVELOPE.name, given)) == Wish("1", name, arguments)


def test_any_other_call_is_what_it_is_even_with_such_arguments():
    wish = Wish("1", "k8s_list", {"tool": "node_drain", "arguments": {}})
    assert opened(wish) == wish
