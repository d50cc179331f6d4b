"""What is kept of the journal outside its database, so that a database behind it is known to have been put back.

On each machine a file in K8SMCP_HOME, and one place in Redis for those whose machines do not last. Either may be
missing or old: then less is noticed, never something that did not happen.
"""

import json
import logging
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
_PATIENCE = 1.0  # seconds for Redis
_KEPT = 90 * 24 * 3600  # seconds Redis keeps it after the last process


@dataclass(frozen=True, slots=True)
class Anchor:
    """`event`: the key of the newest event that was seen, 0 for none; `at`: its time as frames carry it."""

    installation: str
    epoch: int
    event: int
    at: str


# ---- on this machine ---------------------------------------------------------------------------------------------


def of_this_machine(installation: str) -> Anchor | None:
    try:
        return _read(_file().read_bytes(), installation)
    except OSError:
        return None


def keep_on_this_machine(anchor: Anchor) -> None:
    """As a whole or not at all: a process may die in the middle, and others write as well."""
    try:
        with tempfile.NamedTemporaryFile("w", dir=_file().parent, prefix=".anchor-", delete=False) as new:
            new.write(_written(anchor))
        os.replace(new.name, _file())
    except OSError as fault:
        log.warning("%s cannot be written (%s): a restore may go unnoticed.", _file(), fault.strerror)


def _file() -> Path:
    return Path(settings.K8SMCP_HOME) / "journal-anchor.json"


# ---- in Redis ----------------------------------------------------------------------------------------------------


async def of_redis(installation: str) -> Anchor | None:
    if not settings.REDIS_URL:
        return None
    try:
        async with _redis() as redis:
            return _read(await redis.get(_key(installation)) or b"", installation)
    except (OSError, RedisError):
        return None


async def keep_in_redis(anchor: Anchor) -> None:
    if not settings.REDIS_URL:
        return
    try:
        async with _redis() as redis:
            await redis.set(_key(anchor.installation), _written(anchor), ex=_KEPT)
    except (OSError, RedisError) as fault:
        log.debug("Redis does not keep the anchor of the journal (%s).", type(fault).__name__)


def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)


def _key(installation: str) -> str:
    return f"k8smcp:journal-anchor:{installation}"


# ---- as text -----------------------------------------------------------------------------------------------------


def _written(anchor: Anchor) -> str:
    return json.dumps(asdict(anchor))


def _read(text: bytes | str, installation: str) -> Anchor | None:
    """None for what nobody wrote to the end, and for another database's."""
    try:
        found = json.loads(text)
        anchor = Anchor(str(found["installation"]), int(found["epoch"]), int(found["event"]), str(found["at"]))
    except (ValueError, KeyError, TypeError):
        return None
    return anchor if anchor.installation == installation else None
