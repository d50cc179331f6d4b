"""Runs a command that the kernel kills as soon as the process that started it is gone.

A test run may end by a signal that leaves no time for clean-up; `python leash.py COMMAND ARG...` makes that harmless.
It is a program of its own because work between fork and exec is unsafe in a process with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def tie_to_parent(parent: int) -> None:
    """Ask Linux for SIGKILL at the parent's end; elsewhere the starter's own clean-up has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)


if __name__ == "__main__":
    tie_to_parent(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
