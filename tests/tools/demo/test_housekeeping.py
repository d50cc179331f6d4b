"""Endpoints, namespaces, garbage, volumes, quotas, budgets, autoscalers and nodes are kept in order."""

import pytest

from tests.tools.demo.living import PLACE, Living, conditions, container, is_ready, single, template, workload
from tools.demo.controllers import kinds
from tools.demo.controllers.kinds import CLAIMS, DEPLOYMENTS, ENDPOINTS, NODES, PODS, REPLICA_SETS, SERVICES, SLICES
from tools.demo.controllers.kinds import VOLUMES as PERSISTENT
from tools.demo.store import Json


@pytest.fixture
def living() -> Living:
    return Living.bare()


def service(**spec: object) -> Json:
    ports = [{"name": "http", "port": 80, "targetPort": 80}]
    return {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports, **spec}}


def claim(size: str = "1Gi", **spec: object) -> Json:
    body = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    return {"metadata": {"name": "disk"}, "spec": body}


# ---- endpoints ------------------------------------------------------------------------------------------------------


def test_a_service_gets_the_addresses_of_ready_pods_only(living: Living) -> None:
    living.create(SERVICES, service())
    living.create(DEPLOYMENTS, workload(replicas=2))
    living.wait()
    [subset] = living.get(ENDPOINTS, "web")["subsets"]
    assert {each["targetRef"]["name"] for each in subset["addresses"]} == {p["metadata"]["name"] for p in living.pods()}
    [found] = living.all(SLICES)
    assert [each["conditions"]["ready"] for each in found["endpoints"]] == [True, True]
    bad = {"readinessProbe": {"tcpSocket": {"port": 81}}, "ports": [{"containerPort": 80}]}
    change = {
        "spec": {"template": {"spec": {"containers": [{"name": "app", **bad}]}}, "strategy": {"type": "Recreate"}}
    }
    change["spec"]["strategy"]["rollingUpdate"] = None  # type: ignore[index]
    living.patch(DEPLOYMENTS, "web", change)
    living.wait(20)
    [subset] = living.get(ENDPOINTS, "web")["subsets"]
    assert "addresses" not in subset
    assert len(subset["notReadyAddresses"]) == 2


def test_named_ports_follow_the_container_and_a_deleted_service_takes_its_endpoints(living: Living) -> None:
    living.create(SERVICES, service(ports=[{"port": 80, "targetPort": "web"}]))
    pod = template(container(ports=[{"name": "web", "containerPort": 8080}]))
    living.create(DEPLOYMENTS, workload(replicas=1, pod=pod))
    living.wait()
    assert living.get(ENDPOINTS, "web")["subsets"][0]["ports"][0]["port"] == 8080
    living.delete(SERVICES, "web")
    living.wait(1)
    assert living.find(ENDPOINTS, "web") is None
    assert living.all(SLICES) == []


# ---- namespaces and garbage -----------------------------------------------------------------------------------------


def test_a_new_namespace_has_an_account_and_the_root_certificate(living: Living) -> None:
    assert living.get(kinds.SERVICE_ACCOUNTS, "default")
    assert living.get(kinds.CONFIG_MAPS, "kube-root-ca.crt")["data"]["ca.crt"].startswith("-----BEGIN CERTIFICATE")


def test_a_deleted_namespace_goes_with_all_it_holds(living: Living) -> None:
    living.create(SERVICES, service())
    living.create(DEPLOYMENTS, workload())
    living.create(CLAIMS, claim())
    living.wait()
    living.cluster.world.delete(kinds.NAMESPACES, "", PLACE, None)
    assert living.get(kinds.NAMESPACES, PLACE)["status"]["phase"] == "Terminating"
    living.wait(15)
    assert living.find(kinds.NAMESPACES, PLACE) is None
    assert not [each for each in living.store.resources() if living.store.list(each, PLACE)]


