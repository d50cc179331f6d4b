"""Where pods go, and what is said when they can go nowhere."""

import pytest

from tests.tools.demo.living import Living, conditions, container, is_ready, single, template, workload
from tools.demo.controllers.kinds import CLAIMS, DEPLOYMENTS, NODES, PODS
from tools.demo.store import Json


@pytest.fixture
def living() -> Living:
    return Living.bare()


def unschedulable(living: Living, name: str) -> str:
    pod = living.get(PODS, name)
    assert conditions(pod)["PodScheduled"] == ("False", "Unschedulable")
    message = next(each["message"] for each in pod["status"]["conditions"] if each["type"] == "PodScheduled")
    assert living.messages("FailedScheduling", name)[-1] == message
    return str(message)


def asks(cpu: str) -> Json:
    return container(resources={"requests": {"cpu": cpu}})


def on_node(living: Living, name: str, **spec: object) -> None:
    living.store.mutate(NODES, "", name, lambda obj: obj["spec"].update(spec))


HELPLESS = (
    "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
)


def test_more_than_any_node_has_is_said_in_the_schedulers_words_and_healed_by_asking_less(living: Living) -> None:
    living.create(DEPLOYMENTS, workload(replicas=1, pod=template(asks("64"))))
    living.wait(2)
    [pod] = living.pods()
    text = unschedulable(living, pod["metadata"]["name"])
    assert text == f"0/3 nodes are available: 3 Insufficient cpu. {HELPLESS}"
    change = {
        "spec": {"template": {"spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "1"}}}]}}}
    }
    living.patch(DEPLOYMENTS, "web", change)
    living.wait()
    assert [is_ready(each) for each in living.pods()] == [True]


def test_a_node_is_filled_only_as_far_as_its_capacity_goes(living: Living) -> None:
    living.create(DEPLOYMENTS, workload(replicas=4, pod=template(asks("3"))))
    living.wait()
    bound = [pod["spec"].get("nodeName") for pod in living.pods()]
    assert sorted(filter(None, bound)) == ["node-1", "node-2", "node-3"]
    [left] = [pod for pod in living.pods() if not pod["spec"].get("nodeName")]
    assert "No preemption victims found" in unschedulable(living, left["metadata"]["name"])
    living.delete(PODS, next(pod["metadata"]["name"] for pod in living.pods() if pod["spec"].get("nodeName")))
    living.wait()
    assert sum(map(is_ready, living.pods())) == 3


def test_a_selector_nobody_fits_waits_for_a_label(living: Living) -> None:
    living.create(PODS, single("picky", nodeSelector={"disk": "ssd"}))
    living.wait(1)
    text = unschedulable(living, "picky")
    assert text == f"0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. {HELPLESS}"
    living.store.mutate(NODES, "", "node-2", lambda obj: obj["metadata"]["labels"].update(disk="ssd"))
    living.wait(5)
    assert living.get(PODS, "picky")["spec"]["nodeName"] == "node-2"


def test_taint_cordon_and_selector_are_told_apart(living: Living) -> None:
    on_node(living, "node-1", unschedulable=True)
    on_node(living, "node-2", taints=[{"key": "dedicated", "value": "x", "effect": "NoSchedule"}])
    living.wait(1)
    assert living.find(NODES, "node-1")["spec"]["taints"][0]["key"] == "node.kubernetes.io/unschedulable"  # type: ignore[index]
    living.create(PODS, single("picky", nodeSelector={"kubernetes.io/hostname": "node-2"}))
    living.wait(1)
    assert unschedulable(living, "picky") == (
        "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, "
        f"1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. {HELPLESS}"
    )
    on_node(living, "node-2", taints=None)
    living.wait(5)
    assert is_ready(living.get(PODS, "picky"))


def test_a_toleration_opens_a_tainted_node(living: Living) -> None:
    for name in ("node-1", "node-2", "node-3"):
        on_node(living, name, taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}])
    living.create(PODS, single("plain"))
    living.create(PODS, single("allowed", tolerations=[{"key": "gpu", "operator": "Exists"}]))
    living.wait(5)
    assert "nodeName" not in living.get(PODS, "plain")["spec"]
    assert is_ready(living.get(PODS, "allowed"))


def test_required_anti_affinity_leaves_the_fourth_of_four_pending(living: Living) -> None:
    term = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    living.create(DEPLOYMENTS, workload(replicas=4, pod=template(affinity=affinity)))
    living.wait()
    [left] = [pod for pod in living.pods() if not pod["spec"].get("nodeName")]
    assert "3 node(s) didn't match pod anti-affinity rules" in unschedulable(living, left["metadata"]["name"])


def test_an_absent_claim_is_named_and_the_pod_runs_when_it_comes(living: Living) -> None:
    volume = {"name": "d", "persistentVolumeClaim": {"claimName": "ghost"}}
    living.create(PODS, single("keeper", volumes=[volume]))
    living.wait(1)
    text = unschedulable(living, "keeper")
    assert text == '0/3 nodes are available: persistentvolumeclaim "ghost" not found. not found'
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    living.create(CLAIMS, {"metadata": {"name": "ghost"}, "spec": claim})
    living.wait(5)
    assert is_ready(living.get(PODS, "keeper"))


def test_a_long_wait_is_reported_again_as_one_counted_event(living: Living) -> None:
    living.create(PODS, single("huge", asks("64")))
    living.wait(1300)
    assert len(living.messages("FailedScheduling", "huge")) == 1
