"""A million audit rows in SQLite, verified by `manage.py audit_verify` in its own process: how long, how much memory.

Baseline: the same rows only read, in the same process, with nothing hashed or compared.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.portal import ROOT

ROWS = int(os.environ.get("BENCH_AUDIT_ROWS", "1000000"))
KINDS = ("message.sent", "call.begun", "call.ended", "run.ended")
REQUEST = '{"cluster":"production","kind":"pods","labels":{"app":"checkout"},"namespace":"shop"}'
READ = """
import django; django.setup()
from chat.audit import verify
for row in verify._rows(): pass
"""


async def measure() -> dict[str, Any]:
    return _measure()  # nothing else runs beside it


def _measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="k8smcp-bench-") as home:
        variables = {**os.environ, "K8SMCP_HOME": home, "DJANGO_SETTINGS_MODULE": "k8smcp.settings"}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=variables, check=True)
        filling = _measured([sys.executable, "-m", "bench.audit_verify", home], variables)["seconds"]
        read = _measured([sys.executable, "-c", READ], variables)
        verified = _measured([sys.executable, "manage.py", "audit_verify", "--json"], variables)
    told = json.loads(verified["out"])
    return {
        "rows": told["rows"],
        "ok": told["ok"],
        "seconds": verified["seconds"],
        "cpu_seconds": verified["cpu_seconds"],
        "peak_mb": verified["peak_mb"],
        "rows_per_s": round(told["rows"] / verified["seconds"]),
        "baseline_read_only_seconds": read["seconds"],
        "baseline_read_only_cpu_seconds": read["cpu_seconds"],
        "ratio": round(verified["cpu_seconds"] / read["cpu_seconds"], 2),
        "filling_seconds": filling,
        "goal": "1,000,000 rows <= 60 s, < 200 MB",
        "met": told["ok"] and verified["seconds"] <= 60 * ROWS / 1_000_000 and verified["peak_mb"] < 200,
    }


def main() -> None:
    """Fills the database in the folder that is named."""
    import django

    django.setup()
    from chat.audit import chain

    _fill(Path(sys.argv[1]) / "k8smcp.sqlite3", chain)


def _fill(file: Path, chain: Any) -> None:
    columns = (*chain.SEALED, "prev_hash", "hash")
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA synchronous=OFF")
        places = ", ".join("?" * len(columns))
        database.executemany(f"INSERT INTO chat_auditrow ({', '.join(columns)}) VALUES ({places})", _rows(chain))
        (last,) = database.execute("SELECT hash FROM chat_auditrow WHERE seq = ?", [ROWS]).fetchone()
        database.execute("INSERT INTO chat_audithead (id, seq, hash, problem) VALUES (1, ?, ?, '')", [ROWS, last])
    database.close()


def _rows(chain: Any) -> Iterator[tuple[Any, ...]]:
    begin, prev_hash = datetime(2026, 1, 1, tzinfo=UTC), "0" * 64
    for seq in range(1, ROWS + 1):
        at = begin + timedelta(milliseconds=137 * seq)
        run = f"6a1f7c1e-1111-4222-8333-{seq:012}"
        told = (
            *(KINDS[seq % 4], f"person {seq % 50}", "portal", "browser", run, run, run),
            *("production", "k8s_list", "READ", "allow", "default", "", "", REQUEST, prev_hash, "completed"),
        )
        hash = chain.digest(prev_hash, (seq, chain.written(at), *told))
        yield seq, at.replace(tzinfo=None).isoformat(" "), *told, prev_hash, hash
        prev_hash = hash


def _measured(command: list[str], variables: dict[str, str]) -> dict[str, Any]:
    """Seconds of the whole process, and the most memory it held (getrusage(2), `ru_maxrss` in KiB)."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    out = process.stdout.read()
    _, _, usage = os.wait4(process.pid, 0)
    process.stdout.close()
    process.returncode = 0
    return {
        "out": out,
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(usage.ru_maxrss * 1024 / 1_000_000),
    }


if __name__ == "__main__":
    main()
