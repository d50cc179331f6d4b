"""The story's opening state: every promised fault shows in what the API answers, and heals when it is fixed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.tools.demo.living import NOW, Living, conditions, is_ready, state, waiting_reason
from tools.demo.clock import parse_time
from tools.demo.cluster import DemoCluster
from tools.demo.controllers import kinds
from tools.demo.controllers.recorder import last_seen
from tools.demo.store import Json, Resource

CERTIFICATES = Resource("certs.demo.example.com", "certificates")


@pytest.fixture(scope="module")
def cluster() -> Iterator[DemoCluster]:
    """One story for the module; every test mends another part of it."""
    return DemoCluster.story(now=NOW)


@pytest.fixture
def shop(cluster: DemoCluster) -> Living:
    return Living(cluster, "shop")


@pytest.fixture
def payments(cluster: DemoCluster) -> Living:
    return Living(cluster, "payments")


def container_patch(name: str, **change: object) -> Json:
    return {"spec": {"template": {"spec": {"containers": [{"name": name, **change}]}}}}


# ---- the opening state ----------------------------------------------------------------------------------------------


def test_there_are_three_ready_nodes_and_some_thirty_pods_in_four_namespaces(cluster: DemoCluster) -> None:
    nodes = cluster.store.list(kinds.NODES)
    assert [conditions(node)["Ready"][0] for node in nodes] == ["True", "True", "True"]
    pods = cluster.store.list(kinds.PODS)
    assert 28 <= len(pods) <= 45
    assert {pod["metadata"]["namespace"] for pod in pods} == {"kube-system", "monitoring", "payments", "shop"}
    assert {pod["spec"].get("nodeName") for pod in pods} == {"node-1", "node-2", "node-3", None}


def test_things_were_made_days_ago_and_events_are_young(cluster: DemoCluster) -> None:
    now = cluster.store.clock.now()
    ages = [now - parse_time(pod["metadata"]["creationTimestamp"]) for pod in cluster.store.list(kinds.PODS)]
    assert max(ages) > timedelta(days=40)
    events = cluster.store.list(kinds.EVENTS)
    assert len({each["type"] for each in events}) == 2
    assert all(now - parse_time(last_seen(each) or "") <= timedelta(hours=1, minutes=1) for each in events)


def test_the_same_seed_and_time_tell_the_same_story(cluster: DemoCluster) -> None:
    again = DemoCluster.story(now=NOW)
    once_more = DemoCluster.story(now=NOW)
    for resource in (kinds.PODS, kinds.REPLICA_SETS, kinds.SERVICES, kinds.EVENTS):
        assert again.store.list(resource) == once_more.store.list(resource)


def test_custom_kinds_volumes_autoscalers_budgets_and_quotas_are_there(cluster: DemoCluster) -> None:
    for resource in (CERTIFICATES, kinds.INGRESSES, kinds.CRON_JOBS, kinds.AUTOSCALERS, kinds.BUDGETS, kinds.QUOTAS):
        assert cluster.store.list(resource), resource.plural
    claims = cluster.store.list(kinds.CLAIMS)
    assert [claim["status"]["phase"] for claim in claims] == ["Bound"] * 3
    [autoscaler] = cluster.store.list(kinds.AUTOSCALERS)
    assert autoscaler["status"]["currentReplicas"] == 3
    assert conditions(autoscaler)["ScalingActive"] == ("True", "ValidMetricFound")


def test_healthy_workloads_are_healthy(cluster: DemoCluster) -> None:
    broken = {"checkout", "search", "fraud-model", "recommendations"}
    for deployment in cluster.store.list(kinds.DEPLOYMENTS):
        if deployment["metadata"]["name"] not in broken:
            status = deployment["status"]
            assert status["readyReplicas"] == deployment["spec"]["replicas"], deployment["metadata"]["name"]
    for daemon_set in cluster.store.list(kinds.DAEMON_SETS):
        assert daemon_set["status"]["numberReady"] == 3


def test_running_pods_are_measured_near_what_they_ask_for(cluster: DemoCluster) -> None:
    measured = {each["metadata"]["name"] for each in cluster.store.list(kinds.POD_METRICS)}
    running = {pod["metadata"]["name"] for pod in cluster.store.list(kinds.PODS) if is_ready(pod)}
    assert running <= measured
    assert len(cluster.store.list(kinds.NODE_METRICS)) == 3


def test_the_cron_job_has_run_every_half_hour(payments: Living) -> None:
    jobs = [job for job in payments.all(kinds.JOBS) if job["metadata"]["name"].startswith("report-")]
    assert len(jobs) == 3
    assert all(conditions(job)["Complete"][0] == "True" for job in jobs)
    assert payments.get(kinds.CRON_JOBS, "report")["status"]["lastScheduleTime"] == "2026-03-04T12:00:00Z"
    pods = [pod for pod in payments.pods() if pod["metadata"]["name"].startswith("report-")]
    assert "sent to finance" in payments.log(pods[0])


# ---- faults, and how they heal --------------------------------------------------------------------------------------


def test_checkout_crashes_for_want_of_a_variable_its_log_names_and_heals_when_it_is_set(shop: Living) -> None:
    pods = shop.pods(app="checkout")
    assert len(pods) == 2
    for pod in pods:
        [status] = pod["status"]["containerStatuses"]
        assert status["restartCount"] >= 8
        assert status["lastState"]["terminated"]["exitCode"] == 1
        assert "PAYMENT_API_URL is not set" in shop.log(pod, previous=True)
        assert "PAYMENT_API_URL is not set" in shop.log(pod)
    assert {waiting_reason(pod) for pod in pods} == {"CrashLoopBackOff"}
    assert any("Back-off restarting failed container checkout" in text for text in shop.messages("BackOff", "checkout"))
    variables = [{"name": "PAYMENT_API_URL", "value": "https://gateway.payments.svc"}]
    shop.patch(kinds.DEPLOYMENTS, "checkout", container_patch("checkout", env=variables))
    shop.wait(30)
    pods = shop.pods(app="checkout")
    assert [is_ready(pod) for pod in pods] == [True, True]
    assert "accepted" in shop.log(pods[0]) or "paid" in shop.log(pods[0])
    [subset] = shop.get(kinds.ENDPOINTS, "checkout")["subsets"]
    assert len(subset["addresses"]) == 2


def test_recommendations_wait_for_an_image_with_a_typo_while_the_old_ones_serve(shop: Living) -> None:
    pods = shop.pods(app="recommendations")
    assert sorted(map(is_ready, pods)) == [False, True, True]
    [stuck] = [pod for pod in pods if not is_ready(pod)]
    assert waiting_reason(stuck) in ("ImagePullBackOff", "ErrImagePull")
    assert any("2.4.1-relase: not found" in text for text in shop.messages("Failed", stuck["metadata"]["name"]))
    assert conditions(shop.get(kinds.DEPLOYMENTS, "recommendations"))["Progressing"][1] == "ProgressDeadlineExceeded"
    image = "registry.example.com/shop/recommendations:2.4.1"
    shop.patch(kinds.DEPLOYMENTS, "recommendations", container_patch("recommendations", image=image))
    shop.wait(40)
    pods = shop.pods(app="recommendations")
    assert [(is_ready(pod), pod["spec"]["containers"][0]["image"]) for pod in pods] == [(True, image)] * 2


def test_search_is_killed_for_memory_and_stays_up_with_more(shop: Living) -> None:
    [pod] = shop.pods(app="search")
    [status] = pod["status"]["containerStatuses"]
    assert status["restartCount"] >= 5
    killed = status["lastState"].get("terminated") or status["state"]["terminated"]
    assert (killed["reason"], killed["exitCode"]) == ("OOMKilled", 137)
    assert "97 % of the container limit of 128Mi" in shop.log(pod, previous=True)
    limits = {"limits": {"memory": "512Mi"}}
    shop.patch(kinds.DEPLOYMENTS, "search", container_patch("search", resources=limits))
    shop.wait(120)
    [pod] = shop.pods(app="search")
    assert is_ready(pod)
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 0


def test_the_fraud_model_asks_for_more_than_a_node_has_and_runs_when_it_asks_for_less(payments: Living) -> None:
    [pod] = payments.pods(app="fraud-model")
    assert pod["status"]["phase"] == "Pending"
    assert conditions(pod)["PodScheduled"] == ("False", "Unschedulable")
    [message] = payments.messages("FailedScheduling", "fraud-model")
    assert message.startswith("0/3 nodes are available: 3 Insufficient cpu.")
    asks = {"requests": {"cpu": "500m"}}
    payments.patch(kinds.DEPLOYMENTS, "fraud-model", container_patch("fraud-model", resources=asks))
    payments.wait(30)
    [pod] = payments.pods(app="fraud-model")
    assert is_ready(pod)


def test_the_cart_service_has_no_endpoints_until_its_selector_is_right(shop: Living) -> None:
    assert [is_ready(pod) for pod in shop.pods(app="cart")] == [True, True]
    assert "subsets" not in shop.get(kinds.ENDPOINTS, "cart")
    shop.patch(kinds.SERVICES, "cart", {"spec": {"selector": {"app": "cart"}}})
    shop.wait(1)
    [subset] = shop.get(kinds.ENDPOINTS, "cart")["subsets"]
    assert len(subset["addresses"]) == 2
    slices = [each for each in shop.all(kinds.SLICES) if each["metadata"]["name"].startswith("cart-")]
    assert [endpoint["conditions"]["ready"] for endpoint in slices[0]["endpoints"]] == [True, True]


def test_the_settlement_job_failed_for_an_expired_certificate(payments: Living) -> None:
    job = payments.get(kinds.JOBS, "settlement")
    assert conditions(job)["Failed"] == ("True", "BackoffLimitExceeded")
    assert job["status"]["failed"] == 3
    pods = [pod for pod in payments.pods() if pod["metadata"]["name"].startswith("settlement-")]
    assert {state(pod)["terminated"]["exitCode"] for pod in pods} == {2}
    assert "client certificate expired" in payments.log(pods[0])
    assert payments.messages("BackoffLimitExceeded", "settlement")
    [certificate] = payments.all(CERTIFICATES)
    assert certificate["status"]["conditions"][0]["reason"] == "Expired"
    payments.patch(kinds.SECRETS, "bank-client-tls", {"data": {"tls.crt": "cmVuZXdlZA=="}})
    spec = {key: job["spec"][key] for key in ("backoffLimit", "template")}
    spec["template"] = {"spec": spec["template"]["spec"]}
    payments.create(kinds.JOBS, {"metadata": {"name": "settlement-again"}, "spec": spec})
    payments.wait(30)
    assert conditions(payments.get(kinds.JOBS, "settlement-again"))["Complete"][0] == "True"


def test_logs_of_a_running_pod_grow_with_time_and_never_change_their_past(shop: Living) -> None:
    [pod, *_] = shop.pods(app="catalog")
    before = shop.log(pod)
    shop.wait(60)
    after = shop.log(pod)
    assert after.splitlines()[-1] > before.splitlines()[-1]
    assert before[-200:] in after
    assert len(after.splitlines()) <= 2100
    assert shop.log(pod, tail=3).count("\n") == 3
    assert 5 <= len(shop.log(pod, since=60).splitlines()) <= 25


def test_a_tail_and_a_window_of_a_log_are_ends_of_the_whole(shop: Living) -> None:
    [pod, *_] = shop.pods(app="catalog")
    whole = shop.log(pod).splitlines()
    assert shop.log(pod, tail=25).splitlines() == whole[-25:]
    assert shop.log(pod, since=300).splitlines() == whole[-len(shop.log(pod, since=300).splitlines()) :]
    assert shop.log(pod, since=300, tail=5).splitlines() == whole[-5:]