def test_background_takes_dependents_along_orphan_leaves_them_foreground_takes_them_first(living: Living) -> None:
    for name in ("background", "orphan", "foreground"):
        body = workload(name, 1, template())
        body["spec"]["selector"]["matchLabels"] = {"app": name}
        body["spec"]["template"]["metadata"]["labels"] = {"app": name}
        living.create(DEPLOYMENTS, body)
    living.wait()
    living.delete(DEPLOYMENTS, "background", "Background")
    living.delete(DEPLOYMENTS, "orphan", "Orphan")
    living.delete(DEPLOYMENTS, "foreground", "Foreground")
    assert living.get(DEPLOYMENTS, "foreground")["metadata"]["finalizers"] == ["foregroundDeletion"]
    living.wait(15)
    assert living.all(DEPLOYMENTS) == []
    [left] = living.all(REPLICA_SETS)
    assert left["metadata"]["name"].startswith("orphan-")
    assert "ownerReferences" not in left["metadata"]
    assert [pod["metadata"]["labels"]["app"] for pod in living.pods()] == ["orphan"]


# ---- volumes --------------------------------------------------------------------------------------------------------


def test_a_claim_is_bound_grows_and_goes_with_its_volume(living: Living) -> None:
    living.create(CLAIMS, claim())
    living.wait(1)
    found = living.get(CLAIMS, "disk")
    assert (found["status"]["phase"], found["spec"]["storageClassName"]) == ("Bound", "standard")
    living.patch(CLAIMS, "disk", {"spec": {"resources": {"requests": {"storage": "3Gi"}}}})
    living.wait(1)
    assert living.get(CLAIMS, "disk")["status"]["capacity"] == {"storage": "3Gi"}
    [volume] = living.store.list(PERSISTENT)
    assert volume["spec"]["capacity"] == {"storage": "3Gi"}
    living.delete(CLAIMS, "disk")
    living.wait(1)
    assert living.find(CLAIMS, "disk") is None
    assert living.store.list(PERSISTENT) == []


def test_a_claim_in_use_is_protected_until_its_pod_is_gone(living: Living) -> None:
    living.create(CLAIMS, claim())
    living.create(PODS, single("user", volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "disk"}}]))
    living.wait()
    living.delete(CLAIMS, "disk")
    living.wait()
    assert living.get(CLAIMS, "disk")["metadata"]["deletionTimestamp"]
    living.delete(PODS, "user")
    living.wait()
    assert living.find(CLAIMS, "disk") is None


def test_a_pod_without_a_node_does_not_use_its_claim_yet(living: Living) -> None:
    living.create(CLAIMS, claim(storageClassName="fast"))
    living.create(PODS, single("user", volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "disk"}}]))
    living.wait(2)
    assert not living.get(PODS, "user")["spec"].get("nodeName")
    living.delete(CLAIMS, "disk")
    living.wait(1)
    assert living.find(CLAIMS, "disk") is None


def test_an_unknown_storage_class_is_named_and_the_pod_waits(living: Living) -> None:
    living.create(CLAIMS, claim(storageClassName="fast"))
    living.create(PODS, single("user", volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "disk"}}]))
    living.wait(2)
    assert living.messages("ProvisioningFailed", "disk") == ['storageclass.storage.k8s.io "fast" not found']
    assert "unbound immediate PersistentVolumeClaims" in living.messages("FailedScheduling", "user")[0]


# ---- quotas, budgets, autoscalers -----------------------------------------------------------------------------------


def test_a_quota_counts_and_stops_a_deployment_until_it_is_raised(living: Living) -> None:
    quota = {"metadata": {"name": "small"}, "spec": {"hard": {"pods": "2", "requests.cpu": "300m"}}}
    living.create(kinds.QUOTAS, quota)
    asking = template(container(resources={"requests": {"cpu": "100m"}}))
    living.create(DEPLOYMENTS, workload(replicas=3, pod=asking))
    living.wait()
    assert living.get(kinds.QUOTAS, "small")["status"]["used"] == {"pods": "2", "requests.cpu": "200m"}
    assert conditions(living.get(DEPLOYMENTS, "web"))["ReplicaFailure"] == ("True", "FailedCreate")
    assert any("exceeded quota: small" in text for text in living.messages("FailedCreate"))
    living.patch(kinds.QUOTAS, "small", {"spec": {"hard": {"pods": "5"}}})
    living.wait(60)
    assert living.get(DEPLOYMENTS, "web")["status"]["availableReplicas"] == 3
    assert "ReplicaFailure" not in conditions(living.get(DEPLOYMENTS, "web"))


