"""The bounds of the doors, each with its name: frames, sockets, requests, sign-ins, approvals.

Counted in this process, without a database, where it would cost something at every frame or request; what guards a
password is counted in the database (chat/actions/throttles.py), so that several processes have one count.
"""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from django.conf import settings

from chat.errors import TooMany

Clock = Callable[[], float]
FRAME_BYTES = 65_536  # of a frame that a client sends
MESSAGE_LENGTH = 32_768  # characters of a message
MOST_NAMED = 10_000  # people who are remembered by one Pace
MINUTE = 60.0


def frames_per_second() -> int:
    """Of one socket; twice as many at once."""
    return int(settings.K8SMCP_MAX_FRAMES_PER_SECOND)


def sockets() -> int:
    """Of one process."""
    return int(settings.K8SMCP_MAX_SOCKETS)


def sockets_per_person() -> int:
    """At one process."""
    return int(settings.K8SMCP_MAX_SOCKETS_PER_USER)


def requests_per_second() -> int:
    """Of one person over REST, at one process; twice as many at once, and sixty times as many in any minute."""
    return int(settings.K8SMCP_MAX_REQUESTS_PER_SECOND)


def sign_ins_per_minute() -> int:
    """Tries that failed, for one account and from one address, over all processes."""
    return int(settings.K8SMCP_MAX_SIGN_INS_PER_MINUTE)


def approvals_per_minute() -> int:
    """That one person's runs ask for, over all processes."""
    return int(settings.K8SMCP_MAX_APPROVALS_PER_MINUTE)


@dataclass(slots=True)
class Bucket:
    """`burst` at once, then `rate` a second. `level`: how many may pass now."""

    rate: float
    burst: float
    level: float
    at: float

    @classmethod
    def full(cls, rate: float, burst: float, now: float) -> "Bucket":
        return cls(rate, burst, burst, now)

    def take(self, now: float) -> float:
        """Seconds until one may pass: 0.0 when it has passed now, and was counted."""
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level >= 1:
            self.level -= 1
            return 0.0
        return (1 - self.level) / self.rate


@dataclass(slots=True)
class _Seen:
    bucket: Bucket
    since: float
    count: int = 0


class Pace:
    """How fast many people go, by name: `rate` a second, twice that at once, and `rate` times 60 in a minute. From any
    thread."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[Hashable, _Seen] = {}
        self._lock = threading.Lock()

    def take(self, name: Hashable, rate: float) -> float:
        """Seconds to wait: 0.0 when it may pass, and was counted."""
        now = self._clock()
        with self._lock:
            seen = self._of(name, rate, now)
            if now - seen.since >= MINUTE:
                seen.since, seen.count = now, 0
            if seen.count >= rate * MINUTE:
                return MINUTE - (now - seen.since)
            wait = seen.bucket.take(now)
            seen.count += not wait
            return wait

    def forget(self) -> None:
        with self._lock:
            self._seen.clear()

    def _of(self, name: Hashable, rate: float, now: float) -> _Seen:
        seen = self._seen.pop(name, None)
        if seen is None or seen.bucket.rate != rate:
            seen = _Seen(Bucket.full(rate, 2 * rate, now), now)
        self._seen[name] = seen  # the last in the order: the first is who was not here for longest
        if len(self._seen) > MOST_NAMED:
            del self._seen[next(iter(self._seen))]
        return seen


requests = Pace()  # over REST and MCP, by person
strangers = Pace()  # over REST and MCP with a token that lets nobody in, by address


def keep_pace(pace: Pace, name: Hashable) -> None:
    """Raises TooMany for who asks faster than `requests_per_second`."""
    wait = pace.take(name, requests_per_second())
    if wait:
        raise TooMany("You ask faster than the portal answers one person. Wait a moment, then ask again.", after=wait)
