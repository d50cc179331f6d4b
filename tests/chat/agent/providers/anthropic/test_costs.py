"""Each attempt says first what it may cost, and afterwards what it has cost at most."""

import json

import pytest

from chat.agent.errors import LimitReached, ModelError
from chat.agent.ports import Usage
from tests.chat.agent.providers.anthropic.conftest import Rehearse

MOST = 16_000
TELL = {"blocks": [{"text": "All is well.", "chunks": 4}], "usage": {"input_tokens": 40, "output_tokens": 9}}


async def test_an_attempt_says_how_long_its_request_is_and_its_answer_may_be(rehearse: Rehearse):
    play = await rehearse(TELL)
    await play.run()
    (asking,) = play.stage.asked
    sent = len(json.dumps(play.fake.bodies[0], ensure_ascii=False, separators=(",", ":")).encode())
    assert asking.size <= sent <= asking.size + 20  # beside the words that it is to be streamed
    assert asking.most == play.fake.bodies[0]["max_tokens"] == MOST
    assert play.stage.counts == [Usage(40, 9)]


async def test_a_model_that_cannot_be_paid_is_not_asked(rehearse: Rehearse):
    play = await rehearse(TELL)
    play.stage.affords = 0
    with pytest.raises(LimitReached):
        await play.run()
    assert play.fake.requests == []


@pytest.mark.parametrize(
    ("reply", "counted"),
    [
        ({"status": 529, "error": ["overloaded_error", "busy"]}, Usage()),
        ({"status": 429, "error": ["rate_limit_error", "slow"], "headers": {"retry-after": "0"}}, Usage()),
        ({"status": 500, "error": ["api_error", "oh"]}, None),
        (TELL | {"cut": {"before": "message_start", "how": "close"}}, None),
        (TELL | {"cut": {"before": "text_delta", "nth": 2, "how": "close"}}, Usage(40, MOST)),
        (TELL | {"cut": {"before": "message_stop", "how": "close"}}, Usage(40, 9)),
    ],
    ids=["overloaded", "too many", "broken inside", "nothing came", "half an answer", "all but its end"],
)
async def test_an_attempt_that_broke_off_has_cost_at_most(rehearse: Rehearse, reply, counted):
    play = await rehearse(reply, TELL)
    await play.run()
    assert play.stage.counts == [counted, Usage(40, 9)]


async def test_an_attempt_without_a_field_that_was_refused_is_one_of_its_own(rehearse: Rehearse):
    play = await rehearse(TELL, refuse=["thinking"])
    await play.run()
    assert play.stage.counts == [Usage(), Usage(40, 9)]
    assert play.stage.asked[0].size > play.stage.asked[1].size


async def test_the_last_attempt_is_counted_too_when_there_is_no_other(rehearse: Rehearse):
    play = await rehearse({"status": 401, "error": ["authentication_error", "no"]})
    with pytest.raises(ModelError):
        await play.run()
    assert play.stage.counts == [Usage()]
