"""`/api/v1/conversations/<id>/shares`: with whom a conversation is shared, and how far."""

import uuid
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from chat.access import find
from chat.actions import shares
from chat.models import Share
from chat.models.access_token import Scope
from chat.rest.door import caller, signed_in

router = Router(auth=signed_in, tags=["conversations"])


class ShareOut(Schema):
    """`name` of the person or group; empty for everyone. `take_part` holds `read`."""

    id: int
    kind: Literal["person", "group", "everyone"]
    name: str
    level: Literal["read", "take_part"]
    by: str | None
    at: datetime

    @staticmethod
    def resolve_by(share: Share) -> str | None:
        return share.by.get_username() if share.by else None


class ShareList(Schema):
    items: list[ShareOut]


class ShareIn(Schema):
    kind: Literal["person", "group", "everyone"]
    name: str = Field("", max_length=150)
    level: Literal["read", "take_part"] = "read"


@router.get("/{uuid:conversation_id}/shares", response=ShareList)
def listing(request: HttpRequest, conversation_id: uuid.UUID) -> Any:
    """Whoever sees a conversation sees who else does."""
    conversation = find(caller(request), conversation_id)
    return {"items": list(conversation.shares.select_related("person", "group", "by"))}


@router.post("/{uuid:conversation_id}/shares", response={201: ShareOut})
def add(request: HttpRequest, conversation_id: uuid.UUID, wanted: ShareIn) -> Any:
    """The same party again changes how far."""
    user = caller(request, Scope.WRITE)
    made = shares.add(user, conversation_id, kind=wanted.kind, name=wanted.name, level=wanted.level)
    return Status(201, made)


@router.delete("/{uuid:conversation_id}/shares/{int:share_id}", response={204: None})
def remove(request: HttpRequest, conversation_id: uuid.UUID, share_id: int) -> HttpResponse:
    shares.remove(caller(request, Scope.WRITE), conversation_id, share_id)
    return HttpResponse(status=204)
