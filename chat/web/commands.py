"""Obeys what a client says over the socket, all but `resume`: rights, one action, one answer. Knows no sockets."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from channels.db import database_sync_to_async
from django.db import Error as DatabaseFault

from chat import deciding, standing
from chat.actions import approvals, conversations, messages, queue, runs
from chat.audit import door
from chat.errors import NotAllowed, PortalError, Unavailable
from chat.models.access_token import Scope
from chat.standing import Person
from chat.web import frames
from chat.web.frames import Decide, Frame, QueueEdit, QueueRemove, Rename, Send, Spoken, Steer, Stop

Obeyable: TypeAlias = Send | Stop | Decide | QueueEdit | QueueRemove | Steer | Rename | Spoken


@dataclass(frozen=True, slots=True)
class Obeyed:
    """`watch`: the conversation that the client wants to see from now on, and the number it has seen it up to."""

    answer: Frame
    watch: tuple[str, int] | None = None


async def obey(person: Person, command: Obeyable, *, anew: bool = False) -> Obeyed:
    """Never raises what a client can be told: a refusal is an answer too. `anew`: first see whether they may still be
    here, since they were looked at some time ago."""
    try:
        if isinstance(command, Decide) and person.allows(Scope.APPROVE):
            await deciding.look(person.user, command.approval_id, command.decision)
        return await database_sync_to_async(_obey)(person, command, anew)
    except PortalError as fault:
        return Obeyed(_refusal(command, fault))
    except DatabaseFault:
        return Obeyed(_refusal(command, away()))


def away() -> Unavailable:
    """Cut off at the commit, nobody knows whether it was accepted; a typed command can be sent again without harm."""
    return Unavailable("The portal's database does not answer. Send the same again in a moment: it counts once.")


def _obey(person: Person, command: Obeyable, anew: bool) -> Obeyed:
    if anew and (still := standing.still(person)) is not None:
        person = still
    elif anew:
        raise NotAllowed("You have been signed out: sign in again.", code="signed_out")
    needed, do = _DEEDS[type(command)]
    if not person.allows(needed):
        raise NotAllowed(f"The access token does not allow this: it needs the scope {needed.value!r}.", code="scope")
    with door.through("socket", person.user.get_username):
        return do(person, command)


def _refusal(command: Obeyable, fault: PortalError) -> Frame:
    if isinstance(command, Spoken):
        return frames.error(fault, str(command.conversation_id) if command.conversation_id else None)
    return frames.nack(command.id, fault)


# ---- the deeds ---------------------------------------------------------------------------------------------------


def _speak(person: Person, command: Spoken) -> Obeyed:
    """The seed's bare frame: at once a sign of life, then everything the run does."""
    way = messages.Way(token=person.token)
    accepted = messages.send(person.user, command.message, conversation_id=command.conversation_id, way=way)
    told = {"message": "Processing...", "conversation_id": accepted.conversation_id, "run_id": accepted.run_id}
    return Obeyed({"type": "thinking", "data": told}, (accepted.conversation_id, accepted.seq - 1))


def _send(person: Person, command: Send) -> Obeyed:
    accepted = messages.send(
        person.user,
        command.text,
        message_id=uuid.UUID(command.id),
        conversation_id=command.conversation_id,
        cluster=command.cluster,
        way=messages.Way(token=person.token),
    )
    answer = frames.ack(command.id, seq=accepted.seq, run_id=accepted.run_id, conversation_id=accepted.conversation_id)
    return Obeyed(answer, (accepted.conversation_id, accepted.seq - 1))


def _stop(person: Person, command: Stop) -> Obeyed:
    run = runs.stop(person.user, str(command.run_id), command_id=command.id)
    return Obeyed(frames.ack(command.id, run_id=str(run.pk), status=run.status))


def _decide(person: Person, command: Decide) -> Obeyed:
    approval = approvals.decide(
        person.user, command.approval_id, command.decision, command.reason, command_id=command.id, typed=command.typed
    )
    return Obeyed(frames.ack(command.id, approval_id=str(approval.pk), decision=approval.status))


def _edit(person: Person, command: QueueEdit) -> Obeyed:
    answer = queue.edit(person.user, command.message_id, command.text, command_id=command.id)
    return Obeyed(frames.ack(command.id, **answer))


def _remove(person: Person, command: QueueRemove) -> Obeyed:
    return Obeyed(frames.ack(command.id, **queue.remove(person.user, command.message_id, command_id=command.id)))


def _steer(person: Person, command: Steer) -> Obeyed:
    return Obeyed(frames.ack(command.id, **queue.steer(person.user, command.message_id, command_id=command.id)))


def _rename(person: Person, command: Rename) -> Obeyed:
    renamed = conversations.rename(person.user, command.conversation_id, command.title, command_id=command.id)
    return Obeyed(frames.ack(command.id, conversation_id=str(renamed.pk), title=renamed.title))


_DEEDS: dict[type, tuple[Scope, Callable[[Person, Any], Obeyed]]] = {
    Spoken: (Scope.WRITE, _speak),
    Send: (Scope.WRITE, _send),
    Stop: (Scope.WRITE, _stop),
    Decide: (Scope.APPROVE, _decide),
    QueueEdit: (Scope.WRITE, _edit),
    QueueRemove: (Scope.WRITE, _remove),
    Steer: (Scope.WRITE, _steer),
    Rename: (Scope.WRITE, _rename),
}
