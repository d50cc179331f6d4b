"""What the rarer controllers promise: stateful sets, daemon sets, cron jobs, autoscalers, undone rollouts."""

import pytest

from tests.apiserver.manifests import container, deployment, pod
from tests.apiserver.plain_http import STRATEGIC
from tests.conformance.place import Object, Place
from tests.conformance.test_workloads import available, pods_of, ready, waiting

APPS = "apps/v1"


def stateful_set(name: str, replicas: int, **spec: object) -> Object:
    template = deployment(name, 1)["spec"]["template"]
    body = {"replicas": replicas, "serviceName": name, "selector": {"matchLabels": {"app": name}}, **spec}
    metadata = {"name": name}
    return {"apiVersion": APPS, "kind": "StatefulSet", "metadata": metadata, "spec": {**body, "template": template}}


def test_a_stateful_set_numbers_its_pods_and_takes_the_last_one_first(place: Place) -> None:
    path = place.create(stateful_set("db", 2))
    place.wait(path, lambda found: found["status"].get("readyReplicas") == 2, "both pods are ready")
    assert sorted(each["metadata"]["name"] for each in pods_of(place, "db")) == ["db-0", "db-1"]
    place.http.patch(f"{path}/scale", {"spec": {"replicas": 1}})
    place.gone(place.all("pods") + "/db-1")
    assert [each["metadata"]["name"] for each in pods_of(place, "db")] == ["db-0"]


def test_a_stateful_set_claims_a_volume_for_each_pod(place: Place) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    wanted = [{"metadata": {"name": "data"}, "spec": {**spec, "storageClassName": "standard"}}]
    path = place.create(stateful_set("db", 1, volumeClaimTemplates=wanted))
    place.wait(path, lambda found: found["status"].get("readyReplicas") == 1, "the pod is ready")
    assert place.names("persistentvolumeclaims") == ["data-db-0"]
    assert place.http.get(place.all("persistentvolumeclaims") + "/data-db-0").json["status"]["phase"] == "Bound"


def test_a_daemon_set_runs_once_on_every_node(place: Place) -> None:
    template = deployment("agent", 1)["spec"]["template"]
    spec = {"selector": {"matchLabels": {"app": "agent"}}, "template": template}
    path = place.create({"apiVersion": APPS, "kind": "DaemonSet", "metadata": {"name": "agent"}, "spec": spec})
    nodes = {each["metadata"]["name"] for each in place.http.get("/api/v1/nodes").json["items"]}
    place.wait(path, lambda found: found["status"].get("numberReady") == len(nodes), "it is ready on every node")
    assert {each["spec"]["nodeName"] for each in pods_of(place, "agent")} == nodes


def cron_job(place: Place, suspended: bool) -> Object:
    api = place.served("CronJob", "batch/v1", "batch/v1beta1")
    once = {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container("busybox:1.36")]}}}}
    spec = {"schedule": "* * * * *", "suspend": suspended, "jobTemplate": once}
    return {"apiVersion": api, "kind": "CronJob", "metadata": {"name": "nightly"}, "spec": spec}


def test_a_suspended_cron_job_starts_nothing_and_keeps_its_defaults(place: Place) -> None:
    path = place.create(cron_job(place, suspended=True))
    spec = place.http.get(path).json["spec"]
    assert (spec["concurrencyPolicy"], spec["successfulJobsHistoryLimit"], spec["suspend"]) == ("Allow", 3, True)
    assert place.names("jobs", "batch/v1") == []


def test_an_autoscaler_names_its_target_and_its_bounds(place: Place) -> None:
    place.create(deployment("web", 1))
    api = place.served("HorizontalPodAutoscaler", "autoscaling/v2", "autoscaling/v1")
    target = {"apiVersion": APPS, "kind": "Deployment", "name": "web"}
    spec: Object = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3}
    kind = "HorizontalPodAutoscaler"
    made = {"apiVersion": api, "kind": kind, "metadata": {"name": "web"}, "spec": spec}
    path = place.create(made)
    found = place.http.get(path.replace(api, "autoscaling/v1")).json
    assert (found["apiVersion"], found["spec"]["maxReplicas"]) == ("autoscaling/v1", 3)
    refused = place.http.patch(path, {"spec": {"maxReplicas": 0}})
    assert (refused.status, "spec.maxReplicas" in refused.json["message"]) == (422, True)


