"""The commands of the README's section "Several processes", run as they stand there."""

import asyncio
import os
import re
import shlex
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.faults.rig.servers import Redis
from tests.k8smcp.commands import manage
from tests.portal import ROOT, free_port, say, until

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
LONGEST = 25  # seconds a process may take to leave
STARTING = 120


def section() -> list[str]:
    """The lines of its only block, without comments."""
    text = (ROOT / "README.md").read_text().partition("\n## Several processes\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```sh\n(.*?)```", text, re.S)
    return [line for line in block.splitlines() if line and not line.startswith("#")]


class Typist:
    """Types the lines; `…` becomes what `values` has for that name, and each port a free one."""

    def __init__(self, home: Path, values: dict[str, str]) -> None:
        self._values, self._home = values, home
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONWARNINGS": "ignore"}
        self.environment["KUBECONFIG"] = values["KUBECONFIG"]
        self.ports: list[int] = []
        self.serving: list[subprocess.Popen[bytes]] = []

    def type(self, line: str) -> None:
        words = [self._filled(word) for word in shlex.split(line, comments=True)]
        if words[0] == "export":
            self.environment |= dict(word.split("=", 1) for word in words[1:])
        elif "--prepare" in words:
            self._begin(words).wait(STARTING)
        else:
            self.serving.append(self._begin(words))

    def _filled(self, word: str) -> str:
        name, is_set, value = word.partition("=")
        if is_set and "…" in value:
            return f"{name}={self._values[name]}"
        if is_set and name == "PORT":
            self.ports.append(free_port())
            return f"PORT={self.ports[-1]}"
        return sys.executable if word == ".venv/bin/python" else word

    def _begin(self, words: list[str]) -> subprocess.Popen[bytes]:
        home = {"K8SMCP_HOME": str(self._home / str(len(self.serving)))}  # as on machines of their own
        return subprocess.Popen(["env", *words], cwd=ROOT, env=self.environment | home)


@pytest.fixture
def typed(tmp_path: Path, own_database: str, demo_kubeconfig: Path) -> Iterator[Typist]:
    with Redis() as redis:
        values = {
            "DATABASE_URL": own_database,
            "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "SECRET_KEY": uuid.uuid4().hex * 2,
            "ALLOWED_HOSTS": "127.0.0.1",
            "K8SMCP_ADMIN_PASSWORD": "a-long-enough-word",
            "KUBECONFIG": str(demo_kubeconfig),
        }
        typist = Typist(tmp_path, values)
        try:
            for line in section():
                typist.type(line)
            yield typist
        finally:
            for each in typist.serving:
                if each.poll() is None:
                    each.kill()
                    each.wait()


async def opened(port: int) -> None:
    async with asyncio.timeout(STARTING):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def test_two_web_processes_and_two_workers_answer_and_leave(typed, tmp_path):
    assert len(typed.ports) == 2
    assert len(typed.serving) == 4
    token = manage(tmp_path, "create_token", "admin", **typed.environment).stdout.strip()
    for port in typed.ports:
        await opened(port)
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(f"ws://127.0.0.1:{port}/ws/chat", additional_headers=headers) as wire:
            await say(wire, type="send", text="list all pods")
            complete = (await until(wire, "complete"))["data"]
        assert complete["outcome"] == "done"
        assert "checkout" in complete["message"]
    for each in typed.serving:
        each.send_signal(signal.SIGTERM)
    for each in typed.serving:
        assert await asyncio.get_running_loop().run_in_executor(None, each.wait, LONGEST) == 0
