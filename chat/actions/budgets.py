"""Set and remove a budget: administrators say how much a run, a person, a group or everybody may spend."""

from dataclasses import asdict, dataclass

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from chat import audit, storable
from chat.access import Right, require
from chat.budgets.scopes import when
from chat.errors import BadInput, NotFound
from chat.models import Budget, Pot
from chat.models.budget import Scope, Window

MOST = 10**15  # tokens, or millionths of a dollar


@dataclass(frozen=True, slots=True)
class Wanted:
    """A budget as an administrator says it. A bound that is None does not bind; `who` empty: every one of the scope."""

    scope: str
    window: str
    who: str = ""
    tokens: int | None = None
    micros: int | None = None
    note: str = ""


def put(user: User, wanted: Wanted) -> Budget:
    """Sets a budget, in the place of the one for the same scope, window and name. Counts from what is spent already.

    Raises BadInput, NotFound for somebody who does not exist, NotAllowed.
    """
    require(user, Right.ADMINISTER)
    _check(wanted)
    values = {"tokens": wanted.tokens, "micros": wanted.micros, "note": storable.text(wanted.note.strip())[:300]}
    with transaction.atomic():
        budget, _ = Budget.objects.update_or_create(
            scope=wanted.scope, who=wanted.who, window=wanted.window,
            defaults=values | {"set_by": user, "set_at": timezone.now()},
        )  # fmt: skip
        _count_anew(budget)
        _record(user, wanted, set_=True)
        return budget


def remove(user: User, budget_id: int) -> None:
    """From here on the general one holds, or what the settings say."""
    require(user, Right.ADMINISTER)
    with transaction.atomic():
        budget = Budget.objects.select_for_update().filter(pk=budget_id).first()
        if budget is None:
            raise NotFound("There is no such budget any more. Reload the page.")
        _count_anew(budget)
        budget.delete()
        was = Wanted(budget.scope, budget.window, budget.who, budget.tokens, budget.micros, budget.note)
        _record(user, was, set_=False)


def _record(user: User, wanted: Wanted, *, set_: bool) -> None:
    audit.record("budget.changed", actor=user.get_username(), request={"set": set_} | asdict(wanted))


def _check(wanted: Wanted) -> None:
    if wanted.scope not in Scope.values or wanted.window not in Window.values:
        raise BadInput("A budget is for each run, a person, a group or everybody, and for a run, a day or a month.")
    if (wanted.scope == Scope.RUN) != (wanted.window == Window.RUN):
        raise BadInput("A budget for each run lasts a run; every other lasts a day or a month.")
    if any(bound is not None and not 0 <= bound <= MOST for bound in (wanted.tokens, wanted.micros)):
        raise BadInput("A budget is an amount of tokens or dollars from nought on; leave it empty for no bound.")
    if wanted.who and not _is_known(wanted.scope, wanted.who):
        raise NotFound(f"Nobody is called {wanted.who!r} here. Leave the name empty to mean every one of them.")


def _is_known(scope: str, who: str) -> bool:
    if scope == Scope.GROUP:
        return Group.objects.filter(name=who).exists()
    return scope != Scope.EVERYBODY and User.objects.filter(username=who).exists()


def _count_anew(budget: Budget) -> None:
    """While no budget was for somebody nothing was put into their pot: the next call to a model begins it anew, from
    the calls that were made."""
    if budget.scope != Scope.RUN:
        stretch = when(budget.window, timezone.now().date())
        pots = Pot.objects.filter(key__startswith=f"{budget.scope}/", key__endswith=f"/{stretch}")
        list(pots.select_for_update().order_by("key").values_list("pk"))  # locked as every call locks them
        pots.delete()
