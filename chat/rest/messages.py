"""`/api/v1/conversations/<id>/messages`: send one, accepted once."""

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from chat.access import find
from chat.actions import messages
from chat.models.access_token import Scope
from chat.rest.door import caller, signed_in

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
    way = messages.Way("rest")
    return Status(202, messages.send(user, wanted.text, message_id=wanted.id, conversation_id=conversation_id, way=way))
