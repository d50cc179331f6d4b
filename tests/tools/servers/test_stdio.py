"""A program as an MCP server: a real process, started bare, bounded in what it says, gone with whatever it began."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.servers import program as server
from tests.tools.servers.test_wire import Leaving
from tools.kube.errors import Ambiguous, BadAnswer, Busy, KubeError, NotSent, TooLarge, Unreachable
from tools.servers import groups, wire
from tools.servers.narrow import Reach
from tools.servers.programs import Program
from tools.servers.wire import Call

COMMAND = (sys.executable, "-I", server.__file__)


class Notes:
    """What the program wrote down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lines(self) -> list[str]:
        file = self.folder / "notes"
        return file.read_text().splitlines() if file.exists() else []

    def numbers(self, word: str) -> list[int]:
        return [int(line.split()[1]) for line in self.lines() if line.startswith(word)]

    @property
    def called(self) -> list[str]:
        return [line for line in self.lines() if " " not in line]


@pytest.fixture
def notes(tmp_path) -> Notes:
    return Notes(tmp_path)


def reach(notes: Notes, **environment: str) -> Reach:
    return Reach("tame", "program:tame", {}, Program("tame", (*COMMAND, str(notes.folder)), environment))


def rogue(*command: str) -> Reach:
    return Reach("rogue", "program:rogue", {}, Program("rogue", command))


async def call(where: Reach, name: str, *, writes: bool = True, leaving: Leaving | None = None, **more):
    told = {tool.name: tool for tool in await wire.tools_of(where)}
    return await wire.call(where, Call(name, {"a": 1}, told[name].digest, leaving or Leaving(), writes, **more))


async def until(holds: Callable[[], object]) -> None:
    while not holds():  # noqa: ASYNC110 - another process makes it so
        await asyncio.sleep(0.05)


