"""What an open, signed-in socket costs that watches a conversation in which nothing happens.

Baseline: as many sockets of a bare Channels echo consumer under the same uvicorn and its options, in the same run.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from websockets.asyncio.client import connect

from bench.rig import fake_model, portal
from tests.portal import ROOT, Portal, free_port

SOCKETS, AT_ONCE, CONVERSATIONS = 1_000, 50, 20
SETTLE = 3.0  # seconds


async def measure() -> dict[str, Any]:
    with fake_model() as model, portal(model) as fleet:
        served = fleet.webs[0]
        assert served.process is not None
        names = [str(uuid.uuid4()) for _ in range(CONVERSATIONS)]
        for name in names:
            await _begin(served, name)
        ours = await _each(served.process.pid, lambda n: _watching(served, names[n % CONVERSATIONS]))
    with _echo() as (pid, address):
        bare = await _each(pid, lambda n: connect(address, max_size=None))
    return {
        "sockets": SOCKETS,
        "kib_per_socket": round(ours, 1),
        "baseline_bare_echo_kib_per_socket": round(bare, 1),
        "ratio": round(ours / bare, 2),
        "goal": "at most 1.5 x the memory of a bare Channels echo consumer",
        "met": ours <= 1.5 * bare,
    }


async def _each(pid: int, opened: Any) -> float:
    """KiB that one socket adds to the process, measured after the first few have warmed it up."""
    async with contextlib.AsyncExitStack() as stack:
        for n in range(AT_ONCE):
            await stack.enter_async_context(opened(n))
        await asyncio.sleep(SETTLE)
        before = _resident(pid)
        for begun in range(0, SOCKETS, AT_ONCE):
            await asyncio.gather(*(stack.enter_async_context(opened(n)) for n in range(begun, begun + AT_ONCE)))
        await asyncio.sleep(SETTLE)
        return (_resident(pid) - before) / SOCKETS


def _resident(pid: int) -> float:
    """KiB (proc(5), Rss of smaps_rollup)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("Rss:")))


@contextlib.asynccontextmanager
async def _watching(served: Portal, name: str) -> Any:
    async with served.connect() as wire:
        await wire.send(orjson.dumps({"type": "resume", "id": "r", "conversation_id": name, "seq": 0}).decode())
        while orjson.loads(await wire.recv())["type"] != "caught_up":
            pass
        yield wire


async def _begin(served: Portal, name: str) -> None:
    async with served.connect() as wire:
        await wire.send(orjson.dumps({"message": "chunks=1", "conversation_id": name}).decode())
        while orjson.loads(await wire.recv())["type"] != "complete":
            pass


@contextlib.contextmanager
def _echo() -> Iterator[tuple[int, str]]:
    port = free_port()
    variables = os.environ | {"PORT": str(port), "DJANGO_SETTINGS_MODULE": "k8smcp.settings"}
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-m", "bench.echo"], cwd=ROOT, env=variables)
    address = f"ws://127.0.0.1:{port}/ws/chat"
    try:
        _wait_for(port)
        yield process.pid, address
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError("The echo server did not start.")
