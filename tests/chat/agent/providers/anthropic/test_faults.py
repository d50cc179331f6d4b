"""Every way an endpoint can fail: a sentence a person understands, attempts counted and seen, nothing half done."""

import asyncio
import email.utils
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from chat.agent.endings import DISOWNED_CALL
from chat.agent.errors import ModelError
from chat.agent.providers.anthropic.provider import Patience
from tests.apiserver.credentials import make_credentials
from tests.chat.agent.providers.anthropic.conftest import IMPATIENT, KEY, Rehearsal, Rehearse
from tests.chat.agent.stage import Recorder

LOOK = {
    "blocks": [{"text": "I look."}, {"tool": "k8s_delete", "input": {"kind": "pod", "selector": "a=b"}, "chunks": 5}]
}
TELL = {"blocks": [{"text": "All is well.", "chunks": 4}]}
SENTENCE = re.compile(r"[A-Z\"0-9].*[.!?]$", re.DOTALL)


async def failure(play: Rehearsal) -> ModelError:
    """The run's ModelError, after what must hold for each of them."""
    with pytest.raises(ModelError) as caught:
        await play.run()
    sentence = str(caught.value)
    assert SENTENCE.match(sentence), sentence
    assert not re.search(r"Traceback|Error\b|Exception|\{|httpx|anthropic\.", sentence), sentence
    for told in (sentence, *(str(entry[0]) for entry in play.stage.of("interrupted"))):
        assert KEY not in told
    assert play.stage.of("perform") == []
    return caught.value


# ---- refused for good: asked once --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (400, "request_refused", "Start a new conversation"),
        (401, "key_refused", "check ANTHROPIC_API_KEY"),
        (402, "unpaid", "no credit left"),
        (403, "key_refused", "check ANTHROPIC_API_KEY"),
        (404, "model_unknown", "check K8SMCP_MODEL"),
        (413, "too_large", "Start a new conversation"),
        (422, "request_refused", "K8SMCP_MODEL"),
        (418, "request_refused", "418"),
    ],
)
async def test_a_refusal_is_told_and_not_asked_again(rehearse: Rehearse, status: int, code: str, words: str):
    play = await rehearse({"status": status, "error": ["some_error", f"No. Your key is {KEY}, by the way"]})
    error = await failure(play)
    assert (error.code, error.temporary) == (code, False)
    assert words in str(error)
    assert len(play.fake.requests) == 1
    assert play.stage.of("interrupted") == []


async def test_a_wrong_key_is_told_without_the_key(rehearse: Rehearse):
    play = await rehearse(TELL, key="sk-ant-mistyped")
    with pytest.raises(ModelError, match="refused the key") as caught:
        await play.run()
    assert "mistyped" not in str(caught.value)


async def test_a_model_nobody_knows_is_named(rehearse: Rehearse):
    play = await rehearse({"status": 404, "error": ["not_found_error", "model: claude-test"]})
    assert 'The model "claude-test" is not known at 127.0.0.1:' in str(await failure(play))


async def test_the_reason_of_a_refusal_is_passed_on_in_one_short_line(rehearse: Rehearse):
    play = await rehearse({"status": 400, "error": ["invalid_request_error", f"too\nlong\x1b[31m {KEY} " + "x" * 900]})
    told = str(await failure(play))
    assert '"too long [31m [key] xxx' in told
    assert len(told) < 500


async def test_a_key_in_a_reason_that_is_cut_short_is_not_half_told(rehearse: Rehearse):
    for room in range(1, len(KEY), 5):
        reason = "y" * (200 - room - 1) + " " + KEY
        play = await rehearse({"status": 400, "error": ["invalid_request_error", reason]})
        assert "sk-a" not in str(await failure(play))


async def test_a_short_key_does_not_garble_our_own_words(rehearse: Rehearse):
    play = await rehearse({"status": 400, "error": ["invalid_request_error", "no"]}, key="e")
    with pytest.raises(ModelError, match="refused the key for the model"):
        await play.run()


@pytest.mark.parametrize("key", ["sk-…", "sk two words", "sk-\nnewline", "sk-\x00"])
async def test_a_key_that_cannot_be_one_is_told_before_anything_is_sent(rehearse: Rehearse, key: str):
    play = await rehearse(TELL, key=key)
    error = await failure(play)
    assert (error.code, play.fake.requests) == ("key_refused", [])


