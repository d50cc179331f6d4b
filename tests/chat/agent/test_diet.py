"""Old results are shortened in steps: always the same ones for the same transcript, and never again in full."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chat.agent.diet import LEAST, MOST, NEWEST, sent, shortened
from chat.agent.ports import Answer, Text, Turn, Wish
from chat.agent.providers.anthropic.request import Body, body, grown
from chat.agent.providers.anthropic.request import size as size_of
from tests.chat.agent.stage import ask


def turns(sizes: list[int], short: str = "One line.") -> tuple[Turn, ...]:
    made = list(ask("why?").turns)
    for number, size in enumerate(sizes):
        made.append(Turn("assistant", (Text("I look."), Wish(f"w{number}", "k8s_list", {"n": number}))))
        made.append(Turn("user", (Answer(f"w{number}", "x" * size, short=short),)))
    return tuple(made)


def in_full(sizes: list[int], short: frozenset[str]) -> int:
    return sum(size for number, size in enumerate(sizes) if f"w{number}" not in short)


def test_nothing_is_shortened_until_there_is_too_much_and_then_many_at_once():
    size = MOST // 12
    steps = [len(shortened(turns([size] * count))) for count in range(40)]
    assert steps[:13] == [0] * 13
    assert steps[13] >= 6
    grew = [after - before for before, after in pairwise(steps) if after > before]
    assert len(grew) <= 5
    assert min(grew) >= 5


SIZES = st.lists(st.integers(0, 20_000), max_size=30)


@given(SIZES)
def test_what_was_shortened_stays_so_and_the_newest_stand_in_full(sizes):
    before: frozenset[str] = frozenset()
    for count in range(len(sizes) + 1):
        now = shortened(turns(sizes[:count]))
        assert before <= now
        assert not now & {f"w{number}" for number in range(max(0, count - NEWEST), count)}
        if now != before:
            assert in_full(sizes[:count], now) <= max(LEAST, sum(sizes[count - NEWEST : count]))
        before = now


@given(SIZES)
def test_what_a_budget_counts_grows_by_all_that_is_new_however_much_is_shortened(sizes):
    """The bound on the tokens of a request stands on it (chat/actions/reservations.py)."""
    before = 0
    seen: set[tuple[str, str]] = set()
    for count in range(len(sizes) + 1):
        request = replace(ask(), turns=turns(sizes[:count]))
        made = body(request, model="m", max_tokens=10)
        results = set(told(made))
        now = grown(made, request.turns)
        assert now >= size_of(made)
        assert now - before >= sum(len(content) for _, content in results - seen)
        before, seen = now, results


def told(made: Body) -> Iterator[tuple[str, str]]:
    for message in made["messages"]:
        yield from ((block["tool_use_id"], block["content"]) for block in message["content"] if "content" in block)


def test_what_has_no_short_form_stays_in_full():
    made = turns([MOST] * 8, short="")
    assert shortened(made) == frozenset()
    assert sent(made[2].blocks[0]) == "x" * MOST


def test_a_result_too_long_for_a_model_counts_as_its_beginning():
    long = Answer("w", "x" * 90_000, given="x" * 2_000, short="One line.")
    assert (sent(long), sent(long, frozenset({"w"}))) == ("x" * 2_000, "One line.")
    many = tuple(Turn("user", (Answer(f"w{n}", "x" * 90_000, given="x" * 2_000, short="1"),)) for n in range(20))
    assert shortened(many) == frozenset()
