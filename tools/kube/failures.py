"""Turns an unhappy answer of an API server into one of our errors, with a sentence a person understands."""

from typing import Any

import msgspec

from tools import redaction
from tools.kube import guard
from tools.kube.errors import (
    Ambiguous,
    BadAnswer,
    Blocked,
    Busy,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    KubeError,
    NotAuthenticated,
    NotFound,
    Unsupported,
)
from tools.kube.transport import Answer, Request

_LONGEST_MESSAGE = 700


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""
    field: str = ""


class _Details(msgspec.Struct):
    name: str = ""
    group: str = ""
    kind: str = ""
    causes: list[_Cause] | None = None


class Status(msgspec.Struct):
    """`meta/v1 Status`: how the API server says no."""

    kind: str = ""
    message: str = ""
    reason: str = ""
    details: _Details | None = None


def failure(cluster: str, request: Request, answer: Answer, renewal: str = "") -> KubeError:
    """The error for an answer with status 300 or more. `renewal`: who can renew the credentials, and where."""
    status = _status(answer.body)
    asked = guard.understand(request.method, request.path, request.query)
    if answer.status == 401:
        return NotAuthenticated(
            f'Cluster "{cluster}" does not accept these credentials: they are wrong or have expired. '
            + (renewal or "Renew the token or certificate in its kubeconfig.")
        )
    if status is None:
        return _not_kubernetes(cluster, request, answer)
    said = shorten(status.message or status.reason or f"HTTP {answer.status}")
    if answer.status == 403:
        return _forbidden(said, asked)
    if answer.status == 404:
        return NotFound(_missing(said, status, asked))
    if answer.status == 409:
        return Conflict(_conflict(said, status), status.reason)
    if answer.status == 429 and asked is not None and asked.subresource == "eviction":
        return Blocked(f"Pod {asked.name} in {asked.namespace} may not go now: {budget_says(answer.body)}.")
    return _by_code(cluster, request, answer.status, status, said)


def missing(answer: Answer) -> bool:
    """Whether an API server says that there is no such object; another web server's 404 says nothing."""
    return answer.status == 404 and _status(answer.body) is not None


def is_status(answer: Answer) -> bool:
    """Whether an API server says how it went, and not what stands behind it."""
    return _status(answer.body) is not None


def said(answer: Answer) -> str:
    """How an API server says it went, in one line; empty when what stands behind it says so."""
    status = _status(answer.body)
    return "" if status is None else shorten(status.message or status.reason or f"HTTP {answer.status}")


def shorten(message: str) -> str:
    """One line, cleaned, bounded: some messages carry a whole object."""
    line = redaction.text(" ".join(message.split()))
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"


def _by_code(cluster: str, request: Request, code: int, status: Status, said: str) -> KubeError:
    if code == 410:
        return Gone(f"The place in this list has expired. Ask for the list again from its beginning. ({said})")
    if code in (400, 422) or "typed patch object" in said:
        return Invalid(f"The API server refuses this: {_end(said)}")
    if code in (405, 406, 415, 501):
        return Unsupported(f'Cluster "{cluster}" cannot do this: {_end(said)}')
    if code == 413:
        return Invalid(f"The API server refuses this because it is too large: {_end(said)}")
    if code == 504 and not request.reads:
        return Ambiguous(
            f"The API server ran out of time and the change may have happened. Look before trying again. ({said})"
        )
    if code in (429, 503, 504):
        return Busy(f'Cluster "{cluster}" is too busy to answer now: {_end(said)} Try again in a moment.')
    return BadAnswer(f'Cluster "{cluster}" answered with an error ({code}): {_end(said)}')


