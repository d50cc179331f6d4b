"""`/api/v1/tools`: the catalogue, and one call without a model through the same gate, journal and approval."""

import uuid
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status

from chat import desk
from chat.access import visible_to
from chat.actions import direct
from chat.actions.direct import Through
from chat.actions.messages import Accepted
from chat.errors import NotFound
from chat.models import ToolCall
from chat.models.access_token import Scope
from chat.rest.door import caller, signed_in, signed_in_async, way
from chat.waiting import settled

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
    return {
        "items": [
            {
                "name": tool.name,
                "title": tool.title,
                "description": tool.description,
                "effect": tool.effect.value,
                "input_schema": dict(tool.input_schema()),
            }
            for tool in desk.usable(caller(request))
        ]
    }


@router.post("/{name}/call", auth=signed_in_async, response={200: CallOut, 202: CallWaiting})
async def call(request: HttpRequest, name: str, wanted: CallIn) -> Any:
    user = caller(request, Scope.WRITE)
    through = Through(way(request), wanted.id, wanted.conversation_id)
    accepted = await database_sync_to_async(direct.ask)(user, name, wanted.arguments, through)
    outcome = await settled(accepted.conversation_id, accepted.run_id)
    if outcome.complete is not None:
        return Status(200, await database_sync_to_async(_result)(user, accepted))
    return Status(202, outcome.approval or {"run_id": accepted.run_id, "conversation_id": accepted.conversation_id})


def _result(user: User, accepted: Accepted) -> dict[str, Any]:
    done = direct.call_of(user, accepted.run_id)
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
