"""What the model reads of a conversation: every wish with its answer, roles in turn, nothing that was taken back."""

import uuid
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chat.agent.ports import Answer, Text, Thinking, Turn, Wish
from chat.models import Event
from chat.transcript import compose

ENDINGS = ["done", "stopped", "failed", "lost"]


class Journal:
    """Events as the actions write them, one after another."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, kind: str, run: str, *, sealed: dict[str, Any] | None = None, **data: Any) -> None:
        row = Event(seq=len(self.events) + 1, type=kind, data={"run_id": run, **data}, sealed=sealed or {})
        self.events.append(row)

    def user(self, run: str, text: str) -> None:
        self("user_message", run, text=text)

    def say(self, run: str, text: str) -> None:
        self("text_end", run, block=0, text=text)

    def wish(self, run: str, call: str, tool: str = "k8s_list") -> None:
        self("tool_call_start", run, tool_call_id=call, tool_name=tool, arguments={"kind": "pods"})

    def answer(self, run: str, call: str, result: str = "found", status: str = "completed") -> None:
        self("tool_call_end", run, tool_call_id=call, tool_name="k8s_list", result=result, status=status)

    def notice(self, run: str, code: str) -> None:
        self("notice", run, code=code, text="Something.")


def call() -> str:
    return str(uuid.uuid4())


def id_of(tool_call: str) -> str:
    return "call_" + tool_call.replace("-", "")


def user(*blocks: Any) -> Turn:
    return Turn("user", blocks)


def assistant(*blocks: Any) -> Turn:
    return Turn("assistant", blocks)


def wish(tool_call: str) -> Wish:
    return Wish(id_of(tool_call), "k8s_list", {"kind": "pods"})


def answer(tool_call: str, text: str = "found", *, failed: bool = False) -> Answer:
    return Answer(id_of(tool_call), text, failed)


# ---- examples ----------------------------------------------------------------------------------------------------


def test_rounds_come_as_the_model_said_them():
    told, a, b = Journal(), call(), call()
    told.user("r", "why?")
    told.say("r", "I look.")
    told.wish("r", a)
    told.answer("r", a)
    told.say("r", "And again.")
    told.wish("r", b)
    told.answer("r", b, "gone", "failed")
    assert compose(told.events, "r") == (
        user(Text("why?")),
        assistant(Text("I look."), wish(a)),
        user(answer(a)),
        assistant(Text("And again."), wish(b)),
        user(answer(b, "gone", failed=True)),
    )


def test_answers_to_parallel_wishes_stand_in_one_turn_in_the_order_of_the_wishes():
    told, a, b, c = Journal(), call(), call(), call()
    told.user("r", "all three")
    for each in (a, b, c):
        told.wish("r", each)
    for each in (c, a, b):
        told.answer("r", each)
    assert compose(told.events, "r")[1:] == (
        assistant(wish(a), wish(b), wish(c)),
        user(answer(a), answer(b), answer(c)),
    )


def test_a_message_that_was_queued_comes_after_the_run_that_spoke_meanwhile():
    told = Journal()
    told.user("first", "one")
    told("run_started", "first")
    told.user("second", "two")
    told.say("first", "One is done.")
    told("complete", "first", outcome="done")
    told("run_started", "second")
    assert compose(told.events, "second") == (
        user(Text("one")),
        assistant(Text("One is done.")),
        user(Text("two")),
    )


def test_a_message_still_queued_is_not_yet_said():
    told = Journal()
    told.user("first", "one")
    told.user("second", "two")
    told("run_started", "first")
    assert compose(told.events, "first") == (user(Text("one")),)


def test_what_an_interrupted_attempt_said_is_left_out():
    for code in ("model_retry", "taken_over"):
        told = Journal()
        told.user("r", "hello")
        told.say("r", "Half a")
        told.notice("r", code)
        told.say("r", "A whole answer.")
        assert compose(told.events, "r") == (user(Text("hello")), assistant(Text("A whole answer.")))


def test_a_takeover_between_a_wish_and_its_answer_keeps_both():
    told, a = Journal(), call()
    told.user("r", "hello")
    told.say("r", "I look.")
    told.wish("r", a)
    told.notice("r", "taken_over")
    assert compose(told.events, "r")[-1] == assistant(Text("I look."), wish(a))
    told.answer("r", a)
    assert compose(told.events, "r")[-2:] == (assistant(Text("I look."), wish(a)), user(answer(a)))


def test_wishes_without_an_answer_stand_last():
    told, a, b = Journal(), call(), call()
    told.user("r", "change two things")
    told.wish("r", a)
    told.wish("r", b)
    told.answer("r", a)
    turns = compose(told.events, "r")
    assert turns[-1] == assistant(wish(a), wish(b))


def test_a_run_that_was_stopped_while_queued_leaves_its_question():
    told = Journal()
    told.user("gone", "never mind")
    told("complete", "gone", outcome="stopped")
    told.user("now", "hello")
    told("run_started", "now")
    assert compose(told.events, "now") == (user(Text("never mind"), Text("hello")),)


def test_a_message_that_was_edited_reads_as_edited():
    told = Journal()
    told.user("first", "one")
    told("run_started", "first")
    told.user("second", "two")
    told("message_edited", "second", message_id="m", by="alice", text="three")
    told("message_edited", "second", message_id="m", by="alice", text="four")
    told("complete", "first", outcome="done")
    told("run_started", "second")
    assert compose(told.events, "second") == (user(Text("one"), Text("four")),)


def test_a_message_that_was_removed_is_left_out():
    told = Journal()
    told.user("first", "one")
    told("run_started", "first")
    told.user("second", "two")
    told("message_removed", "second", message_id="m", by="alice")
    told("complete", "second", outcome="stopped")
    told.say("first", "One is done.")
    told("complete", "first", outcome="done")
    told.user("third", "three")
    assert compose(told.events, "third") == (user(Text("one")), assistant(Text("One is done.")), user(Text("three")))


def steered() -> tuple[Journal, str]:
    told, a = Journal(), call()
    told.user("first", "one")
    told("run_started", "first")
    told.say("first", "I look.")
    told.wish("first", a)
    told.user("second", "two")
    told.user("third", "three")
    told.answer("first", a)
    for run, text in (("second", "two"), ("third", "three")):
        told("message_steered", run, message_id="m", by="alice", into_run_id="first", text=text)
        told("complete", run, outcome="done")
    return told, a


def test_a_steered_message_stands_behind_the_answers_after_which_it_was_heard():
    told, a = steered()
    heard = (
        user(Text("one")),
        assistant(Text("I look."), wish(a)),
        user(answer(a), Text("two"), Text("three")),
    )
    assert compose(told.events, "first") == heard
    told.say("first", "As you say.")
    told("complete", "first", outcome="done")
    told.user("fourth", "four")
    assert compose(told.events, "fourth") == (*heard, assistant(Text("As you say.")), user(Text("four")))


def test_a_takeover_after_steering_reads_the_same_turns():
    told, _ = steered()
    before = compose(told.events, "first")
    told.say("first", "Half a")
    told.notice("first", "taken_over")
    assert compose(told.events, "first") == before


def test_thinking_goes_back_only_with_its_signature_and_only_in_its_own_run():
    told = Journal()
    for run in ("before", "now"):
        told.user(run, "hello")
        told("thinking_end", run, sealed={"signature": "s"}, block=0, text="hm")
        told("thinking_end", run, block=1, text="cut short")
        told.say(run, "Answer.")
        told("complete", run, outcome="done")
    assert compose(told.events, "now") == (
        user(Text("hello")),
        assistant(Text("Answer.")),
        user(Text("hello")),
        assistant(Thinking("hm", "s"), Text("Answer.")),
    )


def test_structured_results_are_handed_to_who_reads_them():
    told, a = Journal(), call()
    told.user("r", "hello")
    told.wish("r", a)
    told.answer("r", a)
    answered = compose(told.events, "r", {a: {"items": []}})[-1].blocks[0]
    assert answered.data == {"items": []}


# ---- every journal that an ended run can leave -------------------------------------------------------------------

ROUNDS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["text", "empty", "thinking", "model_retry", "taken_over"]), max_size=4),
        st.lists(st.sampled_from(["completed", "failed", "denied", "cancelled", "unknown"]), max_size=3),
        st.booleans(),
        st.randoms(use_true_random=False),
    ),
    max_size=4,
)


def play(told: Journal, run: str, rounds: Any) -> None:
    for pieces, statuses, taken_over, shuffle in rounds:
        for piece in pieces:
            if piece in ("model_retry", "taken_over"):
                told.notice(run, piece)
            elif piece == "thinking":
                told("thinking_end", run, sealed={"signature": "s"}, block=0, text="hm")
            else:
                told.say(run, "Words." if piece == "text" else " \n")
        wishes = [(call(), status) for status in statuses]
        for each, _ in wishes:
            told.wish(run, each)
        if taken_over:
            told.notice(run, "taken_over")
        shuffle.shuffle(wishes)
        for each, status in wishes:
            told.answer(run, each, status=status)


RUNS = st.lists(st.tuples(ROUNDS, st.sampled_from(ENDINGS)), min_size=1, max_size=4)


def check(turns: tuple[Turn, ...]) -> None:
    assert turns[0].role == "user"
    assert all(turn.blocks for turn in turns)
    assert all(one.role != other.role for one, other in pairwise(turns))
    for turn, following in zip(turns, [*turns[1:], user()], strict=True):
        wished = [block.id for block in turn.blocks if isinstance(block, Wish)]
        answers = [block.id for block in following.blocks if isinstance(block, Answer)]
        assert turn.role == "assistant" or not wished
        assert answers == wished
        first = following.blocks[: len(answers)]
        assert all(isinstance(block, Answer) for block in first)
    assert not [block for block in turns[0].blocks if isinstance(block, Answer)]
    assert not [block for turn in turns for block in turn.blocks if isinstance(block, Text) and not block.text.strip()]


@given(RUNS)
def test_after_any_runs_that_ended_every_wish_is_followed_by_its_answer_and_roles_take_turns(runs):
    told = Journal()
    for number, (rounds, outcome) in enumerate(runs):
        told.user(str(number), f"question {number}")
        told("run_started", str(number))
        play(told, str(number), rounds)
        told("complete", str(number), outcome=outcome)
    told.user("now", "and now?")
    told("run_started", "now")
    turns = compose(told.events, "now")
    check(turns)
    assert turns[-1].role == "user"
    asked = [block.text for turn in turns if turn.role == "user" for block in turn.blocks if isinstance(block, Text)]
    assert asked == [*(f"question {number}" for number in range(len(runs))), "and now?"]


@given(RUNS)
def test_messages_that_were_queued_meanwhile_change_nothing_of_that(runs):
    """All were sent before the first was answered."""
    told = Journal()
    for number in range(len(runs)):
        told.user(str(number), f"question {number}")
    for number, (rounds, outcome) in enumerate(runs):
        told("run_started", str(number))
        play(told, str(number), rounds)
        told("complete", str(number), outcome=outcome)
    told.user("now", "and now?")
    check(compose(told.events, "now"))


@given(ROUNDS, ROUNDS)
def test_a_run_goes_on_from_any_moment_with_all_that_was_answered(before, rounds):
    told = Journal()
    told.user("before", "hello")
    play(told, "before", before)
    told("complete", "before", outcome="failed")
    told.user("now", "and now?")
    play(told, "now", rounds)
    for cut in range(len(told.events) + 1):
        events = told.events[:cut]
        if any(event.data["run_id"] == "now" for event in events):
            turns = compose(events, "now")
            wished = [block.id for turn in turns[:-1] for block in turn.blocks if isinstance(block, Wish)]
            answers = [block.id for turn in turns for block in turn.blocks if isinstance(block, Answer)]
            assert sorted(wished) == sorted(answers) if turns[-1].role == "user" else set(answers) <= set(wished)
