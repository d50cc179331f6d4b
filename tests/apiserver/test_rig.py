"""Checks that the real API server and the fake node agent behave as tests rely on."""

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.apiserver.cluster import await_true
from tests.apiserver.control_plane import ControlPlane, ControlPlaneError, find_binaries
from tests.apiserver.manifests import claim, configmap, container, deployment, job, pod, secret
from tests.apiserver.plain_http import STRATEGIC, PlainHttp

pytestmark = pytest.mark.apiserver

SECONDS = 15.0
Object = dict[str, Any]


@pytest.fixture
def admin(api_server: ControlPlane) -> PlainHttp:
    return api_server.http()


def put(admin: PlainHttp, namespace: str, manifest: Object) -> str:
    """Create the object and return its path."""
    base = "/api/v1" if manifest["apiVersion"] == "v1" else f"/apis/{manifest['apiVersion']}"
    collection = f"{base}/namespaces/{namespace}/{manifest['kind'].lower()}s"
    answer = admin.post(collection, manifest)
    assert answer.status == 201, answer.text
    return f"{collection}/{manifest['metadata']['name']}"


def app_status(admin: PlainHttp, path: str) -> Object:
    """The status of a pod's one container, {} before there is one."""
    return next(iter(admin.get(path).json["status"].get("containerStatuses", [])), {})


def await_waiting(admin: PlainHttp, path: str, reason: str) -> Object:
    def waits() -> bool:
        return bool(app_status(admin, path).get("state", {}).get("waiting", {}).get("reason") == reason)

    await_true(waits, SECONDS, f"{path} waits with {reason}")
    return app_status(admin, path)


def await_ready(admin: PlainHttp, path: str) -> None:
    await_true(lambda: bool(app_status(admin, path).get("ready")), SECONDS, f"{path} is ready")


def test_a_deployment_of_three_becomes_available(admin: PlainHttp, real_namespace: str) -> None:
    path = put(admin, real_namespace, deployment("web", 3))
    await_true(lambda: admin.get(path).json["status"].get("availableReplicas") == 3, SECONDS, "three are available")
    pods = admin.get(f"/api/v1/namespaces/{real_namespace}/pods?labelSelector=app%3Dweb").json["items"]
    assert {p["spec"]["nodeName"] for p in pods} == {"node-1", "node-2", "node-3"}
    assert len({p["status"]["podIP"] for p in pods}) == 3


def test_logs_are_cut_and_stamped_as_asked(admin: PlainHttp, real_namespace: str) -> None:
    path = put(admin, real_namespace, pod("talks", annotations={"demo/logs": "@-900s old\none\ntwo\nthree"}))
    await_ready(admin, path)
    assert admin.get(f"{path}/log").text == "old\none\ntwo\nthree\n"
    assert admin.get(f"{path}/log?tailLines=2").text == "two\nthree\n"
    assert admin.get(f"{path}/log?sinceSeconds=600").text == "one\ntwo\nthree\n"
    assert admin.get(f"{path}/log?limitBytes=5").text == "old\no"
    assert admin.get(f"{path}/log?timestamps=true&tailLines=1").text.split(" ")[0].endswith("Z")
    refused = admin.get(f"{path}/log?previous=true")
    assert (refused.status, "previous terminated container" in refused.text) == (400, True)


def test_a_bad_image_is_not_pulled_until_it_is_corrected(admin: PlainHttp, real_namespace: str) -> None:
    path = put(admin, real_namespace, pod("typo", containers=[container("nginx:no-such-tag")]))
    await_waiting(admin, path, "ImagePullBackOff")
    refused = admin.get(f"{path}/log")
    assert refused.status == 400
    assert "waiting to start: trying and failing to pull image" in refused.json["message"]
    corrected = {"spec": {"containers": [container()]}}
    assert admin.patch(path, corrected, content_type=STRATEGIC).status == 200
    await_ready(admin, path)


def test_a_command_that_exits_crash_loops_and_leaves_its_last_log(admin: PlainHttp, real_namespace: str) -> None:
    crashing = [container(command=["sh", "-c", "exit 3"])]
    path = put(admin, real_namespace, pod("broken", containers=crashing))
    status = await_waiting(admin, path, "CrashLoopBackOff")
    assert status["lastState"]["terminated"]["exitCode"] == 3
    await_true(lambda: app_status(admin, path)["restartCount"] >= 2, SECONDS, "it was restarted twice")
    assert "exit with code 3" in admin.get(f"{path}/log?previous=true").text
    events = admin.get(f"/api/v1/namespaces/{real_namespace}/events?fieldSelector=reason%3DBackOff").json["items"]
    assert [event["involvedObject"]["name"] for event in events] == ["broken"]


def test_a_container_that_lacks_a_variable_names_it_in_its_log(admin: PlainHttp, real_namespace: str) -> None:
    path = put(admin, real_namespace, pod("lacks", annotations={"demo/requires-env": "DATABASE_URL"}))
    await_waiting(admin, path, "CrashLoopBackOff")
    assert "DATABASE_URL is not set" in admin.get(f"{path}/log").text


def test_a_container_that_needs_more_than_its_limit_is_killed(admin: PlainHttp, real_namespace: str) -> None:
    limited = [container(resources={"limits": {"memory": "64Mi"}}, args=["--vm-bytes", "250M"])]
    path = put(admin, real_namespace, pod("hungry", containers=limited))
    status = await_waiting(admin, path, "CrashLoopBackOff")
    assert status["lastState"]["terminated"]["reason"] == "OOMKilled"


