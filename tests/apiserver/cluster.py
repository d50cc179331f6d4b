"""One cluster as tests meet it, real or not: an address, a token for each user, and a namespace for each test."""

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.apiserver.plain_http import PlainHttp

READY_SECONDS = 20.0


class NeverCame(AssertionError):
    """What a test waited for did not happen in time; the text says what it was."""


@dataclass
class Cluster:
    """`tokens` has one for `admin` (anything), `viewer` (reads everywhere) and `editor` (edits in test namespaces)."""

    server: str
    ca: Path | None
    tokens: dict[str, str]

    def http(self, user: str = "admin") -> PlainHttp:
        """A plain client that acts as that user."""
        return PlainHttp(self.server, self.ca, self.tokens[user])

    @contextlib.contextmanager
    def namespace(self, prefix: str = "test") -> Iterator[str]:
        """A namespace in which pods can be made and `editor` may edit; deleted, not awaited, at the end."""
        name = f"{prefix}-{secrets.token_hex(3)}"
        admin = self.http()
        admin.post("/api/v1/namespaces", {"metadata": {"name": name}})
        bindings = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{name}/rolebindings"
        admin.post(bindings, binding("RoleBinding", "edit", "rig:editors"))
        probe = {"metadata": {"name": "probe"}, "spec": {"containers": [{"name": "c", "image": "busybox"}]}}
        pods = f"/api/v1/namespaces/{name}/pods?dryRun=All"
        authority = f"/api/v1/namespaces/{name}/configmaps/kube-root-ca.crt"
        await_true(lambda: admin.post(pods, probe).status == 201, READY_SECONDS, f"pods may be made in {name}")
        await_true(lambda: admin.get(authority).status == 200, READY_SECONDS, f"{name} has its authority")
        try:
            yield name
        finally:
            admin.delete(f"/api/v1/namespaces/{name}")


def await_true(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll until the condition holds; raises NeverCame that says what never came true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NeverCame(f"Waited {seconds:.0f} s in vain until {what}.")
        time.sleep(0.05)


def binding(kind: str, role: str, group: str) -> dict[str, Any]:
    """A RoleBinding or ClusterRoleBinding of a ClusterRole to a group."""
    return {
        "kind": kind,
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "metadata": {"name": f"rig-{role}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
    }
