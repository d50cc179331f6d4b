"""The demo cluster as a child process: found when it runs, started when it does not."""

import contextlib
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tools.demo import kubeconfig

PATIENCE = 120.0  # seconds a new cluster may take to answer: on a loaded machine half a minute is not enough
ROOT = Path(__file__).resolve().parents[2]
_children: dict[Path, subprocess.Popen[bytes]] = {}  # by home


class DemoClusterFailed(Exception):
    """The demo cluster could not be started."""


def ensure_running(home: Path, port: int = 0, journal: Path | None = None) -> Path:
    """The kubeconfig of a demo cluster that answers; one is started as a child process when none does.

    The child ends when this process does, and writes every request to `journal`. DemoClusterFailed, with what it said,
    when it does not come up.
    """
    path = home.resolve() / kubeconfig.FILE_NAME
    if answers(path):
        return path
    home.mkdir(parents=True, exist_ok=True)
    log = home.resolve() / "demo-cluster.log"
    command = [
        sys.executable,
        "-m",
        "tools.demo",
        "--home",
        str(home.resolve()),
        "--port",
        str(port),
        "--end-with-parent",
        *(["--journal", str(journal)] if journal else []),
    ]
    with log.open("wb") as output:
        child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=output)
    _children[home.resolve()] = child
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if child.poll() is not None:
            end(home)
            raise DemoClusterFailed(f"The demo cluster ended at once: {last_words(log)}")
        if answers(path):
            return path
        time.sleep(0.05)
    end(home)
    raise DemoClusterFailed(f"The demo cluster did not answer within {PATIENCE:.0f} seconds; see {log}.")


def answers(path: Path) -> bool:
    """True when the cluster of this kubeconfig is ready and takes its token."""
    access = kubeconfig.read(path)
    if access is None or not access.server.startswith("https://127.0.0.1:"):
        return False
    headers = {"Authorization": f"Bearer {access.token}"}
    try:
        context = ssl.create_default_context(cadata=access.authority)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        for address in ("/readyz", "/api/v1/namespaces/kube-system"):
            request = urllib.request.Request(access.server + address, headers=headers)
            with opener.open(request, timeout=2) as answer:
                if answer.status != 200:
                    return False
    except (OSError, ValueError, urllib.error.URLError):
        return False
    return True


def last_words(log: Path) -> str:
    text = log.read_text(errors="replace").strip().splitlines()
    return text[-1] if text else f"it said nothing; see {log}."


def stop(child: subprocess.Popen[bytes]) -> None:
    """Ends a child that was started here, first politely."""
    if child.stdin is not None:
        with contextlib.suppress(OSError):
            child.stdin.close()
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(timeout=5)


def end(home: Path) -> None:
    """Ends the demo cluster of this home, if this process has started one."""
    child = _children.pop(home.resolve(), None)
    if child is not None:
        stop(child)
