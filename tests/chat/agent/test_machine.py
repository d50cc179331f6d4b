"""The turn as a machine: whatever the model, the tools and people do, it has one end, and no wish is done twice."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.agent import machine
from chat.agent.errors import LimitReached, ModelError
from chat.agent.limits import Limits
from chat.agent.machine import (
    Act,
    Answered,
    Ask,
    Fail,
    Finish,
    GoOn,
    Happened,
    Heard,
    Keep,
    Listen,
    Perform,
    Phase,
    Show,
    Silence,
    State,
)
from chat.agent.ports import (
    Answer,
    Asking,
    Counted,
    Finished,
    Interrupted,
    Spoken,
    Text,
    TextDelta,
    TextEnd,
    ThinkingDelta,
    ThinkingEnd,
    Turn,
    Usage,
    Wish,
)

ASKED = (Turn("user", (Text("list all pods"),)),)
LAST = (Ask, GoOn, Perform, Listen, Finish, Fail)
NEXT: dict[Phase, tuple[type, ...]] = {
    Phase.SPEAKING: (Ask, GoOn),
    Phase.PERFORMING: (Perform,),
    Phase.HEARING: (Listen,),
    Phase.OVER: (Finish, Fail),
}

# ---- whatever happens --------------------------------------------------------------------------------------------

WISHES = st.lists(st.builds(Wish, st.sampled_from("abc"), st.just("k8s_list"), st.just({})), max_size=4)
USAGES = st.builds(Usage, st.integers(0, 9), st.integers(0, 9))
REASONS = st.sampled_from(["end_turn", "tool_use", "tool_use", "pause_turn", "max_tokens", "solar_flare"])
PIECES: st.SearchStrategy[Spoken | Silence] = st.one_of(
    st.builds(TextDelta, st.text(max_size=3)),
    st.builds(TextEnd, st.text(max_size=3)),
    st.builds(ThinkingDelta, st.text(max_size=3)),
    st.builds(ThinkingEnd, st.text(max_size=3), st.sampled_from(["", "signed"])),
    st.builds(Asking, st.integers(0, 9), st.integers(0, 9)),
    st.builds(Counted, USAGES),
    st.builds(Interrupted, st.just("Cut."), st.just(0.0), st.just(1)),
    st.builds(lambda reason, wishes, usage: Finished(reason, tuple(wishes), usage), REASONS, WISHES, USAGES),
    st.builds(lambda wishes, usage: Finished("tool_use", tuple(wishes), usage), WISHES, USAGES),
    st.just(Silence()),
)


@st.composite
def turns(draw: st.DrawFn) -> tuple[tuple[machine.Step, Happened | None], ...]:
    """One turn from its beginning, mostly to its end: each step, and what happened next."""
    wished = (*ASKED, Turn("assistant", (Wish("w", "k8s_scale", {}),)))
    before = draw(st.sampled_from([ASKED, wished, (*wished, Turn("user", (Answer("w", "done"),)))]))
    limits = Limits(rounds=draw(st.integers(0, 5)), calls=draw(st.integers(0, 8)))
    done = draw(st.integers(0, 2))
    step = machine.begin(before, limits, rounds=done, calls=done)
    told: list[tuple[machine.Step, Happened | None]] = []
    for _ in range(80):
        happened = _next(draw, step[1][-1])
        told.append((step, happened))
        if happened is None:
            return tuple(told)
        step = machine.step(step[0], happened)
    return (*told, (step, None))


def _next(draw: st.DrawFn, act: Act) -> Happened | None:
    match act:
        case Ask() | GoOn():
            return draw(PIECES)
        case Perform(wishes):
            return Answered(tuple(Answer(wish.id, draw(st.text(max_size=3)), draw(st.booleans())) for wish in wishes))
        case Listen():
            return Heard(tuple(draw(st.lists(st.text(min_size=1, max_size=3), max_size=2))))
    return None


def acts_of(told: Sequence[tuple[machine.Step, Happened | None]]) -> list[Act]:
    return [act for (_, acts), _ in told for act in acts]


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws slowly
@given(turns())
def test_every_step_ends_in_the_one_act_that_brings_news_or_the_end(told):
    for (state, acts), _ in told:
        assert [isinstance(act, LAST) for act in acts] == [False] * (len(acts) - 1) + [True]
        assert isinstance(acts[-1], NEXT[state.phase])


@given(turns())
def test_there_is_one_end_and_nothing_after_it(told):
    ends = [n for n, ((state, _), _) in enumerate(told) if state.phase is Phase.OVER]
    assert ends in ([], [len(told) - 1])


@given(turns())
def test_every_wish_is_kept_before_it_is_performed_and_performed_once(told):
    kept: list[Wish] = [*told[0][0][0].wishes]  # what the transcript left unanswered was kept before
    performed: list[Wish] = []
    for act in acts_of(told):
        if isinstance(act, Keep):
            assert performed == kept  # all that was wished before is answered
            assert len({wish.id for wish in act.wishes}) == len(act.wishes)
            kept += act.wishes
        elif isinstance(act, Perform):
            performed += act.wishes
            assert performed == kept


@given(turns())
def test_every_round_that_ended_is_kept_once_with_what_it_cost(told):
    kept = [act.usage for act in acts_of(told) if isinstance(act, Keep)]
    assert kept == [happened.usage for _, happened in told[:-1] if isinstance(happened, Finished)]
    state = told[-1][0][0]
    assert state.usage == sum(kept, Usage())
    assert state.rounds == told[0][0][0].rounds + len(kept)


@given(turns())
def test_people_are_shown_everything_in_the_order_it_was_said(told):
    said = [piece for _, piece in told[:-1] if isinstance(piece, TextDelta | TextEnd | ThinkingDelta | ThinkingEnd)]
    shown = [act.piece for act in acts_of(told) if isinstance(act, Show)]
    rest = iter(shown)
    assert all(piece in rest for piece in said)  # only the sentence that says why stands between
    assert sum(isinstance(piece, Interrupted) for piece in shown) == sum(
        isinstance(happened, Interrupted) for _, happened in told[:-1]
    )


@given(turns())
def test_the_model_is_asked_with_turns_it_accepts(told):
    """Roles alternate but after a pause, and every wish is answered in the very next turn, before anybody's words."""
    for act in acts_of(told):
        if not isinstance(act, Ask):
            continue
        for turn, following in zip(act.turns, [*act.turns[1:], None], strict=True):
            wishes = [block.id for block in turn.blocks if isinstance(block, Wish)]
            if wishes:
                assert following is not None
                assert [block.id for block in following.blocks[: len(wishes)]] == wishes
                assert not any(isinstance(block, Answer) for block in following.blocks[len(wishes) :])


