"""Which budgets a call to the model concerns: the table's, and for whom it has none the settings'."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.contrib.auth.models import User

from chat.models import Budget
from chat.models.budget import Scope, Window

Bounds = tuple[int | None, int | None]  # tokens, micro-dollars; None: not bound
Place = tuple[str, str, str]  # scope, who, window


@dataclass(frozen=True, slots=True)
class Concern:
    """One budget for one run, person or group in one stretch of time. `when`: `2026-11-26`, `2026-11`, a run's id."""

    scope: str
    who: str
    window: str
    when: str
    tokens: int | None
    micros: int | None

    @property
    def key(self) -> str:
        return f"run/{self.when}" if self.scope == Scope.RUN else f"{self.scope}/{self.who}/{self.when}"


def standing(table: Iterable[Budget]) -> dict[Place, Bounds]:
    """Every budget there is; what is not in the table is as the settings say."""
    return from_settings() | {(row.scope, row.who, row.window): (row.tokens, row.micros) for row in table}


def from_settings() -> dict[Place, Bounds]:
    given = {
        (Scope.RUN.value, "", Window.RUN.value): (
            settings.K8SMCP_BUDGET_TOKENS_PER_RUN,
            settings.K8SMCP_BUDGET_MICROS_PER_RUN,
        ),
        (Scope.PERSON.value, "", Window.DAY.value): (
            settings.K8SMCP_BUDGET_TOKENS_PER_PERSON_DAY,
            settings.K8SMCP_BUDGET_MICROS_PER_PERSON_DAY,
        ),
        (Scope.EVERYBODY.value, "", Window.DAY.value): (
            settings.K8SMCP_BUDGET_TOKENS_PER_DAY,
            settings.K8SMCP_BUDGET_MICROS_PER_DAY,
        ),
    }
    return {place: (tokens or None, micros or None) for place, (tokens, micros) in given.items()}


def concerning(user: User, day: date, bounds: dict[Place, Bounds], run_id: str = "") -> list[Concern]:
    """In the order of their keys. Without a run: those of the person's day and month."""
    names = {Scope.PERSON: [user.get_username()], Scope.EVERYBODY: [""]}
    if any(scope == Scope.GROUP for scope, _, _ in bounds):
        names[Scope.GROUP] = list(user.groups.values_list("name", flat=True))
    found = [
        made
        for scope, whose in names.items()
        for who in whose
        for window in (Window.DAY, Window.MONTH)
        if (made := concern(bounds, (scope, who, window), when(window, day)))
    ]
    of_run = concern(bounds, (Scope.RUN, user.get_username(), Window.RUN), run_id) if run_id else None
    return sorted([*found, *([of_run] if of_run else [])], key=lambda made: made.key)


def when(window: str, day: date) -> str:
    return day.isoformat() if window == Window.DAY else f"{day:%Y-%m}"


def concern(bounds: dict[Place, Bounds], place: Place, stretch: str) -> Concern | None:
    """A budget for exactly this one stands in the place of the general one."""
    scope, who, window = place
    tokens, micros = bounds.get(place) or bounds.get((scope, "", window)) or (None, None)
    if tokens is None and micros is None:
        return None
    return Concern(str(scope), who, str(window), stretch, tokens, micros)
