"""The live door `/ws/chat`: one socket a browser tab or program, a viewer of journals and a sender of commands."""

import asyncio
from contextlib import suppress
from typing import Any

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseFault

from chat import limits, origin, sessions
from chat.errors import PortalError
from chat.limits import Bucket
from chat.metrics.here import CLOSED, FIRST_FRAME
from chat.standing import Person
from chat.web import coming_back, commands, frames, person
from chat.web.frames import Refused, Resume, Send, Spoken, Typed, Unreadable
from chat.web.hub import Hub
from chat.web.hubs import hub
from chat.web.outbox import Outbox
from chat.web.reading import Seen
from chat.web.tending import SIGNED_OUT
from chat.web.viewer import Viewer
from chat.web.watch import Watch

WRONG_ORIGIN, TOO_MANY, FAULT, FULL = 4503, 4509, 4105, 4107
FRESH = 2.0  # seconds: a command of somebody who was looked at before that looks at them anew
ACTIVE = 300.0  # seconds between two prolongations of a session by what is said over a socket
MOST_WATCHES = 20  # conversations one socket shows
_identify = database_sync_to_async(person.identify)


class ChatConsumer(AsyncWebsocketConsumer):
    """Lets people in, passes on what they say, and leaves showing to the hub. Disconnecting stops nothing."""

    channel_layer_alias = ""  # none: the hub listens for every socket of the process
    viewer: Viewer | None = None
    leaving: "asyncio.Task[None] | None" = None
    pace: Bucket
    active_until: float

    # ---- coming and going ----------------------------------------------------------------------------------------

    async def connect(self) -> None:
        await self.accept()
        if not origin.fits(self.scope):
            await self.close(WRONG_ORIGIN, "This page may not talk to the portal: its Origin is another one.")
            return
        try:
            known = await _identify(self.scope)
        except DatabaseFault:
            await self.close(FAULT, "The portal's database does not answer. Try again in a moment.")
            return
        if known is None:
            await self.close(SIGNED_OUT, "Sign in first, or send a valid access token.")
        elif self.hub.people[known.user.pk] >= limits.sockets_per_person():
            await self.close(TOO_MANY, "Too many connections of one person: close a tab.")
        elif len(self.hub.viewers) >= limits.sockets():
            await self.close(FULL, "This process of the portal has no room for another connection right now.")
        else:
            self.viewer = self._seat(known)
            self.hub.enter(self.viewer)

    def _seat(self, known: Person) -> Viewer:
        asked = self.scope.get("query_string", b"").split(b"&")
        outbox = Outbox(self.send, self._emptied)
        now = asyncio.get_running_loop().time()
        rate = limits.frames_per_second()
        self.pace, self.active_until = Bucket.full(rate, 2 * rate, now), now
        return Viewer(known, outbox, self._gone, html=b"render=html" in asked, batch=b"batch=1" in asked, now=now)

    async def dispatch(self, message: Any) -> None:
        """Without the base's hop to close old database connections: each of our own hops does that."""
        await getattr(self, get_handler_name(message))(message)

    async def websocket_disconnect(self, message: Any) -> None:
        """Without the base's hop, for the same reason."""
        await self.disconnect(message["code"])
        raise StopConsumer

    async def close(self, code: int | bool | None = None, reason: str | None = None) -> None:
        CLOSED.labels(str(code)).inc()
        await super().close(code, reason)

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
            self.viewer.outbox.shut()
            self.leaving = asyncio.create_task(self.close(code, reason), name="close socket")

    # ---- commands ------------------------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.viewer is None:
            return
        await self.viewer.outbox.room()
        await self._keep_pace()
        if self.leaving is not None:
            return
        try:
            command = frames.parse(text_data)
        except Refused as fault:
            self.viewer.say(frames.nack(fault.command_id, fault))
        except Unreadable as fault:
            self.viewer.say(frames.error(fault))
        else:
            await self._obey(self.viewer, command)

    async def _keep_pace(self) -> None:
        """Who sends faster than that is read later: every frame is answered, and the connection holds back the rest."""
        clock = asyncio.get_running_loop().time
        if wait := self.pace.take(clock()):
            await asyncio.sleep(wait)
            self.pace.take(clock())

    async def _obey(self, viewer: Viewer, command: Typed | Spoken) -> None:
        if isinstance(command, Resume):
            await self._try_to_resume(viewer, command)
            return
        now = asyncio.get_running_loop().time()
        done = await commands.obey(viewer.person, command, anew=now - viewer.looked_at > FRESH)
        viewer.say(done.answer)
        if isinstance(command, Send | Spoken) and done.watch is not None:
            FIRST_FRAME.observe(asyncio.get_running_loop().time() - now)
            viewer.asks(done.answer["data"]["run_id"], now)
        await self._count_as_active(viewer, now)
        if done.watch is not None:
            await self._watch(viewer, *done.watch)

    async def _count_as_active(self, viewer: Viewer, now: float) -> None:
        if now >= self.active_until and viewer.person.session_key:
            self.active_until = now + ACTIVE
            with suppress(DatabaseFault):
                await database_sync_to_async(sessions.touch)(viewer.person.session_key)

    async def _try_to_resume(self, viewer: Viewer, command: Resume) -> None:
        try:
            await self._resume(viewer, command)
        except PortalError as fault:
            viewer.say(frames.nack(command.id, fault))
        except DatabaseFault:
            viewer.say(frames.nack(command.id, commands.away()))

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
            seen = Seen(command.seq, command.at, command.epoch)
            await coming_back.bring(viewer, conversation_id, seen, command.id)
        except (PortalError, DatabaseFault):
            if conversation_id not in viewer.watches:
                await self.hub.forget(viewer, conversation_id)
            raise
        self.hub.brought(viewer, conversation_id)

    async def _make_room(self, viewer: Viewer) -> None:
        """A socket that shows too many lets go of the one it began to watch first: that one can be resumed."""
        if len(viewer.watches) >= MOST_WATCHES:
            await self.hub.forget(viewer, next(iter(viewer.watches)))
