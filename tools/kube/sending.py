"""What is written down of a change before it leaves, so that somebody else can find out whether it arrived.

The cluster keeps who wrote what (`metadata.managedFields`). A create or a patch goes out under a name of its own, so
its mark proves that it arrived. An apply keeps one name, because the name is what its ownership hangs on; its proof is
that the time of our last apply has moved. A deletion is bound to a uid: that uid gone, or going, is the proof.
That nothing arrived is proven by an object that is as it was, or that still is not there.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

FIELD_MANAGER = "k8s-mcp"

Verb: TypeAlias = Literal["create", "apply", "patch", "delete", "run", "other"]


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """One object as far as it tells who wrote to it.

    there: whether there was one at all; version: its resourceVersion; generation: counts the changes of what is wanted
    of it, 0 for kinds that do not count; going: whether its deletion has begun; owners: fingerprint of who owns which
    field since when, the status left out; managers: names of those who wrote; applied: when our stable name last
    applied something (the cluster's clock, RFC 3339), empty when it never did.
    """

    there: bool = True
    uid: str = ""
    version: str = ""
    generation: int = 0
    going: bool = False
    owners: str = ""
    managers: tuple[str, ...] = ()
    applied: str = ""


ABSENT = Seen(there=False)


class Sending(msgspec.Struct, frozen=True, omit_defaults=True):
    """One request that is about to change something. path: the object's own address, empty when it has no name yet;
    words: the object as people say it; manager: the name it goes out under; before: the object as the call saw it,
    None when it did not look; at: when it was written down."""

    verb: Verb
    path: str
    words: str
    manager: str = ""
    before: Seen | None = None
    at: datetime | None = None

    def plain(self, at: datetime) -> dict[str, Any]:
        """As JSON, for a row."""
        plain: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(self, at=at))
        return plain


def from_plain(row: Mapping[str, Any]) -> Sending:
    """Raises msgspec.ValidationError."""
    return msgspec.convert(row, Sending)


def manager_of(call_id: str) -> str:
    """The name one call's creates and patches go out under (at most 128 characters, says the API)."""
    return f"{FIELD_MANAGER}-{''.join(sign for sign in call_id if sign.isalnum())[:16]}"


def seen(found: Mapping[str, Any]) -> Seen:
    """From an object as the API server gives it, `managedFields` included."""
    meta = found.get("metadata") or {}
    entries = [entry for entry in meta.get("managedFields") or [] if entry.get("subresource") != "status"]
    applied = [str(entry.get("time", "")) for entry in entries if _is_our_apply(entry)]
    return Seen(
        uid=str(meta.get("uid") or ""),
        version=str(meta.get("resourceVersion") or ""),
        generation=int(meta.get("generation") or 0),
        going=bool(meta.get("deletionTimestamp")),
        owners=_fingerprint(entries) if entries else "",
        managers=tuple(sorted({str(entry.get("manager", "")) for entry in entries})),
        applied=max(applied, default=""),
    )


def _is_our_apply(entry: Mapping[str, Any]) -> bool:
    return entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply"


def _fingerprint(entries: list[Any]) -> str:
    written = sorted(msgspec.json.encode(entry, order="sorted") for entry in entries)
    return hashlib.sha256(b"\n".join(written)).hexdigest()[:32]
