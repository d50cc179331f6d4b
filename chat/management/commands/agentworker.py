"""`agentworker`: drives runs in a process of its own, on as many machines as needed."""

import asyncio
import signal
from typing import Any

import uvloop
from django.core.management.base import BaseCommand, CommandParser

from chat import launch


class Command(BaseCommand):
    help = "Drives runs until it is told to stop; then gives back what is unfinished."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=16, help="Runs at once (16).")

    def handle(self, *args: Any, **options: Any) -> None:
        uvloop.run(_work(options["concurrency"]))


async def _work(concurrency: int) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, told.set)
    launch.begin(concurrency)
    await told.wait()
    await launch.end()
