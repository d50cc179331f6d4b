"""What goes to many sockets, encoded once however many there are."""

from functools import cached_property
from typing import Any

from chat.models import Event
from chat.web import feed, frames
from chat.web.frames import Frame


class Told:
    """One durable event. `html`: with the piece of the page that stands for it, rendered here, off the event loop."""

    def __init__(self, event: Event, *, html: bool) -> None:
        self.seq = event.seq
        self._plain: Frame = event.frame()
        self._rich: Frame = self._plain | {"html": feed.piece(event)} if html else self._plain

    def frame(self, html: bool) -> Frame:
        return self._rich if html else self._plain

    def text(self, html: bool) -> str:
        return self._rich_text if html else self._plain_text

    @cached_property
    def _plain_text(self) -> str:
        return frames.encode(self._plain)

    @cached_property
    def _rich_text(self) -> str:
        return frames.encode(self._rich)


class Whisper:
    """One delta; `kept`: how many characters of its block the newest checkpoint holds; `after`: the number of the event
    after which it was said."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.frame: Frame = message["frame"]
        self.kept: int = message["kept"]
        self.after: int = message.get("after", 0)
        self.conversation_id: str = self.frame["data"]["conversation_id"]

    @cached_property
    def text(self) -> str:
        return frames.encode(self.frame)


def encoded(seq: int, kind: str, data: str, at: str) -> str:
    """The durable frame of Event.frame as JSON text, from `data` and `at` as the database writes them: nothing is
    decoded."""
    return f'{{"type":"{kind}","data":{data},"seq":{seq},"at":"{moment_of(at)}"}}'


def moment_of(at: str) -> str:
    """As chat.models.event.moment: "2026-11-26 09:00:00.12+00" → "2026-11-26T09:00:00.120000Z". PostgreSQL names the
    zone and leaves out noughts, SQLite does neither; both write UTC."""
    day, _, time = at.removesuffix("+00").partition(" ")
    return f"{day}T{time.ljust(15, '0') if '.' in time else time}Z"
