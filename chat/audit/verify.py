"""Verifies the whole chain against itself, its head and the anchors, and names the first bad row. Streams: a row at a
time, whatever the length."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from chat.audit import anchors, chain, guarding
from chat.audit.anchors import Anchor
from chat.audit.writing import HEAD
from chat.models import AuditHead, AuditRow
from chat.models.audit_row import NOBODY_BEFORE

_AT_ONCE = 2_000  # rows


@dataclass(frozen=True, slots=True)
class Problem:
    """`code`: changed, missing, replaced, inserted, cut_off, head, anchors. `seq`: the first bad row; 0 for none."""

    code: str
    seq: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Verified:
    """`rows` are good, up to number `seq`; `anchors` of them are anchored on this machine."""

    rows: int
    seq: int
    hash: str
    anchors: int
    problem: Problem | None
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Walk:
    """How far the chain is good."""

    seq: int = 0
    hash: str = NOBODY_BEFORE
    rows: int = 0
    anchored: int = 0
    at_head: str = ""  # the hash of the row that the head named before the walk


def verify() -> Verified:
    """Rows that are written meanwhile are verified with the others."""
    kept = anchors.kept()
    marks = {anchor.seq: anchor for anchor in kept.standing()}
    first, walk = _head(), _Walk()
    problem = _walk(walk, marks, first[0]) or _against_head(walk, first) or _against_anchors(walk, marks)
    if problem is None and kept.fault:
        problem = Problem("anchors", 0, kept.fault)
    return Verified(walk.rows, walk.seq, walk.hash, walk.anchored, problem, tuple(_notes(kept, walk)))


def keep(result: Verified) -> None:
    """For the line that the admin shows."""
    problem = result.problem.sentence if result.problem is not None else ""
    AuditHead.objects.filter(pk=HEAD).update(verified_seq=result.seq, verified_at=Now(), problem=problem)


# ---- row by row --------------------------------------------------------------------------------------------------


def _walk(walk: _Walk, marks: Mapping[int, Anchor], head: int) -> Problem | None:
    for row in _rows():
        if (problem := _judged(walk, row)) is not None:
            return problem
        walk.seq, walk.hash = row[0], row[-1]
        if (anchor := marks.get(walk.seq)) is not None:
            if anchor.hash != walk.hash:
                return _replaced(walk, anchor)
            walk.anchored += 1
        if walk.seq == head:
            walk.at_head = walk.hash
        walk.rows += 1
    return None


def _rows() -> Iterator[tuple[Any, ...]]:
    fields = (*chain.SEALED, "prev_hash", "hash")
    return AuditRow.objects.order_by("seq").values_list(*fields).iterator(chunk_size=_AT_ONCE)


def _judged(walk: _Walk, row: tuple[Any, ...]) -> Problem | None:
    seq, at, *told, prev_hash, hash = row
    wanted = walk.seq + 1
    if seq > wanted:
        last = seq - 1
        lost = f"Row {wanted} is missing." if last == wanted else f"Rows {wanted} to {last} are missing."
        return Problem("missing", wanted, lost)
    if seq < wanted:
        return Problem("inserted", seq, f"Row {seq} was inserted: numbers begin with 1.")
    if chain.digest(prev_hash, (seq, chain.written(at), *told)) != hash:
        return Problem("changed", seq, f"Row {seq} was changed: its hash does not fit what it says.")
    if prev_hash != walk.hash:
        sentence = (
            f"Row {seq} does not follow the row before it: that one was replaced, or rows were put in or taken out."
        )
        return Problem("replaced", seq, sentence)
    return None


def _replaced(walk: _Walk, anchor: Anchor) -> Problem:
    first = walk.seq - walk.rows
    since = f"Rows {first} to {walk.seq}" if walk.seq > first else f"Row {walk.seq}"
    sentence = f"{since}: the chain was replaced. Row {walk.seq} had another hash when it was anchored at {anchor.at}."
    return Problem("replaced", walk.seq, sentence)


# ---- its end -----------------------------------------------------------------------------------------------------


def _head() -> tuple[int, str]:
    return AuditHead.objects.values_list("seq", "hash").filter(pk=HEAD).first() or (0, NOBODY_BEFORE)


def _against_head(walk: _Walk, first: tuple[int, str]) -> Problem | None:
    """`first` was read before the rows: none of them can be missing, and none can be there beyond the head of now."""
    seq, hash = first
    if walk.seq < seq:
        sentence = f"The audit ends at row {walk.seq}, but {seq} rows were written: the tail was cut off."
        return Problem("cut_off", walk.seq + 1, sentence)
    if seq and walk.at_head != hash:
        return Problem("head", seq, f"Row {seq} is not the one that was written last: it was replaced.")
    now = _head()[0]
    if walk.seq > now:
        return Problem("inserted", now + 1, f"Rows after {now} were inserted: nothing was written after row {now}.")
    return None


def _against_anchors(walk: _Walk, marks: Mapping[int, Anchor]) -> Problem | None:
    beyond = [anchor for seq, anchor in marks.items() if seq > walk.seq]
    if not beyond:
        return None
    last = max(beyond, key=lambda anchor: anchor.seq)
    sentence = (
        f"The audit ends at row {walk.seq}, but row {last.seq} was anchored at {last.at}: the tail was cut off, or a "
        "backup was put back."
    )
    return Problem("cut_off", walk.seq + 1, sentence)


def _notes(kept: anchors.Kept, walk: _Walk) -> Iterator[str]:
    if not guarding.standing(connection):
        yield "The triggers that keep the rows from being changed are missing: run manage.py migrate."
    if not kept.anchors and walk.rows:
        yield "This machine keeps no anchors yet: a tail that was cut off would not be seen here."
    for anchor in kept.anchors:
        if anchor.accepted:
            yield f"At {anchor.at} the chain was accepted as it stood at row {anchor.seq}: {anchor.accepted}"
