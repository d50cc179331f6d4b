"""The demo cluster as a process: it starts, is found again, ends with its parent, and says what is wrong."""

import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.demo import kubeconfig, process
from tools.demo.process import DemoClusterFailed, answers, ensure_running

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 30.0


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    process.end(tmp_path)


def until(condition: object, what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


def test_it_is_started_once_and_found_again(home: Path) -> None:
    path = ensure_running(home)
    assert path == home / "demo-kubeconfig.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = kubeconfig.read(path)
    assert first is not None
    child = process._children[home.resolve()]
    assert ensure_running(home) == path
    assert kubeconfig.read(path) == first
    assert process._children[home.resolve()] is child


def test_ending_one_leaves_the_others_alone(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    mine, theirs = ensure_running(home), ensure_running(other)
    process.end(home)
    assert not answers(mine)
    assert answers(theirs)
    process.end(other)


def test_only_the_bearer_of_its_token_is_served(home: Path) -> None:
    access = kubeconfig.read(ensure_running(home))
    assert access is not None
    context = ssl.create_default_context(cadata=access.authority)
    for token, expected in ((access.token, 200), ("another", 401)):
        request = urllib.request.Request(f"{access.server}/api/v1/pods", headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, context=context, timeout=5) as answer:
                status = answer.status
        except urllib.error.HTTPError as refusal:
            with refusal:
                status = refusal.code
        assert status == expected


def test_after_a_restart_address_token_and_certificate_are_the_same(home: Path) -> None:
    path = ensure_running(home)
    first = kubeconfig.read(path)
    process.end(home)
    assert not answers(path)
    assert kubeconfig.read(ensure_running(home)) == first


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib; from tools.demo import process; "
        f"process.ensure_running(pathlib.Path({str(tmp_path)!r})); "
        "sys.stdout.write(str(next(iter(process._children.values())).pid)); sys.stdout.flush(); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        path = tmp_path / kubeconfig.FILE_NAME
        until(lambda: answers(path), "the cluster answers")
        child = int(parent.stdout.read(1) + parent.stdout.read1(20))
        parent.kill()
        parent.wait(10)
    until(lambda: not answers(path), "the cluster is gone")
    with pytest.raises(ProcessLookupError):
        until(lambda: os.kill(child, 0), "the process is gone")


def test_a_taken_port_is_a_plain_sentence(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DemoClusterFailed, match=f"Port {port} on 127.0.0.1 cannot be used"):
            ensure_running(home, port)


def test_a_kubeconfig_of_something_else_is_not_taken_for_a_demo_cluster(tmp_path: Path) -> None:
    path = tmp_path / kubeconfig.FILE_NAME
    for text in ("", "just words", "clusters: []", "clusters: [{cluster: {server: 'https://127.0.0.1:1'}}]"):
        path.write_text(text)
        assert kubeconfig.read(path) is None
        assert not answers(path)


def test_the_command_prints_the_path_alone_and_ends_cleanly_on_interrupt(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "demo_cluster"]
    environment = {**os.environ, "K8SMCP_HOME": str(tmp_path)}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **streams) as server:  # type: ignore[call-overload]
        first = server.stdout.readline()
        path = tmp_path / kubeconfig.FILE_NAME
        assert first == f"{path}\n"
        assert answers(path)
        server.send_signal(signal.SIGINT)
        rest, errors = server.communicate(timeout=15)
    assert (rest, errors, server.returncode) == ("", "", 0)
