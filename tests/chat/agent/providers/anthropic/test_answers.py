"""What a healthy endpoint says arrives whole: text, thinking, tool calls, usage; and goes back as it must."""

import asyncio

import pytest

from chat.agent.errors import ModelError
from chat.agent.limits import Limits
from chat.agent.loop import run
from chat.agent.ports import Answer, Setting, Text, Thinking, ToolOffer, Turn, Usage, Wish
from chat.agent.prompt.compose import compose
from chat.agent.providers.anthropic.provider import Anthropic
from tests.chat.agent.providers.anthropic.conftest import KEY, Rehearse
from tests.chat.agent.stage import Recorder, ask

LIST = {"tool": "k8s_list", "id": "toolu_1", "input": {"kind": "pods", "namespace": "shop"}, "chunks": 4}
LOOK = {"blocks": [{"think": "They want pods.", "chunks": 2, "signature": "s1g/=="}, {"text": "I look."}, LIST]}
TELL = {"blocks": [{"text": "Three pods run – alle grün ✓.", "chunks": 5}]}


async def test_a_whole_run_over_the_wire(rehearse: Rehearse):
    play = await rehearse(LOOK, TELL)
    end = await play.run()
    assert play.stage.of("thinking_end") == [("They want pods.", "s1g/==")]
    assert play.stage.of("text_end") == [("I look.",), ("Three pods run – alle grün ✓.",)]
    assert "".join(str(delta) for (delta,) in play.stage.of("text_delta")) == "I look.Three pods run – alle grün ✓."
    *said, wish = end.turns[1].blocks
    assert said == [Thinking("They want pods.", "s1g/=="), Text("I look.")]
    assert wish == Wish(wish.id, "k8s_list", {"kind": "pods", "namespace": "shop"})
    assert play.slept == []


async def test_thinking_and_its_signature_go_back_unchanged(rehearse: Rehearse):
    play = await rehearse(LOOK, TELL)
    await play.run()
    _, assistant, answers = play.fake.bodies[1]["messages"]
    assert assistant["content"][0] == {"type": "thinking", "thinking": "They want pods.", "signature": "s1g/=="}
    assert [block["type"] for block in assistant["content"]] == ["thinking", "text", "tool_use"]
    assert answers["content"][0]["tool_use_id"] == assistant["content"][2]["id"]
    assert answers["content"][0]["content"] == "k8s_list done"


async def test_forty_parallel_calls_arrive_in_order(rehearse: Rehearse):
    calls = [{"tool": f"tool_{number}", "input": {"number": number}, "chunks": 3} for number in range(40)]
    play = await rehearse({"blocks": calls}, TELL)
    await play.run()
    assert play.stage.of("perform") == [(tuple(f"tool_{number}" for number in range(40)),)]


async def test_usage_is_summed_over_rounds(rehearse: Rehearse):
    first = LOOK | {"usage": {"input_tokens": 10, "output_tokens": 20, "cache_creation_input_tokens": 300}}
    second = TELL | {"usage": {"input_tokens": 5, "output_tokens": 7, "cache_read_input_tokens": 300}}
    play = await rehearse(first, second)
    end = await play.run()
    assert end.usage == play.stage.usage == Usage(15, 27, 300, 300)


async def test_usage_counts_the_attempts_that_broke_off(rehearse: Rehearse):
    cut = TELL | {"usage": {"input_tokens": 40}, "cut": {"before": "text_delta", "nth": 3, "how": "close"}}
    play = await rehearse(cut, TELL | {"usage": {"input_tokens": 40, "output_tokens": 9}})
    end = await play.run()
    assert end.usage == Usage(80, 10)


async def test_caches_are_asked_for_at_four_places_that_stay_where_they_are(rehearse: Rehearse):
    tools = tuple(ToolOffer(name, f"Does {name}", {"type": "object"}) for name in ("k8s_top", "k8s_get", "k8s_list"))
    play = await rehearse(LOOK, TELL)
    await play.run(ask(tools=tools))
    first, second = play.fake.bodies
    assert [tool["name"] for tool in first["tools"]] == ["k8s_get", "k8s_list", "k8s_top"]
    assert (first["tools"], first["system"]) == (second["tools"], second["system"])
    assert str(second).count("'cache_control'") == 4
    assert "cache_control" in second["tools"][-1]
    assert "cache_control" in second["system"][0]
    assert "cache_control" not in second["system"][1]
    marked = [message for message in second["messages"] if "cache_control" in message["content"][-1]]
    assert [message["role"] for message in marked] == ["user", "user"]


async def test_what_changes_stands_behind_what_does_not(rehearse: Rehearse):
    play = await rehearse(TELL)
    await play.run()
    constant, setting = play.fake.bodies[0]["system"]
    assert "2026-01-05" in setting["text"]
    assert "2026-01-05" not in constant["text"]
    assert "demo" not in constant["text"]


