"""Budgets: how much of them is spent, what was spent on what, and, for administrators, setting them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib.auth.models import Group, User
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from chat.access import SEES_ALL, Right, rights
from chat.actions import budgets
from chat.actions.budgets import Wanted
from chat.budgets import prices, scopes, sentences, standings, usage
from chat.budgets.usage import Line
from chat.errors import BadInput
from chat.models import Budget
from chat.models.budget import Scope, Window
from chat.web.door import SignedIn, done, page

DAYS = 30


@dataclass(frozen=True, slots=True)
class Row:
    """A budget as it stands. `pk` is None for one of the settings."""

    pk: int | None
    scope: str
    who: str
    window: str
    tokens: str
    money: str
    note: str


@dataclass(frozen=True, slots=True)
class Spent:
    """A line of usage, with how long it is drawn (percent of the longest)."""

    line: Line
    part: float
    cost: str


@page("GET", "HEAD")
def listing(request: SignedIn) -> HttpResponseBase:
    today = timezone.now().date()
    held = rights(request.user)
    all_of_it = bool(held & SEES_ALL)
    seen = usage.calls(request.user, today - timedelta(days=DAYS - 1), today, everybody=all_of_it)
    tables = [
        (title, by, _drawn(usage.lines(seen, by)))
        for title, by in (("By day", "day"), ("By person", "person"), ("By model", "model"))
        if by != "person" or all_of_it
    ]
    table = list(Budget.objects.all())
    bounds = scopes.standing(table)
    context: dict[str, Any] = {
        "mine": standings.mine(request.user, today, bounds),
        "everyones": standings.everyones(today, bounds) if all_of_it else [],
        "sees_all": all_of_it,
        "tables": tables,
        "days": DAYS,
        "unsure": any(spent.line.cost is None for _, _, lines in tables for spent in lines),
        "source": prices.SOURCE,
        "rows": _rows(table),
        "may_set": Right.ADMINISTER in held,
    }
    if context["may_set"]:
        context |= {"scopes": Scope.choices, "windows": Window.choices, "names": _names()}
    return render(request, "chat/pages/budgets.html", context)


@page("POST")
def put(request: SignedIn) -> HttpResponseBase:
    form = request.POST
    wanted = Wanted(
        scope=form.get("scope", ""),
        window=Window.RUN if form.get("scope") == Scope.RUN else form.get("window", ""),
        who=form.get("who", "").strip(),
        tokens=_whole(form.get("tokens", "")),
        micros=_micros(form.get("dollars", "")),
        note=form.get("note", ""),
    )
    budgets.put(request.user, wanted)
    return done(request, "budgets")


@page("POST")
def remove(request: SignedIn, budget_id: int) -> HttpResponseBase:
    budgets.remove(request.user, budget_id)
    return done(request, "budgets")


def _whole(text: str) -> int | None:
    digits = text.strip().replace(",", "").replace(" ", "").replace("_", "")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise BadInput("Tokens are a whole number, such as 2,000,000. Leave the field empty for no bound.")
    return int(digits)


def _micros(text: str) -> int | None:
    amount = text.strip().removeprefix("$").replace(",", "")
    if not amount:
        return None
    try:
        return int(Decimal(amount) * prices.MICROS)
    except (InvalidOperation, ValueError, OverflowError):
        raise BadInput("Dollars are an amount such as 25 or 2.50. Leave the field empty for no bound.") from None


def _rows(table: Sequence[Budget]) -> list[Row]:
    """Those of the table, then those of the settings that none of them replaces."""
    taken = {(row.scope, row.who, row.window) for row in table}
    made = [_row(row.pk, (row.scope, row.who, row.window), (row.tokens, row.micros), row.note) for row in table]
    return made + [
        _row(None, place, bounds, "From the settings")
        for place, bounds in scopes.from_settings().items()
        if place not in taken and bounds != (None, None)
    ]


def _row(pk: int | None, place: scopes.Place, bounds: scopes.Bounds, note: str) -> Row:
    tokens, micros = bounds
    return Row(
        pk,
        Scope(place[0]).label.capitalize(),
        place[1],
        Window(place[2]).label,
        f"{tokens:,}" if tokens is not None else "",
        sentences.dollars(micros) if micros is not None else "",
        note,
    )


def _drawn(lines: Sequence[Line]) -> list[Spent]:
    longest = max((line.tokens for line in lines), default=0) or 1
    return [
        Spent(line, 100 * line.tokens / longest, "unknown" if line.cost is None else _dollars(line.cost))
        for line in lines
    ]


def _dollars(amount: float) -> str:
    return sentences.dollars(round(amount * prices.MICROS))


def _names() -> list[str]:
    people = User.objects.filter(is_active=True).order_by("username").values_list("username", flat=True)
    return [*people, *Group.objects.order_by("name").values_list("name", flat=True)]
