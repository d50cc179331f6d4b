"""The demo cluster's time: the wall clock, or one that tests move by hand."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The wall clock, in UTC; `advance` shifts it for good, so a test never has to sleep."""

    def __init__(self, start: datetime | None = None) -> None:
        """With `start` the clock stands still there until `advance` moves it."""
        self._frozen = start
        self._shift = timedelta()

    def now(self) -> datetime:
        return (self._frozen or datetime.now(UTC)) + self._shift

    def text(self) -> str:
        """The time as metav1.Time writes it: RFC 3339, whole seconds, `Z`."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def micro_text(self) -> str:
        """The time as metav1.MicroTime writes it: RFC 3339, six decimals, `Z`."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def advance(self, seconds: float) -> None:
        self._shift += timedelta(seconds=seconds)


def parse_time(text: str) -> datetime:
    """Reads an RFC 3339 time with or without decimals; ValueError for anything else."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
