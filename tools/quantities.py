"""Reads Kubernetes quantities (`250m`, `1.5Gi`) as numbers and writes them short. Pure."""

import re

_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(?:[eE]([+-]?\d+)|(n|u|m|k|Ki|Mi|Gi|Ti|Pi|Ei|K|M|G|T|P|E)?)")
_SIZES = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    **{unit: 1000.0**power for power, unit in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{unit: 1024.0**power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
    "K": 1000.0,
}


def number(quantity: object) -> float | None:
    """Cores for CPU, bytes for memory; None for what is not a quantity."""
    match = _QUANTITY.fullmatch(str(quantity).strip()) if quantity is not None else None
    if match is None:
        return None
    digits, exponent, unit = match.groups()
    return float(digits) * (10.0 ** int(exponent) if exponent else _SIZES[unit or ""])


def cpu(cores: float | None) -> str:
    return "<none>" if cores is None else f"{round(cores * 1000)}m"


def memory(size: float | None) -> str:
    if size is None:
        return "<none>"
    return f"{size / 1024**3:.1f}Gi" if size >= 10 * 1024**3 else f"{round(size / 1024**2)}Mi"


def percent(part: float | None, whole: float | None) -> str:
    return "-" if part is None or not whole else f"{round(part / whole * 100)}%"
