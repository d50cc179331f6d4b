"""Budgets in plain words: amounts, whose they are, and what to do when one is used up."""

from chat.budgets.scopes import Concern
from chat.models import Pot
from chat.models.budget import Scope, Window

NEXT = {
    Window.RUN.value: "Send another message, which is a run of its own",
    Window.DAY.value: "It begins anew at midnight UTC",
    Window.MONTH.value: "It begins anew on the first of the month (UTC)",
}


def tokens(count: int) -> str:
    return f"{count:,} tokens"


def dollars(micros: int) -> str:
    """Cents, and for less than a dollar as much as tells two calls apart."""
    amount = micros / 1_000_000
    return f"${amount:,.2f}" if micros >= 1_000_000 or not micros else f"${max(amount, 0.0001):.4f}"


def bound(concern: Concern) -> str:
    both = (
        tokens(concern.tokens) if concern.tokens is not None else "",
        dollars(concern.micros) if concern.micros is not None else "",
    )
    return " and ".join(filter(None, both))


def name(concern: Concern) -> str:
    """ "the budget of ana for a day (2,000 tokens)"."""
    whose = {
        Scope.RUN.value: "this run",
        Scope.PERSON.value: concern.who,
        Scope.GROUP.value: f"the group {concern.who}",
        Scope.EVERYBODY.value: "everybody together",
    }[concern.scope]
    stretch = "" if concern.scope == Scope.RUN else f" for {Window(concern.window).label}"
    return f"the budget of {whose}{stretch} ({bound(concern)})"


def used_up(concern: Concern, spent: str, wanted: str) -> str:
    """`spent` and `wanted` are amounts in words."""
    return (
        f"The model was not asked: {name(concern)} has not enough left. {spent} are spent, and the next call could "
        f"take up to {wanted}. {NEXT[concern.window]}; an administrator can raise it on the page Budgets."
    )


def nearly(concern: Concern, percent: int) -> str:
    words = name(concern)
    return f"{percent} % of {words} are spent. {NEXT[concern.window]}; an administrator can raise it."


def share(concern: Concern, pot: Pot) -> int:
    """Percent of the budget that is spent, of tokens or of money, whichever is more."""
    parts = [(pot.spent_tokens, concern.tokens), (pot.spent_micros, concern.micros)]
    return max(min(100, 100 * spent // most) if most else 100 for spent, most in parts if most is not None)
