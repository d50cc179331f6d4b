"""Set aside what a call to the model may cost before it is made, and settle what it did cost afterwards.

Of two calls that want the last tokens one gets them: the pots of all budgets concerned are locked in the order of their
keys, looked at and added to in one transaction, which holds the run's row, as everything does that a runner writes. A
run needs no pot for a budget of its own: with its row held, what its calls say is all that there is. A pot that is not
there yet is begun beforehand, while nothing is held: two calls would else wait for each other's.
What nobody settled is spent in full: a call whose process died may have been made.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from chat import journal
from chat.actions.leases import Claim, hold, hold_to_go_on
from chat.agent.errors import LimitReached
from chat.agent.ports import Asking, Usage
from chat.budgets import prices, sentences
from chat.budgets.scopes import Concern, concerning, standing
from chat.event_types import Notice
from chat.models import Budget, Pot, Reservation, Run
from chat.models.budget import Scope
from tools.prepared import Prepared, Slot

BY_ITSELF = 1_000  # tokens an endpoint adds to a request by itself, or counts anew: a system prompt for tools
NEARLY = 80  # percent of a budget that is told of
NEARLY_USED = "budget_nearly"


# ---- before a call -----------------------------------------------------------------------------------------------


def reserve(claim: Claim, model: str, asking: Asking) -> Reservation:
    """Raises LimitReached `budget` when a budget has not that much left, RunOver after a Stop, LeaseLost."""
    while True:
        try:
            return _reserve(claim, model, asking)
        except _NotBegun as pots:
            Pot.objects.bulk_create([_begun(concern) for concern in pots.concerns], ignore_conflicts=True)


class _NotBegun(Exception):
    """Some of the pots are not there. `concerns`: theirs, in the order of their keys."""

    def __init__(self, concerns: Sequence[Concern]) -> None:
        super().__init__()
        self.concerns = concerns


def _reserve(claim: Claim, model: str, asking: Asking) -> Reservation:
    with transaction.atomic():
        run = hold_to_go_on(claim)
        person = User.objects.get(messages__run=run)
        today, known = timezone.now().date(), prices.find(model)
        made = _made.objects(run=run.pk)
        asked, grown = _asked_at_most(run, model, asking, made), asking.grown or asking.size
        wanted = Reservation(
            run=run, person=person, model=model[:120], day=today, epoch=claim.epoch, size=grown,
            priced=known.sure, held_tokens=asked + asking.most, held_micros=known.price.at_most(asked, asking.most),
        )  # fmt: skip
        _take(wanted, concerning(person, today, standing(Budget.objects.all()), claim.run_id), made)
        wanted.save(force_insert=True)
        return wanted


def _asked_at_most(run: Run, model: str, asking: Asking, made: Sequence[Reservation]) -> int:
    """Tokens of a request. A conversation only grows: what the last request of it really had is known, and what was
    added since has no more tokens than bytes. What was shortened since takes none away: only the new words count.
    `made`: the run's own calls so far, oldest first."""
    grown = asking.grown or asking.size
    counted = [(each.size, each.input_known) for each in made if each.model == model[:120] and each.input_known > 0]
    last = counted[-1] if counted else _last_before(run, model)
    if last is None or grown < last[0]:
        return asking.size + BY_ITSELF
    return min(asking.size, last[1] + grown - last[0]) + BY_ITSELF


def _last_before(run: Run, model: str) -> tuple[int, int] | None:
    """Of the conversation's earlier runs."""
    earlier = Reservation.objects.filter(run__conversation=run.conversation_id, model=model[:120], input_known__gt=0)
    return earlier.order_by("-pk").values_list("size", "input_known").first()


def _take(wanted: Reservation, concerns: Sequence[Concern], made: Sequence[Reservation]) -> None:
    """Out of every pot, or out of none."""
    shared = [concern for concern in concerns if concern.scope != Scope.RUN]
    pots = _locked(shared) if shared else {}
    filled = [(concern, pots.get(concern.key) or _of_run(made)) for concern in concerns]
    for concern, pot in filled:
        if concern.tokens is not None and pot.spent_tokens + pot.held_tokens + wanted.held_tokens > concern.tokens:
            raise _used_up(concern, sentences.tokens(pot.spent_tokens), sentences.tokens(wanted.held_tokens))
        if concern.micros is not None and pot.spent_micros + pot.held_micros + wanted.held_micros > concern.micros:
            raise _used_up(concern, sentences.dollars(pot.spent_micros), sentences.dollars(wanted.held_micros))
    wanted.pots = sorted(pot.pk for pot in pots.values())
    if wanted.pots:
        Pot.objects.filter(pk__in=wanted.pots).update(
            held_tokens=F("held_tokens") + wanted.held_tokens, held_micros=F("held_micros") + wanted.held_micros
        )
    _warn(wanted.run, filled)


def _of_run(made: Iterable[Reservation]) -> Pot:
    """What would be in a run's own pot."""
    pot = Pot()
    for each in made:
        if each.settled_at:
            pot.spent_tokens, pot.spent_micros = pot.spent_tokens + each.tokens, pot.spent_micros + each.micros
        else:
            pot.held_tokens, pot.held_micros = pot.held_tokens + each.held_tokens, pot.held_micros + each.held_micros
    return pot


def _used_up(concern: Concern, spent: str, wanted: str) -> LimitReached:
    return LimitReached(sentences.used_up(concern, spent, wanted), code="budget", temporary=concern.scope != Scope.RUN)


