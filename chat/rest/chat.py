"""`POST /api/chat/message`: the seed's fallback, one request for one answer."""

import uuid
from typing import Any

from channels.db import database_sync_to_async
from django.http import HttpRequest
from ninja import Router, Schema, Status

from chat.actions import messages
from chat.event_types import CalledTool
from chat.models.access_token import Scope
from chat.rest.door import caller, signed_in_async, way
from chat.waiting import settled

router = Router(tags=["chat"])


class Said(Schema):
    """`id` is yours, and need not be given: with it, the same again waits for the same run and begins no second one."""

    message: str
    id: uuid.UUID | None = None
    conversation_id: uuid.UUID | None = None


class Answer(Schema):
    message: str
    tool_calls: list[CalledTool]
    conversation_id: uuid.UUID
    run_id: uuid.UUID
    outcome: str


class Waiting(Schema):
    """A person must decide first: the run goes on after that. Without an approval it is merely still under way."""

    run_id: uuid.UUID
    conversation_id: uuid.UUID
    approval_id: uuid.UUID | None = None
    url: str | None = None


@router.post("/message", auth=signed_in_async, response={200: Answer, 202: Waiting})
async def message(request: HttpRequest, said: Said) -> Any:
    send = database_sync_to_async(messages.send)
    user = caller(request, Scope.WRITE)
    how = way(request)
    accepted = await send(user, said.message, message_id=said.id, conversation_id=said.conversation_id, way=how)
    outcome = await settled(accepted.conversation_id, accepted.run_id)
    if outcome.complete is not None:
        return Status(200, outcome.complete)
    return Status(202, outcome.approval or {"run_id": accepted.run_id, "conversation_id": accepted.conversation_id})
