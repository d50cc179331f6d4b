"""Count tries to sign in, in the database: however many processes answer, there is one count."""

import hashlib
import ipaddress
import time
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from chat import limits
from chat.errors import TooMany
from chat.models import Throttle

AT_ONCE = 200  # old rows that one try clears away


def account(name: str) -> str:
    """Alike for an account that exists and for one that does not."""
    return _digest(f"account {name.strip().casefold()}")


def address(host: str) -> str:
    """Of an IPv6 address its network: a person has all of it."""
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return _digest(f"address {host}")
    if parsed.version == 6:
        return _digest(f"address {ipaddress.ip_network((parsed, 64), strict=False)}")
    return _digest(f"address {parsed}")


def count(names: Sequence[str]) -> float:
    """Counts one try under each name, before it is known whether it fails, so that a hundred at once are a hundred.
    Returns its moment, by which a good one is forgiven. Raises TooMany, and then counts nothing."""
    now, most = time.time(), limits.sign_ins_per_minute()
    with transaction.atomic():
        _forget_old()
        rows = [_locked(name) for name in sorted(names)]
        counted = [[each for each in row.moments if now - each < limits.MINUTE] for row in rows]
        full = [moments for moments in counted if len(moments) >= most]
        if full:
            wait = max(limits.MINUTE - (now - moments[-most]) for moments in full)
            raise TooMany(f"Too many tries to sign in. Wait {_words(wait)}, then try again.", after=wait)
        for row, moments in zip(rows, counted, strict=True):
            row.moments = [*moments, now]
            row.save()
    return now


def forgive(names: Sequence[str], moment: float) -> None:
    """It was a good one: only those that fail count."""
    with transaction.atomic():
        for name in sorted(names):
            row = _locked(name)
            row.moments = [each for each in row.moments if each != moment]
            row.save()


def _locked(name: str) -> Throttle:
    return Throttle.objects.select_for_update().get_or_create(name=name)[0]


def _forget_old() -> None:
    """Those that nobody holds: two that clear away at once do not wait for each other."""
    old = Throttle.objects.filter(touched_at__lt=timezone.now() - timedelta(seconds=2 * limits.MINUTE))
    Throttle.objects.filter(
        pk__in=list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:AT_ONCE])
    ).delete()


def _words(seconds: float) -> str:
    return "a minute" if seconds > 50 else f"{int(seconds) + 1} seconds"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
