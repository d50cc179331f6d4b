"""What the nemesis understands: PostgreSQL's COMMIT, and the messages that Redis pushes to its subscribers."""

import random
import threading
from collections.abc import Callable

from tests.faults.rig.nemesis import Cut

STARTUP_WORDS = (80877103, 80877104, 80877102)  # SSL, GSS, cancel: requests before the startup packet proper


class CommitCuts:
    """Cuts a connection at a COMMIT, `times` times. `arrives`: the server commits, and its answer never comes; else the
    COMMIT itself never arrives. `done` counts; `every` lets that share of the COMMITs be cut, by the seed."""

    def __init__(self, *, arrives: bool, times: int = 1, every: float = 1.0, seed: int = 1) -> None:
        self.arrives, self.times, self.every = arrives, times, every
        self.done = 0
        self.used_up = threading.Event()
        self._chance = random.Random(seed)

    def __call__(self) -> "CommitCut":
        return CommitCut(self)

    def wanted(self) -> bool:
        if self.done >= self.times or self._chance.random() >= self.every:
            return False
        self.done += 1
        if self.done >= self.times:
            self.used_up.set()
        return True


class CommitCut:
    """One connection to PostgreSQL (protocol 3.0: startup packets have no type byte, all others have)."""

    def __init__(self, cuts: CommitCuts) -> None:
        self._cuts = cuts
        self._buffer = b""
        self._started = False
        self._doomed = False

    def upward(self, data: bytes) -> bytes:
        self._buffer += data
        while (message := self._next()) is not None:
            if commits(message) and self._cuts.wanted():
                if not self._cuts.arrives:
                    raise Cut
                self._doomed = True
        return data

    def downward(self, data: bytes) -> bytes:
        if self._doomed:
            raise Cut
        return data

    def _next(self) -> bytes | None:
        """The next whole message, and none when more bytes are needed."""
        head = 1 if self._started else 0
        if len(self._buffer) < head + 4:
            return None
        end = head + int.from_bytes(self._buffer[head : head + 4], "big")
        if len(self._buffer) < end:
            return None
        message, self._buffer = self._buffer[:end], self._buffer[end:]
        if not self._started:
            self._started = int.from_bytes(message[4:8], "big") not in STARTUP_WORDS
        return message


def commits(message: bytes) -> bool:
    """Whether a Query or Parse message is a COMMIT."""
    if message[:1] == b"Q":
        return message[5:].rstrip(b"\0; ").strip().upper() == b"COMMIT"
    if message[:1] == b"P":
        return message[5:].split(b"\0")[1].strip().upper() == b"COMMIT"
    return False


class BadBell:
    """Does to each message pushed to a subscriber what `fate` says: lose, double, swap (with the next), or keep."""

    def __init__(self, fate: Callable[[], str]) -> None:
        self._fate = fate

    def __call__(self) -> "Subscriber":
        return Subscriber(self._fate)

    @classmethod
    def silent(cls) -> "BadBell":
        return cls(lambda: "lose")

    @classmethod
    def mixed(cls, seed: int) -> "BadBell":
        chance = random.Random(seed)
        return cls(lambda: chance.choice(("lose", "double", "swap", "keep")))


class Subscriber:
    """One connection to Redis: replies pass as they are, pushed messages meet their fate."""

    def __init__(self, fate: Callable[[], str]) -> None:
        self._fate = fate
        self._buffer = b""
        self._kept = b""

    def upward(self, data: bytes) -> bytes:
        return data

    def downward(self, data: bytes) -> bytes:
        self._buffer += data
        out = b""
        while (end := reply_end(self._buffer)) is not None:
            reply, self._buffer = self._buffer[:end], self._buffer[end:]
            out += self._meet(reply) if _pushed(reply) else reply
        return out

    def _meet(self, reply: bytes) -> bytes:
        fate = self._fate()
        late, self._kept = self._kept, b""
        if fate == "lose":
            return late
        if fate == "swap" and not late:
            self._kept = reply
            return b""
        return reply + (reply if fate == "double" else b"") + late


def _pushed(reply: bytes) -> bool:
    return reply[:1] in b"*>" and b"$7\r\nmessage\r\n" in reply[:20]


def reply_end(data: bytes, at: int = 0) -> int | None:
    """Where the first reply of RESP2 or RESP3 ends; none when more bytes are needed."""
    line = data.find(b"\r\n", at)
    if line < 0:
        return None
    kind, rest, after = data[at : at + 1], data[at + 1 : line], line + 2
    if kind in b"$=!":
        length = int(rest)
        end = after if length < 0 else after + length + 2
        return end if len(data) >= end else None
    if kind in b"*>~%|":
        for _ in range(max(0, int(rest)) * (2 if kind in b"%|" else 1)):
            found = reply_end(data, after)
            if found is None:
                return None
            after = found
    return after
