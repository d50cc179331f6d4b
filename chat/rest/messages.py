"""`/api/v1/conversations/<id>/messages`: send one, accepted once; while it is queued, edit, remove or steer it."""

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status

from chat.access import find
from chat.actions import messages, queue
from chat.models.access_token import Scope
from chat.rest.door import CommandId, Repeatable, caller, signed_in, way

router = Router(auth=signed_in, tags=["messages"])


class MessageIn(Schema):
    """`id` is yours: the same one again is answered the same and begins no second run."""

    id: uuid.UUID
    text: str


class Accepted(Schema):
    run_id: uuid.UUID
    seq: int
    conversation_id: uuid.UUID


@router.post("/{uuid:conversation_id}/messages", response={202: Accepted})
def send(request: HttpRequest, conversation_id: uuid.UUID, wanted: MessageIn) -> Any:
    user = caller(request, Scope.WRITE)
    find(user, conversation_id)
    accepted = messages.send(user, wanted.text, message_id=wanted.id, conversation_id=conversation_id, way=way(request))
    return Status(202, accepted)


class QueuedMessage(Schema):
    """`seq`: the event that tells of it; null when nothing has happened yet."""

    conversation_id: uuid.UUID
    run_id: uuid.UUID
    message_id: uuid.UUID
    seq: int | None = None


class Edit(Schema):
    id: CommandId = ""
    text: str


MESSAGE = "/{uuid:conversation_id}/messages/{uuid:message_id}"


@router.patch(MESSAGE, response=QueuedMessage)
def edit(request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID, wanted: Edit) -> Any:
    user = caller(request, Scope.WRITE)
    return queue.edit(user, message_id, wanted.text, conversation_id=conversation_id, command_id=wanted.id)


@router.delete(MESSAGE, response=QueuedMessage)
def remove(request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID, command: Query[Repeatable]) -> Any:
    user = caller(request, Scope.WRITE)
    return queue.remove(user, message_id, conversation_id=conversation_id, command_id=command.id)


@router.post(MESSAGE + "/steer", response=QueuedMessage)
def steer(
    request: HttpRequest, conversation_id: uuid.UUID, message_id: uuid.UUID, command: Repeatable | None = None
) -> Any:
    user, command_id = caller(request, Scope.WRITE), command.id if command else ""
    return queue.steer(user, message_id, conversation_id=conversation_id, command_id=command_id)
