"""Runs `manage.py` as people do: in a process of its own, with a nearly empty environment."""

import os
import subprocess
import sys
from pathlib import Path

from tests.portal import ROOT


def manage(home: Path, *words: str, patience: float = 120, **variables: str) -> subprocess.CompletedProcess[str]:
    """`home` is K8SMCP_HOME and HOME; nothing is typed."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=nearly_empty(home) | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


def nearly_empty(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "K8SMCP_HOME": str(home),
        "PYTHONWARNINGS": "ignore",
        "K8SMCP_SHARED_WRITES": "1",
    }


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What a start that was refused said, checked to be a sentence and no trace."""
    assert done.returncode != 0
    told = done.stderr.strip()
    assert "Traceback" not in told
    assert 'File "' not in told
    assert told.endswith(".")
    return told
