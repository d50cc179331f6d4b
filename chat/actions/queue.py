"""A message that waits for an earlier run: edit it, remove it, or steer it into the run that is active.

All of it holds the row of the queued run, as a claim does, so a message is either still queued or taken, never both.
Locks are taken in one order: the active run, then queued ones in the order of their messages, then the conversation.
"""

import uuid
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from chat import journal
from chat.access import Right, require, require_part, visible_to
from chat.actions import commands, messages, runs
from chat.actions.commands import Named
from chat.actions.leases import Claim, hold_to_go_on
from chat.audit import talk as audited
from chat.errors import BadInput, Conflict, NotAllowed, NotFound
from chat.event_types import EventData, MessageEdited, MessageRemoved, MessageSteered
from chat.models import Message, Run
from chat.models.run import ACTIVE, RunStatus
from tools import redaction

Answer = dict[str, Any]
Name = uuid.UUID | str


def edit(
    user: User, message_id: Name, text: str, *, conversation_id: Name | None = None, command_id: str = ""
) -> Answer:
    """Changes one's own message before the agent reads it. Raises Conflict `taken` afterwards.

    The answer is `conversation_id, run_id, message_id` (the client's own id of the message) and `seq`, here and below.
    """
    message, said = _find(user, message_id, conversation_id), messages.checked(text)
    kept = messages.masked(said)
    _require_author(user, message)
    content = {"message_id": str(message.client_id), "text": redaction.shapes(said)}
    command = Named("queue_edit", command_id, message.conversation_id)
    return commands.once(user, command, content, lambda: _edit(message, user, kept, hidden=kept != said)).answer


def _edit(message: Message, user: User, text: str, *, hidden: bool) -> Answer:
    run = _still_queued(message)
    _require_words(run)
    if hidden:
        messages.tell_masked(str(message.conversation_id))
    Message.objects.filter(pk=message.pk).update(text=text)
    message.text = text
    answer = _tell(run, message, MessageEdited(**_fields(run, message, user), text=text))
    audited.message("message.edited", message, run, user.get_username())
    return answer


def remove(user: User, message_id: Name, *, conversation_id: Name | None = None, command_id: str = "") -> Answer:
    """Takes a message out of the queue: its author may, and whoever the conversation belongs to."""
    message = _find(user, message_id, conversation_id)
    if user.pk not in (message.author_id, message.conversation.owner_id):
        raise NotAllowed("Only its author, or the person who began this conversation, may remove a message.")
    content = {"message_id": str(message.client_id)}
    command = Named("queue_remove", command_id, message.conversation_id)
    return commands.once(user, command, content, lambda: _remove(message, user)).answer


def _remove(message: Message, user: User) -> Answer:
    run = _still_queued(message)
    answer = _tell(run, message, MessageRemoved(**_fields(run, message, user)))
    runs.conclude(run, RunStatus.STOPPED)
    audited.message("message.removed", message, run, user.get_username())
    return answer


def steer(user: User, message_id: Name, *, conversation_id: Name | None = None, command_id: str = "") -> Answer:
    """Marks one's own message for the active run, which hears it at its next tool boundary. When that run ends first,
    the message is answered next, as it would have been. The answer has no `seq`: nothing has happened yet."""
    message = _find(user, message_id, conversation_id)
    _require_author(user, message)
    content = {"message_id": str(message.client_id)}
    command = Named("steer", command_id, message.conversation_id)
    return commands.once(user, command, content, lambda: _steer(message, user)).answer


def _steer(message: Message, user: User) -> Answer:
    run = _still_queued(message)
    _require_words(run)
    active = Run.objects.select_related("message__author").filter(conversation=run.conversation_id, status__in=ACTIVE)
    for other in active:
        if other.message.author_id != user.pk:  # it acts in that person's name, with that person's rights
            by = other.message.author.get_username()
            raise NotAllowed(f"Only {by} can steer this run: it acts in their name. Your message is answered after it.")
    Run.objects.filter(pk=run.pk).update(steered=True)
    return {**_names(run, message)}


def take(claim: Claim) -> list[str]:
    """The words steered into this run since it last asked; the runs they were queued for end here, without an answer
    of their own. Raises LeaseLost, and RunOver after a Stop: what a stopped run did not hear is answered next."""
    marked = Q(conversation_id=claim.conversation_id, status=RunStatus.QUEUED, steered=True)
    if not Run.objects.filter(marked | Q(pk=claim.run_id, stop_requested=True)).exists():
        return []
    with transaction.atomic():
        hold_to_go_on(claim)
        active = Run.objects.select_related("message").get(pk=claim.run_id)
        mine = Run.objects.filter(marked, message__author=active.message.author_id).order_by("message_id")
        return [_into(active, run) for run in list(mine.select_for_update(of=("self",), no_key=True))]


def _into(active: Run, run: Run) -> str:
    message = Message.objects.select_related("author").get(pk=run.message_id)
    fields = _fields(run, message, message.author)
    _tell(run, message, MessageSteered(**fields, into_run_id=str(active.pk), text=message.text))
    runs.conclude(run, RunStatus.DONE)
    return message.text


# ---- which message -----------------------------------------------------------------------------------------------


def _find(user: User, message_id: Name, conversation_id: Name | None) -> Message:
    """A message in a conversation the person sees, by the id its author gave it: one's own before another's."""
    require(user, Right.CONVERSE)
    found = Message.objects.select_related("conversation", "author").filter(
        client_id=message_id, conversation__in=visible_to(user)
    )
    if conversation_id is not None:
        found = found.filter(conversation_id=conversation_id)
    several = list(found.order_by("pk"))
    several.sort(key=lambda message: (message.author_id != user.pk, message.conversation.owner_id != user.pk))
    if not several:
        raise NotFound("There is no such message, or it is not shared with you.")
    require_part(user, several[0].conversation)
    return several[0]


def _require_author(user: User, message: Message) -> None:
    if message.author_id != user.pk:
        raise NotAllowed("Only the person who wrote a message may change or steer it.")


def _require_words(run: Run) -> None:
    if run.direct:
        raise BadInput(
            "This is a tool call that a program asked for, not a message. It can be removed, or wait its turn."
        )


def _still_queued(message: Message) -> Run:
    """Locks the message's run, which nobody can claim until this transaction ends. Raises Conflict `taken`."""
    run = Run.objects.select_for_update(no_key=True).get(message=message)
    if run.status in ACTIVE:
        raise Conflict("The agent has taken this message up: stop its run, or send another message.", code="taken")
    if run.status != RunStatus.QUEUED:
        raise Conflict("This message is no longer in the queue. Send another message.", code="taken")
    return run


def _names(run: Run, message: Message) -> dict[str, str]:
    return {
        "conversation_id": str(run.conversation_id),
        "run_id": str(run.pk),
        "message_id": str(message.client_id),
    }


def _fields(run: Run, message: Message, by: User) -> dict[str, str]:
    return _names(run, message) | {"by": by.get_username()}


def _tell(run: Run, message: Message, told: EventData) -> Answer:
    return {**_names(run, message), "seq": journal.append(told, run=run).seq}