def _locked(concerns: Sequence[Concern]) -> dict[str, Pot]:
    """The pots, locked in the order of their keys. Raises _NotBegun."""
    keys = [concern.key for concern in concerns]
    pots = {pot.key: pot for pot in Pot.objects.select_for_update(no_key=True).filter(key__in=keys).order_by("key")}
    if missing := [concern for concern in concerns if concern.key not in pots]:
        raise _NotBegun(missing)
    return pots


def _begun(concern: Concern) -> Pot:
    """With what was spent before, for a budget set in the middle of its day. What is still held counts as spent."""
    spent = Reservation.objects.filter(_of(concern)).aggregate(
        tokens=Coalesce(Sum("tokens", filter=_SETTLED), 0) + Coalesce(Sum("held_tokens", filter=~_SETTLED), 0),
        micros=Coalesce(Sum("micros", filter=_SETTLED), 0) + Coalesce(Sum("held_micros", filter=~_SETTLED), 0),
    )
    return Pot(key=concern.key, spent_tokens=spent["tokens"], spent_micros=spent["micros"])


_SETTLED = Q(settled_at__isnull=False)


def _of(concern: Concern) -> Q:
    """The reservations that a budget counts."""
    days = Q(day=concern.when) if len(concern.when) == 10 else _month(date.fromisoformat(f"{concern.when}-01"))
    whose = {
        Scope.PERSON.value: Q(person__username=concern.who),
        Scope.GROUP.value: Q(person__groups__name=concern.who),
    }
    return days & whose.get(concern.scope, Q())


def _month(first: date) -> Q:
    return Q(day__year=first.year, day__month=first.month)


def _warn(run: Run, filled: Sequence[tuple[Concern, Pot]]) -> None:
    """Once for each pot: that little of it is left, told to whoever is spending."""
    near = [(concern, pot) for concern, pot in filled if not pot.warned and sentences.share(concern, pot) >= NEARLY]
    near = [(concern, pot) for concern, pot in near if concern.scope != Scope.RUN or not _knows(run, concern)]
    for concern, pot in near:
        text = sentences.nearly(concern, sentences.share(concern, pot))
        told = Notice(conversation_id=str(run.conversation_id), run_id=str(run.pk), code=NEARLY_USED, text=text)
        journal.append(told, run=run)
    if near:
        Pot.objects.filter(pk__in=[pot.pk for _, pot in near if pot.pk]).update(warned=True)


def _knows(run: Run, concern: Concern) -> bool:
    """Whether the run has been told of this budget of its own."""
    notices = run.events.filter(type=Notice.type).values_list("data", flat=True)
    return any(data["code"] == NEARLY_USED and sentences.name(concern) in data["text"] for data in notices)


# ---- after it ----------------------------------------------------------------------------------------------------


def settle_held(claim: Claim, reservation: Reservation, usage: Usage | None) -> None:
    """As `settle`, in a transaction of its own under the run's lease. Raises LeaseLost."""
    with transaction.atomic():
        hold(claim)
        settle(reservation, usage)


def settle(reservation: Reservation, usage: Usage | None) -> None:
    """Inside the caller's transaction, which holds the run: what the call has cost; None: nobody knows, so all that was
    set aside. A second time changes nothing."""
    spent = _spent(reservation, usage)
    if not Reservation.objects.filter(pk=reservation.pk, settled_at=None).update(**spent):
        return
    if reservation.pots:
        held = Pot.objects.filter(pk__in=reservation.pots)
        list(held.select_for_update(no_key=True).order_by("key").values_list("pk"))
        held.update(
            spent_tokens=F("spent_tokens") + spent["tokens"],
            spent_micros=F("spent_micros") + spent["micros"],
            held_tokens=F("held_tokens") - reservation.held_tokens,
            held_micros=F("held_micros") - reservation.held_micros,
        )


def _spent(reservation: Reservation, usage: Usage | None) -> dict[str, Any]:
    now = timezone.now()
    if usage is None:
        return {"settled_at": now, "tokens": reservation.held_tokens, "micros": reservation.held_micros}
    counts = asdict(usage)
    asked = sum(counts.values()) - usage.output_tokens
    return counts | {
        "settled_at": now,
        "known": True,
        "input_known": asked,
        "tokens": sum(counts.values()),
        "micros": prices.find(reservation.model).price.of(usage),
    }


def settle_left(run: Run) -> list[Reservation]:
    """Inside the caller's transaction, which holds the run: whatever is still held of it is spent in full. Returns all
    reservations of the run, oldest first, as they were before."""
    made = _made.objects(run=run.pk)
    for reservation in made:
        if reservation.settled_at is None:
            settle(reservation, None)
    return made


_made = Prepared(lambda: Reservation.objects.filter(run_id=Slot("run", Run._meta.pk)).order_by("pk"))


def context(made: Sequence[Reservation]) -> int | None:
    """Of a run's calls: percent of the model's window that the last counted request and its answer took; None without
    one."""
    counted = [each for each in made if each.known and each.input_known > 0]
    return round(100 * counted[-1].tokens / settings.K8SMCP_MODEL_WINDOW) if counted else None


def cost(made: Sequence[Reservation]) -> float | None:
    """US dollars that a run's calls to models have cost; None without any, or when a price is not known."""
    if not made or not all(each.priced for each in made):
        return None
    return sum(each.micros if each.settled_at else each.held_micros for each in made) / prices.MICROS
