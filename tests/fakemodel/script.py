"""Which reply a request gets: by arrival, by the person's words, or an echo."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakemodel import wire
from tests.fakemodel.wire import Reply

Body = Mapping[str, Any]
ECHO_KEYS = ("chunks", "rate", "tool", "think", "stamp")


class Script:
    """Holds no more than how many requests came; everything else is read from the request."""

    def __init__(self, script: Mapping[str, Any]) -> None:
        self._script = script
        self._came = 0

    def reply(self, body: Body) -> Reply:
        for field in self._script.get("refuse", ()):
            if _occurs(field, body):
                return {"status": 400, "error": ["invalid_request_error", f"{field}: Extra inputs are not permitted"]}
        self._came += 1
        by_arrival = self._script.get("requests", ())
        if self._came <= len(by_arrival):
            reply: Reply = by_arrival[self._came - 1]
            return reply
        words, rounds_done = place(body["messages"])
        for story in self._script.get("stories", ()):
            if re.search(story["when"], words, re.IGNORECASE):
                return _round(story["rounds"], rounds_done)
        if self._script.get("rounds"):
            return _round(self._script["rounds"], rounds_done)
        if by_arrival and "echo" not in self._script:
            return _round(by_arrival, self._came)
        return echo({**self._script.get("echo", {}), **told(words)}, words, rounds_done)


def _round(rounds: Sequence[Reply], number: int) -> Reply:
    return rounds[min(number, len(rounds) - 1)]


def place(messages: Sequence[Body]) -> tuple[str, int]:
    """A person's last words, and how many rounds of tool calls were answered since."""
    rounds = 0
    for message in reversed(messages):
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        texts = [block["text"] for block in blocks if block["type"] == "text"]
        if message["role"] == "user" and texts:
            return "\n".join(texts), rounds
        rounds += any(block["type"] == "tool_use" for block in blocks)
    return "", rounds


def told(words: str) -> dict[str, Any]:
    """What a person's own words say about the echo: `chunks=100 rate=50 tool=k8s_list arguments={…}`."""
    wanted: dict[str, Any] = {key: found[1] for key in ECHO_KEYS if (found := re.search(rf"\b{key}=(\S+)", words))}
    if found := re.search(r"\barguments=(\{.*)", words, re.DOTALL):
        wanted["arguments"] = json.loads(found[1])
    return wanted


def echo(wanted: Mapping[str, Any], words: str, rounds_done: int) -> Reply:
    blocks: list[dict[str, Any]] = []
    rate = float(wanted.get("rate", 0)) or None
    if wanted.get("think"):
        blocks.append({"think": "Let me think about that.", "chunks": 3})
    if wanted.get("tool") and rounds_done == 0:
        blocks.append({"text": "I will look.", "chunks": 2})
        blocks.append({"tool": wanted["tool"], "input": wanted.get("arguments", {}), "chunks": 2})
    else:
        chunks = int(wanted.get("chunks", 20))
        word = wire.STAMP.decode() if wanted.get("stamp") else "word"
        blocks.append({"text": "".join(f"{word}{number:05} " for number in range(chunks)), "chunks": chunks})
    return {"blocks": blocks, "rate": rate, "usage": {"output_tokens": sum(block.get("chunks", 1) for block in blocks)}}


def _occurs(field: str, value: Any) -> bool:
    if isinstance(value, Mapping):
        return field in value or any(_occurs(field, part) for part in value.values())
    return isinstance(value, list) and any(_occurs(field, part) for part in value)
