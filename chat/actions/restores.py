"""A journal that was put back from a backup is noticed, and begins a new epoch.

The database alone cannot know it. So what was last seen of it is kept outside (chat/anchors.py): when that event is not
there any more, or is another, or the epoch has been higher, the database is behind itself.
"""

import logging
from collections.abc import Sequence
from functools import partial

from channels.db import database_sync_to_async
from django.db import transaction

from chat import anchors, audit
from chat.anchors import Anchor
from chat.models import Event, JournalState
from chat.models.event import moment

log = logging.getLogger(__name__)
_ROW = 1


async def look() -> int:
    """Returns the epoch. What was kept is read before the database is: events are never taken away, so what stood there
    a moment ago must be there still, however many processes write."""
    installation = await database_sync_to_async(_installation)()
    elsewhere = await anchors.of_redis(installation)
    anchor = await database_sync_to_async(compare)(installation, [elsewhere] if elsewhere is not None else [])
    await anchors.keep_in_redis(anchor)
    return anchor.epoch


def compare(installation: str, elsewhere: Sequence[Anchor] = ()) -> Anchor:
    """With what this machine kept and what was kept `elsewhere`. Returns what is kept from now on."""
    here = anchors.of_this_machine(installation)
    kept = [*elsewhere, here] if here is not None else elsewhere
    epoch = JournalState.objects.values_list("epoch", flat=True).get(pk=_ROW)
    if any(_put_back(epoch, each) for each in kept):
        epoch = _begin_epoch(kept)
    event, at = Event.objects.order_by("-pk").values_list("pk", "at").first() or (0, None)
    anchor = Anchor(installation, epoch, event, moment(at) if at is not None else "")
    if anchor != here:
        anchors.keep_on_this_machine(anchor)
    return anchor


def _installation() -> str:
    return str(JournalState.objects.get_or_create(pk=_ROW)[0].installation)


def _put_back(epoch: int, kept: Anchor) -> bool:
    """What was kept under an earlier epoch proves nothing: that restore has been noticed, maybe by another process."""
    if kept.epoch != epoch or not kept.event:
        return kept.epoch > epoch
    at = Event.objects.filter(pk=kept.event).values_list("at", flat=True).first()
    return at is None or moment(at) != kept.at


@transaction.atomic
def _begin_epoch(kept: Sequence[Anchor]) -> int:
    """Above every epoch that was ever seen. Of several processes that notice it at once, one begins it."""
    state = JournalState.objects.select_for_update().get(pk=_ROW)
    if any(_put_back(state.epoch, each) for each in kept):
        state.epoch = max(state.epoch, *(each.epoch for each in kept)) + 1
        state.save(update_fields=["epoch"])
        audit.record("journal.restored", actor="", request={"epoch": state.epoch}, outcome=f"epoch {state.epoch}")
        told = "The journal was put back from a backup: epoch %d begins, and everybody is shown what it holds now."
        transaction.on_commit(partial(log.warning, told, state.epoch))
    return state.epoch
