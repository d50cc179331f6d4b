"""The only user of the channel layer: rings "conversation C grew to n", and passes on what is not durable.

A lost bell costs latency, never data: whoever listens reads the journal from its own number. So nobody ever waits for
the layer: what is to be rung or whispered is handed to the event loop's ringer and sent from there, and a layer that is
down is logged and otherwise ignored.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from collections import deque
from collections.abc import Iterable
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
Message = dict[str, Any]
_PATIENCE = 2.0  # seconds a sender waits for the layer
_REST = 5.0  # seconds without a bell after the layer did not answer: nobody tries again and again
_MOST_WHISPERS = 2_000  # that wait for a slow layer; the oldest are dropped, the journal has what they said
_MOST_RUNG = 5_000  # conversations whose newest number is remembered
_GATHER = 0.01  # seconds after sending, in which more may come: a round trip costs the same for many
_FAULTS = (OSError, TimeoutError, RedisError)


RUNNERS = "runners"  # the group of all who drive runs
SCREENS = "screens"  # of all who show something to people


def group(conversation_id: uuid.UUID | str) -> str:
    return f"conversation.{uuid.UUID(str(conversation_id)).hex}"


# ---- ringing -----------------------------------------------------------------------------------------------------


def ring(conversation_id: uuid.UUID | str, seq: int) -> None:
    """After the commit, from any thread. Waits for nothing where an event loop runs."""
    if (ringer := _running()) is not None:
        ringer.loop.call_soon_threadsafe(ringer.ring, str(conversation_id), seq)
    else:
        async_to_sync(_send)([_grew(str(conversation_id), seq)])


def call_runners() -> None:
    """Something waits for a process that drives runs. From any thread."""
    _call(RUNNERS, {"type": "runners.called"})


def rights_changed(*, people: Iterable[int] = (), conversation_id: uuid.UUID | str = "") -> None:
    """After the commit: whoever shows something to these people, or this conversation to anybody, looks at them now.
    With neither, at everybody. From any thread."""
    _call(SCREENS, {"type": "rights.changed", "people": list(people), "conversation_id": str(conversation_id)})


def approvals_moved() -> None:
    """After the commit: something waits for a decision, or does no more. From any thread."""
    _call(SCREENS, {"type": "approvals.moved"})


def _call(group_name: str, message: Message) -> None:
    if (ringer := _running()) is not None:
        ringer.loop.call_soon_threadsafe(ringer.whisper, (group_name, message))
    else:
        async_to_sync(_send)([(group_name, message)])


def _running() -> "_Ringer | None":
    ringer = _Ringer.at_home
    return ringer if ringer is not None and ringer.loop.is_running() else None


def whisper(conversation_id: uuid.UUID | str, frame: dict[str, Any], *, kept: int = 0) -> None:
    """Passes an ephemeral frame (a delta) to everyone who watches now. `kept`: how many characters of its block the
    newest checkpoint holds. Whoever hears it learns after which event it was said."""
    name, ringer = str(conversation_id), _Ringer.here()
    told = {"type": "conversation.whisper", "conversation_id": name, "frame": frame, "kept": kept}
    ringer.whisper((group(name), told | {"after": ringer.rung.get(name, 0)}))


def _grew(conversation_id: str, seq: int) -> tuple[str, Message]:
    return group(conversation_id), {"type": "conversation.grew", "conversation_id": conversation_id, "seq": seq}


class _Ringer:
    """Sends from one event loop: bells of the same conversation as one, whispers in their order."""

    at_home: "_Ringer | None" = None  # the newest loop's: where threads ring

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.rung: dict[str, int] = {}  # the newest number of the conversations that grew from here
        self._bells: dict[str, int] = {}
        self._whispers: deque[tuple[str, Message]] = deque(maxlen=_MOST_WHISPERS)
        self._sending: asyncio.Task[None] | None = None

    @classmethod
    def here(cls) -> "_Ringer":
        """The running loop's own."""
        if cls.at_home is None or cls.at_home.loop is not asyncio.get_running_loop():
            cls.at_home = cls()
        return cls.at_home

    def ring(self, conversation_id: str, seq: int) -> None:
        self._bells[conversation_id] = max(seq, self._bells.get(conversation_id, 0))
        self.rung[conversation_id] = max(seq, self.rung.pop(conversation_id, 0))
        if len(self.rung) > _MOST_RUNG:
            del self.rung[next(iter(self.rung))]
        self._wake()

    def whisper(self, told: tuple[str, Message]) -> None:
        self._whispers.append(told)
        self._wake()

    def _wake(self) -> None:
        if self._sending is None:
            self._sending = self.loop.create_task(self._send_all(), name="doorbell")

    async def _send_all(self) -> None:
        try:
            while self._bells or self._whispers:
                told = [*self._whispers, *(_grew(name, seq) for name, seq in self._bells.items())]
                self._whispers.clear()
                self._bells.clear()
                await _send(told)
                await asyncio.sleep(_GATHER)
        finally:
            self._sending = None


