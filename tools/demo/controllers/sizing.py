"""How many pods a rollout may have too many or too few: absolute numbers and percentages."""

import math

from tools.demo.store import Json


def wanted(deployment: Json) -> int:
    return int(deployment["spec"].get("replicas", 1))


def share(value: int | str, total: int, up: bool) -> int:
    """An absolute number, or a percentage of `total`."""
    if isinstance(value, str) and value.endswith("%"):
        part = total * int(value[:-1]) / 100
        return math.ceil(part) if up else math.floor(part)
    return int(value)


def leeway(deployment: Json) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) as pods; never both 0."""
    strategy = deployment["spec"].get("strategy", {})
    if strategy.get("type") == "Recreate":
        return 0, wanted(deployment)
    rolling = strategy.get("rollingUpdate") or {}
    surge = share(rolling.get("maxSurge", "25%"), wanted(deployment), up=True)
    missing = share(rolling.get("maxUnavailable", "25%"), wanted(deployment), up=False)
    if not surge and not missing:
        missing = 1
    return surge, min(missing, wanted(deployment)) if wanted(deployment) else missing
