"""Cron expressions: the last time, up to now, that one of them names."""

from datetime import datetime, timedelta

NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
NAMES = {name: str(number) for number, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])} | {
    name: str(number + 1)
    for number, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
}
LOOK_BACK_DAYS = 366


def parse_field(text: str, low: int, high: int) -> set[int]:
    """`*`, `*/5`, `1-5`, `1,2`, names; ValueError for anything else."""
    values: set[int] = set()
    for part in text.lower().split(","):
        span, _, stride = part.partition("/")
        step = int(stride) if stride else 1
        if span in ("*", "?"):
            first, last = low, high
        else:
            begin, dash, end = span.partition("-")
            first = int(NAMES.get(begin, begin))
            last = int(NAMES.get(end, end)) if dash else (high if stride else first)
        if first < low or last > high or step < 1:
            raise ValueError(f"{text!r} is outside {low}-{high}")
        values.update(range(first, last + 1, step))
    return values


def previous_time(expression: str, now: datetime) -> datetime | None:
    """The latest minute at or before `now` that fits; None when none does within a year or the text is no schedule."""
    fields = NICKNAMES.get(expression.strip(), expression).split()
    if len(fields) != len(BOUNDS):
        return None
    try:
        sets = [parse_field(field, *bounds) for field, bounds in zip(fields, BOUNDS, strict=True)]
    except ValueError:
        return None
    minutes, hours, days, months, weekdays = sets
    free = [field.startswith(("*", "?")) for field in fields]
    moment = now.replace(second=0, microsecond=0)
    for _ in range(LOOK_BACK_DAYS):
        by_day = moment.day in days
        by_weekday = moment.isoweekday() % 7 in {day % 7 for day in weekdays}
        right_day = (by_day and by_weekday) if free[2] or free[4] else (by_day or by_weekday)
        if moment.month in months and right_day:
            past = [(h, m) for h in hours for m in minutes if (h, m) <= (moment.hour, moment.minute)]
            if past:
                hour, minute = max(past)
                return moment.replace(hour=hour, minute=minute)
        moment = (moment - timedelta(days=1)).replace(hour=23, minute=59)
    return None
