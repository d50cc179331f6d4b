"""`/api/v1/audit`: the audit's rows for auditors and administrators, in pages or as one stream of JSON lines."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from channels.db import database_sync_to_async
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from ninja import Field, Query, Router, Schema

from chat.access import require_to_see_all
from chat.audit import export
from chat.models import AuditRow
from chat.rest.door import caller, signed_in_async
from chat.rest.paging import Place, listed, page

router = Router(tags=["audit"])
LINES = "application/x-ndjson"
_AT_ONCE = 500  # rows


class Wanted(Schema):
    """Which rows: of a time (from, and before), and with exactly these words."""

    since: datetime | None = Field(None, alias="from")
    until: datetime | None = None
    conversation_id: str = Field("", max_length=36)
    kind: str = Field("", max_length=48)
    actor: str = Field("", max_length=150)


class AuditRowOut(Schema):
    """`hash` is the SHA-256 of `prev_hash` and the canonical JSON of all else, `request` as its canonical JSON text."""

    seq: int
    at: str
    kind: str
    actor: str
    identity: str
    door: str
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
    request: dict[str, Any] | None
    request_hash: str
    outcome: str
    prev_hash: str
    hash: str


class AuditList(Schema):
    items: list[AuditRowOut]
    next: str | None = None


@router.get("", auth=signed_in_async, response=AuditList, exclude_none=False)
async def listing(request: HttpRequest, wanted: Query[Wanted], place: Query[Place]) -> Any:
    """Newest first, in pages. With `Accept: application/x-ndjson` all of them, oldest first, one JSON object a line."""
    user = caller(request)
    await database_sync_to_async(require_to_see_all)(user)
    if LINES in request.headers.get("Accept", ""):
        return await _stream(user.get_username(), wanted)
    return await database_sync_to_async(_page)(wanted, place)


def _page(wanted: Wanted, place: Place) -> dict[str, Any]:
    found, following = page(_rows(wanted), "at", place)
    return listed([export.plain(row) for row in found], following)


def _rows(wanted: Wanted) -> QuerySet[AuditRow]:
    return export.rows(
        since=wanted.since,
        until=wanted.until,
        conversation_id=wanted.conversation_id,
        kind=wanted.kind,
        actor=wanted.actor,
    )


async def _stream(actor: str, wanted: Wanted) -> HttpResponseBase:
    await database_sync_to_async(export.note)(actor, wanted.model_dump())
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(_lines(wanted), content_type=LINES, headers=headers)


async def _lines(wanted: Wanted) -> AsyncIterator[bytes]:
    """From number to number, so that no transaction stays open as long as somebody reads."""
    after = 0
    while True:
        found = await database_sync_to_async(_after)(wanted, after)
        if not found:
            return
        after = found[-1].seq
        yield "".join(f"{export.line(row)}\n" for row in found).encode()


def _after(wanted: Wanted, seq: int) -> list[AuditRow]:
    return list(_rows(wanted).filter(seq__gt=seq)[:_AT_ONCE])
