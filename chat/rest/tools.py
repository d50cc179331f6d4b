"""`/api/v1/tools`: the catalogue, and one call without a model through the same gate, journal and approval."""

import uuid
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status

from chat import gate
from chat.access import find, visible_to
from chat.actions import messages
from chat.errors import NotFound
from chat.models import ToolCall
from chat.models.access_token import Scope
from chat.rest.door import caller, signed_in, signed_in_async
from chat.rest.waiting import settled
from tools import policy, registry, toolbox

router = Router(tags=["tools"])
results = Router(auth=signed_in, tags=["tools"])


class ToolOut(Schema):
    name: str
    title: str
    description: str
    effect: str
    input_schema: dict[str, Any]


class ToolList(Schema):
    items: list[ToolOut]


class CallIn(Schema):
    """`id` is yours, and need not be given: with it, the same again waits for the same call and makes no second one."""

    id: uuid.UUID | None = None
    arguments: dict[str, Any] = {}
    conversation_id: uuid.UUID | None = None


class CallOut(Schema):
    status: str
    result: str
    tool_call_id: uuid.UUID
    conversation_id: uuid.UUID
    run_id: uuid.UUID


class CallWaiting(Schema):
    run_id: uuid.UUID
    conversation_id: uuid.UUID
    tool_call_id: uuid.UUID | None = None
    approval_id: uuid.UUID | None = None
    url: str | None = None


@router.get("", auth=signed_in, response=ToolList)
def listing(request: HttpRequest) -> Any:
    caller(request)
    shown = [tool for tool in registry.all_tools() if policy.offered(tool.effect, gate.rules())]
    return {
        "items": [
            {
                "name": tool.name,
                "title": tool.title,
                "description": tool.description,
                "effect": tool.effect.value,
                "input_schema": dict(tool.input_schema()),
            }
            for tool in shown
        ]
    }


@router.post("/{name}/call", auth=signed_in_async, response={200: CallOut, 202: CallWaiting})
async def call(request: HttpRequest, name: str, wanted: CallIn) -> Any:
    user = caller(request, Scope.WRITE)
    accepted = await database_sync_to_async(_accept)(user, name, wanted)
    outcome = await settled(accepted.conversation_id, accepted.run_id)
    if outcome.complete is not None:
        return Status(200, await database_sync_to_async(_result)(accepted))
    return Status(202, outcome.approval or {"run_id": accepted.run_id, "conversation_id": accepted.conversation_id})


def _accept(user: User, name: str, wanted: CallIn) -> messages.Accepted:
    """Unknown tools and arguments that do not fit are refused before anything is recorded."""
    tool = registry.find(name)
    intent = tool.intent(toolbox.parse(tool, wanted.arguments))
    if wanted.conversation_id is not None:
        find(user, wanted.conversation_id)
    way = messages.Way("rest", {"tool": name, "arguments": wanted.arguments})
    return messages.send(user, intent, message_id=wanted.id, conversation_id=wanted.conversation_id, way=way)


def _result(accepted: messages.Accepted) -> dict[str, Any]:
    done = ToolCall.objects.filter(run_id=accepted.run_id).first()
    if done is None:
        raise NotFound("The run ended before the call was made. Its conversation says why.")
    return {
        "status": done.status,
        "result": done.result,
        "tool_call_id": done.pk,
        "conversation_id": accepted.conversation_id,
        "run_id": accepted.run_id,
    }


@results.get("/{uuid:tool_call_id}/result")
def full_result(request: HttpRequest, tool_call_id: uuid.UUID) -> HttpResponse:
    """The whole result as text, where a frame's `result_ref` points."""
    seen = ToolCall.objects.filter(pk=tool_call_id, run__conversation__in=visible_to(caller(request))).first()
    if seen is None:
        raise NotFound("There is no such tool call, or it is not yours to see.")
    return HttpResponse(seen.full or seen.result, content_type="text/plain; charset=utf-8")
