"""How full the pots are: of each budget what is spent, what is set aside and what is left, in this day and month."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import User

from chat.budgets import scopes, sentences
from chat.budgets.scopes import Bounds, Concern, Place
from chat.models import Pot
from chat.models.budget import Scope, Window


@dataclass(frozen=True, slots=True)
class Bar:
    """One bound to draw. spent and held: percent of the bound, together at most 100; the rest in words."""

    kind: str
    spent: float
    held: float
    words: str
    left: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One budget for one person, group or everybody."""

    name: str
    window: str
    bars: list[Bar]

    @property
    def nearly(self) -> bool:
        return any(bar.spent + bar.held >= 80 for bar in self.bars)


def mine(user: User, day: date, bounds: dict[Place, Bounds]) -> list[Standing]:
    """Of the budgets that bind this person's calls, but for those of single runs."""
    concerns = scopes.concerning(user, day, bounds)
    pots = {pot.key: pot for pot in Pot.objects.filter(key__in=[concern.key for concern in concerns])}
    return _standings((concern, pots.get(concern.key)) for concern in concerns)


def everyones(day: date, bounds: dict[Place, Bounds]) -> list[Standing]:
    """Of everybody who has spent something in this day or month, the fullest first."""
    found = []
    for window in (Window.DAY, Window.MONTH):
        end = "/" + scopes.when(window, day)
        for pot in Pot.objects.filter(key__endswith=end).exclude(key__startswith="run/"):
            scope, _, who = pot.key.removesuffix(end).partition("/")
            concern = scopes.concern(bounds, (scope, who, window.value), end[1:])
            if concern is not None:
                found.append((concern, pot))
    found.sort(key=lambda each: (-sentences.share(*each), each[0].key))
    return _standings(found)


def _standings(found: Iterable[tuple[Concern, Pot | None]]) -> list[Standing]:
    return [
        Standing(_name(concern), Window(concern.window).label, _bars(concern, pot or Pot())) for concern, pot in found
    ]


def _name(concern: Concern) -> str:
    if concern.scope == Scope.GROUP:
        return f"Group {concern.who}"
    return concern.who or "Everybody together"


def _bars(concern: Concern, pot: Pot) -> list[Bar]:
    made = []
    if concern.tokens is not None:
        made.append(_bar("Tokens", concern.tokens, pot.spent_tokens, pot.held_tokens))
    if concern.micros is not None:
        made.append(_bar("Money", concern.micros, pot.spent_micros, pot.held_micros))
    return made


def _bar(kind: str, most: int, spent: int, held: int) -> Bar:
    tell = sentences.dollars if kind == "Money" else "{:,}".format
    part = 100 / most if most else 0.0
    drawn = min(100.0, spent * part) if most else 100.0
    words = f"{tell(spent)} of {tell(most)} spent" + (f", {tell(held)} set aside" if held else "")
    return Bar(kind, drawn, min(100.0 - drawn, held * part), words, f"{tell(max(0, most - spent - held))} left")
