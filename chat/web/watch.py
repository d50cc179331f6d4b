"""What one socket has seen of one conversation: turns events and deltas into the frames it still needs. Pure.

The promise: put together, the `text` frames of a block that was seen live are its `text_end`, without gap or overlap,
whatever deltas were lost on the way.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chat.event_types import GOES_ON_ELSEWHERE, Complete, Notice, TextEnd, ThinkingEnd
from chat.web.frames import Frame

_ENDS = {TextEnd.type: "text", ThinkingEnd.type: "thinking"}
_BLOCKS = _ENDS.values()
Block = tuple[str, int]


class Watch:
    """`seq`: number of the newest event sent; `closed`: the newest closed block of each run that has not ended;
    `ended`: runs that have."""

    __slots__ = ("_closed", "_ended", "_have", "seq")

    def __init__(self, seq: int, closed: Mapping[str, int] | None = None, ended: Iterable[str] = ()) -> None:
        self.seq = seq
        self._have: dict[Block, int] = {}
        self._closed: dict[str, int] = dict(closed or {})
        self._ended = set(ended)

    def event(self, frame: Frame) -> list[Frame]:
        """The frames for one durable event: before the end of a block comes what is missing of its text."""
        if frame["seq"] <= self.seq:
            return []
        self.seq = frame["seq"]
        kind, data = frame["type"], frame["data"]
        if kind == Complete.type:
            self._closed.pop(data["run_id"], None)
            self._ended.add(data["run_id"])
        elif kind == Notice.type and data["code"] in GOES_ON_ELSEWHERE:
            self._have.clear()  # what was open is said anew from its beginning
        elif kind in _ENDS:
            return [*self._tail(_ENDS[kind], data), frame]
        return [frame]

    def _tail(self, kind: str, data: dict[str, Any]) -> list[Frame]:
        block = (data["run_id"], data["block"])
        have = self._have.pop(block, 0)
        self._closed[block[0]] = block[1]
        rest = data["text"][have:]
        return [_delta(kind, data, rest, have)] if rest else []

    def delta(self, frame: Frame) -> Frame | None:
        """The part of a delta that is new here; None when there is none, or when something before it is missing. What
        is no part of a block, the progress of a call, is always new until its run ends."""
        data = frame["data"]
        if frame["type"] not in _BLOCKS:
            return None if data["run_id"] in self._ended else frame
        block, offset, text = (data["run_id"], data["block"]), data["offset"], data["text"]
        have = self._have.get(block, 0)
        if self._is_closed(block) or offset > have or offset + len(text) <= have:
            return None
        self._have[block] = offset + len(text)
        return frame if offset == have else _delta(frame["type"], data, text[have - offset :], have)

    def misses(self, frame: Frame) -> bool:
        """Whether something before this delta never came: the checkpoint of the block may have it."""
        data = frame["data"]
        if frame["type"] not in _BLOCKS:
            return False
        block = (data["run_id"], data["block"])
        return not self._is_closed(block) and data["offset"] > self._have.get(block, 0)

    def _is_closed(self, block: Block) -> bool:
        return block[0] in self._ended or block[1] <= self._closed.get(block[0], -1)


def _delta(kind: str, data: dict[str, Any], text: str, offset: int) -> Frame:
    return {
        "type": kind,
        "data": {
            "text": text,
            "conversation_id": data["conversation_id"],
            "run_id": data["run_id"],
            "block": data["block"],
            "offset": offset,
        },
    }
