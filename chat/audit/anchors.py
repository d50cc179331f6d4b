"""Anchors: the head of the audit, signed and kept outside of its database, so that whoever owns the database cannot
shorten or replace the chain unseen.

Every 1,000 rows or 5 minutes each machine signs number, hash and time with a key of its own, appends them to a file and
says them in the log, which is the copy for another machine to keep. Each line names the one before, so none can be
taken out of the middle. However many processes share a folder, they share the file: one anchor a moment.
"""

import fcntl
import hashlib
import hmac
import json
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from chat.audit.chain import canonical, written
from chat.models import AuditHead

log = logging.getLogger(__name__)
EVERY_ROWS = 1_000
EVERY = timedelta(minutes=5)
_LAST = 8_192  # bytes at the end of the file that hold its last line


@dataclass(frozen=True, slots=True)
class Anchor:
    """`at`: by this machine's clock; `before`: signature of the line before; `accepted`: why an administrator took the
    chain as it stood, empty for every other line; what was anchored before such a line is not asked for any more."""

    seq: int
    hash: str
    at: str
    before: str
    accepted: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the file holds; `fault`: a sentence about the first line that is not as this machine wrote it."""

    anchors: tuple[Anchor, ...] = ()
    fault: str = ""

    def standing(self) -> tuple[Anchor, ...]:
        """From the last acceptance on."""
        accepted = [n for n, anchor in enumerate(self.anchors) if anchor.accepted]
        return self.anchors[accepted[-1] :] if accepted else self.anchors


def look() -> Anchor | None:
    """Writes an anchor when one is due, and returns it. A file that cannot be written is said in the log."""
    try:
        return _keep("")
    except OSError as fault:
        log.warning("%s cannot be written (%s): the audit has no new anchor.", _file(), fault.strerror)
        return None


def accept(reason: str) -> Anchor | None:
    """An anchor that takes the chain as it stands now, whatever was anchored before. Raises OSError."""
    return _keep(reason)


def kept() -> Kept:
    try:
        lines = _file().read_bytes().splitlines() if _file().exists() else []
        return _checked(lines, _key_file().read_bytes()) if lines else Kept()
    except OSError as fault:
        return Kept(fault=f"The anchors of this machine cannot be read: {fault.filename} ({fault.strerror}).")


# ---- one line after another --------------------------------------------------------------------------------------


def _keep(reason: str) -> Anchor | None:
    head = AuditHead.objects.values_list("seq", "hash").first()
    if head is None or not head[0]:
        return None
    with _opened() as file:
        last = _last(file)
        if not reason and not _due(last, *head):
            return None
        anchor = Anchor(*head, written(datetime.now(UTC)), last.signature if last is not None else "", reason)
        anchor = replace(anchor, signature=_signature(anchor, _key()))
        file.write(canonical(asdict(anchor)).encode() + b"\n")
    log.info("Audit anchor: row %d, %s, at %s, signed %s.", anchor.seq, anchor.hash, anchor.at, anchor.signature)
    return anchor


def _due(last: Anchor | None, seq: int, hash: str) -> bool:
    if last is None:
        return True
    if seq < last.seq or (seq == last.seq and hash != last.hash):
        _say_once(f"The audit ends at row {seq}, but row {last.seq} was anchored at {last.at}, with another end.")
        return False
    if seq == last.seq:
        return False
    return seq - last.seq >= EVERY_ROWS or datetime.now(UTC) - datetime.fromisoformat(last.at) >= EVERY


_said: set[str] = set()


def _say_once(sentence: str) -> None:
    if sentence not in _said:
        _said.add(sentence)
        log.error("%s A backup was put back, or somebody cut it: run manage.py audit_verify.", sentence)


@contextmanager
def _opened() -> Iterator[BinaryIO]:
    """For this process alone; what is written is on the disk afterwards."""
    with os.fdopen(os.open(_file(), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
        file.flush()
        os.fsync(file.fileno())


def _last(file: BinaryIO) -> Anchor | None:
    """The newest line. What a process that died in the middle of writing left behind it is taken away first."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LAST))
    whole, _, torn = file.read().rpartition(b"\n")
    file.truncate(size - len(torn))
    file.seek(0, os.SEEK_END)
    return _read(whole.splitlines()[-1]) if whole else None


# ---- signatures --------------------------------------------------------------------------------------------------


def _checked(lines: list[bytes], key: bytes) -> Kept:
    found: list[Anchor] = []
    before = ""
    for number, line in enumerate(lines, 1):
        anchor = _read(line)
        if anchor is None or not hmac.compare_digest(anchor.signature, _signature(anchor, key)):
            fault = f"Line {number} of {_file().name} does not bear this machine's signature: it was changed."
            return Kept(tuple(found), fault)
        if anchor.before != before:
            fault = f"Line {number} of {_file().name} does not follow the line before it: lines were taken out."
            return Kept(tuple(found), fault)
        found.append(anchor)
        before = anchor.signature
    return Kept(tuple(found))


def _read(line: bytes) -> Anchor | None:
    try:
        return Anchor(**json.loads(line))
    except (ValueError, TypeError):
        return None


def _signature(anchor: Anchor, key: bytes) -> str:
    told = canonical({name: value for name, value in asdict(anchor).items() if name != "signature"})
    return hmac.new(key, told.encode(), hashlib.sha256).hexdigest()


def _key() -> bytes:
    """Made once, while the file of anchors is held, so that two processes do not make two."""
    if not _key_file().exists():
        with os.fdopen(os.open(_key_file(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
    return _key_file().read_bytes()


def _file() -> Path:
    return Path(settings.K8SMCP_HOME) / "audit-anchors.jsonl"


def _key_file() -> Path:
    return Path(settings.K8SMCP_HOME) / "audit-key"