@pytest.mark.parametrize("body", ["<html>Bad gateway</html>", "", "null", '{"detail": [{"loc": ["x"]}]}', "[1]"])
async def test_an_error_body_of_any_shape_makes_a_sentence(rehearse: Rehearse, body: str):
    play = await rehearse({"status": 400, "body": body or " "})
    await failure(play)


# ---- not available: asked again, and people see it ---------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529])
async def test_a_passing_fault_is_waited_out_in_sight(rehearse: Rehearse, status: int):
    down = {"status": status, "error": ["api_error", "try later"]}
    play = await rehearse(down, down, TELL)
    await play.run()
    assert play.stage.of("text_end") == [("All is well.",)]
    told = play.stage.of("interrupted")
    assert [attempt for _, _, attempt in told] == [1, 2]
    assert play.slept == [seconds for _, seconds, _ in told]
    assert 0.5 <= play.slept[0] <= 1 <= play.slept[1] <= 2


async def test_an_overloaded_model_is_given_up_after_four_attempts(rehearse: Rehearse):
    play = await rehearse({"status": 529, "error": ["overloaded_error", "Overloaded"]})
    error = await failure(play)
    assert str(error) == (
        "The model is overloaded right now. 4 attempts did not help. Send the message again in a few minutes."
    )
    assert (error.code, error.temporary) == ("overloaded", True)
    assert len(play.fake.requests) == 4
    assert len(play.stage.of("interrupted")) == 3


async def test_an_endpoint_that_says_not_to_ask_again_is_not(rehearse: Rehearse):
    play = await rehearse({"status": 503, "headers": {"x-should-retry": "false"}})
    await failure(play)
    assert len(play.fake.requests) == 1


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ({"retry-after": "7"}, 7, 7),
        ({"retry-after": "0.5"}, 0.5, 1),
        ({"retry-after-ms": "2500"}, 2.5, 2.5),
        ({"retry-after": "0"}, 0.5, 1),
        ({"x-should-retry": "true", "retry-after": "soon"}, 0.5, 1),
    ],
)
async def test_a_rate_limit_is_waited_for_as_told(
    rehearse: Rehearse, header: dict[str, str], least: float, most: float
):
    play = await rehearse({"status": 429, "headers": header, "error": ["rate_limit_error", "slow down"]}, TELL)
    await play.run()
    assert len(play.slept) == 1
    assert least <= play.slept[0] <= most
    assert "too many requests" in str(play.stage.of("interrupted")[0][0])


async def test_a_rate_limit_may_be_told_as_a_date(rehearse: Rehearse):
    date = email.utils.formatdate(time.time() + 40, usegmt=True)
    play = await rehearse({"status": 429, "headers": {"retry-after": date}}, TELL)
    await play.run()
    assert 20 <= play.slept[0] <= 40


@pytest.mark.parametrize(("told", "words"), [("3600", "60 minutes"), ("90", "90 seconds"), ("86400", "24 hours")])
async def test_a_wait_beyond_a_minute_is_not_waited_but_told(rehearse: Rehearse, told: str, words: str):
    play = await rehearse({"status": 429, "headers": {"retry-after": told}})
    error = await failure(play)
    assert words in str(error)
    assert error.temporary
    assert (len(play.fake.requests), play.slept) == (1, [])


async def test_a_spending_limit_is_not_knocked_at(rehearse: Rehearse):
    play = await rehearse({"status": 429, "error": ["rate_limit_error", "spend cap"]})
    error = await failure(play)
    assert "spending limit" in str(error)
    assert error.temporary
    assert len(play.fake.requests) == 1


# ---- not reached -------------------------------------------------------------------------------------------------


async def test_an_address_where_nothing_listens_is_named(rehearse: Rehearse):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    play = await rehearse(base_url=f"http://user:pass@127.0.0.1:{port}/path")
    error = await failure(play)
    assert f"Nothing answers at 127.0.0.1:{port}." in str(error)
    assert "check ANTHROPIC_BASE_URL" in str(error)
    assert "pass" not in str(error)
    assert (error.code, error.temporary, len(play.slept)) == ("unreachable", True, 3)


