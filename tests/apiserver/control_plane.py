"""Starts a real Kubernetes control plane on loopback from the folder that KUBEBUILDER_ASSETS names, and ends it."""

import atexit
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.apiserver.cluster import Cluster, await_true, binding
from tests.apiserver.credentials import Credentials, make_credentials, write_kubeconfig
from tests.apiserver.plain_http import PlainHttp

ASSETS_VARIABLE = "KUBEBUILDER_ASSETS"
NODES = ("node-1", "node-2", "node-3")
START_SECONDS = 60.0
_PREFIX = "apiserver-"
_LAST_MINOR_WITH_INSECURE_PORT = 23


class ControlPlaneError(Exception):
    """The control plane cannot start; the text says what is missing or shows the end of the log that tells why."""


@dataclass
class Process:
    """One child and its log file."""

    name: str
    popen: "subprocess.Popen[bytes]"
    log: Path


@dataclass
class ControlPlane(Cluster):
    """A running cluster of real processes; `kubeconfig` has one context per user, named after the user."""

    folder: Path
    credentials: Credentials
    kubeconfig: Path
    minor: int
    processes: list[Process] = field(default_factory=list)

    @property
    def audit_log(self) -> Path:
        """Every request that could change something or runs something, a JSON object a line."""
        return self.credentials.folder / "audit.jsonl"

    @property
    def admin_token(self) -> str:
        return self.tokens["admin"]

    def stop(self) -> None:
        """Kill all children, newest first, and remove the folder; safe to call twice."""
        for process in reversed(self.processes):
            _kill_group(process.popen)
        self.processes.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.stop)


def start(assets: Path) -> ControlPlane:
    """Start etcd, API server, controllers, scheduler and the fake node agent; return when three nodes take pods."""
    binaries = find_binaries(assets)
    remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    credentials = make_credentials(folder)
    etcd_port, peer_port, api_port, controller_port, scheduler_port = free_ports(5)
    server = f"https://127.0.0.1:{api_port}"
    kubeconfig = write_kubeconfig(folder / "kubeconfig.yaml", server, credentials)
    plane = ControlPlane(
        server, credentials.ca, credentials.tokens, folder, credentials, kubeconfig, _minor(binaries["kube-apiserver"])
    )
    atexit.register(plane.stop)
    try:
        _launch(plane, "etcd", [str(binaries["etcd"]), *_etcd_flags(folder, etcd_port, peer_port)])
        api_flags = _api_server_flags(credentials, etcd_port, api_port)
        _launch(plane, "kube-apiserver", [str(binaries["kube-apiserver"]), *api_flags])
        _launch(plane, "node-agent", [sys.executable, "-m", "tests.apiserver.node_agent", str(folder), server])
        _await(plane, lambda: plane.http().get("/readyz").status == 200, "the API server is ready")
        controllers = [*_client_flags(plane, controller_port), *_controller_flags(credentials)]
        _launch(plane, "kube-controller-manager", [str(binaries["kube-controller-manager"]), *controllers])
        _launch(plane, "kube-scheduler", [str(binaries["kube-scheduler"]), *_client_flags(plane, scheduler_port)])
        viewers = binding("ClusterRoleBinding", "view", "rig:viewers")
        plane.http().post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", viewers)
        _await(plane, lambda: nodes_take_pods(plane.http()), "three nodes take pods")
        _await(
            plane, lambda: _count(plane.http(), "/apis/metrics.k8s.io/v1beta1/nodes") == len(NODES), "metrics answer"
        )
    except BaseException:
        plane.stop()
        raise
    return plane


def find_binaries(assets: Path) -> Mapping[str, Path]:
    """Paths of the four programs; etcd may also be on the PATH. Raises ControlPlaneError that names what is missing."""
    found: dict[str, Path] = {}
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"):
        path = assets / name
        elsewhere = shutil.which(name) if name == "etcd" else None
        if os.access(path, os.X_OK):
            found[name] = path.absolute()
        elif elsewhere:
            found[name] = Path(elsewhere)
        else:
            raise ControlPlaneError(f"{ASSETS_VARIABLE} names {assets}, where {name} is missing; put it there.")
    return found


def remove_leftovers() -> None:
    """Remove folders of test runs that were killed before they could; their processes died with them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        starter = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if starter.isdigit() and not is_alive(int(starter)):
            shutil.rmtree(folder, ignore_errors=True)


def is_alive(pid: int) -> bool:
    """Whether there is such a process, whoever owns it."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return True


