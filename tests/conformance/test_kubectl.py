"""What people type: kubectl's everyday commands, against a real API server and the demo cluster."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.apiserver.manifests import configmap, container, deployment, pod
from tests.conformance.place import Place
from tests.conformance.test_workloads import available, pods_of, ready, waiting

KUBECTL = shutil.which("kubectl")
NO_KUBECTL = "Left out: install kubectl (Debian: kubernetes-client) to try its commands on the clusters."
pytestmark = pytest.mark.skipif(KUBECTL is None, reason=NO_KUBECTL)


@dataclass(frozen=True)
class Kubectl:
    """kubectl as one user in one namespace, with a cache and a home of its own."""

    home: Path
    place: Place

    def __call__(self, *words: str, stdin: str = "", fails: bool = False) -> str:
        """Standard output, or standard error where failure is expected."""
        command = [str(KUBECTL), f"--kubeconfig={self.home / 'config'}", f"--cache-dir={self.home}", *words]
        environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, env=environment)
        assert (done.returncode != 0) is fails, done.stderr + done.stdout
        return done.stderr if fails else done.stdout


@pytest.fixture
def kubectl(place: Place, tmp_path: Path) -> Kubectl:
    cluster = place.cluster
    reached = {"server": cluster.server} | ({"certificate-authority": str(cluster.ca)} if cluster.ca else {})
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "here", "cluster": reached}],
        "users": [{"name": "admin", "user": {"token": cluster.tokens["admin"]}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin", "namespace": place.namespace}}],
    }
    (tmp_path / "config").write_text(yaml.safe_dump(document))
    return Kubectl(tmp_path, place)


def test_get_prints_the_servers_columns(kubectl: Kubectl, place: Place) -> None:
    path = place.create(deployment("web", 1))
    place.wait(path, available(1), "it is available")
    said = kubectl("get", "deploy,po")
    assert "deployment.apps/web" in said
    assert "1/1" in said
    assert "Running" in said
    assert "node" in kubectl("get", "pods", "-o", "wide")
    assert [each["metadata"]["name"] for each in json.loads(kubectl("get", "deploy", "-o", "json"))["items"]] == ["web"]
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "1"
    assert 'deployments.apps "ghost" not found' in kubectl("get", "deploy", "ghost", fails=True)
    assert "the server doesn't have a resource type" in kubectl("get", "gizmos", fails=True)


def test_get_all_and_watch_answer(kubectl: Kubectl, place: Place) -> None:
    place.create(deployment("web", 1))
    assert "replicaset.apps/web" in kubectl("get", "all") or "deployment.apps/web" in kubectl("get", "all")
    assert "web" in kubectl("get", "deploy", "web", "--watch-only=false", "--request-timeout=5s")


def test_describe_tells_of_events(kubectl: Kubectl, place: Place) -> None:
    path = place.create(pod("typo", containers=[container("registry.invalid/web:9")]))
    place.wait(path, waiting("ImagePullBackOff"), "it cannot pull")
    place.wait(path, lambda _: "Failed" in kubectl("describe", "pod", "typo"), "the event is described")
    said = kubectl("describe", "pod", "typo")
    assert "ImagePullBackOff" in said
    assert "registry.invalid/web:9" in said


def test_describe_knows_nodes_services_and_deployments(kubectl: Kubectl, place: Place) -> None:
    place.create(deployment("web", 1))
    kubectl("expose", "deployment", "web", "--port=80")
    assert "RollingUpdate" in kubectl("describe", "deployment", "web")
    assert "Endpoints" in kubectl("describe", "service", "web")
    node = json.loads(kubectl("get", "nodes", "-o", "json"))["items"][0]["metadata"]["name"]
    assert "Allocated resources" in kubectl("describe", "node", node)


def test_logs_follow_the_pod(kubectl: Kubectl, place: Place) -> None:
    path = place.create(pod("plain"))
    place.wait(path, ready, "it is ready")
    whole = kubectl("logs", "plain")
    assert kubectl("logs", "plain", "--tail=1") == whole.splitlines(keepends=True)[-1]
    assert "previous terminated container" in kubectl("logs", "plain", "--previous", fails=True)


def test_create_scale_and_roll_out(kubectl: Kubectl, place: Place) -> None:
    assert "created" in kubectl("create", "-f", "-", stdin=json.dumps(deployment("web", 1)))
    assert "scaled" in kubectl("scale", "deployment/web", "--replicas=2")
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web", "--timeout=40s")
    assert "image updated" in kubectl("set", "image", "deployment/web", "app=nginx:1.28")
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web", "--timeout=40s")
    assert len(kubectl("rollout", "history", "deployment/web").strip().splitlines()) == 4
    assert "rolled back" in kubectl("rollout", "undo", "deployment/web")
    assert "restarted" in kubectl("rollout", "restart", "deployment/web")
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web", "--timeout=40s")
    images = {each["spec"]["containers"][0]["image"] for each in pods_of(place, "web")}
    assert "nginx:1.27" in images


@pytest.mark.parametrize("server_side", [True, False])
def test_apply_creates_configures_and_leaves_alone(kubectl: Kubectl, server_side: bool) -> None:
    flags = ["--server-side"] if server_side else []
    first, second = (json.dumps(configmap("settings", {"mode": mode})) for mode in ("slow", "fast"))
    assert ("serverside-applied" if server_side else "created") in kubectl("apply", *flags, "-f", "-", stdin=first)
    assert ("serverside-applied" if server_side else "configured") in kubectl("apply", *flags, "-f", "-", stdin=second)
    if not server_side:
        assert "unchanged" in kubectl("apply", "-f", "-", stdin=second)
    assert kubectl("get", "cm", "settings", "-o", "jsonpath={.data.mode}") == "fast"


def test_apply_refuses_a_field_nobody_knows(kubectl: Kubectl) -> None:
    wrong = deployment("web", 0)
    wrong["spec"]["replcas"] = 3
    said = kubectl("apply", "-f", "-", stdin=json.dumps(wrong), fails=True)
    assert "replcas" in said


def test_patch_label_and_annotate(kubectl: Kubectl, place: Place) -> None:
    place.create(deployment("web", 0))
    assert "patched" in kubectl("patch", "deployment", "web", "-p", '{"spec":{"replicas":1}}')
    assert "labeled" in kubectl("label", "deployment", "web", "tier=front")
    assert "annotated" in kubectl("annotate", "deployment", "web", "note=x")
    assert "deployment.apps/web" in kubectl("get", "deploy", "-l", "tier=front", "-o", "name")


def test_delete_waits_until_it_is_gone(kubectl: Kubectl, place: Place) -> None:
    path = place.create(pod("plain"))
    place.wait(path, ready, "it is ready")
    assert "deleted" in kubectl("delete", "pod", "plain", "--timeout=50s", "--grace-period=1")
    assert place.http.get(path).status == 404


def test_top_answers(kubectl: Kubectl) -> None:
    assert len(kubectl("top", "nodes").strip().splitlines()) == 4


def test_commands_that_send_protobuf_work(kubectl: Kubectl) -> None:
    assert "created" in kubectl("create", "deployment", "web", "--image=nginx:1.27")
    assert kubectl("auth", "can-i", "delete", "pods").strip() == "yes"
    refused = kubectl("auth", "can-i", "delete", "pods", "--as=somebody", fails=True)
    assert refused == "" or "no" in refused


def test_explain_and_api_resources_know_the_kinds(kubectl: Kubectl) -> None:
    assert "deployments" in kubectl("api-resources")
    assert "apps/v1" in kubectl("api-versions")


def test_cordon_drain_and_uncordon(kubectl: Kubectl, place: Place) -> None:
    path = place.create(deployment("web", 1))
    place.wait(path, available(1), "it is available")
    node = pods_of(place, "web")[0]["spec"]["nodeName"]
    try:
        said = kubectl("drain", node, "--pod-selector=app=web", "--ignore-daemonsets", "--timeout=50s", "--force")
        assert "drained" in said
        place.wait(path, available(1), "it runs elsewhere")
        assert pods_of(place, "web")[0]["spec"]["nodeName"] != node
    finally:
        assert "uncordoned" in kubectl("uncordon", node)
