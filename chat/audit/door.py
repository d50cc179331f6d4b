"""Through which door the present request came, and who is behind it.

Each door says it once, where it lets somebody in, so that no action has to hand it on to the audit. Outside of a
request (a runner, a sweeper) there is no door. The person is asked for only when a row is written: pages know it late.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entrance:
    """`door`: browser, rest, mcp, socket, terminal."""

    door: str
    person: Callable[[], str]


_present: ContextVar[Entrance | None] = ContextVar("entrance", default=None)


def enter(door: str, person: Callable[[], str]) -> None:
    """For the rest of this request; a task of its own, or what `through` ends."""
    _present.set(Entrance(door, person))


@contextmanager
def through(door: str, person: Callable[[], str] = str) -> Iterator[None]:
    before = _present.get()
    _present.set(Entrance(door, person))
    try:
        yield
    finally:
        _present.set(before)


def name() -> str:
    """Empty outside of a request."""
    present = _present.get()
    return present.door if present is not None else ""


def person() -> str:
    """Username of who is behind the present request; empty when nobody is, or nobody knows."""
    present = _present.get()
    return present.person() if present is not None else ""
