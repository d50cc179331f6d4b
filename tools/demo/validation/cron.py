"""Cron schedules: what is wrong with one, in the words of the parser the API server uses."""

DESCRIPTORS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
BOUNDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 6))
NAMES = {
    3: ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    4: ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}


def schedule_problem(schedule: str) -> str:
    """Empty when the schedule can be read."""
    if schedule.startswith(("TZ=", "CRON_TZ=")):
        return "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
    if schedule.startswith("@"):
        known = schedule in DESCRIPTORS or schedule.startswith("@every ")
        return "" if known else f"unrecognized descriptor: {schedule}"
    fields = schedule.split()
    if len(fields) != 5:
        return f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
    for place, text in enumerate(fields):
        for part in text.split(","):
            if problem := _part_problem(part, place):
                return problem
    return ""


def _part_problem(text: str, place: int) -> str:
    span, _, step = text.partition("/")
    if step and not step.isdigit():
        return f'failed to parse int from {step}: strconv.Atoi: parsing "{step}": invalid syntax'
    if step == "0":
        return f"step of range should be a positive number: {text}"
    if span in ("*", "?"):
        return ""
    low, _, high = span.partition("-")
    numbers = []
    for word in filter(None, (low, high)) if high else (low,):
        number = _number(word, place)
        if number is None:
            return f'failed to parse int from {word}: strconv.Atoi: parsing "{word}": invalid syntax'
        numbers.append(number)
    _, least, most = BOUNDS[place]
    if numbers[0] < least:
        return f"beginning of range ({numbers[0]}) below minimum ({least}): {text}"
    if numbers[-1] > most:
        return f"end of range ({numbers[-1]}) above maximum ({most}): {text}"
    return (
        ""
        if numbers[0] <= numbers[-1]
        else f"beginning of range ({numbers[0]}) beyond end of range ({numbers[-1]}): {text}"
    )


def _number(word: str, place: int) -> int | None:
    if word.isdigit():
        return int(word)
    words = NAMES.get(place, ())
    return words.index(word.lower()) + BOUNDS[place][1] if word.lower() in words else None
