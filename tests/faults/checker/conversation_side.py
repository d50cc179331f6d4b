"""INV-1 to INV-4: what clients said and saw, against the journal that the database kept."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.faults.checker.history import History, plain
from tests.faults.rig.journal import Line

DELTAS = {"text": "text_end", "thinking": "thinking_end"}


def accepted_once(history: History) -> Iterator[str]:
    """An accepted message is one `user_message` for ever; the same id has the same answer however often it is asked."""
    kept: dict[str, list[Line]] = defaultdict(list)
    for events in history.events.values():
        for event in events:
            if event["type"] == "user_message":
                kept[plain(event["data"]["message_id"])].append(event)
    for name, found in kept.items():
        if len(found) > 1:
            yield f"message {name} is in the journal {len(found)} times"
    for name, lines in history.commands().items():
        acks = [line["answer"] for line in lines if line["kind"] in ("ok", "ack")]
        if any(ack != acks[0] for ack in acks):
            yield f"command {name} got different answers: {acks[0]} and another"
        if lines[0]["op"] == "send" and acks:
            yield from _kept_as_said(name, lines[0], kept.get(plain(name), []))


def _kept_as_said(name: str, invoke: Line, found: list[Line]) -> Iterator[str]:
    if not found:
        yield f"message {name} was accepted and is not in the journal"
    elif found[0]["data"]["text"] != invoke["frame"]["text"]:
        yield f"message {name} is in the journal with other words"


def no_silent_loss(history: History) -> Iterator[str]:
    """Every command is accepted, refused or known to be unanswered; what was only refused has left no message. That the
    database was away is no refusal: nobody knows whether it had committed before."""
    kept = {
        plain(event["data"]["message_id"])
        for events in history.events.values()
        for event in events
        if event["type"] == "user_message"
    }
    for name, lines in history.commands("send").items():
        ends = {line["kind"] for line in lines[1:]}
        if not ends:
            yield f"message {name} has neither an answer nor a note that none came"
        refused = [line for line in lines if line["kind"] in ("fail", "nack") and not _unknown(line)]
        if refused and not ends & {"ok", "ack"} and plain(name) in kept:
            yield f"message {name} was refused and is in the journal all the same"


def _unknown(nack: Line) -> bool:
    return bool(nack["answer"].get("code") == "unavailable")


def in_sequence(history: History) -> Iterator[str]:
    """Per conversation 1..n; what each client saw over all its sockets are these events, each once, in order. A fresh
    page (`recovered` false) begins anew where it likes, and from there the same holds."""
    for conversation, events in history.events.items():
        if [event["seq"] for event in events] != list(range(1, len(events) + 1)):
            yield f"conversation {conversation} is numbered {[event['seq'] for event in events][:20]}…"
    for client, lines in history.clients.items():
        newest: dict[str, int] = {}
        for frame in (line["frame"] for line in lines if line["kind"] == "frame"):
            conversation = plain(frame["data"].get("conversation_id") or "")
            if frame["type"] == "welcome" and not frame["data"]["recovered"]:
                newest[conversation] = -1
            elif "seq" in frame:
                yield from _placed(history, client, conversation, newest.get(conversation, 0), frame)
                newest[conversation] = frame["seq"]


def _placed(history: History, client: str, conversation: str, newest: int, frame: dict[str, Any]) -> Iterator[str]:
    seq = frame["seq"]
    if newest >= 0 and seq != newest + 1:
        what = "a gap" if seq > newest + 1 else "a double" if seq == newest else "out of order"
        yield f"client {client} saw {what} in {conversation}: {seq} after {newest}"
    events = history.events.get(conversation, [])
    if not 0 < seq <= len(events):
        yield f"client {client} saw event {seq} of {conversation}, which the journal does not have"
    elif (events[seq - 1]["type"], events[seq - 1]["data"]) != (frame["type"], _data(frame)):
        yield f"client {client} saw event {seq} of {conversation} otherwise than it is kept"


def _data(frame: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in frame["data"].items() if name not in ("html", "target")}


def pieces_make_the_whole(history: History) -> Iterator[str]:
    """`complete` repeats the run's blocks and calls; the deltas of a block, each at its offset, are its text."""
    for run, events in history.by_run().items():
        yield from _whole(run, events)
    ends = {
        (plain(event["run_id"]), event["type"], event["data"]["block"]): event["data"]["text"]
        for events in history.events.values()
        for event in events
        if event["type"] in DELTAS.values()
    }
    for client, lines in history.clients.items():
        for frame in (line["frame"] for line in lines if line["kind"] == "frame" and line["frame"]["type"] in DELTAS):
            data = frame["data"]
            key = (plain(data.get("run_id")), DELTAS[frame["type"]], data.get("block"))
            if key in ends and "offset" in data and not _fits(ends[key], data["text"], data["offset"]):
                yield f"client {client} saw words in block {key[2]} of run {key[0]} that are not in it"


def _whole(run: str, events: list[Line]) -> Iterator[str]:
    complete = next((event["data"] for event in events if event["type"] == "complete"), None)
    if complete is None:
        return
    said = "\n\n".join(
        event["data"]["text"] for event in events if event["type"] == "text_end" and event["data"]["text"]
    )
    if complete["message"] != said and complete["message"]:
        yield f"the end of run {run} does not repeat what was said"
    called = [event["data"]["status"] for event in events if event["type"] == "tool_call_end"]
    if sorted(call["status"] for call in complete["tool_calls"]) != sorted(called):
        yield f"the end of run {run} tells of other calls than were made"


def _fits(whole: str, piece: str, offset: int) -> bool:
    """Offsets count UTF-16 units as browsers do, or characters: equal here, the rig's words are plain."""
    return whole[offset : offset + len(piece)] == piece
