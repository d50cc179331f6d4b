"""Errors of the demo API server, each one a `Status` object worded as the real server words it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Json = dict[str, Any]

REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Expired",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
}


@dataclass(frozen=True)
class Cause:
    """One thing wrong with one field; `reason` as FieldValueInvalid."""

    reason: str
    message: str
    field: str


class FieldCause(Protocol):
    """Anything shaped like a Cause."""

    @property
    def reason(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def field(self) -> str: ...


def qualified(group: str, plural: str) -> str:
    """`deployments.apps`, or just `pods` for the core group."""
    return f"{plural}.{group}" if group else plural


class ApiError(Exception):
    """An answer that is not a success; `status()` is the body the client gets."""

    def __init__(
        self,
        code: int,
        message: str,
        reason: str | None = None,
        details: Json | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = REASONS.get(code, "") if reason is None else reason
        self.details = details
        self.headers = tuple(headers)
        self.metadata: Json = {}

    def status(self) -> Json:
        body: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        body["code"] = self.code
        return body


class AlreadyExists(ApiError):
    """409: an object of that name is there."""

    def __init__(self, group: str, plural: str, name: str) -> None:
        message = f'{qualified(group, plural)} "{name}" already exists'
        super().__init__(409, message, "AlreadyExists", object_details(group, plural, name))


class Conflict(ApiError):
    """409: the object has changed since the caller read it."""

    def __init__(self, group: str, plural: str, name: str, why: str = "") -> None:
        why = why or "the object has been modified; please apply your changes to the latest version and try again"
        message = f'Operation cannot be fulfilled on {qualified(group, plural)} "{name}": {why}'
        super().__init__(409, message, "Conflict", object_details(group, plural, name))


class NotFound(ApiError):
    """404: no object of that name."""

    def __init__(self, group: str, plural: str, name: str) -> None:
        message = f'{qualified(group, plural)} "{name}" not found'
        super().__init__(404, message, "NotFound", object_details(group, plural, name))


class Expired(ApiError):
    """410: the history back to that resourceVersion is gone."""

    def __init__(self, message: str) -> None:
        super().__init__(410, message, "Expired")


class Forbidden(ApiError):
    """403: not allowed, by RBAC or by admission."""

    def __init__(self, group: str, plural: str, name: str, why: str) -> None:
        subject = f'{qualified(group, plural)} "{name}"' if name else qualified(group, plural)
        super().__init__(403, f"{subject} is forbidden: {why}", "Forbidden", object_details(group, plural, name))


class Invalid(ApiError):
    """422: the object breaks rules; every broken one is a cause."""

    def __init__(self, group: str, kind: str, name: str, causes: Iterable[FieldCause]) -> None:
        causes = list(causes)
        texts = list(
            dict.fromkeys(cause.message if not cause.field else f"{cause.field}: {cause.message}" for cause in causes)
        )
        what = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        details = object_details(group, kind, name)
        details["causes"] = [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes]
        super().__init__(422, f'{qualified(group, kind)} "{name}" is invalid: {what}', "Invalid", details)


class BadRequest(ApiError):
    """400: the request cannot be understood."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message, "BadRequest")


def object_details(group: str, kind: str, name: str) -> Json:
    """The `details` of a Status about one object; empty parts are left out, as the server does."""
    parts = {"name": name, "group": group, "kind": kind}
    return {key: value for key, value in parts.items() if value}
