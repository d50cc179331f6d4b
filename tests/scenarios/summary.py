"""The one line that says how many scenarios are solved where, and which are not and why."""

_TOLD: list[tuple[str, int, int, dict[str, str]]] = []


def note(place: str, solved: int, of: int, rest: dict[str, str]) -> None:
    """`rest`: the others, each with the reason."""
    _TOLD.append((place, solved, of, rest))


def lines() -> list[str]:
    if not _TOLD:
        return []
    counts = ", ".join(f"{solved} of {of} on the {place}" for place, solved, of, _ in _TOLD)
    rest = [f"  not on the {place}: {name}: {why}" for place, _, _, others in _TOLD for name, why in others.items()]
    return [f"scenarios: {counts}", *rest]