def test_a_budget_says_how_many_may_go(living: Living) -> None:
    body = {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}
    living.create(kinds.BUDGETS, {"metadata": {"name": "web"}, "spec": body})
    living.create(DEPLOYMENTS, workload(replicas=3))
    living.wait()
    status = living.get(kinds.BUDGETS, "web")["status"]
    assert (status["currentHealthy"], status["desiredHealthy"], status["disruptionsAllowed"]) == (3, 2, 1)


def autoscaler(percent: int) -> Json:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 1,
            "maxReplicas": 4,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }


def test_an_autoscaler_grows_a_busy_deployment_up_to_its_limit(living: Living) -> None:
    busy = template(container("app:1", resources={"requests": {"cpu": "100m"}}))
    living.create(DEPLOYMENTS, workload(replicas=1, pod=busy))
    living.create(kinds.AUTOSCALERS, autoscaler(10))
    living.wait(120)
    assert living.get(DEPLOYMENTS, "web")["spec"]["replicas"] == 4
    found = living.get(kinds.AUTOSCALERS, "web")
    assert conditions(found)["ScalingLimited"] == ("True", "TooManyReplicas")
    assert living.messages("SuccessfulRescale", "web")


def test_an_autoscaler_without_requests_says_what_is_missing(living: Living) -> None:
    living.create(DEPLOYMENTS, workload(replicas=1))
    living.create(kinds.AUTOSCALERS, autoscaler(50))
    living.wait(60)
    assert conditions(living.get(kinds.AUTOSCALERS, "web"))["ScalingActive"][0] == "False"
    assert any("missing request for cpu" in text for text in living.messages("FailedGetResourceMetric"))


# ---- nodes and events -----------------------------------------------------------------------------------------------


def test_a_cordoned_node_carries_the_taint_only_as_long_as_it_is_cordoned(living: Living) -> None:
    living.store.mutate(NODES, "", "node-1", lambda obj: obj["spec"].update(unschedulable=True))
    living.wait(1)
    assert [each["key"] for each in living.get(NODES, "node-1")["spec"]["taints"]] == [
        "node.kubernetes.io/unschedulable"
    ]
    living.store.mutate(NODES, "", "node-1", lambda obj: obj["spec"].pop("unschedulable"))
    living.wait(1)
    assert "taints" not in living.get(NODES, "node-1")["spec"]


def test_leases_are_renewed_and_events_go_after_an_hour(living: Living) -> None:
    living.create(PODS, single("one"))
    living.wait()
    before = living.store.get(kinds.LEASES, "kube-node-lease", "node-1")
    assert before is not None
    assert living.messages("Started", "one")
    living.wait(3700)
    after = living.store.get(kinds.LEASES, "kube-node-lease", "node-1")
    assert after is not None
    assert after["spec"]["renewTime"] > before["spec"]["renewTime"]
    assert living.messages("Started", "one") == []
    assert is_ready(living.get(PODS, "one"))


def test_measurements_move_and_go_with_the_pod(living: Living) -> None:
    living.create(PODS, single("one"))
    living.wait(40)
    first = living.get(kinds.POD_METRICS, "one")["containers"][0]["usage"]["cpu"]
    living.wait(40)
    second = living.get(kinds.POD_METRICS, "one")["containers"][0]["usage"]["cpu"]
    assert first != second
    living.delete(PODS, "one")
    living.wait(40)
    assert living.find(kinds.POD_METRICS, "one") is None
