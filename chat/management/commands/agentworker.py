"""`agentworker`: drives runs in a process of its own, on as many machines as needed."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from uvicorn.loops.auto import auto_loop_factory

from chat import hop, launch, leaving

MOST = 1_000  # runs at once; more is for more workers
LATE = (
    "REDIS_URL is not set: web processes show what this worker does up to two seconds late, and answers only block by "
    "block. Set REDIS_URL to show them as they are written."
)


class Command(BaseCommand):
    help = "Drives runs until it is told to stop; then gives back what is unfinished."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=16, help="Runs at once (16).")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["concurrency"] <= MOST:
            raise CommandError(f"--concurrency accepts a whole number from 1 to {MOST}.")
        if not settings.REDIS_URL:
            self.stderr.write(LATE)
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            runner.run(_work(options["concurrency"]))


async def _work(concurrency: int) -> None:
    """Told once, it hands its runs over; told again, it leaves them to their leases."""
    told, again = asyncio.Event(), asyncio.Event()

    def hear() -> None:
        (again if told.is_set() else told).set()
        leaving.begin()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, hear)
    hop.take_short_turns()
    hop.put_away_what_stays()
    launch.begin(concurrency)
    await told.wait()
    ends = [asyncio.create_task(launch.end()), asyncio.create_task(again.wait())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
