"""A call that has just failed is answered from memory, unless another try may help."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from chat.actions import leases, messages, rounds
from chat.budgets.repeats import just_failed
from chat.models import Run, ToolCall
from tools import registry, toolbox
from tools.kube.errors import Busy, Conflict, Forbidden, NotFound, Unreachable

GET = {"tool": "k8s_get", "cluster": "c", "arguments": {"name": "web"}, "effect": "SENSITIVE"}
SCALE = {"tool": "k8s_scale", "cluster": "c", "arguments": {"name": "web"}, "effect": "CHANGE"}
LASTING = {"status": "failed", "result": "There is no web.", "data": {"code": "not_found", "temporary": False}}
DONE = {"status": "completed"}


@pytest.fixture
def run(db, alice) -> Run:
    messages.send(alice, "look")
    return rounds.start(leases.claim("here"), "scripted", "script")


def past(run: Run, seconds: int, **fields) -> ToolCall:
    ended = timezone.now() - timedelta(seconds=seconds)
    position = ToolCall.objects.filter(run=run).count()
    return ToolCall.objects.create(run=run, position=position, started_at=ended, ended_at=ended, **fields)


TOLD = [
    ("just now", [(5, GET | LASTING)], True),
    ("with a look in between", [(5, GET | LASTING), (3, GET | DONE | {"arguments": {"name": "api"}})], True),
    ("more than a minute ago", [(61, GET | LASTING)], False),
    ("before a change", [(5, GET | LASTING), (3, SCALE | DONE)], False),
    ("before a change whose outcome is unknown", [(5, GET | LASTING), (3, SCALE | {"status": "unknown"})], False),
    ("after a change", [(5, SCALE | DONE), (3, GET | LASTING)], True),
    ("for a reason that passes", [(5, GET | LASTING | {"data": {"code": "busy", "temporary": True}})], False),
    ("for a reason that nobody kept", [(5, GET | LASTING | {"data": None})], False),
    ("elsewhere", [(5, GET | LASTING | {"cluster": "d"})], False),
    ("about something else", [(5, GET | LASTING | {"arguments": {"name": "api"}})], False),
    ("not at all", [(5, GET | DONE)], False),
]


@pytest.mark.parametrize(("before", "from_memory"), [row[1:] for row in TOLD], ids=[row[0] for row in TOLD])
def test_a_call_is_answered_from_memory_when_it_failed(run, before, from_memory):
    for seconds, fields in before:
        past(run, seconds, **fields)
    told = just_failed(ToolCall(run=run, **GET))
    assert told.endswith("It said: There is no web.") if from_memory else told == ""


def test_another_run_begins_without_that_memory(run, alice):
    past(run, 5, **GET | LASTING)
    Run.objects.filter(pk=run.pk).update(status="done")
    messages.send(alice, "look again", conversation_id=run.conversation_id)
    other = Run.objects.exclude(pk=run.pk).get()
    assert just_failed(ToolCall(run=other, **GET)) == ""


@pytest.mark.parametrize(
    ("fault", "temporary"),
    [
        *((kind("No."), False) for kind in (NotFound, Forbidden)),
        *((kind("No."), True) for kind in (Busy, Unreachable)),
        (Conflict("No.", "AlreadyExists"), False),
        (Conflict("No.", "Conflict"), True),
    ],
)
async def test_every_failure_tells_whether_another_try_helps(fault, temporary):
    async def fail(desk, asked):
        raise fault

    tool = replace(registry.find("tool_find"), run=fail)
    outcome = await toolbox.look_up(tool, toolbox.parse(tool, {"query": "x"}), None)
    assert (outcome.status, outcome.data) == ("failed", {"code": fault.code, "temporary": temporary})
