"""The audit for other programs: rows as JSON, one a line, each with all that its hash is made of."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from chat.audit.chain import SEALED, canonical, written
from chat.audit.writing import record
from chat.models import AuditRow

_AT_ONCE = 2_000  # rows


def rows(*, since: datetime | None = None, until: datetime | None = None, **wanted: str) -> QuerySet[AuditRow]:
    """Oldest first. `wanted`: fields that must be exactly so; an empty text asks for nothing."""
    found = AuditRow.objects.order_by("seq").filter(**{name: value for name, value in wanted.items() if value})
    if since is not None:
        found = found.filter(at__gte=since)
    return found.filter(at__lt=until) if until is not None else found


def plain(row: AuditRow) -> dict[str, Any]:
    """As JSON. `request` is an object: its canonical JSON is what the hash is made of."""
    told = {name: getattr(row, name) for name in (*SEALED, "prev_hash", "hash")}
    return told | {"at": written(row.at), "request": json.loads(row.request) if row.request else None}


def line(row: AuditRow) -> str:
    """Nothing but ASCII, without the end of the line: no character in it can act on whoever looks at it."""
    return canonical(plain(row))


def lines(found: QuerySet[AuditRow]) -> Iterator[str]:
    return (line(row) for row in found.iterator(chunk_size=_AT_ONCE))


def note(actor: str, **wanted: Any) -> None:
    """Taking the audit away is in the audit too."""
    with transaction.atomic():
        record("audit.exported", actor=actor, request={name: str(value) for name, value in wanted.items() if value})
