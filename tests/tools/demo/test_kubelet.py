"""Containers live as their images, probes, limits and references let them, and their logs tell."""

import pytest

from tests.tools.demo.living import Living, conditions, container, is_ready, single, state, waiting_reason
from tools.demo.controllers.kinds import CONFIG_MAPS, DEPLOYMENTS, PODS, SECRETS
from tools.demo.errors import ApiError
from tools.demo.store import Json


@pytest.fixture
def living() -> Living:
    return Living.bare()


def status(living: Living, name: str) -> Json:
    found: Json = living.get(PODS, name)["status"]["containerStatuses"][0]
    return found


def test_a_pod_becomes_ready_with_address_events_and_conditions(living: Living) -> None:
    living.create(PODS, single("one"))
    living.wait()
    pod = living.get(PODS, "one")
    assert pod["status"]["phase"] == "Running"
    assert pod["status"]["podIP"].startswith("10.244.")
    assert pod["status"]["hostIP"] == "192.168.49.11"
    assert {kind: told for kind, (told, _) in conditions(pod).items()} == dict.fromkeys(
        ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"), "True"
    )
    for reason in ("Scheduled", "Pulling", "Pulled", "Created", "Started"):
        assert len(living.messages(reason, "one")) == 1, reason


def test_an_image_is_pulled_once_on_each_node(living: Living) -> None:
    for name in ("one", "two"):
        living.create(PODS, single(name, nodeSelector={"kubernetes.io/hostname": "node-1"}))
        living.wait()
    assert living.messages("Pulled", "two") == ['Container image "nginx:1.27" already present on machine']


@pytest.mark.parametrize("image", ["registry.invalid/nope:1", "nginx:latets", "registry.example.com/shop/cart:9.9.9"])
def test_what_the_registry_lacks_ends_in_image_pull_back_off(living: Living, image: str) -> None:
    living.create(PODS, single("one", container(image)))
    living.wait(3)
    assert waiting_reason(living.get(PODS, "one")) == "ErrImagePull"
    living.wait(5)
    assert waiting_reason(living.get(PODS, "one")) == "ImagePullBackOff"
    assert any(f'Failed to pull image "{image}": rpc error' in text for text in living.messages("Failed", "one"))
    refusal = living.cluster.logs.read(living.get(PODS, "one"), "app")
    assert isinstance(refusal, ApiError)
    assert "is waiting to start: trying and failing to pull image" in refusal.message


def test_a_command_that_exits_crashes_again_and_again_with_growing_waits(living: Living) -> None:
    living.create(PODS, single("one", container("app:1", command=["sh", "-c", "exit 3"])))
    living.wait(60)
    early = status(living, "one")["restartCount"]
    living.wait(300)
    later = status(living, "one")
    assert 2 <= early < later["restartCount"] <= 8
    assert later["lastState"]["terminated"]["exitCode"] == 3
    assert waiting_reason(living.get(PODS, "one")) == "CrashLoopBackOff"
    assert any(
        text.startswith("Back-off restarting failed container app in pod one") for text in living.messages("BackOff")
    )


def test_a_bare_pod_that_may_not_restart_fails_or_succeeds(living: Living) -> None:
    living.create(PODS, single("bad", container("busybox:1", command=["sh", "-c", "exit 2"]), restartPolicy="Never"))
    living.create(PODS, single("good", container("busybox:1"), restartPolicy="OnFailure"))
    living.wait()
    assert living.get(PODS, "bad")["status"]["phase"] == "Failed"
    assert state(living.get(PODS, "bad"))["terminated"]["exitCode"] == 2
    assert living.get(PODS, "good")["status"]["phase"] == "Succeeded"


def test_too_small_a_limit_kills_and_a_larger_one_does_not(living: Living) -> None:
    image = "registry.example.com/shop/search:5.1.0"
    living.create(PODS, single("small", container(image, resources={"limits": {"memory": "100Mi"}})))
    living.create(PODS, single("large", container(image, resources={"limits": {"memory": "1Gi"}})))
    living.wait(120)
    killed = status(living, "small")["lastState"]["terminated"]
    assert (killed["reason"], killed["exitCode"]) == ("OOMKilled", 137)
    assert is_ready(living.get(PODS, "large"))
    assert status(living, "large")["restartCount"] == 0


def test_a_missing_variable_is_found_in_config_maps_too(living: Living) -> None:
    image = "registry.example.com/shop/checkout:1.9.0"
    living.create(CONFIG_MAPS, {"metadata": {"name": "env"}, "data": {"PAYMENT_API_URL": "https://pay"}})
    living.create(PODS, single("without", container(image)))
    living.create(PODS, single("with", container(image, envFrom=[{"configMapRef": {"name": "env"}}])))
    living.wait(20)
    assert is_ready(living.get(PODS, "with"))
    assert not is_ready(living.get(PODS, "without"))


