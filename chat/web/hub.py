"""One a process: hears the bell for every socket here, reads what is new once, and shows it to all who watch.

A bell only marks a conversation as grown; what is shown comes from the journal. While one look is under way further
bells gather, so the busier it gets the fewer looks it takes. A look every TEND seconds is the net below the bell.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial

from channels.db import database_sync_to_async
from django.db import Error as DatabaseFault

from chat import doorbell
from chat.errors import NotFound
from chat.metrics.here import SOCKETS
from chat.web import coming_back, missed, reading
from chat.web.deciders import Deciders
from chat.web.tending import look_at_people, tend
from chat.web.told import Whisper
from chat.web.viewer import Viewer
from chat.web.watch import Watch

log = logging.getLogger(__name__)
PUT_BACK = 4106
TEND = 2.0  # seconds between two looks at what is watched
MOST_AT_ONCE = 64  # conversations read in one hop
MOST_HELD = 500  # deltas of one conversation that wait; the oldest are dropped, the end of their block has their words


class Hub:
    """`watched`: who watches what. Its tasks begin with the first socket."""

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self.watched: dict[str, set[Viewer]] = {}
        self.people: Counter[int] = Counter()  # open sockets by person
        self._deaf: set[str] = set()  # conversations whose bell could not be listened to, or given up
        self._rests_until = 0.0  # the bell does not answer: not everybody waits for it to find that out
        self._grown: set[str] = set()
        self._rung: dict[str, int] = {}  # by watched conversation: the highest number the bell has told
        self._behind: set[Viewer] = set()  # those whose outbox was full and is not any more
        self._held: dict[str, deque[Whisper]] = {}  # by conversation: deltas that wait for the events before them
        self._late: dict[str, set[Viewer]] = {}  # by run: those who came in the middle of what it is saying
        self.doubted: set[Viewer] = set()  # something has changed for them, or for what they watch
        self.doubt = asyncio.Event()
        self._hears_calls = False  # what concerns people rather than conversations
        self._deciders = Deciders(self.viewers)
        self.every = TEND
        self._look = asyncio.Event()
        self._ear = doorbell.Ear()
        self._tuning = asyncio.Lock()  # so that who comes and who goes in the same moment leave the ear as it must be
        self._tasks: list[asyncio.Task[None]] = []

    # ---- coming and going ----------------------------------------------------------------------------------------

    def enter(self, viewer: Viewer) -> None:
        self.viewers.add(viewer)
        self.people[viewer.person.user.pk] += 1
        SOCKETS.inc()
        if not self._tasks:
            works: dict[str, Callable[[], Awaitable[None]]] = {
                "hear": self._hear, "read": self._read,
                "tend": partial(tend, self), "people": partial(look_at_people, self),
            }  # fmt: skip
            self._tasks = [
                asyncio.create_task(self._forever(work), name=f"hub: {name}") for name, work in works.items()
            ]

    async def leave(self, viewer: Viewer) -> None:
        self.viewers.discard(viewer)
        self.doubted.discard(viewer)
        self._behind.discard(viewer)
        self.people[viewer.person.user.pk] -= 1
        SOCKETS.dec()
        for conversation_id in list(viewer.watches):
            await self.forget(viewer, conversation_id)

    async def listen(self, viewer: Viewer, conversation_id: str) -> None:
        """From now on bells of this conversation are heard; listen first and read second, and nothing falls between."""
        new = conversation_id not in self.watched
        self.watched.setdefault(conversation_id, set()).add(viewer)
        if new or self._tuning.locked():  # whoever comes second may not read before the first is heard
            await self._tune(conversation_id)

    async def _tune(self, conversation_id: str) -> None:
        """Listens to it or not, as it is wanted at this moment."""
        clock = asyncio.get_running_loop().time
        async with self._tuning:
            self._deaf.add(conversation_id)
            if clock() < self._rests_until:
                return
            if await self._ear.tune(conversation_id, wanted=conversation_id in self.watched):
                self._deaf.discard(conversation_id)
            else:
                self._rests_until = clock() + TEND / 2

    async def forget(self, viewer: Viewer, conversation_id: str) -> None:
        viewer.watches.pop(conversation_id, None)
        watching = self.watched.get(conversation_id, set())
        watching.discard(viewer)
        if not watching and self.watched.pop(conversation_id, None) is not None:
            self._held.pop(conversation_id, None)
            self._rung.pop(conversation_id, None)
            await self._tune(conversation_id)

    def watch(self, viewer: Viewer, conversation_id: str, watch: Watch) -> None:
        """Shows everything above the watch's number, from now on."""
        viewer.watches[conversation_id] = watch
        self.grew([conversation_id])

    def brought(self, viewer: Viewer, conversation_id: str) -> None:
        """It has read for itself; only what rang since it began to is still to be shown."""
        watch = viewer.watches.get(conversation_id)
        if watch is not None and self._rung.get(conversation_id, 0) > watch.seq:
            self.grew([conversation_id])

    def emptied(self, viewer: Viewer) -> None:
        """This socket takes the journal again."""
        self._behind.add(viewer)
        self._look.set()

    def grew(self, conversations: Iterable[str]) -> None:
        self._grown.update(conversations)
        self._look.set()

    # ---- what the doorbell says ----------------------------------------------------------------------------------

    async def _hear(self) -> None:
        message = await self._ear.hear()
        match message["type"]:
            case "rights.changed":
                self._doubt(set(message["people"]), message["conversation_id"])
            case "approvals.moved":
                self._deciders.moved()
            case "conversation.whisper":
                self._hear_whisper(Whisper(message))
            case _ if self._is_news(message["conversation_id"], message["seq"]):
                self.grew([message["conversation_id"]])

    async def listen_for_people(self) -> None:
        self._hears_calls = self._hears_calls or await self._ear.listen_to(doorbell.SCREENS)

    def _doubt(self, people: set[int], conversation_id: str) -> None:
        everybody = not people and not conversation_id
        self.doubted |= {
            viewer
            for viewer in self.viewers
            if everybody or viewer.person.user.pk in people or conversation_id in viewer.watches
        }
        self.doubt.set()

    def _is_news(self, conversation_id: str, head: int) -> bool:
        """For somebody who watches; and it is noted for those who are being brought up to date at this moment."""
        if conversation_id in self.watched:
            self._rung[conversation_id] = max(head, self._rung.get(conversation_id, 0))
        wanted = (viewer.wants(conversation_id) for viewer in self._watching(conversation_id))
        return any(seq is not None and seq < head for seq in wanted)

    def _hear_whisper(self, whisper: Whisper) -> None:
        """A delta waits until everybody has been shown what was said before it."""
        conversation_id = whisper.conversation_id
        if conversation_id not in self._held and not self._is_news(conversation_id, whisper.after):
            self._pass_on(whisper)
        else:
            self._held.setdefault(conversation_id, deque(maxlen=MOST_HELD)).append(whisper)
            self.grew([conversation_id])

    def _pass_on(self, whisper: Whisper) -> None:
        for viewer in self._watching(whisper.conversation_id):
            if viewer.misses(whisper):
                self._late.setdefault(whisper.frame["data"]["run_id"], set()).add(viewer)
                self._look.set()
            viewer.pass_on(whisper)

    def _watching(self, conversation_id: str) -> list[Viewer]:
        return [viewer for viewer in self.watched.get(conversation_id, ()) if conversation_id in viewer.watches]

    # ---- what the journal has ------------------------------------------------------------------------------------

    async def _read(self) -> None:
        await self._look.wait()
        self._look.clear()
        while self._behind:
            viewer = self._behind.pop()
            try:
                await self._catch_up(viewer)
            except DatabaseFault:
                self.emptied(viewer)
                raise
        while self._grown:
            await self._try_to_show([self._grown.pop() for _ in range(min(MOST_AT_ONCE, len(self._grown)))])
        await self._tell_late()

    async def _try_to_show(self, some: list[str]) -> None:
        """An event that cannot be shown makes nobody wait who does not watch its conversation."""
        try:
            await self._show(some)
        except DatabaseFault:
            self.grew(some)
            raise
        except Exception:
            if len(some) == 1:
                log.exception("Conversation %s cannot be shown live.", some[0])
                self._held.pop(some[0], None)
                return
            for conversation_id in some:
                await self._try_to_show([conversation_id])

    async def _catch_up(self, viewer: Viewer) -> None:
        """Reads the journal on where its outbox became full; what is too far away by now is left out."""
        heads, _ = await database_sync_to_async(reading.heads)(list(viewer.watches))
        for conversation_id, head in heads.items():
            wanted = viewer.wants(conversation_id)
            if wanted is None:
                continue  # it left, or is full again
            if head - wanted <= missed.REPLAY:
                self.grew([conversation_id])
                continue
            with suppress(NotFound):  # no longer theirs: the next look at the person ends it
                await coming_back.bring(viewer, conversation_id, reading.Seen(wanted))

    async def _tell_late(self) -> None:
        """Whoever came in the middle of a block is told it from its beginning, as far as it has been kept."""
        late, self._late = self._late, {}
        try:
            blocks = await database_sync_to_async(reading.open_blocks)(late) if late else []
        except DatabaseFault:
            for run, viewers in late.items():
                self._late.setdefault(run, set()).update(viewers)
            self._look.set()
            raise
        for block in blocks:
            for viewer in late[block["data"]["run_id"]]:
                viewer.pass_on(Whisper({"frame": block, "kept": 0}))

    async def _show(self, conversations: list[str]) -> None:
        """Reads each place once, and shows what is there to everybody who is at that place."""
        plain, rich = self._places(conversations, html=False), self._places(conversations, html=True)
        read = database_sync_to_async(reading.since)
        found = await read(rich, html=True) if rich else {}
        found |= await read(plain - rich, html=False) if plain - rich else {}
        for conversation_id in conversations:
            for viewer in self._watching(conversation_id):
                wanted = viewer.wants(conversation_id)
                told = found.get((conversation_id, wanted)) if wanted is not None else []
                if told:
                    viewer.show(conversation_id, told)
                if told is None or len(told) == reading.PAGE:  # it moved meanwhile, or there is more
                    self.grew([conversation_id])
            if conversation_id not in self._grown:
                for whisper in self._held.pop(conversation_id, ()):
                    self._pass_on(whisper)

    def _places(self, conversations: list[str], *, html: bool) -> set[reading.Place]:
        return {
            (conversation_id, wanted)
            for conversation_id in conversations
            for viewer in self._watching(conversation_id)
            if viewer.html == html and (wanted := viewer.wants(conversation_id)) is not None
        }

    # ---- for as long as anybody is here --------------------------------------------------------------------------

    async def look_round(self) -> None:
        """The net below the bell: whatever grew without one is read, and what is not heard is listened to again."""
        for conversation_id in list(self._deaf):
            await self._tune(conversation_id)
        if not self.watched:
            return
        heads, epoch = await database_sync_to_async(reading.heads)(list(self.watched))
        for viewer in [each for each in self.viewers if epoch and not each.goes_on_in(epoch)]:
            viewer.gone(PUT_BACK, "The journal was put back from a backup. Come back and read what it holds now.")
        self.grew([conversation_id for conversation_id, head in heads.items() if self._is_news(conversation_id, head)])

    async def _forever(self, work: Callable[[], Awaitable[None]]) -> None:
        """A fault delays viewers, it does not end them: a task that ended here would leave every socket silent. Being
        cancelled ends it, also when a database call that was just ending has swallowed that."""
        while not _cancelled():
            try:
                await work()
            except DatabaseFault as fault:
                log.warning("The database does not answer (%s): sockets are late.", type(fault).__name__)
                await asyncio.sleep(TEND)
            except Exception:
                log.exception("Sockets are late by a fault of the portal.")
                await asyncio.sleep(TEND)


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
