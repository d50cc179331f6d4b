"""What a living cluster promises: what is declared appears, what breaks says why, what is fixed heals."""

from typing import Any

import pytest

from tests.apiserver.manifests import claim, configmap, container, deployment, job, pod, secret
from tests.apiserver.plain_http import STRATEGIC
from tests.conformance.place import Object, Place, failure


def available(replicas: int) -> Any:
    def holds(found: Object) -> bool:
        status = found["status"]
        settled = status.get("observedGeneration") == found["metadata"]["generation"]
        return bool(settled and status.get("availableReplicas", 0) == replicas == status.get("replicas", 0))

    return holds


def waiting(reason: str) -> Any:
    def holds(found: Object) -> bool:
        states = [each["state"] for each in found["status"].get("containerStatuses", [])]
        return any(state.get("waiting", {}).get("reason") == reason for state in states)

    return holds


def ready(found: Object) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in found["status"].get("conditions", []))


def pods_of(place: Place, app: str) -> list[Object]:
    items: list[Object] = place.http.get(place.all("pods", labelSelector=f"app={app}")).json["items"]
    return items


def test_a_deployment_makes_pods_through_a_replica_set(place: Place) -> None:
    path = place.create(deployment("web", 3))
    found = place.wait(path, available(3), "three replicas are available")
    conditions = {each["type"]: each["status"] for each in found["status"]["conditions"]}
    assert conditions["Available"] == "True"
    sets = place.http.get(place.all("replicasets", "apps/v1")).json["items"]
    assert [each["metadata"]["ownerReferences"][0]["name"] for each in sets] == ["web"]
    owners = {each["metadata"]["ownerReferences"][0]["name"] for each in pods_of(place, "web")}
    assert owners == {sets[0]["metadata"]["name"]}
    assert all(each["spec"]["nodeName"] and each["status"]["podIP"] for each in pods_of(place, "web"))


def test_scaling_goes_through_the_scale_subresource(place: Place) -> None:
    path = place.create(deployment("web", 1))
    scale = place.http.get(f"{path}/scale").json
    assert (scale["kind"], scale["apiVersion"], scale["spec"]) == ("Scale", "autoscaling/v1", {"replicas": 1})
    assert scale["status"]["selector"] == "app=web"
    changed = place.http.patch(f"{path}/scale", {"spec": {"replicas": 2}})
    assert (changed.status, changed.json["kind"], changed.json["spec"]) == (200, "Scale", {"replicas": 2})
    place.wait(path, available(2), "two replicas are available")
    place.http.patch(f"{path}/scale", {"spec": {"replicas": 0}})
    place.wait(path, lambda found: not found["status"].get("replicas"), "no replica is left")


def test_a_new_image_rolls_out_as_a_new_revision(place: Place) -> None:
    path = place.create(deployment("web", 2))
    place.wait(path, available(2), "the first revision is available")
    change = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "nginx:1.28"}]}}}}
    place.http.patch(path, change, content_type=STRATEGIC)
    found = place.wait(
        path, lambda each: available(2)(each) and each["status"].get("updatedReplicas") == 2, "the second is available"
    )
    assert found["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    place.wait(path, lambda _: len(pods_of(place, "web")) == 2, "the old pods are gone")
    images = {each["spec"]["containers"][0]["image"] for each in pods_of(place, "web")}
    assert images == {"nginx:1.28"}
    sets = place.http.get(place.all("replicasets", "apps/v1")).json["items"]
    revisions = {each["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for each in sets}
    assert revisions == {"1", "2"}


def test_a_restart_annotation_replaces_every_pod(place: Place) -> None:
    path = place.create(deployment("web", 2))
    place.wait(path, available(2), "two replicas are available")
    before = {each["metadata"]["uid"] for each in pods_of(place, "web")}
    stamp = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    place.http.patch(path, {"spec": {"template": {"metadata": {"annotations": stamp}}}}, content_type=STRATEGIC)
    renewed = "all pods are new"
    place.wait(path, lambda _: before.isdisjoint(each["metadata"]["uid"] for each in pods_of(place, "web")), renewed)
    place.wait(path, available(2), "two replicas are available again")


def test_a_bad_image_is_told_in_status_and_events_and_old_pods_stay(place: Place) -> None:
    path = place.create(deployment("web", 2))
    place.wait(path, available(2), "the first revision is available")
    broken = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "registry.invalid/web:9"}]}}}}
    place.http.patch(path, broken, content_type=STRATEGIC)
    stuck = "a new pod cannot pull"
    place.wait(path, lambda _: any(waiting("ImagePullBackOff")(each) for each in pods_of(place, "web")), stuck)
    assert place.http.get(path).json["status"]["availableReplicas"] >= 1
    events = place.all("events", fieldSelector="type=Warning,involvedObject.kind=Pod")
    place.wait(path, lambda _: "Failed" in [each["reason"] for each in place.http.get(events).json["items"]], "told")


