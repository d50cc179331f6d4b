"""`manage.py` at a real terminal: a pseudo-terminal of its own, keys pressed on it, what it shows read from it."""

import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

from tests.k8smcp.commands import nearly_empty
from tests.portal import ROOT

PATIENCE = 90.0
# A session's first terminal that is opened becomes its own, so Ctrl-C is a signal and not a character.
_OWN_TERMINAL = """
import os, sys
os.open(os.ttyname(0), os.O_RDWR)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class Terminal:
    """One command at a terminal. `shown`: all that it has written, as bytes."""

    def __init__(self, home: Path, *words: str, **variables: str) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _OWN_TERMINAL, "manage.py", *words],
            cwd=ROOT,
            env=nearly_empty(home) | {"NO_COLOR": "1", "COLUMNS": "100"} | variables,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = b""
        self._seen = 0

    def until(self, pattern: str) -> str:
        """What is shown up to the end of the next match; what was matched before does not count."""
        deadline = time.monotonic() + PATIENCE
        while True:
            text = self.shown[self._seen :].decode(errors="replace")
            found = re.search(pattern, text)
            if found:
                self._seen += len(text[: found.end()].encode())
                return text[: found.end()]
            assert time.monotonic() < deadline, f"{pattern!r} was not shown:\n{text}"
            assert self._read() or self._process.poll() is None, f"it ended without {pattern!r}:\n{text}"

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def end(self) -> int:
        """The exit code, once it has ended; the rest is in `shown`."""
        deadline = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < deadline:
            self._read()
        while self._read():
            pass
        return self._process.wait(1)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], 0.1)
        with contextlib.suppress(OSError):  # nobody has the other side open any more
            if ready and (found := os.read(self._ours, 65536)):
                self.shown += found
                return True
        return False

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *fault: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
        os.close(self._ours)
