"""The live door `/ws/chat`: one socket a browser tab or program, a viewer of journals and a sender of commands."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error as DatabaseFault

from chat import doorbell
from chat.access import find
from chat.actions import approvals, messages, runs
from chat.errors import NotAllowed, PortalError, Unavailable
from chat.models.access_token import Scope
from chat.web import frames, person, reading
from chat.web.frames import Decide, Frame, Refused, Resume, Send, Spoken, Stop, Unreadable
from chat.web.person import Person
from chat.web.watch import Watch

SIGN_IN, WRONG_ORIGIN, GONE, TOO_MANY, FAULT = 4201, 4503, 4504, 4509, 4105
TEND = 2.0  # seconds between two looks at journals of active runs
RECHECK = 5.0  # seconds between two looks at the person
HEARTBEAT = 25.0
MOST_WATCHES = 20  # conversations one socket shows

_open_sockets: Counter[int] = Counter()


class ChatConsumer(AsyncWebsocketConsumer):
    """Reads what it shows from the journal alone; a bell only says when to look. Disconnecting stops nothing."""

    person: Person | None = None
    counted: int | None = None
    html = False
    tender: "asyncio.Task[None] | None" = None

    # ---- coming and going ----------------------------------------------------------------------------------------

    async def connect(self) -> None:
        self.watches: dict[str, Watch] = {}
        self.deaf: set[str] = set()  # conversations whose bell this socket could not get to hear
        self.writing = asyncio.Lock()
        self.html = b"render=html" in self.scope.get("query_string", b"").split(b"&")
        await self.accept()
        if not person.origin_fits(self.scope):
            await self.close(WRONG_ORIGIN, "This page may not talk to the portal: its Origin is another one.")
            return
        try:
            self.person = await database_sync_to_async(person.identify)(self.scope)
        except DatabaseFault:
            await self.close(FAULT, "The portal's database does not answer. Try again in a moment.")
            return
        if self.person is None:
            await self.close(SIGN_IN, "Sign in first, or send a valid access token.")
            return
        if _open_sockets[self.person.user.pk] >= settings.K8SMCP_MAX_SOCKETS_PER_USER:
            await self.close(TOO_MANY, "Too many connections of one person: close a tab.")
            return
        self.counted = self.person.user.pk
        _open_sockets[self.counted] += 1
        self.tender = asyncio.create_task(self._tend(), name="tend socket")

    async def disconnect(self, code: int) -> None:
        if self.tender is not None:
            self.tender.cancel()
        if self.counted is not None:
            _open_sockets[self.counted] -= 1
        for conversation_id in self.watches:
            await doorbell.forget(conversation_id, self.channel_name)

    # ---- commands ------------------------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.person is None or self.counted is None:
            return
        try:
            command = frames.parse(text_data)
        except Refused as fault:
            await self._say(frames.nack(fault.command_id, fault))
        except Unreadable as fault:
            await self._say(frames.error(fault))
        else:
            await self._obey(command)

    async def _obey(self, command: Send | Resume | Stop | Decide | Spoken) -> None:
        try:
            match command:
                case Spoken():
                    await self._speak(command)
                case Send():
                    await self._send(command)
                case Resume():
                    await self._resume(command)
                case Stop():
                    self._allowed(Scope.WRITE)
                    run = await database_sync_to_async(runs.stop)(self._user, str(command.run_id))
                    await self._say(frames.ack(command.id, run_id=str(run.pk), status=run.status))
                case Decide():
                    await self._decide(command)
        except PortalError as fault:
            await self._refuse(command, fault)
        except DatabaseFault:
            await self._refuse(
                command,
                Unavailable("The portal's database does not answer. Nothing was accepted; try again in a moment."),
            )

    async def _refuse(self, command: Any, fault: PortalError) -> None:
        if isinstance(command, Spoken):
            await self._say(frames.error(fault, str(command.conversation_id) if command.conversation_id else None))
        else:
            await self._say(frames.nack(command.id, fault))

    async def _speak(self, command: Spoken) -> None:
        """The seed's bare frame: at once a sign of life, then everything the run does."""
        self._allowed(Scope.WRITE)
        send = database_sync_to_async(messages.send)
        accepted = await send(self._user, command.message, conversation_id=command.conversation_id)
        await self._say(
            {
                "type": "thinking",
                "data": {
                    "message": "Processing...",
                    "conversation_id": accepted.conversation_id,
                    "run_id": accepted.run_id,
                },
            }
        )
        await self._watch(accepted.conversation_id, accepted.seq - 1)

    async def _send(self, command: Send) -> None:
        self._allowed(Scope.WRITE)
        send = database_sync_to_async(messages.send)
        accepted = await send(
            self._user,
            command.text,
            message_id=uuid.UUID(command.id),
            conversation_id=command.conversation_id,
            cluster=command.cluster,
        )
        await self._say(
            frames.ack(command.id, seq=accepted.seq, run_id=accepted.run_id, conversation_id=accepted.conversation_id)
        )
        await self._watch(accepted.conversation_id, accepted.seq - 1)

    async def _decide(self, command: Decide) -> None:
        self._allowed(Scope.APPROVE)
        decide = database_sync_to_async(approvals.decide)
        approval = await decide(self._user, str(command.approval_id), command.decision, command.reason)
        await self._say(frames.ack(command.id, approval_id=str(approval.pk), decision=approval.status))

    def _allowed(self, needed: Scope) -> None:
        if self.person is None or not self.person.allows(needed):
            raise NotAllowed(
                f"The access token does not allow this: it needs the scope {needed.value!r}.", code="scope"
            )

    @property
    def _user(self) -> Any:
        assert self.person is not None
        return self.person.user

    # ---- watching ------------------------------------------------------------------------------------------------

    async def _watch(self, conversation_id: str, seq: int) -> None:
        """Begins to show a conversation from `seq` on; one that is shown already goes on where it is."""
        if conversation_id not in self.watches:
            await self._join(conversation_id, seq)
        await self._catch_up(conversation_id)

    async def _join(self, conversation_id: str, seq: int) -> None:
        """Begins to listen. A socket that shows too many lets go of one in which nothing runs: it can be resumed."""
        if len(self.watches) >= MOST_WATCHES:
            quiet = next((key for key, watch in self.watches.items() if not watch.runs), next(iter(self.watches)))
            await self._leave(quiet)
        self.watches[conversation_id] = Watch(seq)
        await self._listen(conversation_id)

    async def _leave(self, conversation_id: str) -> None:
        del self.watches[conversation_id]
        await doorbell.forget(conversation_id, self.channel_name)

    async def _listen(self, conversation_id: str) -> None:
        if await doorbell.listen(conversation_id, self.channel_name):
            self.deaf.discard(conversation_id)
        else:
            self.deaf.add(conversation_id)

    async def _resume(self, command: Resume) -> None:
        """Everything since `seq`, completely; or, when that is too much or not ours, a fresh page."""
        conversation_id = str(command.conversation_id)
        await database_sync_to_async(find)(self._user, conversation_id)
        if conversation_id not in self.watches:
            await self._join(conversation_id, command.seq)  # listen first, read second: nothing falls between
        async with self.writing:
            read = database_sync_to_async(reading.since_or_page)
            found = await read(conversation_id, command.seq, html=self.html)
            watch = self.watches[conversation_id] = Watch(command.seq if found.recovered else 0)
            watch.runs = set(found.active)
            told = {"head_seq": found.head, "recovered": found.recovered, "epoch": 1, "id": command.id}
            await self._say({"type": "welcome", "data": {"conversation_id": conversation_id} | told})
            for frame in found.events:
                await self._say_all(watch.event(frame, live=False))
            await self._say({"type": "caught_up", "data": {"conversation_id": conversation_id, "seq": watch.seq}})
            for block in found.active.values():
                await self._say_open(watch, block)

    async def _catch_up(self, conversation_id: str) -> None:
        """Sends what the journal has above what this socket has seen."""
        async with self.writing:
            watch = self.watches.get(conversation_id)
            while watch is not None:
                events = await database_sync_to_async(reading.since)(conversation_id, watch.seq, html=self.html)
                for frame in events:
                    await self._say_all(watch.event(frame))
                if len(events) < reading.PAGE:
                    return

    # ---- what the doorbell says ----------------------------------------------------------------------------------

    async def conversation_grew(self, message: dict[str, Any]) -> None:
        watch = self.watches.get(message["conversation_id"])
        if watch is not None and message["seq"] > watch.seq:
            await self._guarded(lambda: self._catch_up(message["conversation_id"]))

    async def conversation_whisper(self, message: dict[str, Any]) -> None:
        frame = message["frame"]
        watch = self.watches.get(frame["data"]["conversation_id"])
        if watch is not None:
            await self._guarded(lambda: self._pass_on(watch, frame))

    async def _pass_on(self, watch: Watch, frame: Frame) -> None:
        async with self.writing:
            if watch.misses(frame):
                await self._say_open(watch, await database_sync_to_async(reading.open_block)(frame["data"]["run_id"]))
            new = watch.delta(frame)
            if new is not None:
                await self._say(new)

    async def _say_open(self, watch: Watch, block: Frame | None) -> None:
        new = watch.delta(block) if block is not None else None
        if new is not None:
            await self._say(new)

    # ---- what time brings ----------------------------------------------------------------------------------------

    async def _tend(self) -> None:
        """The net below the doorbell, the person's right to be here, and the heartbeat."""
        looked = beaten = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(TEND)
            now = asyncio.get_running_loop().time()
            for conversation_id in self.deaf & set(self.watches):
                await self._listen(conversation_id)
            for conversation_id in [key for key, watch in self.watches.items() if watch.runs or key in self.deaf]:
                await self._guarded(lambda key=conversation_id: self._catch_up(key))  # type: ignore[misc]
            if now - looked >= RECHECK:
                looked = now
                await self._guarded(self._recheck)
            if now - beaten >= HEARTBEAT:
                beaten = now
                for conversation_id, watch in list(self.watches.items()):
                    await self._say(
                        {"type": "heartbeat", "data": {"conversation_id": conversation_id, "head_seq": watch.seq}}
                    )
                if not self.watches:
                    await self._say({"type": "heartbeat", "data": {}})

    async def _recheck(self) -> None:
        if self.person is None:
            return
        asked = list(self.watches)
        found, visible = await database_sync_to_async(reading.look_again)(self.person, asked)
        if found is None:
            await self.close(SIGN_IN, "You have been signed out.")
            return
        self.person = found
        for conversation_id in (set(asked) - visible) & set(self.watches):
            await self._leave(conversation_id)
            await self.close(GONE, "This conversation is no longer shared with you.")

    async def _guarded(self, look: Callable[[], Awaitable[None]]) -> None:
        """A database that is away for a moment delays a viewer, it does not end them."""
        try:
            await look()
        except DatabaseFault:
            await asyncio.sleep(TEND)

    async def _say_all(self, said: list[Frame]) -> None:
        for frame in said:
            await self._say(frame)

    async def _say(self, frame: Frame) -> None:
        await self.send(text_data=frames.encode(frame))