def test_a_crashing_container_counts_restarts_and_keeps_its_last_log(place: Place) -> None:
    crashing = [container("busybox:1.36", command=["sh", "-c", "echo going down; exit 3"])]
    path = place.create(pod("broken", containers=crashing))
    found = place.wait(path, waiting("CrashLoopBackOff"), "it crash-loops")
    status = found["status"]["containerStatuses"][0]
    assert status["restartCount"] >= 1
    assert (status["lastState"]["terminated"]["exitCode"], found["status"]["phase"]) == (3, "Running")
    assert "back-off" in status["state"]["waiting"]["message"]
    assert place.http.get(f"{path}/log?previous=true").status == 200


def test_a_missing_secret_holds_a_container_until_it_appears(place: Place) -> None:
    path = place.create(pod("needs", containers=[container(envFrom=[{"secretRef": {"name": "keys"}}])]))
    found = place.wait(path, waiting("CreateContainerConfigError"), "it waits for the secret")
    message = found["status"]["containerStatuses"][0]["state"]["waiting"]["message"]
    assert message == 'secret "keys" not found'
    place.create(secret("keys", token="x"))
    place.wait(path, ready, "it heals")


def test_a_pod_that_asks_too_much_stays_pending_and_says_why(place: Place) -> None:
    path = place.create(pod("greedy", containers=[container(resources={"requests": {"cpu": "640"}})]))
    found = place.wait(path, lambda each: each["status"].get("conditions"), "the scheduler has looked")
    condition = found["status"]["conditions"][0]
    assert (found["status"]["phase"], condition["type"], condition["reason"]) == (
        "Pending",
        "PodScheduled",
        "Unschedulable",
    )
    assert "0/3 nodes are available" in condition["message"]
    assert "Insufficient cpu" in condition["message"]
    events = place.all("events", fieldSelector="reason=FailedScheduling,involvedObject.name=greedy")
    place.wait(path, lambda _: place.http.get(events).json["items"], "an event tells it")


def test_a_wrong_readiness_probe_keeps_a_pod_out_of_its_service(place: Place) -> None:
    ports = [{"name": "http", "containerPort": 80}]
    good = place.create(pod("good", containers=[container(ports=ports)]))
    wrong = {"httpGet": {"path": "/", "port": 8080}}
    place.create(pod("wrong", containers=[container(ports=ports, readinessProbe=wrong)]))
    both = {"metadata": {"labels": {"serves": "yes"}}}
    for name in ("good", "wrong"):
        place.http.patch(place.all("pods") + f"/{name}", both)
    spec = {"selector": {"serves": "yes"}, "ports": [{"port": 80, "targetPort": "http"}]}
    place.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec})
    place.wait(good, ready, "the good pod is ready")
    endpoints = place.all("endpoints") + "/web"

    def names(found: Object, which: str) -> list[str]:
        return [a["targetRef"]["name"] for each in found.get("subsets", []) for a in each.get(which, [])]

    found = place.wait(endpoints, lambda each: names(each, "addresses") == ["good"], "the good pod is served")
    place.wait(endpoints, lambda each: names(each, "notReadyAddresses") == ["wrong"], "the wrong one is held back")
    assert found["subsets"][0]["ports"][0]["port"] == 80


