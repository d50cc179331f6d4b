"""The live door `/ws/chat`: one socket a browser tab or program, a viewer of journals and a sender of commands."""

import asyncio
import uuid
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error as DatabaseFault

from chat.actions import approvals, messages, runs
from chat.errors import NotAllowed, PortalError, Unavailable
from chat.models.access_token import Scope
from chat.web import coming_back, frames, person
from chat.web.frames import Decide, Refused, Resume, Send, Spoken, Stop, Unreadable
from chat.web.hub import Hub, hub
from chat.web.outbox import Outbox
from chat.web.tending import SIGNED_OUT
from chat.web.viewer import Viewer
from chat.web.watch import Watch

WRONG_ORIGIN, TOO_MANY, FAULT = 4503, 4509, 4105
MOST_WATCHES = 20  # conversations one socket shows


class ChatConsumer(AsyncWebsocketConsumer):
    """Lets people in, passes on what they say, and leaves showing to the hub. Disconnecting stops nothing."""

    channel_layer_alias = ""  # none: the hub listens for every socket of the process
    viewer: Viewer | None = None
    leaving: "asyncio.Task[None] | None" = None

    # ---- coming and going ----------------------------------------------------------------------------------------

    async def connect(self) -> None:
        await self.accept()
        if not person.origin_fits(self.scope):
            await self.close(WRONG_ORIGIN, "This page may not talk to the portal: its Origin is another one.")
            return
        try:
            known = await database_sync_to_async(person.identify)(self.scope)
        except DatabaseFault:
            await self.close(FAULT, "The portal's database does not answer. Try again in a moment.")
            return
        if known is None:
            await self.close(SIGNED_OUT, "Sign in first, or send a valid access token.")
        elif self.hub.people[known.user.pk] >= settings.K8SMCP_MAX_SOCKETS_PER_USER:
            await self.close(TOO_MANY, "Too many connections of one person: close a tab.")
        else:
            self.viewer = self._seat(known)
            self.hub.enter(self.viewer)

    def _seat(self, known: person.Person) -> Viewer:
        asked = self.scope.get("query_string", b"").split(b"&")
        outbox = Outbox(self.send, self._emptied)
        now = asyncio.get_running_loop().time()
        return Viewer(known, outbox, self._gone, html=b"render=html" in asked, batch=b"batch=1" in asked, now=now)

    async def disconnect(self, code: int) -> None:
        if self.viewer is not None:
            self.viewer.outbox.close()
            await self.hub.leave(self.viewer)

    @property
    def hub(self) -> Hub:
        return hub()

    def _emptied(self) -> None:
        if self.viewer is not None:
            self.hub.emptied(self.viewer)

    def _gone(self, code: int, reason: str) -> None:
        """What was not handed over yet is left out: whoever may come back reads it from the journal."""
        if self.viewer is not None and self.leaving is None:
            self.viewer.outbox.drop()
            self.leaving = asyncio.create_task(self.close(code, reason), name="close socket")

    # ---- commands ------------------------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.viewer is None or self.leaving is not None:
            return
        try:
            command = frames.parse(text_data)
        except Refused as fault:
            self.viewer.say(frames.nack(fault.command_id, fault))
        except Unreadable as fault:
            self.viewer.say(frames.error(fault))
        else:
            await self._obey(self.viewer, command)

    async def _obey(self, viewer: Viewer, command: Send | Resume | Stop | Decide | Spoken) -> None:
        try:
            match command:
                case Spoken():
                    await self._speak(viewer, command)
                case Send():
                    await self._send(viewer, command)
                case Resume():
                    await self._resume(viewer, command)
                case Stop():
                    _allowed(viewer, Scope.WRITE)
                    run = await database_sync_to_async(runs.stop)(viewer.person.user, str(command.run_id))
                    viewer.say(frames.ack(command.id, run_id=str(run.pk), status=run.status))
                case Decide():
                    await self._decide(viewer, command)
        except PortalError as fault:
            _refuse(viewer, command, fault)
        except DatabaseFault:
            _refuse(viewer, command, Unavailable(_AWAY))

    async def _speak(self, viewer: Viewer, command: Spoken) -> None:
        """The seed's bare frame: at once a sign of life, then everything the run does."""
        _allowed(viewer, Scope.WRITE)
        send = database_sync_to_async(messages.send)
        accepted = await send(viewer.person.user, command.message, conversation_id=command.conversation_id)
        named = {"conversation_id": accepted.conversation_id, "run_id": accepted.run_id}
        viewer.say({"type": "thinking", "data": {"message": "Processing..."} | named})
        await self._watch(viewer, accepted.conversation_id, accepted.seq - 1)

    async def _send(self, viewer: Viewer, command: Send) -> None:
        _allowed(viewer, Scope.WRITE)
        send = database_sync_to_async(messages.send)
        accepted = await send(
            viewer.person.user,
            command.text,
            message_id=uuid.UUID(command.id),
            conversation_id=command.conversation_id,
            cluster=command.cluster,
        )
        named = {"run_id": accepted.run_id, "conversation_id": accepted.conversation_id}
        viewer.say(frames.ack(command.id, seq=accepted.seq, **named))
        await self._watch(viewer, accepted.conversation_id, accepted.seq - 1)

    async def _decide(self, viewer: Viewer, command: Decide) -> None:
        _allowed(viewer, Scope.APPROVE)
        decide = database_sync_to_async(approvals.decide)
        approval = await decide(viewer.person.user, str(command.approval_id), command.decision, command.reason)
        viewer.say(frames.ack(command.id, approval_id=str(approval.pk), decision=approval.status))

    # ---- watching ------------------------------------------------------------------------------------------------

    async def _watch(self, viewer: Viewer, conversation_id: str, seq: int) -> None:
        """Begins to show a conversation from `seq` on; one that is shown already goes on where it is."""
        if conversation_id not in viewer.watches:
            await self._make_room(viewer)
            await self.hub.listen(viewer, conversation_id)
            self.hub.watch(viewer, conversation_id, Watch(seq))

    async def _resume(self, viewer: Viewer, command: Resume) -> None:
        """Everything since `seq`, completely; or, when that is too much or not ours, a fresh page."""
        conversation_id = str(command.conversation_id)
        if conversation_id not in viewer.watches:
            await self._make_room(viewer)
            await self.hub.listen(viewer, conversation_id)
        try:
            await coming_back.bring(viewer, conversation_id, command.seq, command.id)
        except (PortalError, DatabaseFault):
            if conversation_id not in viewer.watches:
                await self.hub.forget(viewer, conversation_id)
            raise
        self.hub.grew([conversation_id])

    async def _make_room(self, viewer: Viewer) -> None:
        """A socket that shows too many lets go of the one it began to watch first: that one can be resumed."""
        if len(viewer.watches) >= MOST_WATCHES:
            await self.hub.forget(viewer, next(iter(viewer.watches)))


_AWAY = "The portal's database does not answer. Nothing was accepted; try again in a moment."


def _allowed(viewer: Viewer, needed: Scope) -> None:
    if not viewer.person.allows(needed):
        raise NotAllowed(f"The access token does not allow this: it needs the scope {needed.value!r}.", code="scope")


def _refuse(viewer: Viewer, command: Any, fault: PortalError) -> None:
    if isinstance(command, Spoken):
        viewer.say(frames.error(fault, str(command.conversation_id) if command.conversation_id else None))
    else:
        viewer.say(frames.nack(command.id, fault))
