"""Begin, rename, share and delete a conversation."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from chat import audit, doorbell, journal, storable
from chat.access import Right, find, find_own, require
from chat.actions import commands, shares
from chat.actions.commands import Named
from chat.errors import BadInput
from chat.event_types import ConversationRenamed
from chat.models import Conversation
from tools import clusters, redaction

TITLE_LENGTH = 200


def create(user: User, *, conversation_id: uuid.UUID | None = None, title: str = "", cluster: str = "") -> Conversation:
    """A new private conversation; under a client-made id, the same id again gives the same conversation."""
    require(user, Right.CONVERSE)
    if cluster and cluster not in clusters.names():
        raise BadInput(
            f"There is no cluster {cluster!r}. Registered: {', '.join(clusters.names()) or 'none'}.",
            code="unknown_cluster",
        )
    try:
        with transaction.atomic():
            return Conversation.objects.create(
                id=conversation_id or uuid.uuid4(),
                owner=user,
                title=_title(title),
                cluster=cluster or clusters.default(),
            )
    except IntegrityError:
        if conversation_id is None:
            raise
        return find(user, conversation_id)


def open_or_create(
    user: User, conversation_id: uuid.UUID | None, *, cluster: str = "", title: str = ""
) -> Conversation:
    """What a message names: its conversation, or a new one under that id and title, never somebody else's."""
    if conversation_id is None:
        return create(user, cluster=cluster, title=title)
    named = Conversation.objects.filter(pk=conversation_id).first()
    if named is not None and named.owner_id == user.pk and named.deleted_at is None:
        return named
    if named is None:  # of one that came up in this moment `create` says whose it is
        return create(user, conversation_id=conversation_id, cluster=cluster, title=title)
    return find(user, conversation_id)


def rename(user: User, conversation_id: uuid.UUID | str, title: str, *, command_id: str = "") -> Conversation:
    return change(user, conversation_id, title=title, command_id=command_id)


def share(user: User, conversation_id: uuid.UUID | str, shared: bool) -> Conversation:
    return change(user, conversation_id, shared=shared)


def change(
    user: User,
    conversation_id: uuid.UUID | str,
    *,
    title: str | None = None,
    shared: bool | None = None,
    command_id: str = "",
) -> Conversation:
    """Renames, shares with everyone or not, or both; None leaves it as it is. Returns the conversation as this command
    left it."""
    conversation = find_own(user, conversation_id)
    content = {"conversation_id": str(conversation.pk), "title": title, "shared": shared}

    def effect() -> dict[str, Any]:
        if title is not None:
            _rename(conversation, title, user)
        if shared is not None:
            shares.with_everyone(conversation, user, shared)
        conversation.refresh_from_db()
        _record(conversation, user, content)
        answered = {field: getattr(conversation, field) for field in _ANSWERED}
        return answered | {"shared": conversation.shared, "updated_at": conversation.updated_at.isoformat()}

    answer = commands.once(user, Named("rename", command_id, conversation.pk), content, effect).answer
    for field in _ANSWERED:
        setattr(conversation, field, answer[field])
    conversation.updated_at = datetime.fromisoformat(answer["updated_at"])
    conversation.shared = answer["shared"]
    return conversation


_ANSWERED = ("title", "head_seq")


def _record(conversation: Conversation, by: User, content: dict[str, Any]) -> None:
    """One row for each of the things that were asked for."""
    for kind, asked in (("renamed", "title"), ("shared", "shared")):
        if content[asked] is not None:
            audit.record(
                f"conversation.{kind}",
                actor=by.get_username(),
                conversation_id=str(conversation.pk),
                request={asked: content[asked]},
            )


def _rename(conversation: Conversation, title: str, by: User) -> None:
    wanted = _title(title)
    if not wanted:
        raise BadInput("A conversation needs a title: type at least one letter.")
    if wanted == conversation.title:
        return
    conversation.title = wanted
    conversation.save(update_fields=["title"])
    told = ConversationRenamed(conversation_id=str(conversation.pk), title=wanted, by=by.get_username())
    journal.append(told)


def delete(user: User, conversation_id: uuid.UUID | str) -> None:
    """Hides it from everyone in the portal and stops what runs in it; the journal stays for auditors."""
    from chat.actions import runs

    conversation = find_own(user, conversation_id)
    runs.stop_all(conversation, by=user)
    with transaction.atomic():
        conversation.deleted_at = timezone.now()
        conversation.save(update_fields=["deleted_at"])
        audit.record("conversation.deleted", actor=user.get_username(), conversation_id=str(conversation.pk))
    doorbell.rights_changed(conversation_id=conversation.pk)


def _title(title: str) -> str:
    return redaction.text(storable.text(" ".join(title.split())))[:TITLE_LENGTH]
