"""Who may write for a run: claim it, renew the claim, and check it in every write.

A claim is one conditional UPDATE that raises `lease_epoch`. Whoever was there before holds an older epoch, and every
write of theirs meets `hold`, which finds no row and raises LeaseLost. Leases run by the database's clock: those of the
machines differ.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from chat.actions import held
from chat.errors import LeaseLost, RunOver
from chat.event_types import BLOCK_ENDS
from chat.models import Event, Run
from chat.models.run import ACTIVE, RunStatus
from tools.prepared import Prepared

LEASE = timedelta(seconds=6)
NOBODY = "handed over"  # owner of a run that its process gave on
OVER = Now() - timedelta(seconds=1)  # for `lease_until`: whoever looks may take it
RENEW_EVERY = 2.0  # seconds
AT_ONCE = 16  # runs looked at for a claim
OpenBlock = dict[str, Any]  # {"block", "kind", "text"}, as Run.open_block keeps it


@dataclass(frozen=True, slots=True)
class Claim:
    """A run taken by this process. `taken_over`: another process held it and did not end it; `handed_over`: because it
    gave it on."""

    run_id: str
    conversation_id: str
    epoch: int
    attempt: int
    taken_over: bool = False
    handed_over: bool = False


def claim(owner: str) -> Claim | None:
    """Takes the oldest run that waits for a process: queued with nothing active before it, or with a dead lease."""
    return next(filter(None, (take(run, owner) for run in claimable())), None)


def claimable(only: str = "") -> list[Run]:
    """The AT_ONCE oldest ones, as they are at this moment; `only`: this run and no other."""
    return list(_free().filter(pk=only)[:AT_ONCE]) if only else _oldest.objects()


_LEFT = Q(status=RunStatus.RUNNING, lease_until__lt=Now())


def _free() -> QuerySet[Run]:
    active = Run.objects.filter(conversation=OuterRef("conversation"), status__in=ACTIVE)
    return Run.objects.filter(Q(status=RunStatus.QUEUED) & ~Exists(active) | _LEFT).order_by("message_id")


_oldest = Prepared(lambda: _free()[:AT_ONCE])


def take(run: Run, owner: str) -> Claim | None:
    """One of them; None when another process was faster."""
    now = timezone.now()
    try:
        with transaction.atomic():
            seen = Run.objects.filter(pk=run.pk, status=run.status, lease_epoch=run.lease_epoch)
            changed = seen.filter(Q(status=RunStatus.QUEUED) | _LEFT).update(
                status=RunStatus.RUNNING,
                owner=owner,
                lease_epoch=F("lease_epoch") + 1,
                lease_until=Now() + LEASE,
                attempt=F("attempt") + 1,
                started_at=run.started_at or now,
            )
    except IntegrityError:  # another run of this conversation became active in between
        return None
    if not changed:
        return None
    return Claim(
        str(run.pk),
        str(run.conversation_id),
        run.lease_epoch + 1,
        run.attempt + 1,
        taken_over=bool(run.owner),
        handed_over=run.owner == NOBODY,
    )


def renew_all(owner: str, kept: Mapping[Claim, OpenBlock | None]) -> set[Claim]:
    """Prolongs the leases of one owner's claims in one go and keeps the open blocks among them, for late joiners and
    for a crash. Returns the claims that still stand."""
    with transaction.atomic():
        driven = [claim.run_id for claim in kept]  # one that was given up without an end is another process's to end
        mine = Run.objects.filter(pk__in=driven, owner=owner, status=RunStatus.RUNNING)
        mine.update(lease_until=Now() + LEASE)
        epochs = {str(pk): epoch for pk, epoch in mine.values_list("pk", "lease_epoch")}
        standing = {claim for claim in kept if epochs.get(claim.run_id) == claim.epoch}
        _keep({claim.run_id: block for claim in standing if (block := kept[claim]) is not None})
        return standing


def _keep(blocks: Mapping[str, OpenBlock]) -> None:
    """Their rows are locked: one that has been closed meanwhile stays closed."""
    ends = Event.objects.filter(run_id__in=list(blocks), type__in=[end.type for end in BLOCK_ENDS.values()])
    closed = {str(run): count for run, count in ends.order_by().values_list("run_id").annotate(Count("id"))}
    saying = [Run(pk=run, open_block=block) for run, block in blocks.items() if block["block"] == closed.get(run, 0)]
    Run.objects.bulk_update(saying, ["open_block"])


def hold_to_go_on(claim: Claim) -> Run:
    """As `hold`, for what must not begin any more once a person wants the run to stop. Raises LeaseLost, RunOver."""
    run = hold(claim)
    if run.stop_requested:
        raise RunOver("stopped")
    return run


def stopping(claim: Claim) -> bool:
    """Whether a person wants the run to stop, or this process has it no more."""
    return not _mine(claim).filter(stop_requested=False).exists()


def hold(claim: Claim) -> Run:
    """Locks the run's row for this transaction if the claim still stands, and returns it as it is now. Raises
    LeaseLost."""
    row = held.prolonged(uuid.UUID(claim.run_id), claim.epoch, LEASE)
    if row is None:
        raise LeaseLost("Another process has taken this run over.")
    return row


def release(claim: Claim) -> None:
    """Gives an unfinished run back at once: the next process need not wait for the lease to run out."""
    _mine(claim).update(lease_until=OVER, owner=NOBODY)


def database_time() -> datetime:
    """Of one clock for all machines; on SQLite they are one machine."""
    now: datetime = Run.objects.order_by().values_list(Now(), flat=True)[0]
    return now


def _mine(claim: Claim) -> QuerySet[Run]:
    return Run.objects.filter(pk=claim.run_id, lease_epoch=claim.epoch, status=RunStatus.RUNNING)
