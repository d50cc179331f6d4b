"""Faults seeded into a real cluster and into the demo cluster: all found, none missed, nothing made up."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Any

from tests.apiserver.cluster import Cluster
from tests.apiserver.manifests import pod
from tests.conformance.place import Place
from tests.diagnosis.seeding import PATIENCE, ask, grow, tally
from tests.diagnosis.seeds import SEEDS

HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
NEVER = {"matchLabels": {"never": "on-anything"}}
TAINTS = [{"key": "rig", "value": "kept", "effect": "NoSchedule"}]


async def test_every_seeded_fault_is_found_and_nothing_else(cluster: Cluster, record_property) -> None:
    made = await tally(cluster)
    record_property("diagnosis", made.line)
    assert (made.missed, made.false_alarms) == ([], [])
    assert made.found == made.seeded > len(SEEDS)


async def test_a_webhook_of_which_nobody_answers_is_found_in_the_whole_cluster(cluster: Cluster) -> None:
    with contextlib.ExitStack() as stack:
        for name, says in (("strict", "Fail"), ("lenient", "Ignore")):
            stack.enter_context(hook(cluster, name, says))
        found = {(f["code"], f["name"]) for f in (await ask(cluster))["findings"]}
        assert {("webhook-blocks", "strict"), ("webhook-silent", "lenient")} <= found


async def test_nodes_that_are_closed_or_tainted_are_named_with_the_pod_that_waits(cluster: Cluster) -> None:
    with cluster.namespace("nodes") as namespace:
        place = Place(cluster, namespace)
        for name, spec, code in (
            ("closed", {"unschedulable": True}, "no-open-node"),
            ("tainted", {"taints": TAINTS}, "taints"),
        ):
            with all_nodes(cluster, spec):
                grow(place, [pod(name)])
                finding = await until_found(cluster, code, kind="pod", name=name, namespace=namespace)
                assert finding["name"] == name
                assert "node-1" in str(finding["evidence"])


async def test_what_may_not_be_read_is_said_and_the_rest_is_told(cluster: Cluster) -> None:
    with cluster.namespace("part") as namespace:
        told = await ask(cluster, "editor", namespace=namespace)
        assert {"kind": "nodes", "why": "403"} in told["unread"]
        assert "pods" in told["checked"]


async def until_found(cluster: Cluster, code: str, **target: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for finding in (await ask(cluster, **target))["findings"]:
            if finding["code"] == code:
                return finding
        await asyncio.sleep(0.3)
    raise AssertionError(f"{code} was never found")


@contextlib.contextmanager
def hook(cluster: Cluster, name: str, failure_policy: str) -> Iterator[None]:
    """A webhook whose Service does not exist, and that nothing in the cluster concerns."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    one = {
        "name": f"{name}.example.com",
        "clientConfig": {"service": {"name": "absent", "namespace": "default", "path": "/"}},
        "rules": [rule],
        "failurePolicy": failure_policy,
        "objectSelector": NEVER,
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    answer = cluster.http().post(HOOKS, body | {"metadata": {"name": name}, "webhooks": [one]})
    assert answer.status == 201, answer.text
    try:
        yield
    finally:
        cluster.http().delete(f"{HOOKS}/{name}")


@contextlib.contextmanager
def all_nodes(cluster: Cluster, spec: dict[str, Any]) -> Iterator[None]:
    names = [node["metadata"]["name"] for node in cluster.http().get("/api/v1/nodes").json["items"]]
    try:
        for name in names:
            assert cluster.http().patch(f"/api/v1/nodes/{name}", {"spec": spec}).status == 200
        yield
    finally:
        for name in names:
            cluster.http().patch(f"/api/v1/nodes/{name}", {"spec": dict.fromkeys(spec)})
