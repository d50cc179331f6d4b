"""Lists: `{items, next?}`, with `?limit` and `?cursor`."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from ninja import Field, Schema

from chat.errors import BadInput


class Place(Schema):
    """Where in a list to begin, and how much of it."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str = ""


M = TypeVar("M", bound=Model)


def page(rows: "QuerySet[M]", time: str, place: Place) -> tuple[list[M], str | None]:
    """Newest first by the field `time`; the cursor names the last row that was given, so new rows shift nothing."""
    limit = place.limit
    if place.cursor:
        at, pk = _opened(rows, place.cursor)
        rows = rows.filter(Q(**{f"{time}__lt": at}) | Q(**{time: at, "pk__lt": pk}))
    found = list(rows.order_by(f"-{time}", "-pk")[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], _closed(getattr(last, time), str(last.pk))


def listed(items: list[Any], following: str | None) -> dict[str, Any]:
    return {"items": items} | ({"next": following} if following else {})


def _closed(at: datetime, pk: str) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{pk}".encode()).decode()


def _opened(rows: "QuerySet[M]", cursor: str) -> tuple[datetime, Any]:
    try:
        at, pk = base64.urlsafe_b64decode(cursor.encode()).decode().split("|")
        return datetime.fromisoformat(at).astimezone(UTC), rows.model._meta.pk.to_python(pk)
    except (ValueError, OverflowError, binascii.Error, ValidationError) as fault:
        raise BadInput("The cursor is not one that a list gave you: leave it out to begin anew.") from fault
