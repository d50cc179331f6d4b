"""The loop: streams, gets wishes done, parks, goes on from what was kept, and ends with a sentence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import pytest

from chat.agent.errors import LimitReached, ModelError, Parked
from chat.agent.limits import Done, Limits
from chat.agent.loop import run
from chat.agent.ports import (
    Answer,
    Asking,
    Counted,
    Finished,
    Request,
    Spoken,
    Text,
    TextDelta,
    TextEnd,
    Thinking,
    Turn,
    Usage,
    Wish,
)
from chat.agent.providers.scripted import Fail, Interrupt, Say, Scripted, Stop, Story, Think, WaitFor, WishFor
from chat.agent.turns import unanswered, with_answers
from tests.chat.agent.stage import Recorder, ask

LOOK = [Say("Let me look."), WishFor("k8s_list", {"kind": "pods"}), Usage(10, 5)]
TELL = [Say("Three pods run: {answers}", chunks=4), Usage(20, 7)]


async def test_a_question_is_answered_after_a_look():
    stage = Recorder()
    end = await run(ask(), Scripted([LOOK, TELL]), stage, Limits())
    assert stage.of("text_end") == [("Let me look.",), ("Three pods run: k8s_list done",)]
    assert stage.of("perform") == [(("k8s_list",),)]
    assert (end.stop_reason, end.rounds, end.calls, end.usage) == ("end_turn", 2, 1, Usage(30, 12))
    assert stage.usage == end.usage


async def test_every_wish_is_durable_before_any_is_tried():
    stage = Recorder()
    await run(ask(), Scripted([LOOK, TELL]), stage, Limits())
    kinds = [entry[0] for entry in stage.log]
    assert kinds.index("round_ended") < kinds.index("perform")


async def test_deltas_come_before_the_end_of_their_block_and_make_it_up():
    stage = Recorder()
    await run(ask(), Scripted([[Think("hm hm", chunks=2), Say("abcdef", chunks=3)]]), stage, Limits())
    assert [entry[:2] for entry in stage.log] == [
        ("thinking_delta", "hm "), ("thinking_delta", "hm"), ("thinking_end", "hm hm"),
        ("text_delta", "ab"), ("text_delta", "cd"), ("text_delta", "ef"), ("text_end", "abcdef"), ("round_ended", ()),
    ]  # fmt: skip


async def test_parallel_wishes_are_performed_together_and_answered_in_one_turn():
    stage = Recorder()
    wishes = [WishFor("k8s_list"), WishFor("k8s_events"), WishFor("k8s_top")]
    end = await run(ask(), Scripted([wishes, [Say("Done.")]]), stage, Limits())
    assert stage.of("perform") == [(("k8s_list", "k8s_events", "k8s_top"),)]
    answers = end.turns[2]
    assert answers.role == "user"
    assert [block.id for block in answers.blocks if isinstance(block, Answer)] == [
        block.id for block in end.turns[1].blocks if isinstance(block, Wish)
    ]


async def test_a_run_that_must_wait_for_a_person_parks_and_goes_on_from_its_turns_alone():
    def park(wishes: Sequence[Wish]) -> Sequence[Answer]:
        raise Parked("Somebody must approve this.")

    script = [LOOK, TELL]
    first = Recorder(park)
    with pytest.raises(Parked):
        await run(ask(), Scripted(script), first, Limits())
    kept = Turn("assistant", (Text("Let me look."), Wish("wish-1-1", "k8s_list", {"kind": "pods"})))

    second = Recorder()
    end = await run(ask("list all pods", kept), Scripted(script), second, Limits(), Done(1, 1))
    assert second.log[0] == ("perform", ("k8s_list",))
    assert second.of("text_end") == [("Three pods run: k8s_list done",)]
    assert (end.rounds, end.calls) == (2, 1)


async def test_people_are_heard_behind_the_answers_and_before_the_next_round():
    stage = Recorder()
    stories = [Story([LOOK, TELL], when="list all pods"), Story([[Say("As you say: {words}")]])]
    stage.words = ["only in shop", "and be brief"]
    end = await run(ask(), Scripted(stories=stories), stage, Limits())
    assert end.turns[2].blocks[1:] == (Text("only in shop"), Text("and be brief"))
    assert isinstance(end.turns[2].blocks[0], Answer)
    assert stage.of("text_end")[-1] == ("As you say: only in shop\nand be brief",)


async def test_people_are_heard_at_a_tool_boundary_alone():
    stage = Recorder()
    stage.words = ["only in shop"]
    await run(ask(), Scripted([[Say("Nothing to do.")]]), stage, Limits())
    assert stage.words == ["only in shop"]


async def test_a_run_that_was_taken_over_after_the_answers_hears_people_before_it_goes_on():
    said = Turn("assistant", (Wish("a", "k8s_list", {}),))
    stage = Recorder()
    stage.words = ["only in shop"]
    end = await run(
        ask("list all pods", said, Turn("user", (Answer("a", "3 pods"),))),
        Scripted(stories=[Story([[Say("As you say: {words}")]])]),
        stage,
        Limits(),
        Done(1, 1),
    )
    assert end.turns[2] == Turn("user", (Answer("a", "3 pods"), Text("only in shop")))


async def test_only_the_wishes_without_an_answer_are_performed_again():
    said = Turn("assistant", (Wish("a", "k8s_list", {}), Wish("b", "k8s_scale", {})))
    half = Turn("user", (Answer("a", "3 pods"),))
    stage = Recorder()
    end = await run(ask("scale it", said, half), Scripted([[], [Say("Scaled.")]]), stage, Limits())
    assert stage.of("perform") == [(("k8s_scale",),)]
    assert [block.id for block in end.turns[2].blocks if isinstance(block, Answer)] == ["a", "b"]


def test_answers_stand_before_what_a_person_said_meanwhile():
    turns = (Turn("assistant", (Wish("a", "k8s_list", {}),)), Turn("user", (Text("and hurry"),)))
    merged = with_answers(turns, [Answer("a", "done")])
    assert merged[-1].blocks == (Answer("a", "done"), Text("and hurry"))


def test_a_transcript_without_open_wishes_has_none():
    assert unanswered(()) == ()
    assert unanswered((Turn("user", (Text("hi"),)),)) == ()
    assert unanswered((Turn("assistant", (Wish("a", "x", {}),)), Turn("user", (Answer("a", ""),)))) == ()


async def test_the_limit_of_rounds_ends_the_run_with_a_sentence():
    stage = Recorder()
    with pytest.raises(LimitReached, match="after 2 rounds"):
        await run(ask(), Scripted([LOOK] * 3), stage, Limits(rounds=2))
    assert len(stage.of("perform")) == 2


async def test_wishes_beyond_the_limit_of_calls_are_neither_recorded_nor_tried():
    stage = Recorder()
    with pytest.raises(LimitReached, match="after 1 tool calls"):
        await run(ask(), Scripted([LOOK, [WishFor("k8s_top"), WishFor("k8s_get"), Usage(4)]]), stage, Limits(calls=1))
    assert stage.of("round_ended") == [(("k8s_list",),), ((),)]
    assert stage.of("perform") == [(("k8s_list",),)]
    assert stage.usage == Usage(14, 5)


async def test_limits_count_from_the_beginning_of_the_run():
    with pytest.raises(LimitReached):
        await run(ask(), Scripted([LOOK]), Recorder(), Limits(rounds=3), Done(rounds=3))
    with pytest.raises(LimitReached):
        await run(ask(), Scripted([LOOK]), Recorder(), Limits(calls=3), Done(calls=3))


@pytest.mark.parametrize(
    ("stop_reason", "words"),
    [
        ("max_tokens", "length limit"),
        ("refusal", "declined"),
        ("model_context_window_exceeded", "longer than the model can read"),
        ("tool_use", "did not complete it"),
        ("solar_flare", 'does not know ("solar_flare")'),
    ],
)
async def test_an_unusual_stop_is_told_in_a_sentence(stop_reason: str, words: str):
    stage = Recorder()
    end = await run(ask(), Scripted([[Say("So far"), Stop(stop_reason)]]), stage, Limits())
    assert end.stop_reason == stop_reason
    assert stage.of("text_end")[0] == ("So far",)
    assert words in str(stage.of("text_end")[1])


@pytest.mark.parametrize("stop_reason", ["max_tokens", "end_turn", "refusal", "solar_flare"])
async def test_wishes_of_a_message_that_did_not_end_with_them_are_void(stop_reason: str):
    stage = Recorder()
    await run(ask(), Scripted([[WishFor("k8s_delete"), Stop(stop_reason)]]), stage, Limits())
    assert stage.of("perform") == []
    assert stage.of("round_ended") == [((),)]


async def test_a_pause_of_the_model_is_followed_by_another_round():
    class Pausing(Scripted):
        async def respond(self, request: Request) -> AsyncIterator[Spoken]:
            paused = request.turns[-1].role == "assistant"
            yield TextEnd("two" if paused else "one")
            yield Finished("end_turn" if paused else "pause_turn")

    end = await run(ask(), Pausing(), Recorder(), Limits())
    assert (end.rounds, end.stop_reason) == (2, "end_turn")
    assert [turn.blocks for turn in end.turns[1:]] == [(Text("one"),), (Text("two"),)]


async def test_a_pause_without_a_word_is_not_asked_again_and_again():
    end = await run(ask(), Scripted([[Stop("pause_turn")]]), Recorder(), Limits())
    assert end.rounds == 1


async def test_what_an_interrupted_attempt_said_stays_on_the_screen_but_not_in_the_models_memory():
    stage = Recorder()
    script = Scripted([[Think("x", "sig"), Say("Half"), WishFor("k8s_delete"), Interrupt("Cut.", 0), Say("Whole")]])
    end = await run(ask(), script, stage, Limits())
    assert stage.of("interrupted") == [("Cut.", 0, 1)]
    assert stage.text == "HalfWhole"
    assert end.turns[-1].blocks == (Text("Whole"),)
    assert stage.of("perform") == []


async def test_signed_thinking_goes_back_with_the_wishes_it_led_to():
    stage = Recorder()
    end = await run(ask(), Scripted([[Think("hm", "s1gned"), *LOOK], TELL]), stage, Limits())
    assert end.turns[1].blocks[0] == Thinking("hm", "s1gned")


async def test_a_failing_model_ends_the_run_with_its_sentence():
    with pytest.raises(ModelError, match="overloaded") as failure:
        await run(
            ask(), Scripted([[Say("So"), Fail("The model is overloaded.", "overloaded", True)]]), Recorder(), Limits()
        )
    assert (failure.value.code, failure.value.temporary) == ("overloaded", True)


async def test_a_provider_that_just_ends_is_an_incomplete_answer():
    class Silent(Scripted):
        async def respond(self, request: Request) -> AsyncIterator[Spoken]:
            yield TextDelta("I was ab")

    with pytest.raises(ModelError, match="broke off"):
        await run(ask(), Silent(), Recorder(), Limits())


async def test_stopping_in_the_middle_of_text_closes_the_provider_at_once():
    closed = asyncio.Event()

    class Endless(Scripted):
        async def respond(self, request: Request) -> AsyncIterator[Spoken]:
            try:
                while True:
                    yield TextDelta("word ")
                    await asyncio.sleep(0.001)
            finally:
                closed.set()

    stage = Recorder()
    task = asyncio.create_task(run(ask(), Endless(), stage, Limits()))
    await asyncio.wait_for(stage.spoke.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed.is_set()


async def test_stopping_while_the_stage_is_slow_closes_the_provider_too():
    closed = asyncio.Event()

    class Talker(Scripted):
        async def respond(self, request: Request) -> AsyncIterator[Spoken]:
            try:
                yield TextDelta("word")
            finally:
                closed.set()

    class Stuck(Recorder):
        async def text_delta(self, text: str) -> None:
            self.spoke.set()
            await asyncio.Event().wait()

    stage = Stuck()
    task = asyncio.create_task(run(ask(), Talker(), stage, Limits()))
    await asyncio.wait_for(stage.spoke.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed.is_set()


async def test_the_loop_waits_for_the_script_not_for_people():
    event = asyncio.Event()
    stage = Recorder()
    script = Scripted(stories=[Story([[Say("a"), WaitFor(event), Say("b")]])])
    task = asyncio.create_task(run(ask(), script, stage, Limits()))
    await asyncio.wait_for(stage.spoke.wait(), 5)
    assert (stage.text, task.done()) == ("a", False)
    event.set()
    await task
    assert stage.text == "ab"


# ---- what it may cost, and how long it may take -------------------------------------------------------------------


async def test_what_an_attempt_may_cost_is_set_aside_before_anything_of_it_is_heard():
    stage = Recorder()
    paid = [Asking(900, 50), Counted(Usage(300, 50)), Say("One."), Counted(Usage(300, 9))]
    broken = [Asking(800, 50), Say("Ha"), Interrupt(), *paid]
    await run(ask(), Scripted([broken]), stage, Limits())
    assert stage.asked == [Asking(800, 50), Asking(900, 50)]
    assert stage.counts == [None, Usage(300, 9)]


async def test_a_model_that_cannot_be_paid_is_not_heard():
    stage = Recorder()
    stage.affords = 1
    paid = [Asking(900, 50), WishFor("k8s_list")]
    with pytest.raises(LimitReached) as no:
        await run(ask(), Scripted([paid, [Asking(900, 50), Say("Never.")]]), stage, Limits())
    assert no.value.code == "budget"
    assert stage.text == ""


async def test_a_run_ends_when_its_minutes_are_over_wherever_it_is():
    class Slow(Recorder):
        async def perform(self, wishes: Sequence[Wish]) -> Sequence[Answer]:
            await asyncio.sleep(5)
            return []

    for script in ([Say("a" * 100, chunks=100, delay=0.1)], [WishFor("k8s_list")]):
        with pytest.raises(LimitReached, match=r"after 15 minutes of work") as no:
            await run(ask(), Scripted([script]), Slow(), Limits(), Done(seconds=15 * 60 - 0.05))
        assert no.value.code == "out_of_time"


async def test_a_stop_that_was_swallowed_still_ends_a_run_whose_minutes_are_over():
    class Deaf(Recorder):
        async def perform(self, wishes: Sequence[Wish]) -> Sequence[Answer]:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(5)
            return await super().perform(wishes)

    stage = Deaf()
    with pytest.raises(LimitReached):
        await run(ask(), Scripted([[WishFor("k8s_list")], [Say("Never.")]]), stage, Limits(minutes=0.001))
    assert stage.text == ""


async def test_a_provider_whose_own_time_is_over_is_not_the_run_s_time():
    class Late(Recorder):
        async def perform(self, wishes: Sequence[Wish]) -> Sequence[Answer]:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        await run(ask(), Scripted([[WishFor("k8s_list")]]), Late(), Limits())
