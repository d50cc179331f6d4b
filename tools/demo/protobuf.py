"""Bodies in Kubernetes' protobuf, which newer kubectl sends for some built-in kinds, turned into plain JSON."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from tools.demo.errors import ApiError, Json
from tools.demo.protobuf_fields import MESSAGES, message_of

MAGIC = b"k8s\x00"
MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Unreadable(Exception):
    """The bytes are no message of the kinds known here."""


def decode(body: bytes) -> Json:
    """The object as JSON would have brought it; ApiError 415 for a kind or a field whose number is not known here."""
    try:
        if not body.startswith(MAGIC):
            raise Unreadable("it does not begin as Kubernetes' protobuf does")
        envelope = _message("Unknown", body[len(MAGIC) :])
        header = envelope.get("typeMeta") or {}
        api_version, kind = header.get("apiVersion", ""), header.get("kind", "")
        message = message_of(api_version, kind)
        if not message:
            raise Unreadable(f"kind {kind} is not known in this form")
        raw = base64.b64decode(envelope.get("raw", ""))
        return {"apiVersion": api_version, "kind": kind, **_message(message, raw)}
    except (Unreadable, IndexError, ValueError) as error:
        text = f"this demo cluster cannot read the protobuf body ({error}); send application/json or application/yaml"
        raise ApiError(415, text) from None


def _message(name: str, data: bytes) -> Json:
    """One message; fields Go leaves out of JSON when they are empty are left out here too."""
    fields = MESSAGES[name]
    result: Json = {}
    for number, value in _fields(data):
        if number not in fields:
            raise Unreadable(f"field {number} of {name} is not known in this form")
        key, kind = fields[number]
        _put(result, key, kind, value)
    return result


def _put(result: Json, key: str, kind: str, value: int | bytes) -> None:
    """`kind`: a scalar or message name, with `*` for a pointer, `[]` for a list, `{}` for a map of text to it."""
    if kind.startswith("[]"):
        result.setdefault(key, []).append(_value(kind[2:], value))
    elif kind.startswith("{}"):
        entry = dict(_fields(_as_bytes(value)))
        name = _as_bytes(entry.get(1, b"")).decode()
        result.setdefault(key, {})[name] = _value(kind[2:], entry.get(2, b""))
    else:
        found = _value(kind.removeprefix("*"), value)
        if kind.startswith("*") or found not in ("", 0, False, None):
            result[key] = found


def _value(kind: str, value: int | bytes) -> Any:
    match kind:
        case "string":
            return _as_bytes(value).decode()
        case "bytes":
            return base64.b64encode(_as_bytes(value)).decode()
        case "int":
            number = value if isinstance(value, int) else 0
            return number - (1 << 64) if number >= 1 << 63 else number
        case "bool":
            return bool(value)
    found = _message(kind, _as_bytes(value))
    return _SPECIAL[kind](found) if kind in _SPECIAL else found


def _as_bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise Unreadable("a number stands where text belongs")
    return value


def _time(found: Json) -> str | None:
    if not found.get("seconds"):
        return None
    return datetime.fromtimestamp(found["seconds"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number_or_text(found: Json) -> int | str:
    answer: int | str = found.get("strVal", "") if found.get("type") else found.get("intVal", 0)
    return answer


_SPECIAL: dict[str, Callable[[Json], Any]] = {
    "Time": _time,
    "IntOrString": _number_or_text,
    "Quantity": lambda found: found.get("string", "0"),
    "ExtraValue": lambda found: found.get("items", []),
}


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and raw value of each field, in the order of the wire."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        size = {FIXED64: 8, FIXED32: 4}.get(wire, 0)
        if wire == BYTES:
            size, at = _varint(data, at)
        if (not size and wire != BYTES) or at + size > len(data):
            raise Unreadable("the message is cut off")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
