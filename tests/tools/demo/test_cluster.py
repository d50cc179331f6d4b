"""The loop that keeps the demo cluster alive: it reacts to writes, stops when told, survives bad objects."""

import asyncio
import logging
import time

import pytest

from tests.tools.demo.living import NOW, workload
from tools.demo.cluster import DemoCluster
from tools.demo.controllers.kinds import DEPLOYMENTS, NAMESPACES, PODS, REPLICA_SETS
from tools.demo.store import Json


def deployment(name: str = "web") -> Json:
    body = workload(name)
    body["metadata"]["namespace"] = "default"
    return body


async def until(condition: object, what: str) -> None:
    deadline = time.monotonic() + 10
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        await asyncio.sleep(0.02)


async def test_a_started_cluster_reacts_to_what_is_written_and_a_stopped_one_does_not() -> None:
    cluster = DemoCluster.bare(NOW)
    cluster.start()
    cluster.world.create(DEPLOYMENTS, deployment())
    await until(lambda: len(cluster.store.list(PODS, "default")) == 2, "both pods are there")
    await cluster.stop()
    cluster.world.create(DEPLOYMENTS, deployment("late"))
    await asyncio.sleep(0.2)
    assert len(cluster.store.list(PODS, "default")) == 2


def test_an_object_no_controller_understands_stops_only_its_own_controller(caplog: pytest.LogCaptureFixture) -> None:
    cluster = DemoCluster.bare(NOW)
    broken = {"metadata": {"name": "odd", "namespace": "default"}, "spec": {}}
    cluster.store.create(REPLICA_SETS, {"apiVersion": "apps/v1", "kind": "ReplicaSet", **broken})
    with caplog.at_level(logging.ERROR):
        cluster.world.create(NAMESPACES, {"metadata": {"name": "other"}})
        cluster.pass_time(3)
    assert "Controller replica_set of the demo cluster failed" in caplog.text
    assert cluster.store.get(PODS, "default", "odd") is None
    cluster.store.remove(REPLICA_SETS, "default", "odd")
    cluster.world.create(DEPLOYMENTS, deployment())
    cluster.pass_time(20)
    assert len(cluster.store.list(PODS, "default")) == 2
