"""What a person or a program can meet at any door. Every text is a plain sentence with the next step.

PortalError
├── BadInput       422  the words or fields do not fit
├── NotFound       404  not there, or not yours
├── NotAllowed     403  a right is missing
├── Conflict       409  a repeated id with other content, or a decision that came too late
├── TooMany        429  a bound per person was met
├── Unavailable    503  the database does not answer right now, or this process is leaving
├── LeaseLost      another process took the run over (never shown)
└── RunOver        the run must go no further: it was stopped, or its processes died one after another (never shown)
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tools.kube.errors import KubeError


class PortalError(Exception):
    """`code` is for programs, `status` the HTTP status, `temporary` whether trying again later can help."""

    code = "error"
    status = 500
    temporary = False

    def __init__(self, sentence: str, *, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code or self.code


class BadInput(PortalError):
    code = "bad_input"
    status = 422


class NotFound(PortalError):
    code = "not_found"
    status = 404


class NotAllowed(PortalError):
    code = "not_allowed"
    status = 403


class Conflict(PortalError):
    code = "conflict"
    status = 409


class TooMany(PortalError):
    """`after`: seconds until trying again can help."""

    code = "too_many"
    status = 429
    temporary = True

    def __init__(self, sentence: str, *, code: str = "", after: float = 5) -> None:
        super().__init__(sentence, code=code)
        self.after = after


class Unavailable(PortalError):
    code = "unavailable"
    status = 503
    temporary = True


class LeaseLost(PortalError):
    code = "lease_lost"


class RunOver(PortalError):
    """`outcome` is what the run ends as: stopped or lost; a lost one says why in its text."""

    code = "run_over"

    def __init__(self, outcome: str, sentence: str = "") -> None:
        super().__init__(sentence)
        self.outcome = outcome


@contextmanager
def in_our_words() -> Iterator[None]:
    """What does not fit a cluster, or another server, is the same sentence as a BadInput of ours."""
    try:
        yield
    except KubeError as fault:
        raise BadInput(fault.sentence) from fault