def test_a_service_gets_an_address_and_keeps_it(place: Place) -> None:
    body = {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}], "selector": {"app": "web"}}}
    made = place.http.post(place.all("services"), body).json
    assert made["spec"]["clusterIP"].count(".") == 3
    assert made["spec"]["ports"][0]["targetPort"] == 80
    refused = place.http.patch(place.all("services") + "/web", {"spec": {"clusterIP": "10.0.0.250"}})
    failure(refused, 422, "Invalid")


def test_a_job_completes_and_a_failing_one_gives_up(place: Place) -> None:
    good = place.create(job("good", containers=[container("busybox:1.36", command=["sh", "-c", "exit 0"])]))
    bad = place.create(job("bad", containers=[container("busybox:1.36", command=["sh", "-c", "exit 1"])]))

    def condition(found: Object, kind: str) -> list[Object]:
        conditions = found["status"].get("conditions", [])
        return [each for each in conditions if each["type"] == kind and each["status"] == "True"]

    done = place.wait(good, lambda each: condition(each, "Complete"), "the good job completes")
    assert (done["status"]["succeeded"], "completionTime" in done["status"]) == (1, True)
    failed = place.wait(bad, lambda each: condition(each, "Failed"), "the bad job fails")
    assert condition(failed, "Failed")[0]["reason"] == "BackoffLimitExceeded"


def test_deleting_an_owner_takes_what_it_owns_unless_orphaned(place: Place) -> None:
    taken = place.create(deployment("taken", 1))
    place.wait(taken, available(1), "it is available")
    place.http.delete(taken, {"propagationPolicy": "Background"})
    place.gone(taken)
    place.wait(place.all("pods"), lambda _: not pods_of(place, "taken"), "its pods are gone")
    left = place.create(deployment("left", 1))
    place.wait(left, available(1), "it is available")
    place.http.delete(left, {"propagationPolicy": "Orphan"})
    place.gone(left)
    sets = place.http.get(place.all("replicasets", "apps/v1", labelSelector="app=left")).json["items"]
    assert len(sets) == 1
    assert "ownerReferences" not in sets[0]["metadata"]


def test_a_deleted_pod_is_replaced_by_its_owner(place: Place) -> None:
    path = place.create(deployment("web", 1))
    place.wait(path, available(1), "it is available")
    first = pods_of(place, "web")[0]["metadata"]
    place.http.delete(place.all("pods") + f"/{first['name']}")
    place.gone(place.all("pods") + f"/{first['name']}")
    place.wait(path, available(1), "another pod is available")
    assert pods_of(place, "web")[0]["metadata"]["uid"] != first["uid"]


