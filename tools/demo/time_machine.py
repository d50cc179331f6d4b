"""A clock that can be set into the past, moved forward by hand, and let go."""

from datetime import datetime, timedelta

from tools.demo.clock import Clock


class TimeMachine(Clock):
    """Stands still at the moment it is set to; after `release` it runs with the wall clock."""

    def __init__(self) -> None:
        super().__init__()
        self._standing: datetime | None = None

    def now(self) -> datetime:
        return self._standing or super().now()

    def set_to(self, moment: datetime) -> None:
        self._standing = moment

    def advance(self, seconds: float) -> None:
        if self._standing is not None:
            self._standing += timedelta(seconds=seconds)
        else:
            super().advance(seconds)

    def release(self) -> None:
        self._standing = None
