"""The demo cluster's store: revisions, conflicts, the past, and whoever waits for news."""

import asyncio
from datetime import UTC, datetime

import pytest

from tools.demo.clock import Clock
from tools.demo.deletion import delete, finish
from tools.demo.errors import AlreadyExists, Conflict, Expired, Forbidden, Json, NotFound
from tools.demo.managed_fields import track
from tools.demo.options import DeleteOptions
from tools.demo.store import HISTORY, Change, Resource, Store

CONFIG_MAPS, PODS, NAMESPACES = Resource("", "configmaps"), Resource("", "pods"), Resource("", "namespaces")
DEPLOYMENTS = Resource("apps", "deployments")


def config_map(name: str, namespace: str = "a", **data: str) -> Json:
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def pod(name: str, **meta: object) -> Json:
    spec = {"nodeName": "n", "containers": [{"name": "c"}], "terminationGracePeriodSeconds": 30}
    meta = {"name": name, "namespace": "a", **meta}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": {"phase": "Running"}}


@pytest.fixture
def store() -> Store:
    return Store(Clock(datetime(2026, 1, 1, tzinfo=UTC)), seed=1, track=track)


def test_a_new_object_gets_an_identity_and_the_next_revision(store: Store) -> None:
    before = store.revision
    made = store.create(CONFIG_MAPS, config_map("x"))
    assert made["metadata"]["resourceVersion"] == str(before + 1) == str(store.revision)
    assert made["metadata"]["creationTimestamp"] == "2026-01-01T00:00:00Z"
    assert len(made["metadata"]["uid"]) == 36
    with pytest.raises(AlreadyExists, match='configmaps "x" already exists'):
        store.create(CONFIG_MAPS, config_map("x"))


def test_a_store_with_the_same_seed_hands_out_the_same_identities() -> None:
    first, second = (Store(seed=7).create(CONFIG_MAPS, config_map("x"))["metadata"]["uid"] for _ in range(2))
    assert first == second


def test_a_stale_write_is_refused_and_one_that_changes_nothing_keeps_the_revision(store: Store) -> None:
    made = store.create(CONFIG_MAPS, config_map("x", a="1"))
    changed = store.replace(CONFIG_MAPS, {**made, "data": {"a": "2"}})
    with pytest.raises(Conflict, match="the object has been modified"):
        store.replace(CONFIG_MAPS, {**made, "data": {"a": "3"}})
    assert store.replace(CONFIG_MAPS, changed) is changed
    with pytest.raises(NotFound):
        store.replace(CONFIG_MAPS, config_map("absent"))


def test_only_a_changed_specification_bumps_the_generation(store: Store) -> None:
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "a"}}
    made = store.create(DEPLOYMENTS, {**deployment, "spec": {"replicas": 1}, "status": {}})
    labelled = store.replace(DEPLOYMENTS, {**made, "metadata": {**made["metadata"], "labels": {"a": "b"}}})
    scaled = store.replace(DEPLOYMENTS, {**labelled, "spec": {"replicas": 2}})
    reported = store.replace(DEPLOYMENTS, {**scaled, "status": {"replicas": 2}}, "status")
    assert [o["metadata"]["generation"] for o in (made, labelled, scaled, reported)] == [1, 1, 2, 2]


def test_a_dry_run_answers_but_leaves_no_trace(store: Store) -> None:
    made = store.create(CONFIG_MAPS, config_map("x"), dry_run=True)
    assert "resourceVersion" not in made["metadata"]
    assert store.get(CONFIG_MAPS, "a", "x") is None
    assert store.events_since(store.revision, CONFIG_MAPS) == []


def test_mutate_changes_a_copy_and_notes_who_did_it(store: Store) -> None:
    store.create(CONFIG_MAPS, config_map("x", a="1"))
    changed = store.mutate(CONFIG_MAPS, "a", "x", lambda o: o["data"].update(a="2"), manager="kubelet")
    assert changed is not None
    assert [entry["manager"] for entry in changed["metadata"]["managedFields"]] == ["kubelet"]
    assert store.mutate(CONFIG_MAPS, "a", "absent", lambda o: None) is None


def test_lists_are_ordered_by_namespace_and_name(store: Store) -> None:
    for namespace, name in (("b", "x"), ("a", "y"), ("a", "x")):
        store.create(CONFIG_MAPS, config_map(name, namespace))
    found = [(o["metadata"]["namespace"], o["metadata"]["name"]) for o in store.list(CONFIG_MAPS)]
    assert found == [("a", "x"), ("a", "y"), ("b", "x")]
    assert len(store.list(CONFIG_MAPS, "b")) == 1


