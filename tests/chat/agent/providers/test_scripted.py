"""The scripted provider: the same every time, from Python or from a file, in this process or the next."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from chat.agent.errors import ModelError
from chat.agent.limits import Limits
from chat.agent.loop import run
from chat.agent.ports import Answer, Finished, Interrupted, Text, TextDelta, TextEnd, Turn, Usage, Wish
from chat.agent.providers.choose import choose
from chat.agent.providers.scripted import Say, Scripted, Story, WaitFor, WishFor
from tests.chat.agent.stage import Recorder, ask

STORY: dict[str, Any] = {
    "model": "rehearsal",
    "stories": [
        {
            "when": "pods",
            "rounds": [
                [{"think": "Pods, then.", "signature": "s"}, {"wish": "k8s_list", "arguments": {"kind": "pods"}}],
                [{"say": "Found: {answers}", "chunks": 3}, {"usage": {"input_tokens": 3, "output_tokens": 4}}],
            ],
        },
        {
            "when": "break",
            "rounds": [[{"say": "So"}, {"fail": "The model is gone.", "code": "gone", "temporary": True}]],
        },
        {"rounds": [[{"say": "You said: {words}"}]]},
    ],
}


def written(tmp_path: Path, story: object) -> Path:
    path = tmp_path / "script.json"
    path.write_text(json.dumps(story))
    return path


async def test_a_script_file_plays_the_story_that_fits_the_words(tmp_path: Path):
    provider = choose("scripted", script=written(tmp_path, STORY))
    assert (provider.name, provider.model) == ("scripted", "rehearsal")
    stage = Recorder()
    end = await run(ask("List all PODS"), provider, stage, Limits())
    assert stage.of("thinking_end") == [("Pods, then.", "s")]
    assert stage.of("text_end") == [("Found: k8s_list done",)]
    assert end.usage == Usage(3, 4)
    other = Recorder()
    await run(ask("hello"), provider, other, Limits())
    assert other.text == "You said: hello"


async def test_a_second_message_begins_its_story_from_the_start(tmp_path: Path):
    provider = Scripted.from_json(written(tmp_path, STORY))
    first = await run(ask("pods"), provider, Recorder(), Limits())
    again = ask("pods", *first.turns[1:], Turn("user", (Text("pods again"),)))
    stage = Recorder()
    end = await run(again, provider, stage, Limits())
    assert stage.of("perform") == [(("k8s_list",),)]
    ids = [block.id for turn in end.turns for block in turn.blocks if isinstance(block, Wish)]
    assert len(set(ids)) == len(ids) == 2


async def test_another_process_goes_on_where_the_transcript_stands(tmp_path: Path):
    path = written(tmp_path, STORY)
    wish = Wish("wish-1-1", "k8s_list", {"kind": "pods"})
    half = ask("pods", Turn("assistant", (wish,)), Turn("user", (Answer("wish-1-1", "3 pods"),)))
    said = [piece async for piece in Scripted.from_json(path).respond(half)]
    assert TextEnd("Found: 3 pods") in said


async def test_a_failure_in_the_script_is_the_models(tmp_path: Path):
    with pytest.raises(ModelError, match="The model is gone") as caught:
        await run(ask("break it"), Scripted.from_json(written(tmp_path, STORY)), Recorder(), Limits())
    assert (caught.value.code, caught.value.temporary) == ("gone", True)


async def test_an_interruption_voids_the_wishes_before_it(tmp_path: Path):
    steps = [{"say": "a"}, {"wish": "k8s_delete"}, {"interrupt": "Cut.", "seconds": 0}, {"say": "b"}]
    said = [piece async for piece in Scripted.from_json(written(tmp_path, {"rounds": [steps]})).respond(ask())]
    assert Interrupted("Cut.", 0, 1) in said
    assert said[-1] == Finished("end_turn", (), Usage())


async def test_a_script_can_wait_for_a_file(tmp_path: Path):
    flag = tmp_path / "go"
    script = {"rounds": [[{"say": "a"}, {"wait": str(flag), "seconds": 5}, {"say": "b"}]]}
    stage = Recorder()
    task = asyncio.create_task(run(ask(), Scripted.from_json(written(tmp_path, script)), stage, Limits()))
    await asyncio.wait_for(stage.spoke.wait(), 5)
    assert stage.text == "a"
    flag.touch()
    await asyncio.wait_for(task, 5)
    assert stage.text == "ab"


async def test_a_wait_in_vain_fails_the_round():
    script = Scripted([[WaitFor(asyncio.Event(), seconds=0.02)]])
    with pytest.raises(ModelError, match="in vain"):
        await run(ask(), script, Recorder(), Limits())


async def test_a_script_that_is_over_says_so():
    with pytest.raises(ModelError, match="has 1 rounds"):
        await run(ask(), Scripted([[WishFor("k8s_list")]]), Recorder(), Limits())


async def test_the_number_of_chunks_is_kept():
    said = [piece async for piece in Scripted([[Say("abcdefghij", chunks=4)]]).respond(ask())]
    assert [piece.text for piece in said if isinstance(piece, TextDelta)] == ["abc", "def", "ghi", "j"]


async def test_the_last_story_is_played_when_none_fits():
    provider = Scripted(stories=[Story([[Say("one")]], "first"), Story([[Say("two")]], "second")])
    stage = Recorder()
    await run(ask("something else"), provider, stage, Limits())
    assert stage.text == "two"


@pytest.mark.parametrize("step", [{"sing": "la"}, {"say": "a", "loud": True}, {"usage": {"tokens": 1}}, {}])
def test_a_step_nobody_knows_is_refused_with_a_sentence(tmp_path: Path, step: dict[str, object]):
    with pytest.raises(ValueError, match="cannot be played"):
        Scripted.from_json(written(tmp_path, {"rounds": [[step]]}))


def test_a_script_without_rounds_is_refused_with_a_sentence(tmp_path: Path):
    with pytest.raises(ValueError, match="needs a list of rounds"):
        Scripted.from_json(written(tmp_path, {"steps": []}))