async def test_a_name_nobody_knows_is_told(rehearse: Rehearse):
    play = await rehearse(base_url="http://model.invalid:8000")
    assert "The name model.invalid:8000 cannot be found." in str(await failure(play))


async def test_a_certificate_nobody_trusts_is_told_and_not_tried_again(rehearse: Rehearse, untrusted: int):
    play = await rehearse(base_url=f"https://127.0.0.1:{untrusted}")
    error = await failure(play)
    assert "is not secure" in str(error)
    assert "certificate" in str(error)
    assert (error.code, play.slept) == ("not_secure", [])


async def test_https_where_plain_http_is_spoken_is_told(rehearse: Rehearse):
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        play = await rehearse(base_url=f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        assert (await failure(play)).code == "not_secure"


async def test_an_address_that_is_none_is_told(rehearse: Rehearse):
    play = await rehearse(base_url="http://127.0.0.1:eightthousand")
    assert (await failure(play)).code == "address"


@pytest.fixture
async def untrusted(tmp_path: Path) -> AsyncIterator[int]:
    """The port of a TLS server whose authority nobody knows."""
    made = make_credentials(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


# ---- not what was expected ---------------------------------------------------------------------------------------


async def test_a_login_page_instead_of_an_answer_is_told(rehearse: Rehearse):
    play = await rehearse({"status": 200, "body": "<html>Please sign in</html>"})
    error = await failure(play)
    assert "does not answer like a Messages API" in str(error)
    assert play.slept == []


@pytest.mark.parametrize(
    "raw",
    [
        "data: {not json}\n\n",
        'data: ["a list"]\n\n',
        "data: \xff\xfe\n\n",
        'data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}\n\n',
        'data: {"type": "content_block_start", "index": 0}\n\n',
        'data: {"type": "message_start", "message": 5}\n\n',
        'data: {"type": "message_stop", "type": "message_stop"}\n\n',
        'data: {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}\n\n',
        'data: {"type": "message_stop"}\n\n',
        "data: " + '{"a":' * 3000 + "1" + "}" * 3000 + "\n\n",
        "event: message_stop\n\n",
        'data: {"error": "overloaded"}\n\n',
        "",
    ],
)
async def test_nonsense_is_asked_again_and_then_told(rehearse: Rehearse, raw: str):
    play = await rehearse({"raw": raw})
    assert (await failure(play)).code in ("unreadable", "incomplete", "unavailable")
    assert len(play.fake.requests) == 4


# ---- streams that go wrong ---------------------------------------------------------------------------------------

CUTS = [
    {"before": "text_delta", "nth": 1},
    {"before": "content_block_start", "nth": 2},
    {"before": "input_json_delta", "nth": 2},
    {"before": "input_json_delta", "nth": 5},
    {"before": "content_block_stop", "nth": 2},
    {"before": "message_delta"},
    {"before": "message_stop"},
    {"bytes": 0},
    {"bytes": -1},
]


@pytest.mark.parametrize("how", ["close", "break", "reset", "error"])
@pytest.mark.parametrize("cut", CUTS, ids=str)
async def test_a_stream_cut_anywhere_is_asked_for_again_and_its_wishes_are_void(
    rehearse: Rehearse, cut: dict[str, Any], how: str
):
    play = await rehearse(LOOK | {"cut": cut | {"how": how}}, TELL)
    await play.run()
    assert play.stage.of("perform") == []
    assert len(play.stage.of("interrupted")) == 1
    assert play.stage.of("text_end")[-1] == ("All is well.",)


@pytest.mark.parametrize("how", ["close", "break", "reset", "error"])
async def test_a_stream_that_is_always_cut_in_a_tool_call_ends_with_a_sentence(rehearse: Rehearse, how: str):
    play = await rehearse(LOOK | {"cut": {"before": "content_block_stop", "nth": 2, "how": how}})
    error = await failure(play)
    assert error.temporary
    assert "4 attempts did not help" in str(error)
    assert play.stage.of("round_ended") == []


@pytest.mark.parametrize(
    ("kind", "code", "requests"),
    [
        ("overloaded_error", "overloaded", 4),
        ("api_error", "unavailable", 4),
        ("something_new", "unavailable", 4),
        ("invalid_request_error", "request_refused", 1),
        ("authentication_error", "key_refused", 1),
        ("rate_limit_error", "rate_limited", 1),
    ],
)
async def test_an_error_event_in_mid_stream_is_judged_by_its_kind(
    rehearse: Rehearse, kind: str, code: str, requests: int
):
    cut = {"before": "text_delta", "nth": 2, "how": "error", "error": [kind, "Oh no"]}
    play = await rehearse(TELL | {"cut": cut})
    assert (await failure(play)).code == code
    assert len(play.fake.requests) == requests


QUICK = Patience(connect=2, silence=0.2, idle=0.2, whole=0.5, attempts=2)


@pytest.mark.parametrize(
    "reply",
    [
        TELL | {"cut": {"before": "text_delta", "nth": 2, "how": "stall"}},
        TELL | {"cut": {"before": "message_start", "how": "stall"}},
        TELL | {"cut": {"before": "text_delta", "nth": 2, "how": "pings"}},
        TELL | {"drip": [1, 0.02]},
        TELL | {"pause": 5},
        {"blocks": [{"text": "word " * 500, "chunks": 500}], "rate": 20},
    ],
    ids=["silent in text", "silent from the start", "only pings", "a byte now and then", "no answer", "without end"],
)
async def test_a_model_that_hangs_is_given_up_in_time(rehearse: Rehearse, reply: dict[str, Any]):
    play = await rehearse(reply, patience=QUICK)
    async with asyncio.timeout(8):
        error = await failure(play)
    assert (error.code, error.temporary) == ("silent", True)
    assert len(play.fake.requests) == 2


async def test_pings_alone_are_no_sign_of_life(rehearse: Rehearse):
    pings = TELL | {"cut": {"before": "text_delta", "nth": 2, "how": "pings"}}
    play = await rehearse(pings, patience=Patience(connect=2, silence=60, idle=0.2, whole=60, attempts=1))
    async with asyncio.timeout(8):
        assert (await failure(play)).code == "silent"


async def test_a_slow_model_that_keeps_talking_is_heard_out(rehearse: Rehearse):
    play = await rehearse(TELL | {"rate": 20}, patience=Patience(connect=2, silence=0.3, idle=0.3, whole=5))
    await play.run()
    assert play.stage.of("text_end") == [("All is well.",)]


async def test_a_slow_listener_is_not_the_models_fault(rehearse: Rehearse):
    class Slow(Recorder):
        async def text_delta(self, text: str) -> None:
            await super().text_delta(text)
            await asyncio.sleep(0.15)

    play = await rehearse(TELL, patience=Patience(connect=2, silence=0.1, idle=0.1, whole=0.4, attempts=1))
    play.stage = Slow()
    await play.run()
    assert play.stage.of("text_end") == [("All is well.",)]


async def test_an_answer_without_bounds_is_cut_off(rehearse: Rehearse):
    play = await rehearse({"blocks": [{"text": "x" * (3 << 20), "chunks": 300}]})
    error = await failure(play)
    assert (error.code, len(play.fake.requests)) == ("too_long", 1)
    assert len(play.stage.text) <= 1 << 20


async def test_arguments_without_bounds_are_no_tool_call(rehearse: Rehearse):
    call = {"tool": "k8s_apply", "input": {"manifest": "x" * (2 << 20)}, "chunks": 100}
    assert (await failure(await rehearse({"blocks": [call]}))).code == "too_long"


async def test_a_line_without_end_is_cut_off(rehearse: Rehearse):
    assert (await failure(await rehearse({"raw": "data: " + "x" * (5 << 20)}))).code == "too_long"


# ---- tool calls that are none ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        '{"namespace": "a", "namespace": "b"}',
        '{"a": {"b": 1, "b": 2}}',
        '{"namespace": "prod"',
        '["pods"]',
        '"pods"',
        "null",
        "17",
        '{"replicas": NaN}',
        '{"replicas": 1e999}',
        '{"replicas": 99999999999999999999}',
        '{"name": "a\\u0000b"}',
        '{"name": "\\ud800"}',
        "{'name': 'web'}",
        '{"name": "web"} {"name": "db"}',
        '{"name": "web",}',
        '{"deep": ' + "[" * 3000 + "]" * 3000 + "}",
    ],
)
async def test_arguments_that_are_not_strict_json_are_no_tool_call(rehearse: Rehearse, raw: str):
    play = await rehearse({"blocks": [{"tool": "k8s_delete", "raw_input": raw, "chunks": 3}]})
    error = await failure(play)
    assert error.code == "unreadable"
    assert "not carried out" in str(error)
    assert len(play.fake.requests) == 4


