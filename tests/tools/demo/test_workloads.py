"""StatefulSets, DaemonSets, Jobs and CronJobs bring up the pods they promise, in the order they promise."""

import pytest

from tests.tools.demo.living import PLACE, Living, conditions, container, is_ready, template, workload
from tools.demo.controllers.kinds import CLAIMS, CRON_JOBS, DAEMON_SETS, JOBS, NODES, PODS, REVISIONS, STATEFUL_SETS
from tools.demo.store import Json

STORAGE = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


@pytest.fixture
def living() -> Living:
    return Living.bare()


def stateful(replicas: int) -> Json:
    claim = {"metadata": {"name": "data"}, "spec": STORAGE}
    pod = template(container(volumeMounts=[{"name": "data", "mountPath": "/data"}]))
    return workload("db", replicas, pod, serviceName="db", volumeClaimTemplates=[claim])


def job(command: str, **spec: object) -> Json:
    pod = {"spec": {"restartPolicy": "Never", "containers": [container("busybox:1", command=["sh", "-c", command])]}}
    return {"metadata": {"name": "work"}, "spec": {"template": pod, **spec}}


# ---- StatefulSet ----------------------------------------------------------------------------------------------------


def test_a_stateful_set_starts_its_pods_one_after_the_other_each_with_a_claim(living: Living) -> None:
    living.create(STATEFUL_SETS, stateful(3))
    living.wait(1)
    assert [pod["metadata"]["name"] for pod in living.pods()] == ["db-0"]
    living.wait(20)
    pods = living.pods()
    assert [pod["metadata"]["name"] for pod in pods] == ["db-0", "db-1", "db-2"]
    assert all(map(is_ready, pods))
    assert [claim["metadata"]["name"] for claim in living.all(CLAIMS)] == ["data-db-0", "data-db-1", "data-db-2"]
    status = living.get(STATEFUL_SETS, "db")["status"]
    assert (status["readyReplicas"], status["currentRevision"]) == (3, status["updateRevision"])


def test_a_stateful_set_shrinks_from_the_top_and_keeps_its_claims(living: Living) -> None:
    living.create(STATEFUL_SETS, stateful(3))
    living.wait(20)
    living.patch(STATEFUL_SETS, "db", {"spec": {"replicas": 1}})
    living.wait(20)
    assert [pod["metadata"]["name"] for pod in living.pods()] == ["db-0"]
    assert len(living.all(CLAIMS)) == 3


def test_a_stateful_set_renews_from_the_top_down(living: Living) -> None:
    living.create(STATEFUL_SETS, stateful(2))
    living.wait(20)
    change = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "nginx:1.28"}]}}}}
    living.patch(STATEFUL_SETS, "db", change)
    living.wait(3)
    assert living.get(PODS, "db-0")["spec"]["containers"][0]["image"] == "nginx:1.27"
    living.wait(30)
    assert [pod["spec"]["containers"][0]["image"] for pod in living.pods()] == ["nginx:1.28"] * 2
    assert len(living.all(REVISIONS)) == 2


# ---- DaemonSet ------------------------------------------------------------------------------------------------------


def daemon(**spec: object) -> Json:
    body = workload("agent", 1, template(**spec))
    del body["spec"]["replicas"]
    return body


def test_a_daemon_set_runs_on_every_node_that_will_have_it(living: Living) -> None:
    living.create(DAEMON_SETS, daemon())
    living.wait()
    assert {pod["spec"]["nodeName"] for pod in living.pods()} == {"node-1", "node-2", "node-3"}
    status = living.get(DAEMON_SETS, "agent")["status"]
    assert (status["desiredNumberScheduled"], status["numberReady"], status["numberAvailable"]) == (3, 3, 3)


def test_a_daemon_set_leaves_a_node_it_no_longer_fits(living: Living) -> None:
    living.create(DAEMON_SETS, daemon())
    living.wait()
    taint = {"key": "gone", "effect": "NoSchedule"}
    living.store.mutate(NODES, "", "node-2", lambda obj: obj["spec"].update(taints=[taint]))
    living.wait()
    assert {pod["spec"]["nodeName"] for pod in living.pods()} == {"node-1", "node-3"}


