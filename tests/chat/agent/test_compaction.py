"""What stands for the beginning of a conversation that is too long for its model, and how the loop comes to it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.agent import compaction
from chat.agent.compaction import QUESTION, compact, due, gathered, text
from chat.agent.limits import Limits
from chat.agent.loop import run
from chat.agent.ports import Answer, Memo, Request, Text, Turn, Usage, Wish
from chat.agent.providers.scripted import Fail, Interrupt, Say, Scripted, WishFor
from tests.chat.agent.stage import Recorder, ask

WINDOW = 8_000
ARGUMENTS = {"kind": "pods", "namespace": "shop", "cluster": "demo"}


def talk(rounds: int, size: int = 900, words: str = "why does it crash?") -> Request:
    """A person's words and so many rounds of one call."""
    made = list(ask(words).turns)
    for number in range(rounds):
        made.append(Turn("assistant", (Text(f"I look ({number})."), Wish(f"w{number}", "k8s_list", ARGUMENTS))))
        made.append(Turn("user", (Answer(f"w{number}", f"{number} pods.\n" + "x" * size),)))
    return replace(ask(), turns=tuple(made), window=WINDOW)


# ---- when --------------------------------------------------------------------------------------------------------


def test_it_is_due_when_the_estimate_or_the_models_own_count_passes_four_fifths():
    assert not due(talk(6))
    assert due(talk(30))
    assert due(talk(6), last=(len(talk(6).turns), 6_500))
    assert not due(talk(6), last=(len(talk(6).turns), 6_300))
    assert due(talk(6), last=(len(talk(5).turns), 6_300))


def test_it_is_never_due_without_a_window_or_without_anything_to_leave_out():
    assert not due(replace(talk(30), window=0))
    assert not due(talk(1, size=90_000))
    assert not due(replace(ask("x" * 90_000), window=WINDOW))


# ---- what --------------------------------------------------------------------------------------------------------


def test_words_places_and_calls_are_kept_and_the_newest_exchange_as_it_was():
    request = talk(12)
    memo = gathered(request, "It runs out of memory.")
    told = text(memo)
    assert memo.words == ("why does it crash?",)
    assert memo.places == ("namespace shop", "cluster demo")
    assert len(memo.calls) == 11
    assert memo.calls[0].startswith('k8s_list {"kind": "pods", "namespace": "shop", "cluster": "demo"}: 0 pods.')
    assert "It runs out of memory." in told
    first, *tail = compact(request.turns, memo)
    assert first == Turn("user", (memo,))
    assert tuple(tail) == request.turns[-2:]


def test_without_a_summary_the_agents_own_last_words_stand_in_for_it():
    assert "I look (10)." in gathered(talk(12), "").findings


def test_what_a_person_said_last_stands_behind_the_memo_word_for_word():
    request = replace(
        talk(12), turns=(*talk(12).turns, Turn("assistant", (Text("So."),)), Turn("user", (Text("And?"),)))
    )
    memo = gathered(request, "All well.")
    assert compact(request.turns, memo) == (Turn("user", (memo, Text("And?"))),)
    assert "And?" not in memo.words


def test_a_second_time_takes_the_first_along():
    first = gathered(talk(12), "One.")
    more = (Turn("assistant", (Text("Next."),)), Turn("user", (Text("Go on."),)), *talk(4).turns[1:])
    request = replace(talk(12), turns=(*compact(talk(12).turns, first), *more))
    second = gathered(request, "")
    assert second.words == ("why does it crash?", "Go on.")
    assert len(second.calls) == 11 + 1 + 3
    assert second.findings.startswith("One.")


def test_only_the_oldest_words_are_left_out_whole_and_that_is_said():
    turns = [Turn("user", (Text(f"{number} " + "x" * 900),)) for number in range(40)]
    memo = gathered(replace(talk(12), turns=tuple(turns)), "")
    assert memo.words[0] == f"({39 - len(memo.words) + 1} earlier messages are left out here.)"
    assert memo.words[-1].startswith("38 ")
    assert all(len(words) > 900 for words in memo.words[1:])


@given(st.integers(1, 40), st.integers(0, 3_000))
def test_roles_take_turns_and_it_is_not_due_again_at_once(rounds, size):
    request = talk(rounds, size)
    made = compact(request.turns, gathered(request, "A summary."))
    assert [turn.role for turn in made] == [("user", "assistant")[n % 2] for n in range(len(made))]
    assert not due(replace(request, turns=made))


# ---- in the loop -------------------------------------------------------------------------------------------------


class Listening(Scripted):
    """Keeps what it was asked."""

    def respond(self, request):
        self.asked = [*getattr(self, "asked", []), request]
        return super().respond(request)


def looking(*summary) -> tuple[Listening, Request]:
    """A model that looks and then answers; its second request is the summary's, when one is due."""
    return Listening([*([list(summary)] if summary else []), [Say("It is the memory.")]]), talk(30)


async def test_the_model_is_asked_once_with_what_it_knows_and_goes_on_with_its_summary():
    provider, request = looking(Say("It crashes of memory."), Usage(7_000, 90))
    stage = Recorder()
    end = await run(request, provider, stage, Limits())
    asked, after = provider.asked
    assert asked.turns[-1].blocks[-1] == Text(QUESTION)
    assert (asked.most, asked.tools) == (compaction.SUMMARY, request.tools)
    assert asked.turns[:-1] == request.turns[:-1]
    assert isinstance(after.turns[0].blocks[0], Memo)
    assert after.turns[0].blocks[0].findings == "It crashes of memory."
    assert [kind for kind, *_ in stage.log][:2] == ["compacted", "text_delta"]
    assert stage.usage == Usage(7_000, 90)
    assert end.rounds == 1


@pytest.mark.parametrize("fault", [Fail("The model is away."), Interrupt(), WishFor("k8s_list", {})])
async def test_a_summary_that_fails_or_is_none_costs_no_run(fault):
    provider, request = looking(fault)
    stage = Recorder()
    end = await run(request, provider, stage, Limits())
    assert end.stop_reason == "end_turn"
    assert len(provider.asked) == 2
    assert provider.asked[1].turns[0].blocks[0].findings.endswith("I look (28).")
    assert stage.of("interrupted") == []
    assert stage.of("perform") == []
