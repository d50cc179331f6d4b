"""A Deployment brings up pods, rolls, waits, rolls back, and says how it is getting on."""

import pytest

from tests.tools.demo.living import Living, conditions, container, is_ready, template, workload
from tools.demo.controllers.kinds import DEPLOYMENTS, PODS, REPLICA_SETS

REVISION = "deployment.kubernetes.io/revision"


@pytest.fixture
def living() -> Living:
    return Living.bare()


def image(name: str) -> dict[str, object]:
    return {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": name}]}}}}


def test_it_makes_a_replica_set_and_ready_pods_on_different_nodes(living: Living) -> None:
    living.create(DEPLOYMENTS, workload(replicas=3))
    living.wait()
    deployment = living.get(DEPLOYMENTS, "web")
    assert deployment["status"]["availableReplicas"] == 3
    assert conditions(deployment) == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    assert deployment["metadata"]["annotations"][REVISION] == "1"
    [replica_set] = living.all(REPLICA_SETS)
    assert replica_set["metadata"]["name"] == f"web-{replica_set['metadata']['labels']['pod-template-hash']}"
    pods = living.pods()
    assert all(map(is_ready, pods))
    assert {pod["spec"]["nodeName"] for pod in pods} == {"node-1", "node-2", "node-3"}
    assert living.messages("ScalingReplicaSet") == [
        f"Scaled up replica set {replica_set['metadata']['name']} from 0 to 3"
    ]


def test_pods_take_a_moment_to_become_ready(living: Living) -> None:
    living.create(DEPLOYMENTS, workload())
    living.wait(0.1)
    assert [pod["status"]["phase"] for pod in living.pods()] == ["Pending", "Pending"]
    living.wait(8)
    assert [pod["status"]["phase"] for pod in living.pods()] == ["Running", "Running"]


def test_a_new_image_rolls_without_losing_more_than_allowed(living: Living) -> None:
    living.create(DEPLOYMENTS, workload(replicas=4))
    living.wait()
    lowest = []
    living.store.on_change(
        lambda change: lowest.append(sum(map(is_ready, living.pods()))) if change.resource == PODS else None
    )
    living.patch(DEPLOYMENTS, "web", image("nginx:1.28"))
    living.wait(30)
    assert min(lowest) >= 3
    assert {pod["spec"]["containers"][0]["image"] for pod in living.pods()} == {"nginx:1.28"}
    assert living.get(DEPLOYMENTS, "web")["metadata"]["annotations"][REVISION] == "2"
    assert sorted(each["spec"]["replicas"] for each in living.all(REPLICA_SETS)) == [0, 4]


def test_an_image_that_cannot_be_pulled_stops_the_rollout_at_the_deadline_and_undo_heals(living: Living) -> None:
    living.create(DEPLOYMENTS, workload(replicas=3, progressDeadlineSeconds=60))
    living.wait()
    living.patch(DEPLOYMENTS, "web", image("registry.invalid/nope:0"))
    living.wait(90)
    deployment = living.get(DEPLOYMENTS, "web")
    assert conditions(deployment)["Progressing"] == ("False", "ProgressDeadlineExceeded")
    assert conditions(deployment)["Available"] == ("True", "MinimumReplicasAvailable")
    assert sum(map(is_ready, living.pods())) == 3
    living.patch(DEPLOYMENTS, "web", image("nginx:1.27"))
    living.wait(30)
    deployment = living.get(DEPLOYMENTS, "web")
    assert conditions(deployment)["Progressing"] == ("True", "NewReplicaSetAvailable")
    assert deployment["metadata"]["annotations"][REVISION] == "3"
    first = next(each for each in living.all(REPLICA_SETS) if each["spec"]["replicas"])
    assert first["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"
    assert len(living.all(REPLICA_SETS)) == 2


def test_recreate_takes_every_old_pod_away_before_the_first_new_one(living: Living) -> None:
    living.create(DEPLOYMENTS, workload(replicas=2, strategy={"type": "Recreate"}))
    living.wait()
    seen: list[set[str]] = []
    living.store.on_change(
        lambda change: (
            seen.append({pod["spec"]["containers"][0]["image"] for pod in living.pods()})
            if change.resource == PODS
            else None
        )
    )
    living.patch(DEPLOYMENTS, "web", image("nginx:1.28"))
    living.wait(20)
    assert {"nginx:1.27", "nginx:1.28"} not in seen
    assert [is_ready(pod) for pod in living.pods()] == [True, True]


def test_scaling_adds_and_takes_away_and_nought_empties_the_status(living: Living) -> None:
    living.create(DEPLOYMENTS, workload(replicas=1))
    living.wait()
    living.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 5}})
    living.wait()
    assert living.get(DEPLOYMENTS, "web")["status"]["readyReplicas"] == 5
    living.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 0}})
    living.wait()
    assert living.pods() == []
    assert "replicas" not in living.get(DEPLOYMENTS, "web")["status"]


def test_a_paused_one_scales_but_does_not_roll_until_resumed(living: Living) -> None:
    living.create(DEPLOYMENTS, workload(replicas=2))
    living.wait()
    living.patch(DEPLOYMENTS, "web", {"spec": {"paused": True, "replicas": 3}} | {})
    living.patch(DEPLOYMENTS, "web", image("nginx:1.28"))
    living.wait()
    assert conditions(living.get(DEPLOYMENTS, "web"))["Progressing"] == ("Unknown", "DeploymentPaused")
    assert [pod["spec"]["containers"][0]["image"] for pod in living.pods()] == ["nginx:1.27"] * 3
    living.patch(DEPLOYMENTS, "web", {"spec": {"paused": None}})
    living.wait(30)
    assert [pod["spec"]["containers"][0]["image"] for pod in living.pods()] == ["nginx:1.28"] * 3


def test_a_pod_taken_away_is_replaced_and_the_name_never_returns(living: Living) -> None:
    living.create(DEPLOYMENTS, workload(replicas=2))
    living.wait()
    victim = living.pods()[0]["metadata"]["name"]
    living.delete(PODS, victim)
    living.wait()
    names = [pod["metadata"]["name"] for pod in living.pods()]
    assert len(names) == 2
    assert victim not in names


def test_old_replica_sets_beyond_the_history_limit_go(living: Living) -> None:
    living.create(DEPLOYMENTS, workload(replicas=1, revisionHistoryLimit=1))
    living.wait()
    for tag in ("1.28", "1.29", "1.30"):
        living.patch(DEPLOYMENTS, "web", image(f"nginx:{tag}"))
        living.wait(20)
    images = {each["spec"]["template"]["spec"]["containers"][0]["image"] for each in living.all(REPLICA_SETS)}
    assert images == {"nginx:1.29", "nginx:1.30"}


def test_one_in_trouble_does_not_stop_the_others(living: Living) -> None:
    living.create(DEPLOYMENTS, workload("bad", pod=template(container("registry.invalid/x:1"))))
    living.create(DEPLOYMENTS, workload("good"))
    living.wait()
    assert "availableReplicas" not in living.get(DEPLOYMENTS, "bad")["status"]
    assert living.get(DEPLOYMENTS, "good")["status"]["availableReplicas"] == 2
