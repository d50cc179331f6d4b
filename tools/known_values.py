"""What the portal has learned to be secret, for all its processes and over restarts: as keyed hashes only.

All of it is sync ORM but `own`. The key is made from SECRET_KEY: under another one, what was learned before
means nothing.
"""

import logging
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db.models import QuerySet

from tools import redaction
from tools.kube.kubeconfig import Access
from tools.models import KnownValue
from tools.prepared import Prepared, Row, Slot
from tools.redaction.forms import Forms, unpacked, worth

MOST = 20_000
_AT_ONCE = 500

log = logging.getLogger(__name__)


class _Read:
    """How far this process has read the table: the number of the newest row, for the index of that key."""

    index: object = None
    newest = 0


def begin() -> None:
    """At start: the key, and the portal's own credentials."""
    redaction.use_key(settings.SECRET_KEY)
    redaction.learn(own())


def own() -> list[str]:
    """The portal's own credentials, which no answer may ever hold."""
    database = str(settings.DATABASES["default"].get("PASSWORD") or "")
    within = [urlsplit(address).password for address in (settings.REDIS_URL, settings.ANTHROPIC_BASE_URL) if address]
    given = [settings.SECRET_KEY, settings.ANTHROPIC_API_KEY, settings.K8SMCP_METRICS_TOKEN, database]
    return [value for value in (*given, *(unquote(each) for each in within if each)) if value]


def of(access: Access) -> list[str]:
    """The credentials with which a cluster is reached."""
    return [value for value in (access.token, access.password, access.client_key) if value]


def remember(held: Iterable[tuple[str, str]]) -> None:
    """Masks these (key, value) of Secrets from now on, here and everywhere; and learns what others have remembered.

    A database that does not answer keeps others from learning them, not this process.
    """
    new = _learned(held)
    try:
        for begin_at in range(0, len(new), _AT_ONCE):
            KnownValue.objects.bulk_create(new[begin_at : begin_at + _AT_ONCE], ignore_conflicts=True)
        if new:
            _forget_the_oldest()
        refresh()
    except DatabaseFault as fault:
        log.warning("%d secret values could not be remembered (%s).", len(new), type(fault).__name__)


def _learned(held: Iterable[tuple[str, str]]) -> list[KnownValue]:
    index = redaction.learned()
    new: list[KnownValue] = []
    for key, value in held:
        bare = value.strip()
        if worth(key, bare) and index.name(bare) not in index.values:
            new.append(_row(index.name(bare), bare, index.learn(bare)))
    return new


def _row(name: bytes, value: str, forms: Forms) -> KnownValue:
    return KnownValue(digest=name.hex(), length=len(value), forms=forms.packed())


def refresh() -> None:
    """Learns what other processes have remembered since."""
    index = redaction.learned()
    if _Read.index is not index:
        _Read.index, _Read.newest = index, 0
    for pk, digest, forms in _newer.rows(than=_Read.newest):
        index.take(bytes.fromhex(digest), unpacked(bytes(forms)))
        _Read.newest = pk


def _newer_asked() -> QuerySet[KnownValue, Row]:
    rows = KnownValue.objects.filter(pk__gt=Slot("than", KnownValue._meta.pk)).order_by("pk")
    return rows.values_list("pk", "digest", "forms")[:MOST]


_newer = Prepared(_newer_asked)


def _forget_the_oldest() -> None:
    """Keeps the table bounded; a process that knows them goes on masking them until it ends."""
    edge = KnownValue.objects.order_by("-pk").values_list("pk", flat=True)[MOST : MOST + 1].first()
    if edge is not None:
        KnownValue.objects.filter(pk__lte=edge).delete()
