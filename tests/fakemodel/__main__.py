"""The fake in a process of its own: its first line of output is its address."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Any

from tests.fakemodel.server import FakeModel


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m tests.fakemodel", description="A fake Messages API server")
    words.add_argument("--port", type=int, default=0)
    words.add_argument("--script", type=Path, help="a JSON file; see tests/fakemodel/__init__.py")
    words.add_argument("--key", default="", help="refuse any other key")
    words.add_argument("--journal", type=Path, help="write each request here as a line of JSON")
    words.add_argument("--chunks", type=int, default=20, help="the echo's length")
    words.add_argument("--rate", type=float, default=0, help="events a second; 0: at once")
    words.add_argument("--tool", help="the echo calls this tool first")
    words.add_argument("--arguments", type=json.loads, default={}, help="of that call, as JSON")
    words.add_argument("--think", action="store_true")
    asyncio.run(_serve(words.parse_args()))


async def _serve(given: argparse.Namespace) -> None:
    script: dict[str, Any] = json.loads(given.script.read_text(encoding="utf-8")) if given.script else {}
    script.setdefault("echo", {key: getattr(given, key) for key in ("chunks", "rate", "tool", "arguments", "think")})
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    async with FakeModel(script, port=given.port, key=given.key, journal=given.journal) as fake:
        sys.stdout.write(fake.url + "\n")
        sys.stdout.flush()
        await over.wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
