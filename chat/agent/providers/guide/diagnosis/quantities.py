"""Amounts of CPU and memory as Kubernetes writes them: compared, doubled, and told to people."""

import re

NUMBER = re.compile(r"(\d+(?:\.\d+)?)(n|u|m|k|Ki|M|Mi|G|Gi|T|Ti|)$")
FACTORS = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}


def amount(text: object) -> float | None:
    """Cores or bytes; None for what is no quantity."""
    found = NUMBER.fullmatch(str(text).strip())
    return float(found[1]) * FACTORS[found[2]] if found else None


def doubled(text: str) -> str:
    """Twice a memory quantity, in the same unit, whole: 64Mi → 128Mi."""
    found = NUMBER.fullmatch(text.strip())
    if not found:
        return "256Mi"
    twice = float(found[1]) * 2
    if found[2] in {"", "k", "m", "Ki"}:
        return f"{max(1, round((amount(text) or 0) * 2 / FACTORS['Mi']))}Mi"
    if found[2] == "Mi" and twice >= 1024 and twice % 1024 == 0:
        return f"{round(twice / 1024)}Gi"
    return f"{round(twice) if twice >= 1 else 1}{found[2]}"


def cores(text: object) -> str:
    """ "64" → 64 CPU cores, "500m" → 0.5 CPU cores."""
    value = amount(text)
    if value is None:
        return str(text)
    number = f"{value:.3f}".rstrip("0").rstrip(".")
    return f"{number} CPU core" + ("" if number == "1" else "s")


def modest(resource: str, largest: float | None) -> str:
    """A request that fits nearly any node: half a core or 512 MiB, less when no node has that much."""
    if resource == "cpu":
        return "500m" if largest is None or largest >= 1 else f"{max(50, int(largest * 500))}m"
    return "512Mi" if largest is None or largest >= 2.0**30 else f"{max(32, int(largest / 2.0**21))}Mi"