@given(turns())
def test_people_are_listened_to_once_between_the_answers_and_the_next_round(told):
    acts = acts_of(told)
    for number, act in enumerate(acts):
        if isinstance(act, Listen):
            assert number == 0 or isinstance(acts[number - 1], Perform)
            assert number + 1 == len(acts) or isinstance(acts[number + 1], Ask)
        if isinstance(act, Perform) and number + 1 < len(acts):
            assert isinstance(acts[number + 1], Listen | Fail)


@given(turns())
def test_no_limit_is_ever_exceeded(told):
    state = told[0][0][0]
    rounds, calls = state.rounds, state.calls
    for act in acts_of(told):
        rounds += isinstance(act, Ask)
        calls += len(act.wishes) if isinstance(act, Keep) else 0
        assert not isinstance(act, Ask) or rounds <= state.limits.rounds
        assert not isinstance(act, Keep) or not act.wishes or calls <= state.limits.calls


@given(turns(), st.sampled_from([TextDelta("x"), Silence(), Answered(()), Heard(()), Finished("end_turn")]))
def test_what_cannot_happen_now_is_refused(told, happened):
    fits = {Phase.SPEAKING: Spoken | Silence, Phase.PERFORMING: Answered, Phase.HEARING: Heard, Phase.OVER: type(None)}
    for (state, _), _ in told:
        if not isinstance(happened, fits[state.phase]):
            with pytest.raises(ValueError, match="cannot happen while"):
                machine.step(state, happened)


@given(turns())
def test_the_same_news_bring_the_same_turn(told):
    state, _ = told[0][0]
    for (_, happened), (expected, _) in pairwise(told):
        assert happened is not None
        assert repr(machine.step(state, happened)) == repr(expected)  # two faults of one text are not equal
        state = expected[0]


# ---- single steps ------------------------------------------------------------------------------------------------


def speaking(**more: object) -> State:
    return State(**{"phase": Phase.SPEAKING, "limits": Limits(), "turns": ASKED, "rounds": 0, "calls": 0} | more)


def test_a_provider_that_falls_silent_is_a_temporary_fault():
    _, (fail,) = machine.step(speaking(), Silence())
    assert isinstance(fail, Fail)
    assert isinstance(fail.fault, ModelError)
    assert (fail.fault.code, fail.fault.temporary) == ("incomplete", True)


def test_an_id_that_is_named_twice_is_one_wish():
    wishes = (Wish("a", "k8s_scale", {"n": 1}), Wish("a", "k8s_scale", {"n": 2}), Wish("b", "k8s_list", {}))
    state, (kept, perform) = machine.step(speaking(), Finished("tool_use", wishes))
    assert kept.wishes == perform.wishes == (wishes[0], wishes[2])
    assert state.calls == 2


def test_answers_that_do_not_fit_the_wishes_are_refused():
    state, _ = machine.step(speaking(), Finished("tool_use", (Wish("a", "x", {}), Wish("b", "x", {}))))
    for answers in [(), (Answer("a", ""),), (Answer("b", ""), Answer("a", ""))]:
        with pytest.raises(ValueError, match="one answer"):
            machine.step(state, Answered(answers))


def test_nobody_is_listened_to_when_no_round_follows():
    state, _ = machine.step(speaking(limits=Limits(rounds=1)), Finished("tool_use", (Wish("a", "x", {}),)))
    _, acts = machine.step(state, Answered((Answer("a", "done"),)))
    assert [type(act) for act in acts] == [Fail]
    assert isinstance(acts[0].fault, LimitReached)


def test_words_of_people_stand_behind_the_answers():
    state, _ = machine.step(speaking(), Finished("tool_use", (Wish("a", "x", {}),)))
    state, _ = machine.step(state, Answered((Answer("a", "done"),)))
    state, (ask,) = machine.step(state, Heard(("and hurry", "please")))
    assert ask.turns[-1] == Turn("user", (Answer("a", "done"), Text("and hurry"), Text("please")))
