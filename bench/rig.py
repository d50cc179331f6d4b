"""What the benchmarks stand on: a fake model in its own process, a real portal in another, and clocks."""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.portal import ROOT, Portal

TICKS = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def fake_model() -> Iterator[str]:
    """Its address. A message such as "chunks=100 rate=50" says what it answers."""
    command = [sys.executable, "-m", "tests.fakemodel", "--chunks", "1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


@contextlib.contextmanager
def portal(model: str) -> Iterator[Portal]:
    """SQLite, memory, one process: what `make run` serves, with the fake as its model."""
    with tempfile.TemporaryDirectory(prefix="k8smcp-bench-") as home:
        served = Portal(Path(home), ANTHROPIC_BASE_URL=model, ANTHROPIC_API_KEY="bench", K8SMCP_DEMO="1")
        with served:
            yield served.sign_in()


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds."""

    p50: float
    p99: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Spread":
        ordered = sorted(seconds)
        at = max(0, -(-99 * len(ordered) // 100) - 1)
        return cls(*(round(value * 1000, 1) for value in (statistics.median(ordered), ordered[at], ordered[-1])))

    def told(self) -> dict[str, float]:
        return {"p50_ms": self.p50, "p99_ms": self.p99, "max_ms": self.most}


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used so far (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def __call__(self) -> float:
        return time.perf_counter() - self._began