async def test_a_tool_call_that_was_unreadable_once_is_asked_for_again(rehearse: Rehearse):
    bad = {"blocks": [{"tool": "k8s_list", "raw_input": '{"kind": "pods", "kind": "nodes"}'}]}
    good = {"blocks": [{"tool": "k8s_list", "raw_input": '{"kind": "pods"}'}]}
    play = await rehearse(bad, good, TELL)
    await play.run()
    assert play.stage.of("perform") == [(("k8s_list",),)]


@pytest.mark.parametrize("name", ["", "x" * 201, "a\x00b", 17, None, ["k8s_list"], {"a": 1}], ids=repr)
@pytest.mark.parametrize("field", ["name", "id"])
async def test_a_tool_call_without_a_proper_name_or_id_is_none(rehearse: Rehearse, field: str, name: object):
    block = {"type": "tool_use", "id": "a", "name": "k8s_list", "input": {}} | {field: name}
    start = {"type": "content_block_start", "index": 0, "content_block": block}
    stop = {"type": "content_block_stop", "index": 0}
    play = await rehearse({"blocks": [{"events": [start, stop]}], "stop_reason": "tool_use"})
    assert (await failure(play)).code == "unreadable"


async def test_two_tool_calls_with_one_id_are_none(rehearse: Rehearse):
    twice = {"blocks": [{"tool": "k8s_delete", "id": "a"}, {"tool": "k8s_delete", "id": "a"}]}
    assert (await failure(await rehearse(twice))).code == "unreadable"