async def test_thinking_is_asked_for_in_a_form_people_can_read(rehearse: Rehearse):
    play = await rehearse(TELL)
    await play.run()
    assert play.fake.bodies[0]["thinking"] == {"type": "adaptive", "display": "summarized"}


@pytest.mark.parametrize("field", ["thinking", "cache_control"])
async def test_a_field_an_endpoint_refuses_is_left_out_from_then_on(rehearse: Rehearse, field: str):
    play = await rehearse(LOOK, TELL, refuse=[field])
    await play.run()
    assert [field in str(body) for body in play.fake.bodies] == [True, False, False]
    assert play.stage.of("interrupted") == []
    assert len(play.stage.of("text_end")) == 2


async def test_an_endpoint_may_refuse_all_of_them(rehearse: Rehearse):
    play = await rehearse(TELL, refuse=["thinking", "cache_control"])
    await play.run()
    assert len(play.fake.requests) == 3
    assert play.stage.of("text_end") != []


async def test_runs_that_learn_of_a_refused_field_at_the_same_time_all_go_on(rehearse: Rehearse):
    play = await rehearse(echo={"chunks": 3}, refuse=["thinking", "cache_control"])
    stages = [Recorder() for _ in range(6)]
    await asyncio.gather(*(run(ask(), play.provider, stage, Limits()) for stage in stages))
    assert all(stage.text for stage in stages)


async def test_signed_thinking_is_not_sent_to_an_endpoint_that_knows_none(rehearse: Rehearse):
    play = await rehearse(TELL, refuse=["thinking"])
    await play.run(ask("hi", Turn("assistant", (Thinking("hm", "sig"), Text("Hello."))), Turn("user", (Text("more"),))))
    assert "sig" not in str(play.fake.bodies[-1]["messages"])


async def test_a_model_with_short_answers_is_asked_for_shorter_ones(rehearse: Rehearse):
    refusal = {"status": 400, "body": {"message": "max_tokens: 16000 is more than this model's 8192"}}
    play = await rehearse(refusal, TELL)
    await play.run()
    assert [body["max_tokens"] for body in play.fake.bodies] == [16_000, 4_096]


async def test_unsigned_thinking_and_empty_text_stay_at_home(rehearse: Rehearse):
    play = await rehearse(TELL)
    said = Turn("assistant", (Thinking("from an older run"), Text("  "), Text("Hello.")))
    await play.run(ask("hi", said, Turn("user", (Text("more"),))))
    assert [block["text"] for block in play.fake.bodies[0]["messages"][1]["content"]] == ["Hello."]


async def test_turns_of_one_side_after_another_become_one_message(rehearse: Rehearse):
    play = await rehearse(TELL)
    await play.run(ask("one", Turn("user", (Text("two"),)), Turn("assistant", ()), Turn("user", (Text("three"),))))
    (message,) = play.fake.bodies[0]["messages"]
    assert [block["text"] for block in message["content"]] == ["one", "two", "three"]


async def test_a_failed_answer_is_marked_and_an_empty_one_is_not_empty(rehearse: Rehearse):
    play = await rehearse(TELL)
    wishes = Turn("assistant", (Wish("a", "k8s_get", {}), Wish("b", "k8s_get", {})))
    await play.run(ask("go", wishes, Turn("user", (Answer("a", "No such pod.", failed=True), Answer("b", "")))))
    failed, empty = play.fake.bodies[0]["messages"][-1]["content"]
    assert failed["is_error"] is True
    assert "is_error" not in empty
    assert empty["content"]


async def test_the_key_goes_as_bearer_and_to_a_gateway_under_the_older_name_too(rehearse: Rehearse):
    play = await rehearse(TELL)
    await play.run()
    headers = play.fake.requests[0]["headers"]
    assert (headers["authorization"], headers["x-api-key"]) == (f"Bearer {KEY}", KEY)


async def test_credentials_of_the_machine_stay_where_they_are(rehearse: Rehearse, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-the-machine")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token-of-the-machine")
    play = await rehearse(TELL, key="")
    with pytest.raises(ModelError, match="key"):
        await play.run()
    assert "of-the-machine" not in str(play.fake.requests)


async def test_an_address_may_end_in_v1(rehearse: Rehearse):
    play = await rehearse(TELL)
    provider = Anthropic(model="m", api_key=KEY, base_url=f"{play.fake.url}/v1/")
    try:
        said = [piece async for piece in provider.respond(ask())]
    finally:
        await provider.aclose()
    assert said


