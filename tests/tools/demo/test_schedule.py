"""Cron expressions name the minutes they should."""

from datetime import UTC, datetime

import pytest

from tools.demo.controllers.schedule import previous_time

NOW = datetime(2026, 3, 4, 12, 7, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * *", "2026-03-04T12:07"),
        ("*/5 * * * *", "2026-03-04T12:05"),
        ("10 * * * *", "2026-03-04T11:10"),
        ("0 3 * * *", "2026-03-04T03:00"),
        ("30 12 * * *", "2026-03-03T12:30"),
        ("0 6 * * 1", "2026-03-02T06:00"),
        ("0 6 * * mon-fri", "2026-03-04T06:00"),
        ("0 0 1 * *", "2026-03-01T00:00"),
        ("0 0 1 1 *", "2026-01-01T00:00"),
        ("15,45 8-10 * * *", "2026-03-04T10:45"),
        ("0 0 13 * 5", "2026-02-27T00:00"),  # either the day or the weekday
        ("@hourly", "2026-03-04T12:00"),
        ("@daily", "2026-03-04T00:00"),
    ],
)
def test_the_last_time_before_now(expression: str, expected: str) -> None:
    assert previous_time(expression, NOW) == datetime.fromisoformat(f"{expected}:00+00:00")


@pytest.mark.parametrize("nonsense", ["", "* * * *", "61 * * * *", "a b c d e", "*/0 * * * *", "0 0 31 2 *"])
def test_what_is_no_schedule_names_no_time(nonsense: str) -> None:
    assert previous_time(nonsense, NOW) is None
