"""`/api/v1/conversations`: list, create, read, rename, share, delete."""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from chat import search
from chat.access import find, visible_to
from chat.actions import conversations
from chat.models import Conversation
from chat.models.access_token import Scope
from chat.rest.door import Repeatable, caller, signed_in
from chat.rest.paging import Place, listed, page

router = Router(auth=signed_in, tags=["conversations"])


class ConversationOut(Schema):
    id: uuid.UUID
    title: str
    cluster: str
    shared: bool
    owner: str
    head_seq: int
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_owner(conversation: Conversation) -> str:
        return conversation.owner.get_username()


class ConversationList(Schema):
    items: list[ConversationOut]
    next: str | None = None


class ConversationIn(Schema):
    id: uuid.UUID | None = None
    title: str = Field("", max_length=200)
    cluster: str = Field("", max_length=253)


class ConversationChange(Repeatable):
    title: str | None = Field(None, max_length=200)
    shared: bool | None = None


@router.get("", response=ConversationList, exclude_none=True)
def listing(request: HttpRequest, place: Query[Place], q: str = "") -> Any:
    rows = search.holding(visible_to(caller(request)), q).select_related("owner").prefetch_related("shares")
    return listed(*page(rows, "updated_at", place))


@router.post("", response={201: ConversationOut})
def create(request: HttpRequest, wanted: ConversationIn) -> Any:
    user = caller(request, Scope.WRITE)
    made = conversations.create(user, conversation_id=wanted.id, title=wanted.title, cluster=wanted.cluster)
    return Status(201, made)


@router.get("/{uuid:conversation_id}", response=ConversationOut)
def read(request: HttpRequest, conversation_id: uuid.UUID) -> Any:
    return find(caller(request), conversation_id)


@router.patch("/{uuid:conversation_id}", response=ConversationOut)
def change(request: HttpRequest, conversation_id: uuid.UUID, wanted: ConversationChange) -> Any:
    user = caller(request, Scope.WRITE)
    return conversations.change(user, conversation_id, title=wanted.title, shared=wanted.shared, command_id=wanted.id)


@router.delete("/{uuid:conversation_id}", response={204: None})
def delete(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    conversations.delete(caller(request, Scope.WRITE), conversation_id)
    return HttpResponse(status=204)
