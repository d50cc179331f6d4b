"""One answer in the making: events of the Messages API in, what was said out; wishes only when it really ended.

A stream that is cut cleanly in the middle of tool arguments looks complete to a lenient reader, with a selector
silently gone. So arguments are parsed here, once, from their raw text, after everything has closed.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

from chat.agent.endings import DISOWNED_CALL
from chat.agent.ports import (
    Counted,
    Finished,
    Spoken,
    TextDelta,
    TextEnd,
    ThinkingDelta,
    ThinkingEnd,
    Usage,
    Wish,
)
from chat.agent.providers.anthropic.events import Event
from chat.agent.providers.anthropic.failures import STATUS_OF_ERROR_EVENT, Broken, Place, message_of, of_status
from chat.agent.providers.anthropic.strict import sendable, strict_object

MOST_BYTES = 1 << 20  # of text, thinking and arguments together
LONGEST_NAME = 200
ENDED_WITHOUT_WISHES = ("end_turn", "stop_sequence")


@dataclass(slots=True)
class _Block:
    kind: str
    id: str = ""
    name: str = ""
    given: Any = None
    parts: list[str] = field(default_factory=list)
    signature: str = ""
    closed: bool = False

    @property
    def text(self) -> str:
        return "".join(self.parts)


class Message:
    """Feed it events with `take`; after `ended`, ask for `finished`."""

    def __init__(self, place: Place, most: int) -> None:
        self.usage = Usage()
        self.begun = self.ended = False
        self._place, self._most = place, most
        self._counted_out = False
        self._stop_reason = ""
        self._blocks: dict[int, _Block] = {}
        self._bytes = 0

    def take(self, event: Event) -> Iterator[Spoken]:
        """What this event adds. Raises Broken for an error event, an answer out of order, or one without bounds."""
        try:
            match event.get("type"):
                case "message_start":
                    yield from self._begin(event["message"])
                case "content_block_start":
                    yield from self._open(event["index"], event["content_block"])
                case "content_block_delta":
                    yield from self._grow(self._blocks[event["index"]], event["delta"])
                case "content_block_stop":
                    yield from self._close(self._blocks[event["index"]])
                case "message_delta":
                    self._stop_reason = str(event["delta"].get("stop_reason") or self._stop_reason)
                    self._counted_out = self._count(event.get("usage")) or self._counted_out
                case "message_stop":
                    yield from (piece for block in self._blocks.values() for piece in self._close_left_open(block))
                    self.ended = True
                case "error" | None if "error" in event:
                    raise self._told_error(event["error"])
        except (KeyError, TypeError, AttributeError):
            raise Broken("The model's answer could not be read: its parts do not fit.", code="unreadable") from None

    def finished(self) -> Finished:
        """Raises Broken when the answer broke off, or when a tool call in it cannot be trusted."""
        if not self.ended or not self._stop_reason:
            raise Broken("The model's answer broke off before its end.", code="incomplete")
        calls = [block for block in self._blocks.values() if block.kind == "tool_use"]
        if self._stop_reason != "tool_use":
            disowned = calls and self._stop_reason in ENDED_WITHOUT_WISHES
            return Finished(DISOWNED_CALL if disowned else self._stop_reason, (), self.usage)
        if not all(block.closed for block in calls):
            raise Broken("The model's answer broke off in a tool call.", code="incomplete")
        if len({block.id for block in calls}) < len(calls):
            raise Broken("The model gave two tool calls the same name tag.", code="unreadable")
        return Finished("tool_use", tuple(_wish(block) for block in calls), self.usage)

    def cost(self) -> Usage | None:
        """What this attempt has cost at most, as far as it came (tokens); None: nobody knows.

        How long an answer was that broke off is counted nowhere, and thinking is shown shorter than it was: it counts
        as the longest one that was allowed. An endpoint that counts nothing is not believed.
        """
        usage = self.usage if self._counted_out else replace(self.usage, output_tokens=self._most)
        asked = usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens
        return usage if self.begun and asked > 0 and usage.output_tokens > 0 else None

    # ---- events ----

    def _begin(self, message: Event) -> Iterator[Spoken]:
        if self._blocks or self.ended:
            raise Broken("The model began its answer twice.", code="unreadable")
        self.begun = True
        self._count(message.get("usage"))
        if cost := self.cost():
            yield Counted(cost)

    def _open(self, index: int, start: Event) -> Iterator[Spoken]:
        if index in self._blocks:
            raise Broken("The model's answer could not be read: its parts do not fit.", code="unreadable")
        kind = str(start.get("type"))
        block = self._blocks[index] = _Block(kind)
        if kind == "tool_use":
            block.id, block.name, block.given = _word(start["id"]), _word(start["name"]), start.get("input")
        elif kind == "text" and start.get("text"):
            yield from self._grow(block, {"type": "text_delta", "text": start["text"]})

    def _grow(self, block: _Block, delta: Event) -> Iterator[Spoken]:
        if block.closed:
            raise Broken("The model's answer could not be read: its parts do not fit.", code="unreadable")
        match block.kind, delta.get("type"):
            case "text", "text_delta":
                yield TextDelta(self._add(block, sendable(delta["text"])))
            case "thinking", "thinking_delta":
                yield ThinkingDelta(self._add(block, sendable(delta["thinking"])))
            case "thinking", "signature_delta":
                block.signature += self._counted(delta["signature"])
            case "tool_use", "input_json_delta":
                self._add(block, delta["partial_json"])

    def _close(self, block: _Block) -> Iterator[Spoken]:
        block.closed = True
        if block.kind == "text" and block.parts:
            yield TextEnd(block.text)
        elif block.kind == "thinking" and (block.parts or block.signature):
            yield ThinkingEnd(block.text, block.signature)

    def _close_left_open(self, block: _Block) -> Iterator[Spoken]:
        """Words may be left open at the end of a message; a tool call left open stays open, and is void."""
        if not block.closed and block.kind != "tool_use":
            yield from self._close(block)

    def _add(self, block: _Block, text: str) -> str:
        block.parts.append(self._counted(text))
        return text

    def _counted(self, text: str) -> str:
        self._bytes += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        if self._bytes > MOST_BYTES:
            sentence = "The model's answer grew beyond a megabyte and was cut off."
            raise Broken(sentence, code="too_long", again=False, advice="Ask for less at once.")
        return text

    def _count(self, counts: Event | None) -> bool:
        """Counts of the Messages API are totals so far, and any of them may be left out. Whether the answer's is in."""
        known = {key: counts[key] for key in _COUNTED if isinstance(counts.get(key), int)} if counts else {}
        self.usage = replace(self.usage, **known)
        return "output_tokens" in known

    def _told_error(self, error: Any) -> Broken:
        kind = error.get("type", "") if isinstance(error, dict) else ""
        return of_status(STATUS_OF_ERROR_EVENT.get(kind, 500), self._place, message=message_of(error))


_COUNTED = tuple(count.name for count in fields(Usage))


# ---- tool arguments ----------------------------------------------------------------------------------------------


def _wish(block: _Block) -> Wish:
    """Some endpoints give the arguments whole, with the block's start, and then no raw text at all."""
    try:
        arguments = strict_object(block.text or json.dumps(block.given or {}))
    except ValueError:
        raise Broken("The model's tool call could not be read, and was not carried out.", code="unreadable") from None
    return Wish(block.id, block.name, arguments)


def _word(given: Any) -> str:
    """An id or a name that can be kept. Raises TypeError for anything else."""
    if not isinstance(given, str) or not 0 < len(given) <= LONGEST_NAME or sendable(given) != given:
        raise TypeError("no word")
    return given