def nodes_take_pods(admin: PlainHttp) -> bool:
    """Whether all nodes are Ready and carry no taint."""
    nodes = admin.get("/api/v1/nodes").json.get("items", [])
    ready = [node for node in nodes if not node["spec"].get("taints") and _is_ready(node)]
    return len(ready) == len(NODES)


def free_ports(count: int) -> list[int]:
    """Ports nobody listened on a moment ago, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _await(plane: ControlPlane, condition: Callable[[], bool], what: str) -> None:
    def holds() -> bool:
        for process in plane.processes:
            if process.popen.poll() is not None:
                tail = process.log.read_text(errors="replace")[-1500:]
                raise ControlPlaneError(f"{process.name} ended before {what}; its log ends with:\n{tail}")
        try:
            return condition()
        except (urllib.error.URLError, OSError):
            return False

    await_true(holds, START_SECONDS, what)


def _launch(plane: ControlPlane, name: str, command: list[str]) -> None:
    log = plane.folder / f"{name}.log"
    leash = [sys.executable, "-S", "-E", str(Path(__file__).with_name("leash.py")), str(os.getpid())]
    root = Path(__file__).resolve().parents[2]
    with log.open("wb") as sink:
        popen = subprocess.Popen(
            [*leash, *command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=root,
            start_new_session=True,
        )
    plane.processes.append(Process(name, popen, log))


def _kill_group(popen: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(popen.pid, signal.SIGKILL)
    popen.wait()


def _minor(api_server: Path) -> int:
    said = subprocess.run([str(api_server), "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"v1\.(\d+)", said)
    if match is None:
        raise ControlPlaneError(f"{api_server} does not tell its version: {said!r}.")
    return int(match[1])


def _etcd_flags(folder: Path, port: int, peer_port: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
    ]


def _api_server_flags(credentials: Credentials, etcd_port: int, port: int) -> list[str]:
    return [
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={credentials.folder}",
        f"--tls-cert-file={credentials.certificate}",
        f"--tls-private-key-file={credentials.key}",
        f"--client-ca-file={credentials.ca}",
        f"--requestheader-client-ca-file={credentials.ca}",
        f"--token-auth-file={credentials.token_file}",
        f"--audit-log-path={credentials.folder / 'audit.jsonl'}",
        f"--audit-policy-file={_audit_policy(credentials.folder)}",
        f"--service-account-key-file={credentials.account_key}",
        f"--service-account-signing-key-file={credentials.account_key}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--authorization-mode=Node,RBAC",
        "--endpoint-reconciler-type=none",
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-certificate-authority={credentials.ca}",
    ]


def _audit_policy(folder: Path) -> Path:
    """What is asked by programs of the rig itself is many times more, and of no interest."""
    runs = {
        "level": "Metadata",
        "resources": [{"resources": ["pods/exec", "pods/attach", "pods/portforward", "*/proxy"]}],
    }
    writes = {"level": "Metadata", "verbs": ["create", "update", "patch", "delete", "deletecollection"]}
    file = folder / "audit-policy.json"
    rules = [{"level": "None", "userGroups": ["system:nodes"]}, runs, writes, {"level": "None"}]
    policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules}
    file.write_text(json.dumps(policy))
    return file


def _client_flags(plane: ControlPlane, port: int) -> list[str]:
    flags = [f"--{use}kubeconfig={plane.kubeconfig}" for use in ("", "authentication-", "authorization-")]
    flags += ["--leader-elect=false", "--bind-address=127.0.0.1", f"--secure-port={port}"]
    flags += [f"--tls-cert-file={plane.credentials.certificate}", f"--tls-private-key-file={plane.credentials.key}"]
    if plane.minor <= _LAST_MINOR_WITH_INSECURE_PORT:
        flags.append("--port=0")
    return flags


def _controller_flags(credentials: Credentials) -> list[str]:
    return [
        f"--service-account-private-key-file={credentials.account_key}",
        f"--root-ca-file={credentials.ca}",
        "--horizontal-pod-autoscaler-sync-period=5s",
        "--node-monitor-period=1s",
        "--pvclaimbinder-sync-period=2s",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]


def _is_ready(node: dict[str, dict[str, list[dict[str, str]]]]) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))


def _count(admin: PlainHttp, path: str) -> int:
    answer = admin.get(path)
    return len(answer.json["items"]) if answer.status == 200 else -1