def _status(body: bytes) -> Status | None:
    try:
        status = msgspec.json.decode(body, type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return status if status.kind == "Status" else None


def _not_kubernetes(cluster: str, request: Request, answer: Answer) -> KubeError:
    """An answer without a Status: a proxy, a sign-in page, a web server, or `/healthz`."""
    code = answer.status
    if not request.reads and (code in (502, 504) or code == 503):
        return Ambiguous(
            f'Something in front of cluster "{cluster}" answered {code}: the change may have arrived. '
            "Look at the object before trying again."
        )
    if code in (429, 502, 503, 504):
        return Busy(f'Cluster "{cluster}" is not available now (HTTP {code}). Try again in a moment.')
    if 300 <= code < 400:
        return BadAnswer(
            f'The address of cluster "{cluster}" redirects elsewhere (HTTP {code}), which is not followed. '
            "Put the API server's own address into the kubeconfig."
        )
    if code == 403:
        return Forbidden(f'Something in front of cluster "{cluster}" refuses this request (HTTP 403).')
    if code == 404:
        return NotFound(f'Cluster "{cluster}" does not know {request.path}.')
    return BadAnswer(
        f'What answers for cluster "{cluster}" is not a Kubernetes API server (HTTP {code}). '
        "Check the address in its kubeconfig."
    )


def _forbidden(said: str, asked: guard.Asked | None) -> Forbidden:
    if "cannot impersonate" in said or "impersonate-on:" in said:
        return Forbidden(
            "The cluster does not let the portal act as this person, and no other identity was tried. "
            f"An administrator of the cluster can add them to the role in deploy/rbac/impersonate.yaml. ({said})"
        )
    if asked is None or " cannot " not in said:
        return Forbidden(f"The cluster does not allow this: {_end(said)}")
    resource = asked.resource + (f"/{asked.subresource}" if asked.subresource else "")
    where = f" in namespace {asked.namespace}" if asked.namespace else ""
    return Forbidden(
        f"The cluster does not allow this identity to {asked.verb} {resource}{where}. "
        f'An administrator of the cluster can grant the verb "{asked.verb}" on {resource}. ({said})',
        asked.verb,
        resource,
        asked.namespace,
    )


def _missing(said: str, status: Status, asked: guard.Asked | None) -> str:
    details = status.details
    if asked is None or details is None or not details.name:
        return _end(said)
    if asked.subresource or details.name != asked.name:
        return _end(said)
    where = f" in {asked.namespace}" if asked.namespace else ""
    return f'There is no {singular(asked.resource)} "{asked.name}"{where}.'


def _conflict(said: str, status: Status) -> str:
    causes = (status.details.causes if status.details else None) or []
    owned = [f"{cause.field} ({cause.message})" for cause in causes if cause.reason == "FieldManagerConflict"]
    if owned:
        return (
            f"Other managers own fields this would change: {shorten('; '.join(owned[:8]))}. "
            "Leave those fields out, or set force to take them over."
        )
    if status.reason == "AlreadyExists":
        return f"It exists already: {_end(said)}"
    return f"The object changed meanwhile: {_end(said)} Read it again and decide on its new state."


def budget_says(body: bytes) -> str:
    """Why an eviction was refused for now, as half a sentence."""
    status = _status(body) or Status()
    causes = (status.details.causes if status.details else None) or []
    said = next((cause.message for cause in causes if cause.message), status.message)
    return shorten(said).rstrip(".") or "the API server lets nobody be evicted at this moment"


def taken_from(body: bytes) -> list[str]:
    """From the refusal of an apply: whose fields it would take, a sentence each."""
    status = _status(body) or Status()
    causes = (status.details.causes if status.details else None) or []
    owned = [cause for cause in causes if cause.reason == "FieldManagerConflict"]
    return [f"Takes {cause.field} over: {shorten(cause.message)}." for cause in owned[:20]]


def singular(plural: str) -> str:
    """Good enough for a sentence: pods → pod, policies → policy, ingresses → ingress."""
    if plural.endswith("ies"):
        return plural[:-3] + "y"
    if plural.endswith(("sses", "xes", "ches")):
        return plural[:-2]
    return plural.removesuffix("s")


def _end(text: str) -> str:
    return text if text.endswith((".", "…")) else f"{text}."


def undecodable(cluster: str, answer: Answer) -> BadAnswer:
    """For a successful answer whose body is not what the API defines."""
    kind: Any = next(
        (value for key, value in answer.headers.items() if key.lower() == "content-type"), "no content type"
    )
    return BadAnswer(
        f'Cluster "{cluster}" answered with something that is not the Kubernetes API ({shorten(str(kind))}). '
        "Check the address in its kubeconfig."
    )
