"""`/api/v1/usage`: what was spent on models, one's own; everybody's for administrators and auditors."""

from datetime import date, timedelta
from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from chat.access import sees_all
from chat.budgets import usage
from chat.errors import BadInput
from chat.rest.door import caller, signed_in

router = Router(auth=signed_in, tags=["usage"])
LONGEST = timedelta(days=366)
USUAL = timedelta(days=29)


class Asked(Schema):
    """Days in UTC, both included; left out: the last thirty."""

    since: date | None = Field(None, alias="from")
    until: date | None = None
    by: Literal["person", "day", "model"] = "day"


class LineOut(Schema):
    """`name` is the day, the username or the model. `tokens` is the sum, with calls whose tokens nobody knows as much
    as they may have had; `uncounted` says how many those are. `cost` is in US dollars, null when a price is unknown."""

    name: str
    calls: int
    tokens: int
    counts: dict[str, int]
    cost: float | None
    uncounted: int


class UsageOut(Schema):
    since: date = Field(serialization_alias="from")
    until: date
    by: str
    everybody: bool
    items: list[LineOut]


@router.get("", response=UsageOut, by_alias=True)
def read(request: HttpRequest, asked: Query[Asked]) -> Any:
    user = caller(request)
    until = asked.until or timezone.now().date()
    since = asked.since or until - USUAL
    if not timedelta(0) <= until - since <= LONGEST:
        raise BadInput("`from` is a day before `until`, and no more than a year before it.")
    everybody = sees_all(user)
    items = usage.lines(usage.calls(user, since, until, everybody=everybody), asked.by)
    return {"since": since, "until": until, "by": asked.by, "everybody": everybody, "items": items}
