"""Real kubectl works against the demo cluster and shows what people expect to see."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo_process import demo_process

pytestmark = pytest.mark.skipif(
    shutil.which("kubectl") is None,
    reason="kubectl is not on the path; install it (Debian: kubernetes-client) to run these",
)


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One demo cluster for the module, in a process of its own."""
    with demo_process(tmp_path_factory, "home") as kubeconfig:
        yield kubeconfig


class Kubectl:
    """Runs kubectl with the demo cluster's kubeconfig; fails the test when kubectl does."""

    def __init__(self, kubeconfig: Path, home: Path) -> None:
        self._environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "HOME": str(home)}

    def __call__(self, *arguments: str, given: str | None = None, code: int = 0) -> str:
        done = subprocess.run(
            ["kubectl", *arguments],
            env=self._environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    def watch(self, seconds: float, *arguments: str) -> str:
        """What a watching kubectl prints in that time."""
        command = ["kubectl", *arguments, "--request-timeout", f"{seconds}s"]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout


@pytest.fixture
def kubectl(kubeconfig: Path, tmp_path: Path) -> Kubectl:
    return Kubectl(kubeconfig, tmp_path)


def column(text: str, name: str) -> list[str]:
    """One column of kubectl's table, by its heading."""
    header, *rows = text.splitlines()
    start = header.index(name)
    return [row[start:].split()[0] for row in rows if row.strip()]


def test_get_shows_the_broken_and_the_healthy_pods(kubectl: Kubectl) -> None:
    everything = kubectl("get", "pods", "-A").replace("ErrImagePull", "ImagePullBackOff")  # while it tries
    assert {"CrashLoopBackOff", "ImagePullBackOff", "Pending", "Completed", "Error", "Running"} <= set(
        column(everything, "STATUS")
    )
    wide = kubectl("get", "pods", "-n", "kube-system", "-o", "wide")
    assert {"node-1", "node-2", "node-3"} == set(column(wide, "NODE"))


def test_get_works_for_nodes_custom_kinds_yaml_json_and_all(kubectl: Kubectl) -> None:
    assert column(kubectl("get", "nodes"), "STATUS") == ["Ready", "Ready", "Ready"]
    assert column(kubectl("get", "certs", "-A"), "READY") == ["False", "True"]
    assert json.loads(kubectl("get", "deploy", "checkout", "-n", "shop", "-o", "json"))["kind"] == "Deployment"
    assert "kind: ConfigMap" in kubectl("get", "cm", "shop-config", "-n", "shop", "-o", "yaml")
    everything = kubectl("get", "all", "-n", "payments")
    for word in (
        "pod/gateway-",
        "service/ledger",
        "deployment.apps/fraud-model",
        "statefulset.apps/postgres",
        "job.batch/settlement",
    ):
        assert word in everything


def test_describe_tells_conditions_reasons_and_events(kubectl: Kubectl) -> None:
    pod = kubectl("describe", "pod", "-n", "payments", "-l", "app=fraud-model")
    assert "0/3 nodes are available: 3 Insufficient cpu" in pod
    deployment = kubectl("describe", "deployment", "recommendations", "-n", "shop")
    assert "ProgressDeadlineExceeded" in deployment
    node = kubectl("describe", "node", "node-1")
    assert "Allocated resources" in node
    assert "kube-proxy" in node
    assert "Endpoints:" in kubectl("describe", "service", "cart", "-n", "shop")


def test_logs_of_now_and_before_name_the_cause(kubectl: Kubectl) -> None:
    assert "PAYMENT_API_URL is not set" in kubectl("logs", "-n", "shop", "deploy/checkout")
    assert "PAYMENT_API_URL is not set" in kubectl("logs", "-n", "shop", "-l", "app=checkout", "--previous")
    assert len(kubectl("logs", "-n", "shop", "deploy/catalog", "--tail=4").splitlines()) == 4
    assert "Z " in kubectl("logs", "-n", "shop", "deploy/catalog", "--tail=1", "--timestamps")
    assert "client certificate expired" in kubectl("logs", "-n", "payments", "job/settlement")


def test_top_and_events_answer(kubectl: Kubectl) -> None:
    assert len(column(kubectl("top", "nodes"), "CPU(cores)")) == 3
    assert "storefront" in kubectl("top", "pods", "-n", "shop")
    events = kubectl("get", "events", "-n", "shop", "--field-selector", "type=Warning")
    assert "BackOff" in column(events, "REASON")


def test_setting_the_variable_heals_checkout_and_undo_breaks_it_again(kubectl: Kubectl) -> None:
    kubectl("set", "env", "deploy/checkout", "-n", "shop", "PAYMENT_API_URL=https://gateway.payments.svc")
    assert "successfully rolled out" in kubectl("rollout", "status", "deploy/checkout", "-n", "shop", "--timeout=40s")
    assert set(column(kubectl("get", "pods", "-n", "shop", "-l", "app=checkout"), "STATUS")) == {"Running"}
    assert "3" in column(kubectl("rollout", "history", "deploy/checkout", "-n", "shop").partition("\n")[2], "REVISION")
    kubectl("rollout", "undo", "deploy/checkout", "-n", "shop", "--to-revision=1")
    assert "successfully rolled out" in kubectl("rollout", "status", "deploy/checkout", "-n", "shop", "--timeout=40s")


MANIFEST = """
apiVersion: v1
kind: Namespace
metadata: {name: trial}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: trial}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.27"}]}
"""


def test_apply_scale_restart_and_delete_go_their_way(kubectl: Kubectl) -> None:
    assert "deployment.apps/web created" in kubectl("apply", "-f", "-", given=MANIFEST)
    assert "successfully rolled out" in kubectl("rollout", "status", "deploy/web", "-n", "trial", "--timeout=40s")
    assert "unchanged" in kubectl("apply", "-f", "-", given=MANIFEST)
    more = MANIFEST.replace("replicas: 1", "replicas: 3")
    assert "web configured" in kubectl("apply", "-f", "-", given=more)
    assert "serverside-applied" in kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=more)
    kubectl("rollout", "status", "deploy/web", "-n", "trial", "--timeout=40s")
    kubectl("scale", "deploy/web", "-n", "trial", "--replicas=2")
    kubectl("rollout", "status", "deploy/web", "-n", "trial", "--timeout=40s")
    kubectl("wait", "--for=delete", "pod", "-n", "trial", "-l", "app=gone", "--timeout=5s")
    kubectl("rollout", "restart", "deploy/web", "-n", "trial")
    assert "successfully rolled out" in kubectl("rollout", "status", "deploy/web", "-n", "trial", "--timeout=40s")
    kubectl("delete", "namespace", "trial", "--timeout=40s")
    assert "NotFound" in kubectl("get", "namespace", "trial", code=1)


