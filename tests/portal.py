"""A real portal in a process of its own: started as people start it, signed in to, killed, started again."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.request import HTTPCookieProcessor, Request, build_opener

from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0
STARTING = 120.0  # seconds: a new database is migrated first, which takes a minute on a loaded machine
Frame = dict[str, Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Portal:
    """`environment`: variables on top of a nearly empty one. `home` and `port` stay the same over restarts."""

    program: tuple[str, ...] = ("manage.py",)

    def __init__(self, home: Path, command: tuple[str, ...] = ("start",), **environment: str) -> None:
        self.home, self.port = home, free_port()
        self.command = command
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "K8SMCP_HOME": str(home),
            "PORT": str(self.port),
            "PYTHONWARNINGS": "ignore",
            "K8SMCP_SHARED_WRITES": "1",
        } | environment
        self.process: subprocess.Popen[bytes] | None = None
        self.link = ""
        self.cookies = ""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.home / "portal.log").read_text(errors="replace")

    def start(self) -> "Portal":
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "portal.log").open("wb") as log:
            command = [sys.executable, *self.program, *self.command]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline:
            found = re.search(r"http://\S+/sign-in/\S+", self.log)
            if found:
                self.link = found.group()
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"The portal did not start:\n{self.log}")

    def kill(self) -> None:
        """As hard as it gets."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def __enter__(self) -> "Portal":
        return self.start()

    def __exit__(self, *fault: object) -> None:
        self.kill()

    def sign_in(self) -> "Portal":
        """Follows the printed link, as a browser would. The cookie outlives restarts."""
        jar = CookieJar()
        build_opener(HTTPCookieProcessor(jar)).open(self.link, timeout=PATIENCE).read()
        self.cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
        return self

    def page(self, path: str) -> str:
        request = Request(self.address + path, headers={"Cookie": self.cookies})
        with build_opener().open(request, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def connect(self, query: str = "", **options: Any) -> connect:
        return connect(
            f"ws://127.0.0.1:{self.port}/ws/chat?{query}",
            additional_headers={"Cookie": self.cookies, "Origin": self.address},
            max_size=None,
            **options,
        )


async def say(wire: ClientConnection, **frame: Any) -> str:
    """Sends a typed command and returns its id."""
    command_id = str(uuid.uuid4())
    await wire.send(json.dumps({"id": command_id, **frame}))
    return command_id


async def until(wire: ClientConnection, kind: str, into: list[Frame] | None = None, **fields: Any) -> Frame:
    """The next frame of that type with these fields in its data; everything heard goes `into`."""
    async with asyncio.timeout(PATIENCE):
        async for raw in wire:
            frame: Frame = json.loads(raw)
            if into is not None:
                into.append(frame)
            if frame["type"] == kind and all(frame["data"].get(key) == value for key, value in fields.items()):
                return frame
    raise AssertionError(f"The socket closed before a {kind} came.")
