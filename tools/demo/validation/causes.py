"""Broken rules, one cause each, in the API server's words (apimachinery's field errors)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tools.demo import go_text

Json = dict[str, Any]
NOT_NEGATIVE = "must be greater than or equal to 0"
IMMUTABLE = "field is immutable"


@dataclass(frozen=True)
class Cause:
    """One field that breaks a rule; the three go into `details.causes` of a 422."""

    reason: str
    message: str
    field: str


def _shown(value: Any) -> str:
    return go_text.to_json(value)


def invalid(field: str, value: Any, why: str) -> Cause:
    return Cause("FieldValueInvalid", f"Invalid value: {_shown(value)}: {why}", field)


def required(field: str, why: str = "") -> Cause:
    return Cause("FieldValueRequired", f"Required value: {why}" if why else "Required value", field)


def unsupported(field: str, value: Any, supported: Iterable[str]) -> Cause:
    listed = ", ".join(go_text.quoted(each) for each in supported)
    return Cause("FieldValueNotSupported", f"Unsupported value: {_shown(value)}: supported values: {listed}", field)


def duplicate(field: str, value: Any) -> Cause:
    return Cause("FieldValueDuplicate", f"Duplicate value: {_shown(value)}", field)


def forbidden(field: str, why: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {why}", field)


def not_found(field: str, value: Any) -> Cause:
    return Cause("FieldValueNotFound", f"Not found: {_shown(value)}", field)


def too_long(field: str, limit: int) -> Cause:
    return Cause("FieldValueTooLong", f"Too long: may not be more than {limit} bytes", field)


def not_negative(field: str, value: Any) -> list[Cause]:
    """The usual check of a count; absent is fine."""
    return [invalid(field, value, NOT_NEGATIVE)] if isinstance(value, int) and value < 0 else []


def one_of(field: str, value: Any, supported: Iterable[str], needed: bool = False) -> list[Cause]:
    """The usual check of an enumeration; absent is fine unless it is needed."""
    if not value:
        return [required(field)] if needed else []
    return [] if value in supported else [unsupported(field, value, supported)]