def test_watching_sees_changes_as_they_happen(kubectl: Kubectl) -> None:
    kubectl("delete", "pods", "-n", "shop", "-l", "app=cart", "--wait=false")
    seen = kubectl.watch(6, "get", "pods", "-n", "shop", "-l", "app=cart", "-w")
    assert "Terminating" in seen
    assert "Running" in seen


def test_cordon_drain_and_uncordon_move_the_pods(kubectl: Kubectl) -> None:
    kubectl("cordon", "node-3")
    assert column(kubectl("get", "nodes"), "STATUS")[2] == "Ready,SchedulingDisabled"
    kubectl("drain", "node-3", "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=50s")
    pods = json.loads(kubectl("get", "pods", "-A", "-o", "json", "--field-selector", "spec.nodeName=node-3"))["items"]
    left = {pod["metadata"]["ownerReferences"][0]["kind"] for pod in pods if pod["status"]["phase"] == "Running"}
    assert left == {"DaemonSet"}
    kubectl("uncordon", "node-3")


def test_refusals_are_kubectls_own_words(kubectl: Kubectl) -> None:
    assert 'deployments.apps "nope" not found' in kubectl("get", "deploy", "nope", code=1)
    assert "the server doesn't have a resource type" in kubectl("get", "sandwiches", code=1)