def is_there(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def all_gone(*pids: int) -> bool:
    deadline = time.monotonic() + 5
    while any(is_there(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(is_there(pid) for pid in pids)


async def test_a_call_leaves_once_and_the_program_goes_with_it(notes):
    leaving = Leaving()
    answer = await call(reach(notes), "echo", leaving=leaving)
    assert (answer.text, answer.data, answer.failed) == ('echo did {"a": 1}', {"done": "echo"}, False)
    assert (notes.called, leaving.times) == (["echo"], 1)
    assert len(notes.numbers("pid")) == 2  # the look, and the call with its own look
    assert all_gone(*notes.numbers("pid"))


async def test_it_is_given_nothing_of_the_portals(notes, monkeypatch):
    """No key, no database, no token; a home of its own that is empty and goes with it; a group of its own."""
    for name in ("SECRET_KEY", "DATABASE_URL", "ANTHROPIC_API_KEY", "K8SMCP_CREDENTIALS_KEY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "tr0ub4dor")
    seen = (await call(reach(notes, API_KEY="of-its-own"), "seen", writes=False)).data
    home = seen["folder"]
    expected = {"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "API_KEY": "of-its-own"}
    assert {name: value for name, value in seen["environment"].items() if name != "LC_CTYPE"} == expected
    assert home.startswith(tempfile.gettempdir())
    assert (seen["files"], Path(home).name in os.listdir(tempfile.gettempdir())) == ([], False)
    assert seen["group"] != os.getpgrp()
    assert seen["group"] == notes.numbers("pid")[-1]


@pytest.mark.parametrize(
    ("tool", "writes", "fault", "said"),
    [
        ("die", True, Ambiguous, r"ended by itself \(exit code 3\), and said last: I have lost my mind"),
        ("die", False, Unreachable, r"ended by itself \(exit code 3\)"),
        ("garbage", True, Ambiguous, "something else than messages of MCP"),
        ("garbage", False, BadAnswer, "something else than messages of MCP"),
        ("endless", True, Ambiguous, "more than 1 MiB"),
        ("endless", False, TooLarge, "more than 1 MiB"),
        ("chatter", False, TooLarge, "more than 1 MiB"),
        ("breed", True, Ambiguous, "did not answer within 15 s"),
    ],
)
async def test_one_that_misbehaves_is_a_sentence_and_leaves_nothing(notes, monkeypatch, tool, writes, fault, said):
    told = {each.name: each for each in await wire.tools_of(reach(notes))}
    if tool == "breed":
        monkeypatch.setattr(wire, "LONGEST_SECONDS", 15)
    with pytest.raises(fault, match=said) as raised:
        await wire.call(reach(notes), Call(tool, {}, told[tool].digest, Leaving(), writes))
    assert raised.value.sentence.endswith(".")
    assert notes.called == [tool]
    assert all_gone(*notes.numbers("pid"), *notes.numbers("child"))
    assert not groups._running


@pytest.mark.parametrize(
    ("command", "fault", "said"),
    [
        (("/no/such/program",), Unreachable, "no such file"),
        (("no-such-program-anywhere",), Unreachable, "no such file"),
        (("/etc/passwd",), Unreachable, "permission denied"),
        (("/",), Unreachable, "permission denied"),
        (("true",), Unreachable, r"exit code 0"),
        (("sh", "-c", "echo no licence >&2; exit 9"), Unreachable, r"exit code 9\), and said last: no licence\."),
        (("echo", "hello"), BadAnswer, "something else than messages"),
        (("echo", "{}"), BadAnswer, "something else than messages"),
        (("echo", "[" * 100_000), BadAnswer, "something else than messages"),
        (("yes",), BadAnswer, "something else than messages"),
        (("cat", "/dev/zero"), TooLarge, "more than 1 MiB"),
        (("sh", "-c", "exec 1>&-; sleep 300"), Unreachable, "closed its output"),
        (("sh", "-c", "exec 0<&-; sleep 300"), Unreachable, "did not answer within 2 s"),
        (("sleep", "300"), Unreachable, "did not answer within 2 s"),
        (("cat",), KubeError, r"rogue"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else None,
)
async def test_what_is_no_server_is_a_sentence(monkeypatch, command, fault, said):
    monkeypatch.setattr(wire, "LONGEST_SECONDS", 2 if "2 s" in said else 30)
    with pytest.raises(fault, match=said) as raised:
        await wire.tools_of(rogue(*command))
    assert raised.value.sentence.endswith(".")
    assert not groups._running


async def test_what_its_environment_changes_is_another_tool(notes):
    told = {tool.name: tool for tool in await wire.tools_of(reach(notes))}
    leaving = Leaving()
    wanted = Call("echo", {}, told["echo"].digest, leaving, writes=True)
    with pytest.raises(wire.Changed, match="describes echo differently"):
        await wire.call(reach(notes, MORE_WORDS=" And wipes."), wanted)
    assert (notes.called, leaving.times) == ([], 0)


async def test_what_may_not_leave_any_more_does_not(notes):
    with pytest.raises(NotSent, match="too late"):
        await call(reach(notes), "echo", leaving=Leaving(NotSent("It is too late.")))
    assert notes.called == []


async def test_nobody_waits_for_it_any_more(notes, monkeypatch):
    """A portal that leaves, or a run that is stopped, does not wait a minute for a program that hangs."""
    monkeypatch.setattr(wire, "_GRACE", 0.5)
    stopping = asyncio.Event()

    async def stop() -> bool:
        if notes.called:
            stopping.set()
        return stopping.is_set()

    began = time.monotonic()
    with pytest.raises(Ambiguous, match="Nobody waited"):
        await call(reach(notes), "stubborn", stopping=stop)
    assert time.monotonic() - began < 30
    assert all_gone(*notes.numbers("pid"))


async def test_a_call_that_is_cancelled_leaves_nothing(notes):
    running = asyncio.create_task(call(reach(notes), "breed"))
    await until(lambda: notes.numbers("child"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert all_gone(*notes.numbers("pid"), *notes.numbers("child"))


async def test_only_so_many_run_at_once(monkeypatch):
    monkeypatch.setattr(wire, "LONGEST_SECONDS", 10)
    waiting = [asyncio.create_task(wire.tools_of(rogue("sleep", "300"))) for _ in range(groups.MOST)]
    await until(lambda: len(groups._running) == groups.MOST)
    with pytest.raises(Busy, match="at once"):
        await wire.tools_of(rogue("sleep", "300"))
    assert {type(fault) for fault in await asyncio.gather(*waiting, return_exceptions=True)} == {Unreachable}
    with pytest.raises(Unreachable):
        await wire.tools_of(rogue("true"))


def test_a_portal_that_ends_takes_its_programs_with_it(tmp_path):
    """Even when nobody could say good-bye to them."""
    code = (
        "import asyncio, sys\n"
        "from tools.servers.groups import Listener, running\n"
        "from tools.servers.programs import Program\n"
        "async def main():\n"
        "    async with running(Program('x', ('sh', '-c', 'echo $$; sleep 300')), Listener()) as program:\n"
        "        sys.stdout.write(f'{program.get_pid()}\\n'); sys.stdout.flush(); sys.exit(0)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert all_gone(int(done.stdout.split()[0])), done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_one_that_is_killed_from_outside_is_a_sentence(notes, number):
    running = asyncio.create_task(call(reach(notes), "hang", writes=False))
    await until(lambda: notes.called)
    os.kill(notes.numbers("pid")[-1], number)
    with pytest.raises(Unreachable, match=rf"exit code -{number.value}\)"):
        await running


def test_it_is_the_same_on_the_loop_that_web_processes_run_on(notes):
    uvloop = pytest.importorskip("uvloop")

    async def story() -> None:
        assert (await call(reach(notes), "echo")).data == {"done": "echo"}
        with pytest.raises(TooLarge):
            await call(reach(notes), "endless", writes=False)
        with pytest.raises(Unreachable, match="last: I have lost my mind"):
            await call(reach(notes), "die", writes=False)
        with pytest.raises(Unreachable, match="no such file"):
            await wire.tools_of(rogue("/no/such/program"))

    uvloop.run(story())
    assert notes.called == ["echo", "endless", "die"]
    assert all_gone(*notes.numbers("pid"))