async def test_what_this_portal_does_not_know_is_passed_over(rehearse: Rehearse):
    strange = {
        "blocks": [
            {"text": "Hello", "chunks": 2},
            {"events": [
                {"type": "content_block_start", "index": 1, "content_block": {"type": "hologram", "light": {"a": 1}}},
                {"type": "content_block_delta", "index": 1, "delta": {"type": "photon_delta", "photons": 3}},
                {"type": "content_block_stop", "index": 1},
            ]},
            {"text": " there"},
        ],
        "insert": [
            {"before": "text_delta", "nth": 2, "event": {"type": "weather_report", "sky": ["grey"]}},
            {"before": "text_delta", "nth": 3, "event": ": a comment\n\nevent: x\n\nid: 5\nretry: 10\ndata: {}\n\n"},
            {"before": "content_block_stop", "event": {
                "type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {}}
            }},
        ],
    }  # fmt: skip
    play = await rehearse(strange)
    end = await play.run()
    assert play.stage.of("text_end") == [("Hello",), (" there",)]
    assert end.stop_reason == "end_turn"


async def test_arguments_given_whole_with_their_block_count_too(rehearse: Rehearse):
    whole = {"tool": "k8s_list", "input": {"kind": "pods"}, "whole": True}
    play = await rehearse({"blocks": [whole, {"tool": "clusters_list", "input": {}}]}, TELL)
    end = await play.run()
    wishes = [block for block in end.turns[1].blocks if isinstance(block, Wish)]
    assert [(wish.name, wish.arguments) for wish in wishes] == [("k8s_list", {"kind": "pods"}), ("clusters_list", {})]


async def test_an_id_that_comes_again_in_a_later_answer_is_made_a_new_one(rehearse: Rehearse):
    again = {"blocks": [{"tool": "k8s_list", "id": "call_0"}]}
    play = await rehearse(again, again, again, TELL)
    end = await play.run()
    ids = [block.id for turn in end.turns for block in turn.blocks if isinstance(block, Wish)]
    assert len(set(ids)) == 3
    assert [block.id for turn in end.turns for block in turn.blocks if isinstance(block, Answer)] == ids


async def test_blocks_with_nothing_in_them_are_not_shown(rehearse: Rehearse):
    play = await rehearse({"blocks": [{"think": "", "signature": ""}, {"text": ""}, {"text": "Hello."}]})
    end = await play.run()
    assert play.stage.of("thinking_end") == []
    assert play.stage.of("text_end") == [("Hello.",)]
    assert end.turns[-1].blocks == (Text("Hello."),)


async def test_text_no_database_takes_is_mended(rehearse: Rehearse):
    delta = '{"type": "text_delta", "text": "a\\u0000b\\ud800c"}'
    raw = f'data: {{"type": "content_block_delta", "index": 0, "delta": {delta}}}\n\n'
    play = await rehearse({"blocks": [{"text": "x"}], "insert": [{"before": "text_delta", "event": raw}]})
    await play.run()
    assert play.stage.of("text_end") == [("a\ufffdb\ufffdcx",)]


async def test_the_stop_reason_of_the_wire_is_the_one_that_is_told(rehearse: Rehearse):
    play = await rehearse({"blocks": [{"text": "Half an ans"}], "stop_reason": "max_tokens"})
    end = await play.run()
    assert end.stop_reason == "max_tokens"
    assert "length limit" in play.stage.text


async def test_one_connection_serves_round_after_round(rehearse: Rehearse):
    play = await rehearse(LOOK, LOOK, TELL)
    await play.run()
    assert len(play.fake.requests) == 3
    assert play.fake.connections == 1


async def test_stopping_in_mid_answer_leaves_the_endpoint_at_once(rehearse: Rehearse):
    play = await rehearse({"blocks": [{"text": "word " * 400, "chunks": 400}], "rate": 100})
    task = asyncio.create_task(play.run())
    await asyncio.wait_for(play.stage.spoke.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        while play.fake.streams:  # noqa: ASYNC110 - the fake notices by looking
            await asyncio.sleep(0.01)
    assert play.fake.left == 1


def test_a_prompt_is_short_and_names_what_is_there():
    prompt = compose(Setting(("prod", "demo"), "demo", True, "2026-01-05"))
    assert len(prompt) / 4 < 750
    assert '"demo", "prod"' in prompt
    assert "read-only" in prompt
    assert prompt.rstrip().endswith("2026-01-05 (UTC).")
    assert "No cluster is registered" in compose(Setting((), "", False, "2026-01-05"))


async def test_two_runs_at_once_share_the_provider(rehearse: Rehearse):
    play = await rehearse(echo={"chunks": 30, "rate": 300})
    stages = [Recorder() for _ in range(5)]
    await asyncio.gather(*(run(ask(), play.provider, stage, Limits()) for stage in stages))
    assert {stage.text for stage in stages} == {"".join(f"word{number:05} " for number in range(30))}