def test_evictions_respect_a_disruption_budget(place: Place) -> None:
    path = place.create(deployment("web", 1))
    place.wait(path, available(1), "it is available")
    groups = {each["name"]: each for each in place.http.get("/apis").json["groups"]}
    policy = groups["policy"]["preferredVersion"]["groupVersion"]
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    made = {"apiVersion": policy, "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": budget}
    held = place.create(made)
    place.wait(held, lambda each: each.get("status", {}).get("currentHealthy") == 1, "the budget counts")
    name = pods_of(place, "web")[0]["metadata"]["name"]
    eviction = {"apiVersion": policy, "kind": "Eviction", "metadata": {"name": name, "namespace": place.namespace}}
    address = place.all("pods") + f"/{name}/eviction"
    refused = failure(place.http.post(address, eviction), 429, "TooManyRequests")
    assert refused["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    place.http.delete(held)
    place.gone(held)
    assert place.http.post(address, eviction).status == 201
    place.gone(place.all("pods") + f"/{name}")


def test_a_quota_refuses_what_goes_beyond(place: Place) -> None:
    spec = {"hard": {"configmaps": "3"}}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": spec}
    path = place.create(quota)
    place.wait(path, lambda each: each.get("status", {}).get("used"), "the quota counts")
    codes = [place.http.post(place.all("configmaps"), configmap(f"n{number}")) for number in range(4)]
    refused = next(answer for answer in codes if answer.status != 201)
    assert "exceeded quota: few" in failure(refused, 403, "Forbidden")["message"]


def test_a_claim_is_bound_by_the_standard_class_alone(place: Place) -> None:
    good, lost = place.create(claim("good", "1Gi")), place.create(claim("lost", "1Gi", "no-such-class"))
    place.wait(good, lambda each: each["status"]["phase"] == "Bound", "the claim is bound")
    assert place.http.get(lost).json["status"]["phase"] == "Pending"


def test_a_deleted_namespace_takes_everything_along(place: Place) -> None:
    place.create(deployment("web", 0))
    place.create(configmap("settings"))
    path = f"/api/v1/namespaces/{place.namespace}"
    assert place.http.delete(path).status == 200
    place.gone(path)
    assert place.names("deployments", "apps/v1") == []


def test_a_terminating_namespace_takes_nothing_new(place: Place) -> None:
    held = place.create(configmap("held", finalizers=["tests.example/hold"]))
    place.http.delete(f"/api/v1/namespaces/{place.namespace}")
    refused = place.http.post(place.all("configmaps"), configmap("late"))
    assert "because it is being terminated" in failure(refused, 403, "Forbidden")["message"]
    place.http.patch(held, {"metadata": {"finalizers": None}})


@pytest.mark.parametrize("name", ["nginx", "web"])
def test_logs_are_cut_from_the_end_and_stamped(place: Place, name: str) -> None:
    path = place.create(pod(name, containers=[container("nginx:1.27")]))
    place.wait(path, ready, "the pod is ready")
    whole = place.http.get(f"{path}/log")
    assert whole.status == 200
    lines = whole.text.splitlines()
    assert lines
    assert place.http.get(f"{path}/log?tailLines=1&container=app").text.splitlines() == lines[-1:]
    assert place.http.get(f"{path}/log?tailLines=0").text == ""
    assert len(place.http.get(f"{path}/log?limitBytes=4").text) == 4
    stamped = place.http.get(f"{path}/log?timestamps=true&tailLines=1").text
    assert stamped[:4].isdigit()
    assert stamped.split(" ", 1)[1] == f"{lines[-1]}\n"


def test_logs_that_cannot_be_had_say_why(place: Place) -> None:
    path = place.create(pod("plain", containers=[container(), {"name": "side", "image": "nginx:1.27"}]))
    place.wait(path, ready, "the pod is ready")
    unnamed = failure(place.http.get(f"{path}/log"), 400, "BadRequest")
    assert "a container name must be specified for pod plain, choose one of: [app side]" in unnamed["message"]
    wrong = failure(place.http.get(f"{path}/log?container=other"), 400, "BadRequest")
    assert wrong["message"] == "container other is not valid for pod plain"
    before = failure(place.http.get(f"{path}/log?container=app&previous=true"), 400, "BadRequest")
    assert 'previous terminated container "app" in pod "plain" not found' in before["message"]
    failure(place.http.get(place.all("pods") + "/ghost/log"), 404, "NotFound")


def test_logs_of_a_pod_that_cannot_pull_its_image_say_so(place: Place) -> None:
    path = place.create(pod("typo", containers=[container("registry.invalid/web:9")]))
    place.wait(path, waiting("ImagePullBackOff"), "it cannot pull")
    refused = failure(place.http.get(f"{path}/log"), 400, "BadRequest")
    assert "is waiting to start: trying and failing to pull image" in refused["message"]


def test_a_cordoned_node_takes_no_pods(place: Place) -> None:
    node = place.http.get("/api/v1/nodes").json["items"][0]["metadata"]["name"]
    path = f"/api/v1/nodes/{node}"
    assert place.http.patch(path, {"spec": {"unschedulable": True}}).json["spec"]["unschedulable"] is True
    try:
        fixed = place.create(pod("fixed", nodeSelector={"kubernetes.io/hostname": node}))
        found = place.wait(fixed, lambda each: each["status"].get("conditions"), "the scheduler has looked")
        assert "unschedulable" in found["status"]["conditions"][0]["message"]
    finally:
        place.http.patch(path, {"spec": {"unschedulable": None}})
    place.wait(fixed, ready, "it runs once the node is uncordoned")
