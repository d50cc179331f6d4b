"""Writes one audit row: takes the next number, seals the row before it, moves the head.

Whoever records locks the head, one row for the whole installation, until their transaction ends. So it is the LAST
lock that a transaction takes: run, then conversation, then head. Whoever holds the head waits for nobody, so no two
transactions can wait for each other, and others wait only for a commit. What a transaction still writes after it must
be rows that it holds already.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import CharField
from django.utils.crypto import salted_hmac

from chat import storable
from chat.audit import chain, door
from chat.models import AuditHead, AuditRow
from chat.models.audit_row import NOBODY_BEFORE

HEAD = 1
LONGEST_REQUEST = 16_384  # characters of canonical JSON; what is longer is kept as its beginning and its digest
_NOW = {
    "postgresql": "clock_timestamp()",  # read after the wait for the lock, so times stand in the order of numbers
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
}


class Told(TypedDict, total=False):
    """What a row may tell beside its kind and actor; texts are cut to their column, `door` is the present one."""

    door: str
    identity: str
    conversation_id: str
    run_id: str
    tool_call_id: str
    cluster: str
    tool: str
    effect: str
    decision: str
    rule: str
    policy_version: str
    approved_by: str
    request: Mapping[str, Any]
    request_hash: str
    outcome: str


def record(kind: str, *, actor: str, **told: Unpack[Told]) -> AuditRow:
    """Writes a row inside the caller's transaction, as its last lock (above). `request` must be fit to be shown: what
    is recorded stays. Raises RuntimeError outside of a transaction, and whatever the database says: then the caller's
    deed is undone with it, so nothing is done that is not recorded."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An audit row is written in the transaction of what it tells of.")
    texts = {"door": door.name()} | {name: str(value) for name, value in told.items() if name != "request"}
    fields = {name: _fitting(name, text) for name, text in (texts | {"kind": kind, "actor": actor}).items()}
    fields["request"] = _request(told.get("request"))
    seq, prev_hash, at = _next()
    row = AuditRow(seq=seq, at=at, prev_hash=prev_hash, **fields)
    row.hash = digest(row)
    row.save(force_insert=True)
    AuditHead.objects.filter(pk=HEAD).update(hash=row.hash)
    return row


def digest(row: AuditRow) -> str:
    """What the row's hash must be."""
    told = [getattr(row, name) if name != "at" else chain.written(row.at) for name in chain.SEALED]
    return chain.digest(row.prev_hash, told)


def keyed(request: Any) -> str:
    """`request_hash` of something as it was really asked for, secrets included: keyed, so that nobody can guess them
    from it, and the same for the same request, so that what was asked, allowed and sent can be compared."""
    return salted_hmac("k8smcp.audit.request", chain.canonical(request), algorithm="sha256").hexdigest()


def _fitting(name: str, text: str) -> str:
    column = AuditRow._meta.get_field(name)
    longest = column.max_length if isinstance(column, CharField) else None
    return storable.text(text)[:longest]


def _request(request: Mapping[str, Any] | None) -> str:
    if request is None:
        return ""
    text = chain.canonical(storable.data(dict(request)))
    if len(text) <= LONGEST_REQUEST:
        return text
    whole = {"characters": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    return chain.canonical({"cut": whole, "beginning": text[: LONGEST_REQUEST // 2]})


def _next() -> tuple[int, str, datetime]:
    """The number, the hash before it and the database's time. One statement locks the head and tells all three, which
    Django's ORM has no word for; the first row ever makes the head."""
    found = _advance()
    if found is None:
        AuditHead.objects.bulk_create([AuditHead(pk=HEAD, hash=NOBODY_BEFORE)], ignore_conflicts=True)
        found = _advance()
    if found is None:
        raise RuntimeError("The head of the audit cannot be made.")
    seq, prev_hash, at = found
    return int(seq), str(prev_hash), at if isinstance(at, datetime) else datetime.fromisoformat(at)


def _advance() -> Any:
    connection = transaction.get_connection()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE chat_audithead SET seq = seq + 1 WHERE id = {HEAD} RETURNING seq, hash, {_NOW[connection.vendor]}"
        )
        return cursor.fetchone()
