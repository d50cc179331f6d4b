"""What was spent on models: by day, by person, by model; one's own, or everybody's for those who may see it."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet, Sum

from chat.budgets.prices import MICROS
from chat.models import Reservation

BY = {"day": "day", "person": "person__username", "model": "model"}
COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


@dataclass(frozen=True, slots=True)
class Line:
    """`counts`: tokens by kind, of the calls whose tokens are known; `tokens`: of all calls, the unknown ones in full.
    `cost`: US dollars; None when a model among them has no price. `uncounted`: calls whose tokens nobody knows."""

    name: str
    calls: int
    tokens: int
    counts: dict[str, int]
    cost: float | None
    uncounted: int


def calls(user: User, since: date, until: date, *, everybody: bool) -> "QuerySet[Reservation]":
    """Settled calls to models; both days are included (UTC)."""
    settled = Reservation.objects.filter(settled_at__isnull=False, day__gte=since, day__lte=until).order_by()
    return settled if everybody else settled.filter(person=user)


def lines(seen: "QuerySet[Reservation]", by: str) -> list[Line]:
    """`by` is day, person or model. Days newest first, the others dearest first."""
    field = BY[by]
    sums = {name: Sum(name) for name in (*COUNTS, "tokens", "micros")}
    rows = seen.values(field).annotate(
        calls=Count("pk"), unsure=Count("pk", filter=Q(priced=False)), uncounted=Count("pk", filter=Q(known=False)),
        **sums,
    )  # fmt: skip
    ordered = rows.order_by("-day") if by == "day" else rows.order_by("-micros", "-tokens", field)
    return [
        Line(
            name=str(row[field]),
            calls=row["calls"],
            tokens=row["tokens"],
            counts={name: row[name] for name in COUNTS},
            cost=None if row["unsure"] else row["micros"] / MICROS,
            uncounted=row["uncounted"],
        )
        for row in ordered
    ]