def test_a_daemon_set_rolls_one_node_at_a_time(living: Living) -> None:
    living.create(DAEMON_SETS, daemon())
    living.wait()
    ready: list[int] = []
    living.store.on_change(lambda change: ready.append(sum(map(is_ready, living.pods()))))
    change = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "nginx:1.28"}]}}}}
    living.patch(DAEMON_SETS, "agent", change)
    living.wait(30)
    assert min(ready) == 2
    assert {pod["spec"]["containers"][0]["image"] for pod in living.pods()} == {"nginx:1.28"}
    assert living.get(DAEMON_SETS, "agent")["status"]["updatedNumberScheduled"] == 3


# ---- Job and CronJob ------------------------------------------------------------------------------------------------


def test_a_job_completes_when_enough_pods_have(living: Living) -> None:
    living.create(JOBS, job("echo done", completions=3, parallelism=2))
    living.wait(1)
    assert len(living.pods()) == 2
    living.wait(20)
    found = living.get(JOBS, "work")
    assert conditions(found)["Complete"] == ("True", "CompletionsReached")
    assert (found["status"]["succeeded"], len(living.pods())) == (3, 3)
    assert living.messages("Completed", "work") == ["Job completed"]


def test_a_job_that_keeps_failing_gives_up_at_its_limit(living: Living) -> None:
    living.create(JOBS, job("exit 1", backoffLimit=1))
    living.wait(5)
    assert conditions(living.get(JOBS, "work")) == {}
    living.wait(60)
    found = living.get(JOBS, "work")
    assert conditions(found)["Failed"] == ("True", "BackoffLimitExceeded")
    assert (found["status"]["failed"], len(living.pods())) == (2, 2)


def test_a_job_with_a_deadline_is_stopped_at_it(living: Living) -> None:
    living.create(JOBS, job("sleep 600", activeDeadlineSeconds=30))
    living.wait(20)
    assert [pod["status"]["phase"] for pod in living.pods()] == ["Running"]
    living.patch(JOBS, "work", {"metadata": {"labels": {"look": "again"}}})
    living.wait(40)
    assert conditions(living.get(JOBS, "work"))["Failed"] == ("True", "DeadlineExceeded")
    assert living.pods() == []


def test_a_finished_job_goes_after_its_time_to_live(living: Living) -> None:
    living.create(JOBS, job("echo done", ttlSecondsAfterFinished=30))
    living.wait(20)
    assert living.find(JOBS, "work") is not None
    living.wait(40)
    assert living.find(JOBS, "work") is None


def test_a_suspended_job_makes_no_pod_until_resumed(living: Living) -> None:
    living.create(JOBS, job("echo done", suspend=True))
    living.wait()
    assert living.pods() == []
    living.patch(JOBS, "work", {"spec": {"suspend": False}})
    living.wait()
    assert len(living.pods()) == 1


def cron(**spec: object) -> Json:
    return {"metadata": {"name": "tick"}, "spec": {"jobTemplate": {"spec": job("echo done")["spec"]}, **spec}}


def test_a_cron_job_runs_on_the_minute_and_keeps_three_runs(living: Living) -> None:
    living.create(CRON_JOBS, cron(schedule="*/5 * * * *"))
    living.wait(60 * 26)
    jobs = living.all(JOBS)
    assert len(jobs) == 3
    assert all(each["metadata"]["ownerReferences"][0]["name"] == "tick" for each in jobs)
    status = living.get(CRON_JOBS, "tick")["status"]
    assert status["lastScheduleTime"] == "2026-03-04T12:25:00Z"
    assert status["lastSuccessfulTime"] > status["lastScheduleTime"]


def test_a_suspended_cron_job_sleeps_until_woken(living: Living) -> None:
    living.create(CRON_JOBS, cron(schedule="* * * * *", suspend=True))
    living.wait(200)
    assert living.all(JOBS) == []
    living.patch(CRON_JOBS, "tick", {"spec": {"suspend": False}})
    living.wait(70)
    assert living.all(JOBS)


def test_deleting_the_owner_takes_its_pods_along(living: Living) -> None:
    living.create(CRON_JOBS, cron(schedule="* * * * *"))
    living.create(STATEFUL_SETS, stateful(1))
    living.wait(130)
    living.delete(CRON_JOBS, "tick")
    living.delete(STATEFUL_SETS, "db")
    living.wait(10)
    assert living.store.list(PODS, PLACE) == []
    assert living.all(JOBS) == []