def test_an_older_template_brings_back_the_older_replica_set(place: Place) -> None:
    path = place.create(deployment("web", 1))
    place.wait(path, available(1), "the first revision is available")
    first = place.http.get(path).json["spec"]["template"]
    broken = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "registry.invalid/web:9"}]}}}}
    place.http.patch(path, broken, content_type=STRATEGIC)
    stuck = "the second revision is stuck"
    place.wait(path, lambda _: any(waiting("ImagePullBackOff")(each) for each in pods_of(place, "web")), stuck)
    undo = [{"op": "replace", "path": "/spec/template", "value": first}]
    place.http.patch(path, undo, content_type="application/json-patch+json")
    place.wait(path, lambda _: len(pods_of(place, "web")) == 1, "the broken pod is gone")
    found = place.wait(path, available(1), "the older revision is available")
    assert found["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert len(place.names("replicasets", APPS)) == 2


def test_a_paused_rollout_waits_until_it_is_resumed(place: Place) -> None:
    path = place.create(deployment("web", 1))
    place.wait(path, available(1), "it is available")
    place.http.patch(path, {"spec": {"paused": True}})
    change = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "nginx:1.28"}]}}}}
    place.http.patch(path, change, content_type=STRATEGIC)
    place.wait(path, lambda each: each["status"]["observedGeneration"] == each["metadata"]["generation"], "it is seen")
    assert [each["spec"]["containers"][0]["image"] for each in pods_of(place, "web")] == ["nginx:1.27"]
    place.http.patch(path, {"spec": {"paused": False}})
    done = "the new image runs alone"
    images = ["nginx:1.28"]
    place.wait(path, lambda _: [e["spec"]["containers"][0]["image"] for e in pods_of(place, "web")] == images, done)


def test_recreating_takes_the_old_pods_first(place: Place) -> None:
    wanted = deployment("web", 1)
    wanted["spec"]["strategy"] = {"type": "Recreate"}
    path = place.create(wanted)
    place.wait(path, available(1), "it is available")
    before = pods_of(place, "web")[0]["metadata"]["uid"]
    change = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "nginx:1.28"}]}}}}
    place.http.patch(path, change, content_type=STRATEGIC)
    renewed = "a new pod is available"
    place.wait(path, lambda _: before not in [e["metadata"]["uid"] for e in pods_of(place, "web")], "the old is gone")
    place.wait(path, available(1), renewed)


@pytest.mark.parametrize("label", ["no-such-disk", "kubernetes.io/hostname"])
def test_a_node_selector_that_fits_no_node_is_told(place: Place, label: str) -> None:
    path = place.create(pod("picky", nodeSelector={label: "nowhere"}))
    found = place.wait(path, lambda each: each["status"].get("conditions"), "the scheduler has looked")
    message = found["status"]["conditions"][0]["message"]
    assert message.startswith("0/3 nodes are available: 3 node(s) didn't match")


def test_a_claim_that_is_missing_holds_a_pod(place: Place) -> None:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "lost"}}
    path = place.create(pod("waits", volumes=[volume]))
    found = place.wait(path, lambda each: each["status"].get("conditions"), "the scheduler has looked")
    assert 'persistentvolumeclaim "lost" not found' in found["status"]["conditions"][0]["message"]


def test_initial_containers_run_before_the_others(place: Place) -> None:
    first = {"name": "first", "image": "busybox:1.36", "command": ["sh", "-c", "exit 0"]}
    path = place.create(pod("steps", initContainers=[first]))
    found = place.wait(path, ready, "the pod is ready")
    ended = found["status"]["initContainerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (0, "Completed")
    assert place.http.get(f"{path}/log?container=first").status == 200
