"""Kubernetes resource quantities: read, compared and written back in their canonical form."""

import re
from collections.abc import Iterable
from fractions import Fraction

_TEXT = re.compile(
    r"^(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+))(?P<suffix>[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$",
    re.ASCII,
)
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_NANO = Fraction(1, 10**9)


def _exponent(suffix: str) -> int:
    return int(suffix[1:]) if suffix[:1] in ("e", "E") and len(suffix) > 1 else _DECIMAL[suffix]


def parse(text: str | float) -> Fraction:
    """The exact value, rounded up to nano units as the API does; ValueError when the text is no quantity."""
    match = _TEXT.match(str(text))
    if match is None:
        raise ValueError(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        )
    number, suffix = Fraction(match["number"].rstrip(".")), match["suffix"] or ""
    scale = Fraction(2 ** _BINARY[suffix]) if suffix in _BINARY else Fraction(10) ** _exponent(suffix)
    value = number * scale
    units = value / _NANO
    return value if units.denominator == 1 else Fraction(-(-units.numerator // units.denominator)) * _NANO


def is_quantity(text: object) -> bool:
    """True when the text (or number) would be accepted as a quantity."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return False
    try:
        parse(text)
    except ValueError:
        return False
    return True


def add(quantities: Iterable[str | float]) -> Fraction:
    """The sum of several written quantities."""
    return sum((parse(each) for each in quantities), Fraction(0))


def _decimal(value: Fraction) -> str:
    """The shortest exact writing with a decimal suffix."""
    if value == 0:
        return "0"
    for suffix in ("E", "P", "T", "G", "M", "k", "", "m", "u", "n"):
        units = value / Fraction(10) ** _DECIMAL[suffix]
        if units.denominator == 1:
            return f"{units.numerator}{suffix}"
    units = value / _NANO
    return f"{-(-units.numerator // units.denominator)}n"


def format_cpu(value: Fraction) -> str:
    """Decimal writing: 2, 1500m, 100u."""
    return _decimal(value)


def format_bytes(value: Fraction) -> str:
    """Binary writing when the value is whole: 1Gi, 1536Mi, 100; fractions fall back to decimal suffixes."""
    if value.denominator != 1 or abs(value) < 1024:
        return _decimal(value)
    whole = value.numerator
    for suffix, power in reversed(_BINARY.items()):
        if whole % 2**power == 0:
            return f"{whole // 2**power}{suffix}"
    return str(whole)


def format_like(value: Fraction, example: str) -> str:
    """Written in the family (binary, decimal or exponent) of an example quantity."""
    match = _TEXT.match(example)
    suffix = (match["suffix"] or "") if match else ""
    if suffix in _BINARY:
        return format_bytes(value)
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        return _exponent_form(value)
    return _decimal(value)


def _exponent_form(value: Fraction) -> str:
    for power in (18, 15, 12, 9, 6, 3, 0, -3, -6, -9):
        units = value / Fraction(10) ** power
        if value and units.denominator == 1:
            return f"{units.numerator}e{power}" if power else str(units.numerator)
    return "0"


def canonical(text: str | float) -> str:
    """The writing the API server answers with: 1000m becomes 1, 0.5 becomes 500m, 1024Mi becomes 1Gi."""
    return format_like(parse(text), str(text))
