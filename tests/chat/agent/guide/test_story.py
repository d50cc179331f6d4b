"""The demo story, told and mended: every fault's true cause is named, and every sentence offered really works."""

import asyncio
import re

import pytest

from tests.chat.agent.guide.talk import Talk, Told

FAULTS = {
    "why is checkout failing?": ("Deployment `checkout` in `shop` keeps crashing", "PAYMENT_API_URL", "exit code 1"),
    "why does recommendations not start": ("cannot fetch its image", "2.4.1-relase", "recommendations:2.4.0"),
    "why is search crashing": ("runs out of memory", "OOMKilled", "128Mi"),
    "why is fraud-model pending": ("asks for too much CPU", "Insufficient cpu", "16 CPU cores"),
    "why does the cart service not answer": ("has nobody behind it", "app=carts", "app=cart"),
    "why did the settlement job fail": (
        "Job `settlement` in `payments` failed",
        "certificate expired",
        "bank-client-tls",
    ),
}


def sentences(told: Told) -> list[str]:
    """What the guide told people to type."""
    return re.findall(r"Say: `([^`]+)`", told.text)


async def until(talk: Talk, words: str, mark: str) -> Told:
    """Asks again until the answer says it, for at most half a minute."""
    for _ in range(30):
        told = await talk.say(words)
        if mark in told.text:
            return told
        await asyncio.sleep(1)
    raise AssertionError(f"{words}: never said {mark!r}, last {told.text}")


@pytest.mark.parametrize("question", FAULTS)
async def test_the_true_cause_is_named_with_its_evidence(talk: Talk, question: str):
    told = await talk.say(question)
    for words in FAULTS[question]:
        assert words in told.text


async def test_what_is_wrong_here_finds_every_fault_of_the_story(talk: Talk):
    told = await talk.say("what is wrong here?")
    assert "**6 things need attention:**" in told.text
    for name in ("`checkout`", "`recommendations`", "`search`", "`fraud-model`", "Service `cart`", "Job `settlement`"):
        assert name in told.text
    assert "### Broken" in told.text
    assert len(sentences(told)) == 6


async def test_what_is_wrong_in_one_namespace_says_nothing_of_the_others(talk: Talk):
    told = await talk.say("what's wrong in payments")
    assert "**2 things need attention:**" in told.text
    assert "checkout" not in told.text


async def test_reading_questions_wish_for_no_change(talk: Talk):
    for question in (*FAULTS, "what is wrong here"):
        told = await talk.say(question)
        assert not set(told.tools) & {"k8s_patch", "k8s_apply", "k8s_scale", "k8s_delete", "k8s_rollout_do"}


async def test_every_offered_sentence_mends_its_fault(talk: Talk):
    """Types what the guide says, fault after fault; then it finds only the Job, whose certificate is outside."""
    talk.patience = 0.3
    asked = await talk.say("why is checkout failing?")
    own_value, guess, _ = sentences(asked)
    assert "…" in own_value
    told = await talk.say(own_value.replace("https://…", "https://gateway.payments.svc:443"))
    assert own_value.partition(" to ")[0].removeprefix("set ") == "PAYMENT_API_URL"
    assert "about to set the variable `PAYMENT_API_URL`" in told.said[0]
    assert guess.startswith("set PAYMENT_API_URL to https://gateway.payments.svc")

    await talk.say("why does recommendations not start")
    told = await talk.say("1")
    assert (told.calls[-2][0], told.calls[-2][1].get("name")) == (
        "k8s_patch",
        "recommendations",
    ) or "k8s_patch" in told.tools

    for question in ("why is search crashing", "why is fraud-model pending", "why does the cart service not answer"):
        offered = sentences(await talk.say(question))
        assert "k8s_patch" in (await talk.say(offered[0])).tools

    told = await until(talk, "what is wrong here", "One thing is wrong.")
    assert "Job `settlement`" in told.text
    told = await talk.say("rollout status of checkout in shop")
    assert "is rolled out: 2 of 2 available" in told.text


async def test_a_job_is_run_again_as_a_copy_and_its_end_is_told_as_it_is(talk: Talk):
    await talk.say("why did the settlement job fail")
    told = await talk.say("1")
    assert "k8s_apply" in told.tools
    assert "settlement-again" in told.text
    told = await until(talk, "why is job settlement-again in payments failing", "failed")
    assert "certificate expired" in told.text


async def test_draining_a_node_is_announced_done_and_seen(talk: Talk):
    """Last, because the pods that leave take their history along."""
    told = await talk.say("drain node-2")
    assert ("node_drain", {"node": "node-2"}) in told.calls
    assert "about to drain Node `node-2`" in told.said[0]
    assert "`node-2` | Ready,SchedulingDisabled" in told.text
    assert ("node_uncordon", {"node": "node-2"}) in (await talk.say("uncordon node-2")).calls
