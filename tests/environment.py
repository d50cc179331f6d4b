"""The world of a test run: no variables of the machine, a home of its own, and no way out of the machine.

Loaded before Django by `-p tests.environment` (pyproject.toml). `K8SMCP_TEST_SERVICES=1` runs the same tests on
TEST_DATABASE_URL and TEST_REDIS_URL instead of SQLite and memory.
"""

import ipaddress
import os
import sys
import tempfile
from typing import Any

OURS = (
    "K8SMCP_",
    "ANTHROPIC_",
    "DATABASE_URL",
    "REDIS_URL",
    "KUBECONFIG",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "DEBUG",
    "HOST",
    "PORT",
)
KEPT = ("K8SMCP_FIGURES", "K8SMCP_TEST_SERVICES", "K8SMCP_TEST_REQUIRE", "K8SMCP_FAULT_SEED", "K8SMCP_FAULT_ROUNDS")


def _clear() -> None:
    for name in list(os.environ):
        if name.startswith(OURS) and name not in KEPT:
            del os.environ[name]
    os.environ["K8SMCP_HOME"] = tempfile.mkdtemp(prefix="k8smcp-test-")
    os.environ["HOME"] = os.environ["K8SMCP_HOME"]  # no kubeconfig of the machine
    os.environ["K8SMCP_SHARED_WRITES"] = "1"  # the rigs have one identity; tests of identities say what they need
    if os.environ.get("K8SMCP_TEST_SERVICES") == "1":
        os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
        os.environ["REDIS_URL"] = os.environ["TEST_REDIS_URL"]


def _close_the_network(event: str, args: tuple[Any, ...]) -> None:
    if event != "socket.connect":
        return
    address = args[1]
    if isinstance(address, tuple) and not _on_this_machine(str(address[0])):
        raise PermissionError(f"A test wanted to reach {address[0]}: outbound network is closed.")


def _on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_clear()
sys.addaudithook(_close_the_network)
