"""Whether a change arrived, judged from what was written down of it and the object as it is now. Pure.

Only what the cluster proves is claimed. An object that somebody else has changed, removed or made anew since proves
nothing, unless it still bears our mark.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tools.kube.sending import FIELD_MANAGER, Seen, Sending, Verb


class State(StrEnum):
    ARRIVED = "arrived"
    NOT_ARRIVED = "not arrived"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """why: half a sentence that says how we know, or why we do not."""

    state: State
    why: str


def judge(sending: Sending, now: Seen) -> Finding:
    """`now`: a fresh look at the object. While the request may still be on its way, NOT_ARRIVED means not yet."""
    return _JUDGES[sending.verb](sending, now)


def _marked(sending: Sending, now: Seen) -> Finding:
    """A create or a patch, under a name of its own."""
    if sending.manager and sending.manager in now.managers:
        return Finding(State.ARRIVED, f'{sending.words} bears the mark of this very call ("{sending.manager}")')
    return _unmarked(sending, now)


def _applied(sending: Sending, now: Seen) -> Finding:
    before = sending.before
    if before is not None and now.applied and now.applied != before.applied:
        return Finding(State.ARRIVED, f'the cluster has noted an apply by "{FIELD_MANAGER}" to {sending.words} since')
    return _unmarked(sending, now)


def _unmarked(sending: Sending, now: Seen) -> Finding:
    before = sending.before
    if not now.there and (sending.verb == "create" or (before is not None and not before.there)):
        return Finding(State.NOT_ARRIVED, f"there is no {sending.words}")
    if not now.there:
        return Finding(State.UNKNOWN, f"{sending.words} is not there any more")
    if before is not None and _same(before, now):
        return Finding(State.NOT_ARRIVED, f"{sending.words} is as it was before")
    if before is not None and before.there and before.uid != now.uid:
        return Finding(State.UNKNOWN, f"{sending.words} has been made anew since")
    if before is None or not before.there:
        return Finding(State.UNKNOWN, f"{sending.words} is there, but does not tell who made it")
    return Finding(State.UNKNOWN, f"{sending.words} has changed since, and does not tell whether this call did it")


def _same(before: Seen, now: Seen) -> bool:
    """Whether nobody wrote to it, or nobody but those who report its status.

    Owners alone do not show it: before Kubernetes 1.22 a change of the scale left no trace among them.
    """
    if not before.uid or before.uid != now.uid:
        return False
    only_status = bool(now.generation and now.owners)
    kept = (before.generation, before.owners) == (now.generation, now.owners)
    return before.version == now.version or (only_status and kept)


def _deleted(sending: Sending, now: Seen) -> Finding:
    before = sending.before
    if before is None or not before.uid:
        return Finding(State.UNKNOWN, f"the call did not note which {sending.words} it meant")
    if not now.there:
        return Finding(State.ARRIVED, f"{sending.words} is gone")
    if now.uid != before.uid:
        return Finding(State.ARRIVED, f"that {sending.words} is gone; there is another of the same name now")
    if now.going:
        return Finding(State.ARRIVED, f"the deletion of {sending.words} has begun")
    return Finding(State.NOT_ARRIVED, f"{sending.words} is still there")


def _untold(sending: Sending, now: Seen) -> Finding:
    return Finding(State.UNKNOWN, "a cluster does not keep what such a call did")


_JUDGES: dict[Verb, Callable[[Sending, Seen], Finding]] = {
    "create": _marked,
    "patch": _marked,
    "apply": _applied,
    "delete": _deleted,
    "run": _untold,
    "other": _untold,
}
