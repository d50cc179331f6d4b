"""Whatever is missing or null in what a cluster sends, what is left is still told."""

import copy
from typing import Any

import pytest

from tools import pods, redaction, views
from tools.catalogue import describing, events, rollouts

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web-1", "namespace": "shop", "ownerReferences": [{"kind": "ReplicaSet", "name": "web"}]},
    "spec": {"containers": [{"name": "app", "image": "a:1"}], "initContainers": [{"name": "init", "image": "b:1"}]},
    "status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}],
        "containerStatuses": [{"name": "app", "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
        "initContainerStatuses": [{"name": "init", "state": {"terminated": {"exitCode": 0}}}],
    },
}
DEPLOYMENT: dict[str, Any] = {
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "generation": 2},
    "spec": {"replicas": 2, "strategy": {"type": "RollingUpdate"}, "selector": {"matchLabels": {"app": "web"}}},
    "status": {
        "observedGeneration": 2,
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
    },
}
EVENT: dict[str, Any] = {
    "metadata": {"name": "e", "creationTimestamp": "2026-11-22T10:00:00Z"},
    "involvedObject": {"kind": "Pod", "name": "web-1", "namespace": "shop"},
    "type": "Warning",
    "reason": "BackOff",
    "message": "again",
    "count": 3,
    "firstTimestamp": "2026-11-22T10:00:00Z",
    "lastTimestamp": "2026-11-22T10:05:00Z",
    "eventTime": None,
    "series": None,
}


def damaged(whole: dict[str, Any]) -> list[Any]:
    """The object once for every value in it, with that value null."""
    found: list[Any] = []

    def walk(node: Any, path: tuple[Any, ...]) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            place = (*path, key)
            if place != ("kind",):
                one = copy.deepcopy(whole)
                target: Any = one
                for step in path:
                    target = target[step]
                target[key] = None
                found.append(pytest.param(one, id=".".join(map(str, place))))
            if isinstance(node[key], dict | list):
                walk(node[key], place)

    walk(whole, ())
    return found


@pytest.mark.parametrize("odd", damaged(POD))
def test_a_pod_with_a_hole_is_described_all_the_same(odd: dict[str, Any]) -> None:
    assert pods.summary(odd)["status"]
    facts = describing._facts(redaction.without_secrets(odd), [], {}, [])
    assert describing._body(odd, facts)
    assert describing._pods([{**pods.summary(odd), "troubled": pods.troubled(odd)}])
    assert views.slim(odd)["kind"] == "Pod"


@pytest.mark.parametrize("odd", damaged(DEPLOYMENT))
def test_a_deployment_with_a_hole_still_tells_its_progress(odd: dict[str, Any]) -> None:
    done, stuck, message = rollouts.progress(odd)
    assert message.endswith(".")
    assert not (done and stuck)


@pytest.mark.parametrize("odd", damaged(EVENT))
def test_an_event_with_a_hole_is_listed_all_the_same(odd: dict[str, Any]) -> None:
    (fact,) = events.grouped([odd])
    assert fact["count"] in (1, 3)
    assert events.rendered([fact], with_namespace=True)


def test_events_that_differ_only_in_generated_names_are_counted_together() -> None:
    def failed(name: str, at: str) -> dict[str, Any]:
        about = {"kind": "ReplicaSet", "name": "web-6d7f", "namespace": "shop"}
        words = f'Error creating: pods "{name}" is forbidden: exceeded quota'
        return EVENT | {"involvedObject": about, "message": words, "lastTimestamp": at, "count": 1}

    (fact,) = events.grouped(
        [failed("web-6d7f-aaaaa", "2026-11-22T10:09:00Z"), failed("web-6d7f-bbbbb", "2026-11-22T10:07:00Z")]
    )
    assert (fact["count"], fact["last"], "web-6d7f-aaaaa" in fact["message"]) == (2, "2026-11-22T10:09:00Z", True)


FOUR = DEPLOYMENT["status"] | dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), 4)


@pytest.mark.parametrize(
    ("changes", "done", "stuck", "words"),
    [
        ({}, True, False, "done: 2 of 2"),
        ({"status": {"observedGeneration": 1}}, False, False, "has not seen the last change"),
        ({"spec": {"replicas": 2, "paused": True}}, False, False, "paused"),
        ({"status": {"observedGeneration": 2, "updatedReplicas": 1}}, False, False, "rolling out: 1 of 2"),
        ({"status": DEPLOYMENT["status"] | {"replicas": 3}}, False, False, "1 old pods"),
        ({"status": DEPLOYMENT["status"] | {"availableReplicas": 1}}, False, False, "waiting: 1 of 2"),
        ({"status": FOUR}, False, False, "scaling down: 2 of 4 pods still have to go"),
        ({"kind": "StatefulSet", "status": FOUR | {"readyReplicas": 4}}, False, False, "2 of 4 pods still have to go"),
        (
            {
                "status": DEPLOYMENT["status"]
                | {
                    "conditions": [
                        {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "Too late."}
                    ]
                }
            },
            False,
            True,
            "stuck",
        ),
    ],
)
def test_a_rollout_is_told_as_kubectl_would(changes: dict[str, Any], done: bool, stuck: bool, words: str) -> None:
    said = rollouts.progress({**DEPLOYMENT, **changes})
    assert said[:2] == (done, stuck)
    assert words in said[2]
