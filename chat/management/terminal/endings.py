"""How a command that follows a run ends: an exit code for programs and a sentence for people (docs/ask.md)."""

from dataclasses import dataclass
from enum import IntEnum


class Code(IntEnum):
    """Final: scripts rely on them."""

    DONE = 0
    FAILED = 1  # also a run that was lost
    REFUSED = 2  # nothing was accepted; as for options that do not fit
    STOPPED = 3
    WAITING = 4  # a person must decide, and nobody was there, or they left it
    LEFT = 130  # by a second Ctrl-C, or a signal: the run goes on, or stops, without this command


@dataclass(frozen=True, slots=True)
class Ending:
    """`sentence` goes to standard error; one that went well has none."""

    code: Code
    sentence: str = ""


def of(outcome: str, address: str) -> Ending:
    """From the outcome of a `complete` event; `address`: the conversation's."""
    match outcome:
        case "done":
            return Ending(Code.DONE)
        case "stopped":
            return Ending(Code.STOPPED, f"The run was stopped. Look at {address} for what it had done.")
        case "failed":
            return Ending(Code.FAILED, f"The run failed. Look at {address} for what it had done.")
        case _:
            return Ending(Code.FAILED, f"The run was lost. Look at {address} for what it had done.")


def waiting(addresses: list[str]) -> Ending:
    """Nothing was approved: it waits for somebody to decide in the portal."""
    return Ending(Code.WAITING, f"It waits for a decision at {' and '.join(addresses)} and nothing was approved.")


def left(address: str, *, stopping: bool) -> Ending:
    goes = "It was told to stop" if stopping else "The run goes on without this command"
    return Ending(Code.LEFT, f"{goes}: look at {address} for what becomes of it.")
