"""The fleet: web processes, workers, a model and a cluster, real processes with the nemesis between them."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

from tests.faults.rig import journal
from tests.faults.rig.journal import Journal
from tests.faults.rig.nemesis import Link, Nemesis
from tests.portal import ROOT, Portal
from tools.demo import kubeconfig

BOUNDS = {
    "K8SMCP_MAX_RUNS_PER_USER": "10000",
    "K8SMCP_MAX_SOCKETS_PER_USER": "10000",
    "K8SMCP_APPROVALS_PER_MINUTE": "10000",
}
LEAVING = 30.0  # seconds a process may take to end after SIGTERM


class Worker:
    """`manage.py agentworker`; its log grows over restarts."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home = home
        self.environment = environment | {"K8SMCP_HOME": str(home)}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Worker":
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "worker.log").open("ab") as log:
            command = [sys.executable, "manage.py", "agentworker", "--concurrency", "64"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        return self

    def end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(LEAVING)
            self.process = None


class Fleet:
    """`webs` and `workers` (none: the web process drives runs itself); `links` by name: model, cluster, postgres,
    redis. `faults` is the journal of what was done to it."""

    def __init__(
        self, folder: Path, nemesis: Nemesis, *, script: Path, database: str = "", redis: int = 0,
        webs: int = 1, workers: int = 0,
    ) -> None:  # fmt: skip
        self.folder, self.nemesis = folder, nemesis
        self.faults = Journal(folder / "faults.jsonl")
        self._script, self._redis = script, redis
        self.database = database or f"sqlite:///{folder}/web0/k8smcp.sqlite3"
        self._counts = webs, workers
        self.webs: list[Portal] = []
        self.workers: list[Worker] = []
        self._helpers: list[subprocess.Popen[str]] = []

    @property
    def links(self) -> dict[str, Link]:
        return self.nemesis.links

    @property
    def doors(self) -> list[int]:
        return [each.port for each in self.webs]

    @property
    def cookies(self) -> str:
        return self.webs[0].cookies

    def __enter__(self) -> "Fleet":
        environment = self._environment()
        webs, workers = self._counts
        self.webs = [Portal(self.folder / f"web{n}", **environment) for n in range(webs)]
        try:
            for each in self.webs:
                each.start()
            self.webs[-1].sign_in()  # the newest link is the one that works
            for each in self.webs:
                each.cookies = self.webs[-1].cookies
            self.workers = [Worker(self.folder / f"worker{n}", self.webs[0].environment) for n in range(workers)]
            for worker in self.workers:
                worker.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *fault: object) -> None:
        self._end()
        self.faults.close()

    def dump(self) -> None:
        self.faults.flush()
        journal.dump(self.database, self.folder)

    # ---- the parts around it ----

    def _environment(self) -> dict[str, str]:
        model = self._model()
        found = {
            "KUBECONFIG": str(self._cluster()),
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self.nemesis.link('model', model).port}",
            "ANTHROPIC_API_KEY": "rig",
            "SECRET_KEY": uuid.uuid4().hex * 2,
            "K8SMCP_INPROCESS_RUNNER": "0" if self._counts[1] else "1",
        } | BOUNDS
        if not self.database.startswith("sqlite"):
            head, _, name = self.database.rpartition("/")
            link = self.nemesis.link("postgres", int(head.rpartition(":")[2]))
            found["DATABASE_URL"] = f"postgres://postgres@127.0.0.1:{link.port}/{name}"
        if self._redis:
            found["REDIS_URL"] = f"redis://127.0.0.1:{self.nemesis.link('redis', self._redis).port}/0"
        return found

    def _model(self) -> int:
        told = self._start("tests.fakemodel", "--script", str(self._script),
                           "--journal", str(self.folder / "model.jsonl"))  # fmt: skip
        return int(told.rpartition(":")[2])

    def _cluster(self) -> Path:
        """A kubeconfig that leads through the nemesis."""
        home = self.folder / "cluster"
        self._start("tools.demo", "--home", str(home), "--journal", str(self.folder / "cluster.jsonl"))
        access = kubeconfig.read(home / kubeconfig.FILE_NAME)
        assert access is not None
        link = self.nemesis.link("cluster", int(access.server.rpartition(":")[2]))
        path = self.folder / "kubeconfig.yaml"
        text = (home / kubeconfig.FILE_NAME).read_text()
        path.write_text(text.replace(access.server, f"https://127.0.0.1:{link.port}"))
        return path

    def _start(self, module: str, *arguments: str) -> str:
        """The first line that it says."""
        (self.folder / "cluster").mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", module, *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self._helpers.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip()

    def _end(self) -> None:
        for process in [*(each.process for each in self.webs), *(each.process for each in self.workers)]:
            if process is not None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait(10)
        for helper in self._helpers:
            helper.terminate()
            helper.wait(10)
            if helper.stdout is not None:
                helper.stdout.close()

    # ---- harm ----

    def tell(self, what: str, **more: object) -> None:
        self.faults.write(kind=what, **more)

    def drivers(self) -> list[Worker] | list[Portal]:
        """The processes that drive runs."""
        return self.workers or self.webs

    def _drives(self, kind: str) -> bool:
        return kind == "worker" or not self.workers

    async def freeze(self, kind: str, number: int, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after that time: as a machine that sleeps. For its runs it is as good as dead."""
        pid = self.pids(kind)[number]
        alone = len(self.drivers()) == 1
        self.tell("death", who=f"{kind}{number}", drives=self._drives(kind), alone=alone)
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        os.kill(pid, signal.SIGCONT)
        self.tell("start", who=f"{kind}{number}", drives=self._drives(kind))

    def pids(self, kind: str) -> list[int]:
        members = self.webs if kind == "web" else self.workers
        return [each.process.pid for each in members if each.process is not None]

    def kill(self, kind: str, number: int = 0) -> None:
        """kill -9 of a `web` or a `worker`."""
        member = (self.webs if kind == "web" else self.workers)[number]
        process = member.process
        assert process is not None
        alone = sum(each.process is not None for each in self.drivers()) == 1
        self.tell("death", who=f"{kind}{number}", drives=self._drives(kind), alone=alone)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        member.process = None

    async def start(self, kind: str, number: int = 0) -> None:
        member = (self.webs if kind == "web" else self.workers)[number]
        await asyncio.get_running_loop().run_in_executor(None, member.start)
        self.tell("start", who=f"{kind}{number}", drives=self._drives(kind))

    async def replace(self, kind: str, number: int) -> float:
        """SIGTERM, and a new process in its place; the seconds it took to leave."""
        member = (self.webs if kind == "web" else self.workers)[number]
        process = member.process
        assert process is not None
        self.tell("term", who=f"{kind}{number}")
        began = time.monotonic()
        process.terminate()
        await asyncio.get_running_loop().run_in_executor(None, process.wait, LEAVING)
        took = time.monotonic() - began
        self.tell("left", who=f"{kind}{number}", seconds=took, code=process.returncode)
        member.process = None
        await self.start(kind, number)
        return took

    def sample(self) -> None:
        """Writes the memory of every process of the portal."""
        for kind in ("web", "worker"):
            for number, pid in enumerate(self.pids(kind)):
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                self.tell("memory", who=f"{kind}{number}", mib=pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def chance(seed: int, name: str) -> random.Random:
    return random.Random(f"{seed} {name}")