def test_the_past_can_be_listed_until_it_is_forgotten(store: Store) -> None:
    store.create(CONFIG_MAPS, config_map("kept", a="1"))
    store.create(CONFIG_MAPS, config_map("gone"))
    then = store.revision
    store.remove(CONFIG_MAPS, "a", "gone")
    store.mutate(CONFIG_MAPS, "a", "kept", lambda o: o["data"].update(a="2"))
    store.create(CONFIG_MAPS, config_map("new"))
    past = {o["metadata"]["name"]: o["data"] for o in store.list_at(CONFIG_MAPS, "a", then)}
    assert past == {"gone": {}, "kept": {"a": "1"}}
    store.compact()
    with pytest.raises(Expired, match=f"too old resource version: {then}"):
        store.list_at(CONFIG_MAPS, "a", then)


def test_history_is_bounded(store: Store) -> None:
    start = store.revision
    store.create(CONFIG_MAPS, config_map("x", n="0"))
    for number in range(1, HISTORY + 5):
        store.mutate(CONFIG_MAPS, "a", "x", lambda o, n=number: o["data"].update(n=str(n)))
    assert len(store.events_since(store.oldest, CONFIG_MAPS)) == HISTORY
    with pytest.raises(Expired):
        store.events_since(start, CONFIG_MAPS)


def test_callbacks_hear_every_change_in_order_until_they_leave(store: Store) -> None:
    heard: list[Change] = []
    leave = store.on_change(heard.append)
    store.create(CONFIG_MAPS, config_map("x"))
    store.remove(CONFIG_MAPS, "a", "x")
    leave()
    store.create(CONFIG_MAPS, config_map("y"))
    assert [(change.kind, change.name) for change in heard] == [("ADDED", "x"), ("DELETED", "x")]


async def test_whoever_waits_is_woken_by_the_next_change(store: Store) -> None:
    waiting = asyncio.create_task(store.wait(store.revision))
    await asyncio.sleep(0)
    assert not waiting.done()
    store.create(CONFIG_MAPS, config_map("x"))
    await asyncio.wait_for(waiting, 1)


def test_a_pod_on_a_node_is_given_time_and_a_shorter_time_counts(store: Store) -> None:
    store.create(PODS, pod("p"))
    marked = delete(store, PODS, "a", "p")
    assert not marked.gone
    assert marked.object["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:30Z"
    shorter = delete(store, PODS, "a", "p", DeleteOptions(grace=5)).object["metadata"]
    assert (shorter["deletionGracePeriodSeconds"], shorter["generation"]) == (5, 2)
    assert delete(store, PODS, "a", "p", DeleteOptions(grace=60)).object["metadata"] == shorter
    assert delete(store, PODS, "a", "p", DeleteOptions(grace=0)).gone
    assert store.get(PODS, "a", "p") is None


def test_finalizers_keep_an_object_until_the_last_is_gone(store: Store) -> None:
    store.create(PODS, pod("p", finalizers=["example.com/hold"]))
    assert not delete(store, PODS, "a", "p", DeleteOptions(grace=0)).gone
    assert not finish(store, PODS, "a", "p")
    store.mutate(PODS, "a", "p", lambda o: o["metadata"].pop("finalizers"))
    assert finish(store, PODS, "a", "p")
    assert store.get(PODS, "a", "p") is None


@pytest.mark.parametrize(("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
def test_a_propagation_policy_becomes_a_finalizer(store: Store, policy: str, finalizer: str) -> None:
    store.create(CONFIG_MAPS, config_map("x"))
    marked = delete(store, CONFIG_MAPS, "a", "x", DeleteOptions(propagation=policy))
    assert marked.object["metadata"]["finalizers"] == [finalizer]
    assert delete(store, CONFIG_MAPS, "a", "x", DeleteOptions(propagation="Background")).gone


def test_preconditions_protect_against_a_recreated_object(store: Store) -> None:
    store.create(CONFIG_MAPS, config_map("x"))
    with pytest.raises(Conflict, match="the UID in the precondition"):
        delete(store, CONFIG_MAPS, "a", "x", DeleteOptions(uid="0"))
    with pytest.raises(Conflict, match="the ResourceVersion in the precondition"):
        delete(store, CONFIG_MAPS, "a", "x", DeleteOptions(revision="1"))


def test_the_namespaces_every_cluster_needs_cannot_be_deleted(store: Store) -> None:
    store.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}})
    with pytest.raises(Forbidden, match="this namespace may not be deleted"):
        delete(store, NAMESPACES, "", "kube-system")
