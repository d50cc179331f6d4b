"""Ages and durations as `kubectl get` shows them."""

from datetime import datetime, timedelta

from tools.demo.clock import parse_time

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400


def age(timestamp: str | None, now: datetime) -> str:
    """How long ago, `<unknown>` without a time."""
    return human(now - parse_time(timestamp)) if timestamp else "<unknown>"


def human(span: timedelta) -> str:
    """As apimachinery's duration.HumanDuration: two units where they still matter, one where not."""
    seconds = int(span.total_seconds())
    if seconds < 2 * MINUTE:
        return f"{max(seconds, 0)}s" if seconds >= -1 else "<invalid>"
    if seconds < 10 * MINUTE:
        return _pair(seconds, MINUTE, "m", 1, "s")
    if seconds < 8 * HOUR:
        return f"{seconds // MINUTE}m" if seconds < 3 * HOUR else _pair(seconds, HOUR, "h", MINUTE, "m")
    if seconds < 8 * DAY:
        return f"{seconds // HOUR}h" if seconds < 2 * DAY else _pair(seconds, DAY, "d", HOUR, "h")
    if seconds < 2 * YEAR:
        return f"{seconds // DAY}d"
    return _pair(seconds, YEAR, "y", DAY, "d") if seconds < 8 * YEAR else f"{seconds // YEAR}y"


def _pair(seconds: int, big: int, big_name: str, small: int, small_name: str) -> str:
    rest = seconds % big // small
    return f"{seconds // big}{big_name}" + (f"{rest}{small_name}" if rest else "")
