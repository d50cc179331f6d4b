"""`make test`: the whole suite with what this machine has, and one line each for what it lacks and how to get it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDS = (
    (
        "chromium",
        "browser",
        "the journeys in a real browser",
        "put a `chromium` on the path (Debian: apt-get install chromium)",
    ),
    (
        "kubectl",
        "",
        "kubectl against the demo cluster",
        "put a `kubectl` on the path (Debian: apt-get install kubernetes-client)",
    ),
    (
        "KUBEBUILDER_ASSETS",
        "apiserver",
        "a real API server",
        "set KUBEBUILDER_ASSETS to a folder with kube-apiserver, kube-controller-manager, kube-scheduler and etcd",
    ),
    (
        "GOLDEN_CORPUS",
        "golden",
        "recorded answers of a real API server",
        "set GOLDEN_CORPUS to the folder that has exchanges.jsonl",
    ),
    (
        "TEST_DATABASE_URL",
        "",
        "PostgreSQL",
        "set TEST_DATABASE_URL=postgres://user@host:port/name (and TEST_REDIS_URL)",
    ),
    (
        "redis-server",
        "",
        "rehearsals of faults on PostgreSQL and Redis",
        "put `redis-server` on the path and install PostgreSQL (Debian: apt-get install redis-server postgresql)",
    ),
    (
        "MCP_INSPECTOR",
        "",
        "the MCP Inspector as a client of `/mcp`",
        "set MCP_INSPECTOR to its program (npm install --prefix DIR @modelcontextprotocol/inspector, then "
        "DIR/node_modules/.bin/mcp-inspector)",
    ),
    ("TEST_REDIS_URL", "", "Redis", "set TEST_REDIS_URL=redis://host:port/number (and TEST_DATABASE_URL)"),
)
# Run once more on PostgreSQL and Redis; tests/faults has services of its own.
SERVICES = ("tests/chat", "tests/k8smcp", "tests/hostile/test_campaign.py")


def main() -> int:
    left_out = [(what, how) for name, _, what, how in NEEDS if not has(name)]
    codes = [pytest(sys.argv[1:])]
    if not sys.argv[1:] and has("TEST_DATABASE_URL") and has("TEST_REDIS_URL"):
        say("Once more on PostgreSQL and Redis:")
        codes.append(pytest([path for path in SERVICES if (ROOT / path).exists()], K8SMCP_TEST_SERVICES="1"))
    for what, how in left_out:
        say(f"Left out: {what}. To run it too, {how}.")
    return next((code for code in codes if code), 0)


def has(name: str) -> bool:
    return bool(os.environ.get(name)) if name.isupper() else shutil.which(name) is not None


def pytest(arguments: list[str], **environment: str) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False).returncode


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
