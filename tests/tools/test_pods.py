"""The status of a pod in one word, as a real API server prints it."""

import json
from typing import Any

import pytest

from tests.tools.demo.recorded import CORPUS, needs_recording
from tools import pods


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CORPUS / "tables" / name).read_text())["body"]
    return found


@pytest.mark.golden
@needs_recording
def test_every_recorded_pod_is_summed_up_as_the_api_server_prints_it() -> None:
    table = recorded("pods.table.json")
    columns = [column["name"] for column in table["columnDefinitions"]]
    wanted, found = {}, {}
    for row in table["rows"]:
        cells = dict(zip(columns, row["cells"], strict=True))
        restarts = str(cells["Restarts"]).split(" ")[0]
        wanted[row["object"]["metadata"]["name"]] = (cells["Ready"], cells["Status"], restarts)
    for pod in recorded("pods.list.json")["items"]:
        said = pods.summary(pod)
        found[said["name"]] = (said["ready"], said["status"], str(said["restarts"]))
    assert found == wanted


def pod(*states: dict[str, Any], phase: str = "Running", **meta: Any) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"name": "web-1", "namespace": "shop", **meta},
        "spec": {"containers": [{"name": state["name"], "image": "a:1"} for state in states]},
        "status": {"phase": phase, "containerStatuses": list(states)},
    }


RUNNING = {"name": "a", "ready": True, "state": {"running": {"startedAt": "2026-11-22T10:00:00Z"}}}
CRASHED = {
    "name": "b",
    "ready": False,
    "restartCount": 4,
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
    "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-11-22T10:00:00Z"}},
}


def test_one_crashing_container_makes_the_pod_unwell() -> None:
    said = pods.summary(pod(RUNNING, CRASHED))
    assert (said["ready"], said["status"], said["restarts"], said["well"]) == ("1/2", "CrashLoopBackOff", 4, False)


def test_a_pod_that_goes_away_says_so() -> None:
    said = pods.summary(pod(RUNNING, deletionTimestamp="2026-11-22T10:00:00Z"))
    assert (said["status"], said["well"]) == ("Terminating", False)


@pytest.mark.parametrize(
    ("found", "well"),
    [
        (pod(RUNNING), True),
        (pod({"name": "a", "state": {"terminated": {"reason": "Completed"}}}, phase="Succeeded"), True),
        (pod(phase="Pending"), False),
        (pod({**RUNNING, "ready": False}), False),
        ({}, False),
    ],
)
def test_well_is_running_and_ready_or_done(found: dict[str, Any], well: bool) -> None:
    assert pods.is_well(found) is well


def test_a_container_tells_why_it_waits_and_how_its_last_run_ended() -> None:
    (told,) = pods.containers(pod(CRASHED))
    assert (told["state"], told["reason"], told["message"]) == ("waiting", "CrashLoopBackOff", "back-off 5m0s")
    assert (told["last"]["reason"], told["last"]["exit_code"]) == ("OOMKilled", 137)
    assert pods.containers(pod(RUNNING))[0]["last"] is None


def test_a_pod_without_any_status_yet_is_told_nonetheless() -> None:
    (told,) = pods.containers({"spec": {"containers": [{"name": "a", "image": "a:1"}]}})
    assert (told["state"], told["ready"], told["restarts"]) == ("unknown", False, 0)


def test_troubled_is_what_waits_for_a_reason_or_ended_badly_or_ended_before() -> None:
    failed = {"name": "c", "state": {"terminated": {"reason": "Error", "exitCode": 2}}}
    done = {"name": "d", "state": {"terminated": {"reason": "Completed", "exitCode": 0}}}
    begins = {"name": "e", "state": {"waiting": {"reason": "ContainerCreating"}}}
    again = {**RUNNING, "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}
    for state, wanted in ((CRASHED, 1), (failed, 1), (again, 1), (done, 0), (begins, 0), (RUNNING, 0)):
        assert len(pods.troubled(pod(state))) == wanted, state
    assert pods.troubled({}) == []
