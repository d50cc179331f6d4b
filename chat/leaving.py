"""Whether this process is leaving: told once, by a signal, and asked by whatever would begin new work."""

import threading

from chat.errors import Unavailable

_told = threading.Event()


def begin() -> None:
    """From any thread, and from a signal's handler."""
    _told.set()


def stay() -> None:
    """Takes it back: a process that serves again, as in tests."""
    _told.clear()


def now() -> bool:
    return _told.is_set()


def refuse_new_work() -> None:
    """Raises Unavailable with the code `draining`. What has been accepted may still be read, decided and stopped."""
    if now():
        raise Unavailable(
            "This process of the portal is being restarted. Send the same again in a moment: it counts once.",
            code="draining",
        )