@pytest.mark.parametrize("stop_reason", ["max_tokens", "refusal", "end_turn", "stop_sequence", "weather"])
async def test_a_message_that_stopped_for_another_reason_has_no_wishes(rehearse: Rehearse, stop_reason: str):
    """Even a call that looks whole: the model did not say that it wants it carried out now."""
    play = await rehearse(LOOK | {"stop_reason": stop_reason})
    end = await play.run()
    assert end.stop_reason == {"end_turn": DISOWNED_CALL, "stop_sequence": DISOWNED_CALL}.get(stop_reason, stop_reason)
    assert play.stage.of("perform") == []
    assert play.stage.of("text_end")[0] == ("I look.",)
    assert len(play.stage.of("text_end")) == 2


async def test_a_gateway_that_ends_tool_calls_wrongly_is_told_apart(rehearse: Rehearse):
    play = await rehearse(LOOK | {"stop_reason": "end_turn"})
    await play.run()
    assert "the gateway at ANTHROPIC_BASE_URL ends tool calls with the wrong stop reason" in play.stage.text


async def test_a_message_that_says_tool_use_before_its_block_is_closed_has_no_wishes(rehearse: Rehearse):
    unclosed = [
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "a", "name": "k8s_delete"},
        },
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
    ]
    play = await rehearse({"blocks": [{"events": unclosed}], "stop_reason": "tool_use"})
    assert (await failure(play)).code == "incomplete"


async def test_the_first_words_after_a_cut_are_a_new_block(rehearse: Rehearse):
    play = await rehearse(TELL | {"cut": {"before": "text_delta", "nth": 3, "how": "reset"}}, TELL)
    await play.run()
    kinds = [kind for kind, _ in groupby(entry[0] for entry in play.stage.log)]
    assert kinds == ["text_delta", "interrupted", "text_delta", "text_end", "round_ended"]
    first, *_ = [entry[1] for entry in play.stage.log if entry[0] == "text_end"]
    assert first == TELL["blocks"][0]["text"]
    assert IMPATIENT.attempts == 4
