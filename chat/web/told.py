"""What goes to many sockets, encoded once however many there are."""

from datetime import datetime
from functools import cached_property
from typing import Any

from chat.models import Event
from chat.models.event import moment
from chat.web import feed, frames
from chat.web.frames import Frame


class Told:
    """One durable event. The piece of the page is rendered only when somebody wants it: `with_html`, off the loop."""

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
    """One delta; `kept`: how many characters of its block the newest checkpoint holds."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.frame: Frame = message["frame"]
        self.kept: int = message["kept"]
        self.conversation_id: str = self.frame["data"]["conversation_id"]

    @cached_property
    def text(self) -> str:
        return frames.encode(self.frame)


def encoded(seq: int, kind: str, data: str, at: datetime) -> str:
    """The durable frame of Event.frame as JSON text, from `data` as the database has it: nothing is decoded."""
    return f'{{"type":"{kind}","data":{data},"seq":{seq},"at":"{moment(at)}"}}'