def test_an_absent_secret_stops_the_container_until_it_comes(living: Living) -> None:
    source = {"secretKeyRef": {"name": "absent", "key": "p"}}
    living.create(PODS, single("one", container(env=[{"name": "P", "valueFrom": source}])))
    living.wait()
    assert waiting_reason(living.get(PODS, "one")) == "CreateContainerConfigError"
    assert 'Error: secret "absent" not found' in living.messages("Failed", "one")
    living.create(SECRETS, {"metadata": {"name": "absent"}, "data": {"other": "eA=="}})
    living.wait(5)
    assert "couldn't find key p in Secret place/absent" in state(living.get(PODS, "one"))["waiting"]["message"]
    living.patch(SECRETS, "absent", {"data": {"p": "eA=="}})
    living.wait(5)
    assert is_ready(living.get(PODS, "one"))


def test_an_absent_config_map_stops_the_mount_until_it_comes(living: Living) -> None:
    living.create(PODS, single("one", volumes=[{"name": "v", "configMap": {"name": "absent"}}]))
    living.wait()
    assert waiting_reason(living.get(PODS, "one")) == "ContainerCreating"
    expected = 'MountVolume.SetUp failed for volume "v" : configmap "absent" not found'
    assert expected in living.messages("FailedMount", "one")
    living.create(CONFIG_MAPS, {"metadata": {"name": "absent"}, "data": {}})
    living.wait(5)
    assert is_ready(living.get(PODS, "one"))


def probe(path: str, port: int) -> Json:
    return {"httpGet": {"path": path, "port": port}, "periodSeconds": 5, "failureThreshold": 2}


def test_a_readiness_probe_on_a_wrong_path_keeps_the_pod_unready_and_running(living: Living) -> None:
    living.create(PODS, single("one", container(readinessProbe=probe("/nope", 80), ports=[{"containerPort": 80}])))
    living.wait(60)
    pod = living.get(PODS, "one")
    assert not is_ready(pod)
    assert "running" in state(pod)
    assert status(living, "one")["restartCount"] == 0
    assert living.messages("Unhealthy", "one") == ["Readiness probe failed: HTTP probe failed with statuscode: 404"]


def test_a_liveness_probe_on_a_wrong_port_restarts_the_container(living: Living) -> None:
    living.create(PODS, single("one", container(livenessProbe=probe("/", 8081), ports=[{"containerPort": 80}])))
    living.wait(60)
    assert status(living, "one")["restartCount"] >= 2
    assert any("connect: connection refused" in text for text in living.messages("Unhealthy", "one"))
    assert living.messages("Killing", "one") == ["Container app failed liveness probe, will be restarted"]


def test_init_containers_go_first_and_a_failing_one_holds_the_pod(living: Living) -> None:
    first = {"name": "first", "image": "busybox:1"}
    living.create(PODS, single("good", initContainers=[first]))
    living.create(PODS, single("held", initContainers=[first | {"command": ["sh", "-c", "exit 1"]}]))
    living.wait(30)
    assert is_ready(living.get(PODS, "good"))
    held = living.get(PODS, "held")
    assert held["status"]["phase"] == "Pending"
    assert waiting_reason(held) == "PodInitializing"
    assert held["status"]["initContainerStatuses"][0]["restartCount"] >= 1


def test_a_deleted_pod_gets_a_moment_to_stop(living: Living) -> None:
    living.create(PODS, single("one"))
    living.wait()
    living.delete(PODS, "one")
    assert living.get(PODS, "one")["metadata"]["deletionTimestamp"]
    living.wait(0.5)
    assert living.find(PODS, "one") is not None
    living.wait(5)
    assert living.find(PODS, "one") is None
    assert living.messages("Killing", "one") == ["Stopping container app"]


def test_the_annotation_gives_a_pod_its_log(living: Living) -> None:
    note = {"demo/logs": "@-600 old line\n@-60 middle line\nlast line"}
    living.create(PODS, {"metadata": {"name": "one", "annotations": note}, "spec": {"containers": [container()]}})
    living.wait()
    pod = living.get(PODS, "one")
    assert living.log(pod) == "old line\nmiddle line\nlast line\n"
    assert living.log(pod, since=120) == "middle line\nlast line\n"
    assert living.log(pod, tail=1, timestamps=True).endswith("Z last line\n")
    assert living.log(pod, limit_bytes=5) == "old l"
    refusal = living.cluster.logs.read(pod, "app", previous=True)
    assert isinstance(refusal, ApiError)
    assert refusal.message == 'previous terminated container "app" in pod "one" not found'


def test_growth_is_counted_and_shrinking_stops_the_surplus(living: Living) -> None:
    spec = {"selector": {"matchLabels": {"app": "w"}}, "replicas": 6}
    pod = {"metadata": {"labels": {"app": "w"}}, "spec": {"containers": [container()]}}
    living.create(DEPLOYMENTS, {"metadata": {"name": "w"}, "spec": spec | {"template": pod}})
    living.wait()
    addresses = [each["status"]["podIP"] for each in living.pods(app="w")]
    assert len(set(addresses)) == 6
    living.patch(DEPLOYMENTS, "w", {"spec": {"replicas": 1}})
    living.wait()
    assert len(living.pods(app="w")) == 1
