"""What one socket is shown: which conversations, how far, and in which form. Knows neither database nor bell."""

import time
from collections.abc import Callable, Sequence

from chat.event_types import Complete, TextEnd, ThinkingEnd, ToolCallStart
from chat.metrics.here import FIRST_WORDS, LEFT_OUT
from chat.standing import Person
from chat.web import frames
from chat.web.frames import Frame
from chat.web.outbox import Outbox
from chat.web.told import Told, Whisper
from chat.web.watch import Watch

_ANSWERS = (TextEnd.type, ThinkingEnd.type, ToolCallStart.type, Complete.type)


class Viewer:
    """`watches` by conversation id; `html`: durable frames carry the piece of the page that stands for them; `batch`:
    what it missed comes in frames of many events. `gone` is called with a close code and a reason when this socket must
    end. `now`: seconds of the event loop's clock."""

    __slots__ = ("_asked", "batch", "beaten", "epoch", "gone", "html", "looked_at", "outbox", "person", "watches")

    def __init__(
        self, person: Person, outbox: Outbox, gone: Callable[[int, str], None], *, html: bool, batch: bool, now: float
    ) -> None:
        self.person = person
        self.outbox = outbox
        self.gone = gone
        self.html, self.batch = html, batch
        self.watches: dict[str, Watch] = {}
        self.epoch: int | None = None  # of the journal, when this socket was first shown something
        self._asked = (
            "",
            0.0,
        )  # the run of the newest message sent here, while it has no answer, and since when
        self.beaten = self.looked_at = now  # when it was last sent a heartbeat, and its person last looked at

    def say(self, frame: Frame) -> None:
        self.outbox.put(frames.encode(frame))

    def say_all(self, conversation_id: str, events: Sequence[str]) -> None:
        """Durable frames as JSON text, all of which are new here."""
        if self.batch and events:
            data = f'{{"conversation_id":"{conversation_id}","events":[{",".join(events)}]}}'
            self.outbox.put(f'{{"type":"events","data":{data}}}')
            return
        for event in events:
            self.outbox.put(event)

    def goes_on_in(self, epoch: int) -> bool:
        """False when what it was shown comes from a journal that has been put back since."""
        self.epoch = self.epoch or epoch
        return self.epoch == epoch

    def wants(self, conversation_id: str) -> int | None:
        """The number from which on this socket takes the journal right now; None while it takes nothing."""
        watch = self.watches.get(conversation_id)
        return None if watch is None or self.outbox.full else watch.seq

    def show(self, conversation_id: str, told: Sequence[Told]) -> None:
        """Durable events, in their order, as many as there is room for; what it has seen already is left out."""
        watch = self.watches[conversation_id]
        for event in told:
            if self.outbox.full:
                return  # the journal is read on from here when it has been emptied
            for frame in watch.event(event.frame(self.html)):
                self.outbox.put(event.text(self.html) if frame is event.frame(self.html) else frames.encode(frame))
                if frame["type"] in _ANSWERS:
                    self._answered(frame["data"]["run_id"])

    def pass_on(self, whisper: Whisper) -> None:
        """A delta, as far as it is new here and there is room for it."""
        watch = self.watches.get(whisper.conversation_id)
        if watch is None:
            return
        if self.outbox.crowded:
            LEFT_OUT.inc()
            return
        new = watch.delta(whisper.frame)
        if new is not None:
            self.outbox.put(whisper.text if new is whisper.frame else frames.encode(new))
            self._answered(new["data"]["run_id"])

    def asks(self, run_id: str, at: float) -> None:
        """A message was sent here, at this time of the monotonic clock."""
        self._asked = (run_id, at)

    def _answered(self, run_id: str) -> None:
        if self._asked[0] == run_id:
            FIRST_WORDS.observe(time.monotonic() - self._asked[1])
            self._asked = ("", 0.0)

    def misses(self, whisper: Whisper) -> bool:
        """Whether the checkpoint would close the gap before this delta."""
        watch = self.watches.get(whisper.conversation_id)
        if watch is None or self.outbox.crowded or whisper.kept < whisper.frame["data"].get("offset", 0):
            return False
        return watch.misses(whisper.frame)
