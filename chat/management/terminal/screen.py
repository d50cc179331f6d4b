"""Where a run is shown: as words for people, or as frames for programs, one JSON object a line."""

import json
from typing import Protocol

from django.core.management.base import OutputWrapper

from chat.management.terminal import words
from chat.web.frames import Frame


class Screen(Protocol):
    def show(self, frame: Frame) -> None:
        """A frame of the run that is followed."""

    def say(self, text: str) -> None:
        """Lines of the command's own, clean already."""

    def ask(self, text: str) -> None:
        """A question: what is typed stands behind it."""


class Words:
    """The agent's words as they come; everything else on lines of its own."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._column = 0  # whether the cursor stands at the beginning of a line: 0

    def show(self, frame: Frame) -> None:
        data = frame["data"]
        match frame["type"]:
            case "text":
                self._write(words.clean(data["text"]))
            case "text_end":
                self.say("")
            case "tool_call_start":
                self.say(words.begun(data))
            case "tool_progress":
                self.say(f"  {words.line(data['text'], 400)}")
            case "tool_call_end":
                self.say(words.ended(data))
            case "notice":
                self.say(f"! {words.line(data['text'], 1000)}")
            case "error":
                self.say(f"! {words.line(data['error'], 1000)}")
            case "approval_decided":
                self.say(f"· {_decided(data)}")
            case "complete":
                self.say(f"· {data['outcome']}: {words.spent(data)}")

    def say(self, text: str) -> None:
        self._write(("\n" if self._column else "") + text + "\n")

    def ask(self, text: str) -> None:
        self._write(("\n" if self._column else "") + text)
        self._column = 0  # the person's Enter ends the line

    def _write(self, text: str) -> None:
        if text:
            self._out.write(text, ending="")
            self._out.flush()
            self._column = len(text) - 1 - text.rfind("\n")


class Lines:
    """Every frame of the run, deltas among them. ASCII only, so no terminal that is looked at obeys any of it."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out

    def show(self, frame: Frame) -> None:
        self._out.write(json.dumps(frame, ensure_ascii=True))
        self._out.flush()

    def say(self, text: str) -> None:
        """Programs read frames and the exit code."""

    def ask(self, text: str) -> None:
        """Nobody is asked."""


def _decided(data: dict[str, str]) -> str:
    by = f" by {words.line(data['by'])}" if data["by"] else ""
    return f"{data['decision']}{by}" + (f": {words.line(data['reason'])}" if data.get("reason") else "")