_rests_until = 0.0


async def _send(told: list[tuple[str, Message]]) -> None:
    global _rests_until
    layer = get_channel_layer()
    if layer is None or time.monotonic() < _rests_until:
        return
    try:
        async with asyncio.timeout(_PATIENCE):
            if hasattr(layer, "group_send_all"):  # ours (chat/redis_layer.py): one round trip for all of them
                await layer.group_send_all(told)
            else:
                for name, message in told:
                    await layer.group_send(name, message)
    except _FAULTS as fault:
        _rests_until = time.monotonic() + _REST
        log.warning("The doorbell does not ring (%s): watchers will be late, nothing is lost.", type(fault).__name__)


# ---- hearing -----------------------------------------------------------------------------------------------------


class Ear:
    """Hears the bells of any number of conversations. Deaf while the layer does not answer: the journal still does."""

    def __init__(self, *conversations: uuid.UUID | str) -> None:
        self._conversations = conversations
        self._groups: set[str] = set()
        self._channel = ""
        self._opened = asyncio.Event()

    async def __aenter__(self) -> "Ear":
        _Ringer.here()
        for conversation_id in self._conversations:
            await self.listen(conversation_id)
        return self

    async def __aexit__(self, *fault: object) -> None:
        for name in list(self._groups):
            await self._leave(name)
        if self._channel:
            _layer().drop_channel(self._channel)

    async def listen(self, conversation_id: uuid.UUID | str) -> bool:
        """False when the layer does not answer; asking again is harmless."""
        return await self.listen_to(group(conversation_id))

    async def listen_to(self, name: str) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.join(name)
        except _FAULTS as fault:
            log.warning("The doorbell is not heard (%s): the journal is asked instead.", type(fault).__name__)
            return False
        return True

    async def join(self, name: str) -> None:
        """As `listen_to`, but waits for the layer and raises what it raises."""
        if not self._channel:
            self._channel = await _layer().new_channel()
            self._opened.set()
        self._groups.add(name)
        await _layer().group_add(name, self._channel)

    async def forget(self, conversation_id: uuid.UUID | str) -> bool:
        """False when the layer does not answer."""
        return await self._leave(group(conversation_id))

    async def _leave(self, name: str) -> bool:
        if name not in self._groups:
            return True
        with contextlib.suppress(*_FAULTS):
            async with asyncio.timeout(_PATIENCE):
                await _layer().group_discard(name, self._channel)
                self._groups.discard(name)
                return True
        return False

    async def tune(self, conversation_id: uuid.UUID | str, *, wanted: bool) -> bool:
        return await (self.listen if wanted else self.forget)(conversation_id)

    async def heard(self, patience: float) -> bool:
        """True when the bell rang within `patience` seconds; whoever asks looks at the journal either way."""
        try:
            async with asyncio.timeout(patience):
                while (await self.hear())["type"] != "conversation.grew":
                    pass
        except TimeoutError:
            return False
        return True

    async def hear(self) -> Message:
        """The next message: `conversation.grew` with its `seq`, or `conversation.whisper` with its `frame`, `kept` and
        `after`, both with `conversation_id`; or `rights.changed`, or `approvals.moved`. Waits for ever while deaf."""
        await self._opened.wait()
        message: Message = await _layer().receive(self._channel)
        return message


def _layer() -> Any:
    """Raises OSError when there is none: it is as good as one that does not answer."""
    layer = get_channel_layer()
    if layer is None:
        raise OSError("There is no channel layer.")
    return layer


# ---- whether it rings at all -------------------------------------------------------------------------------------


async def answers() -> bool:
    """True when this process rings and hears it, the way all bells go: for /readyz, as often as anybody likes."""
    return await _Echo.here().answers()


class _Echo:
    """One ear for all who ask. Who asks while another waits gets the same answer."""

    at_home: "_Echo | None" = None

    def __init__(self) -> None:
        self._loop, self._layer = asyncio.get_running_loop(), get_channel_layer()
        self._ear = Ear()
        self._group = f"echo.{uuid.uuid4().hex}"
        self._asked: asyncio.Task[bool] | None = None

    @classmethod
    def here(cls) -> "_Echo":
        """The running loop's own."""
        home = cls.at_home
        if home is None or home._loop is not asyncio.get_running_loop() or home._layer is not get_channel_layer():
            cls.at_home = home = cls()
        return home

    async def answers(self) -> bool:
        if self._asked is None or self._asked.done():
            self._asked = self._loop.create_task(self._ask(), name="echo")
        return await asyncio.shield(self._asked)

    async def _ask(self) -> bool:
        """What an earlier asker did not wait for may still come: it is not this one's."""
        word = uuid.uuid4().hex
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._ear.join(self._group)
                await _layer().group_send(self._group, {"type": "echo", "word": word})
                while (await self._ear.hear())["word"] != word:
                    pass
        except _FAULTS:
            return False
        return True
