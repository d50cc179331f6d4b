"""From a reply of the script to the pieces on the wire."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Reply = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """One event: its kind (a delta's own type, else the event's) and its bytes."""

    kind: str
    data: bytes


def pieces(reply: Reply, model: str) -> list[Piece]:
    """All events of a stream, before cuts."""
    if "raw" in reply:
        return [Piece("raw", reply["raw"].encode())]
    made = [_piece(event) for event in _events(reply, model)]
    for insertion in reply.get("insert", ()):
        place = position(made, insertion["before"], insertion.get("nth", 1))
        event = insertion["event"]
        made.insert(place, Piece("inserted", event.encode()) if isinstance(event, str) else _piece(event))
    return made


def position(made: Sequence[Piece], kind: str, nth: int) -> int:
    return [index for index, piece in enumerate(made) if piece.kind == kind][nth - 1]


def body(reply: Reply, model: str = "fake-model") -> bytes:
    return b"".join(piece.data for piece in pieces(reply, model))


def error_event(kind: str, message: str) -> bytes:
    return _piece({"type": "error", "error": {"type": kind, "message": message}}).data


STAMP = b"[t=%016d]" % 0  # on its way out it becomes the nanoseconds of this machine's monotonic clock
PING = b'event: ping\ndata: {"type": "ping"}\n\n'


def _piece(event: Mapping[str, Any]) -> Piece:
    delta = event.get("delta") or {}
    data = json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Piece(delta.get("type") or event["type"], b"event: " + event["type"].encode() + b"\ndata: " + data + b"\n\n")


def _events(reply: Reply, model: str) -> Iterator[dict[str, Any]]:
    blocks = reply.get("blocks", ())
    usage = {"input_tokens": 100, "output_tokens": 1, **reply.get("usage", {})}
    yield {
        "type": "message_start",
        "message": {
            "id": f"msg_{uuid.uuid4().hex}", "type": "message", "role": "assistant", "model": model, "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": usage | {"output_tokens": 1},
        },
    }  # fmt: skip
    yield {"type": "ping"}
    for index, block in enumerate(blocks):
        yield from _block(index, block)
    asks = any("tool" in block for block in blocks)
    stop_reason = reply.get("stop_reason", "tool_use" if asks else "end_turn")
    yield {"type": "message_delta", "delta": {"stop_reason": stop_reason, "stop_sequence": None}, "usage": usage}
    yield {"type": "message_stop"}


def _block(index: int, block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "events" in block:
        yield from block["events"]
        return
    start, deltas = _start_and_deltas(block)
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _start_and_deltas(block: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    count = block.get("chunks", 1)
    if "text" in block:
        deltas = [{"type": "text_delta", "text": part} for part in parts(block["text"], count)]
        return {"type": "text", "text": ""}, deltas
    if "think" in block:
        deltas = [{"type": "thinking_delta", "thinking": part} for part in parts(block["think"], count)]
        signature = {"type": "signature_delta", "signature": block.get("signature", "c2lnbmVk")}
        return {"type": "thinking", "thinking": "", "signature": ""}, [*deltas, signature]
    start = {
        "type": "tool_use",
        "id": block.get("id") or f"toolu_{uuid.uuid4().hex}",
        "name": block["tool"],
        "input": {},
    }
    if block.get("whole"):
        return start | {"input": block["input"]}, []
    raw = block["raw_input"] if "raw_input" in block else json.dumps(block.get("input", {}))
    deltas = [{"type": "input_json_delta", "partial_json": part} for part in ["", *parts(raw, count)]]
    return start, deltas


def parts(text: str, count: int) -> list[str]:
    """`text` in `count` parts of about the same length (fewer when it is shorter)."""
    size = max(1, -(-len(text) // max(1, count)))
    return [text[start : start + size] for start in range(0, len(text), size)]
