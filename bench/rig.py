"""What the benchmarks stand on: a fake model in its own process, real portals in others, and clocks."""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.portal import ROOT, Portal

TICKS = os.sysconf("SC_CLK_TCK")
NO_BOUNDS = dict.fromkeys(
    (
        *("K8SMCP_MAX_RUNS_PER_USER", "K8SMCP_MAX_SOCKETS_PER_USER", "K8SMCP_MAX_SOCKETS"),
        *("K8SMCP_MAX_FRAMES_PER_SECOND", "K8SMCP_MAX_REQUESTS_PER_SECOND", "K8SMCP_MAX_APPROVALS_PER_MINUTE"),
    ),
    "10000",
) | dict.fromkeys(("K8SMCP_BUDGET_TOKENS_PER_PERSON_DAY", "K8SMCP_BUDGET_TOKENS_PER_DAY"), "0")
SERVER = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/8")


@contextlib.contextmanager
def fake_model(*arguments: str) -> Iterator[str]:
    """Its address. A message such as "chunks=100 rate=50" says what it answers; `arguments`: see tests.fakemodel."""
    command = [sys.executable, "-m", "tests.fakemodel", "--chunks", "1", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


@dataclass(frozen=True, slots=True)
class Fleet:
    """`webs`: portals that serve; `workers`: pids of processes that only drive runs."""

    webs: list[Portal]
    workers: list[int]

    @property
    def pids(self) -> dict[str, int]:
        webs = {f"web{n}": each.process.pid for n, each in enumerate(self.webs, 1) if each.process is not None}
        return webs | {f"worker{n}": pid for n, pid in enumerate(self.workers, 1)}


@contextlib.contextmanager
def portal(model: str) -> Iterator[Fleet]:
    """SQLite, memory, one process: what `make run` serves, with the fake as its model."""
    with tempfile.TemporaryDirectory(prefix="k8smcp-bench-") as home:
        variables = {"ANTHROPIC_BASE_URL": model, "ANTHROPIC_API_KEY": "bench", "K8SMCP_DEMO": "1"} | NO_BOUNDS
        with Portal(Path(home), **variables) as served:
            yield Fleet([served.sign_in()], [])


@contextlib.contextmanager
def fleet(model: str, *, webs: int = 2, workers: int = 1) -> Iterator[Fleet]:
    """PostgreSQL and Redis, web processes that drive nothing, and workers."""
    with (
        tempfile.TemporaryDirectory(prefix="k8smcp-bench-") as folder,
        database() as address,
        contextlib.ExitStack() as stack,
    ):
        variables = {
            "ANTHROPIC_BASE_URL": model, "ANTHROPIC_API_KEY": "bench", "K8SMCP_DEMO": "1",
            "DATABASE_URL": address, "REDIS_URL": REDIS, "SECRET_KEY": uuid.uuid4().hex * 2,
            "K8SMCP_INPROCESS_RUNNER": "0",
        } | NO_BOUNDS  # fmt: skip
        served = [stack.enter_context(Portal(Path(folder) / f"web{n}", **variables)) for n in range(webs)]
        served[-1].sign_in()  # the newest link is the one that works
        for each in served:
            each.cookies = served[-1].cookies
        pids = [stack.enter_context(_worker(Path(folder), served[0].environment)) for _ in range(workers)]
        yield Fleet(served, pids)


@contextlib.contextmanager
def _worker(folder: Path, variables: dict[str, str]) -> Iterator[int]:
    with (folder / "worker.log").open("ab") as log:
        command = [sys.executable, "manage.py", "agentworker", "--concurrency", "1000"]
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=log)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def database() -> Iterator[str]:
    """An empty PostgreSQL database of its own; its address."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield SERVER.rpartition("/")[0] + f"/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


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


class Processor:
    """Processor time that processes use from now on (proc(5), fields 14 and 15 of stat)."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = pids
        self._before = {name: _cpu_seconds(pid) for name, pid in pids.items()}

    def spent(self) -> dict[str, float]:
        return {name: _cpu_seconds(pid) - self._before[name] for name, pid in self._pids.items()}


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def __call__(self) -> float:
        return time.perf_counter() - self._began