def test_a_missing_secret_heals_when_it_appears(admin: PlainHttp, real_namespace: str) -> None:
    needs = [container(envFrom=[{"secretRef": {"name": "keys"}}])]
    path = put(admin, real_namespace, pod("needs", containers=needs))
    status = await_waiting(admin, path, "CreateContainerConfigError")
    assert status["state"]["waiting"]["message"] == 'secret "keys" not found'
    put(admin, real_namespace, secret("keys", token="x"))
    await_ready(admin, path)


def test_a_missing_configmap_volume_heals_when_it_appears(admin: PlainHttp, real_namespace: str) -> None:
    path = put(admin, real_namespace, pod("mounts", volumes=[{"name": "v", "configMap": {"name": "settings"}}]))
    await_waiting(admin, path, "ContainerCreating")
    put(admin, real_namespace, configmap("settings"))
    await_ready(admin, path)


@pytest.mark.parametrize("probe", [{"path": "/wrong", "port": 80}, {"path": "/", "port": 8080}])
def test_a_wrong_readiness_probe_leaves_the_pod_unready(admin: PlainHttp, real_namespace: str, probe: Object) -> None:
    probed = [container(ports=[{"containerPort": 80}], readinessProbe={"httpGet": probe})]
    path = put(admin, real_namespace, pod("unready", containers=probed))
    await_true(lambda: "running" in app_status(admin, path).get("state", {}), SECONDS, "it runs")
    assert app_status(admin, path)["ready"] is False
    events = f"/api/v1/namespaces/{real_namespace}/events?fieldSelector=reason%3DUnhealthy"
    await_true(lambda: len(admin.get(events).json["items"]) == 1, SECONDS, "the failed probe is told")


def test_jobs_complete_or_fail(admin: PlainHttp, real_namespace: str) -> None:
    good = put(admin, real_namespace, job("good"))
    bad = put(admin, real_namespace, job("bad", containers=[container("busybox", command=["sh", "-c", "exit 1"])]))
    await_true(lambda: admin.get(good).json["status"].get("succeeded") == 1, SECONDS, "the job completes")
    await_true(lambda: "conditions" in admin.get(bad).json["status"], SECONDS, "the job fails")
    assert admin.get(bad).json["status"]["conditions"][0]["reason"] == "BackoffLimitExceeded"


def test_a_claim_is_bound_and_grows(admin: PlainHttp, real_namespace: str) -> None:
    path = put(admin, real_namespace, claim("data", "10Gi"))
    await_true(lambda: admin.get(path).json["status"]["phase"] == "Bound", SECONDS, "the claim is bound")
    assert admin.patch(path, {"spec": {"resources": {"requests": {"storage": "15Gi"}}}}).status == 200
    grown = {"storage": "15Gi"}
    await_true(lambda: admin.get(path).json["status"].get("capacity") == grown, SECONDS, "the claim has grown")


def test_metrics_answer_for_nodes_and_pods(admin: PlainHttp, real_namespace: str) -> None:
    await_ready(admin, put(admin, real_namespace, pod("busy", annotations={"demo/cpu": "300m"})))
    nodes = admin.get("/apis/metrics.k8s.io/v1beta1/nodes").json["items"]
    assert [node["metadata"]["name"] for node in nodes] == ["node-1", "node-2", "node-3"]
    measured = admin.get(f"/apis/metrics.k8s.io/v1beta1/namespaces/{real_namespace}/pods/busy").json
    assert measured["containers"] == [{"name": "app", "usage": {"cpu": "300m", "memory": "32Mi"}}]


def test_deleted_pods_go_away(admin: PlainHttp, real_namespace: str) -> None:
    path = put(admin, real_namespace, pod("gone"))
    await_ready(admin, path)
    assert admin.delete(path).status == 200
    await_true(lambda: admin.get(path).status == 404, SECONDS, "the pod is gone")


def test_viewers_read_but_may_not_delete(api_server: ControlPlane, admin: PlainHttp, real_namespace: str) -> None:
    path = put(admin, real_namespace, configmap("kept"))
    viewer = api_server.http("viewer")
    assert viewer.get(path).status == 200
    refused = viewer.delete(path)
    assert (refused.status, refused.json["reason"]) == (403, "Forbidden")
    assert admin.get(path).status == 200
    assert viewer.get("/apis/metrics.k8s.io/v1beta1/nodes").status == 200
    assert viewer.get(f"/api/v1/namespaces/{real_namespace}/secrets").status == 403


def test_editors_edit_in_their_namespace_only(api_server: ControlPlane, real_namespace: str) -> None:
    editor = api_server.http("editor")
    assert editor.post(f"/api/v1/namespaces/{real_namespace}/configmaps", configmap("made")).status == 201
    assert editor.get("/api/v1/namespaces/default/configmaps").status == 403


def test_a_folder_without_the_binaries_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ControlPlaneError, match="kube-apiserver is missing"):
        find_binaries(tmp_path)


def test_children_end_with_a_starter_that_is_killed(tmp_path: Path) -> None:
    leash = Path(__file__).with_name("leash.py")
    starter = f"""
        import os, subprocess, sys
        child = subprocess.Popen([sys.executable, {str(leash)!r}, str(os.getpid()), "/bin/sleep", "600"])
        sys.stdout.write(str(child.pid))
        sys.stdout.flush()
        os.kill(os.getpid(), 9)
    """
    said = subprocess.run([sys.executable, "-c", textwrap.dedent(starter)], capture_output=True, text=True, timeout=20)
    await_true(lambda: not alive(int(said.stdout)), SECONDS, "the child is gone")


def alive(pid: int) -> bool:
    """Whether the process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
