"""Every field of a demo object has the owners that the API server would record."""

import copy
from typing import Any

import pytest

from tests.tools.demo.recorded import address, differences, exchanges, needs_recording
from tools.demo import field_sets
from tools.demo.defaults import apply_defaults
from tools.demo.managed_fields import owned_by, track

Json = dict[str, Any]
NOON, LATER = "2026-01-01T12:00:00Z", "2026-01-01T12:00:09Z"


def settings(data: Json, **meta: Any) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", **meta}, "data": dict(data)}


def entry(entries: list[Json], manager: str) -> Json:
    return next(each for each in entries if each["manager"] == manager)


def test_who_creates_an_object_owns_what_it_says_but_not_its_identity() -> None:
    entries = track(None, settings({"a": "1"}, labels={"x": "y"}, uid="u"), manager="ann", now=NOON)
    assert entries == [
        {
            "manager": "ann",
            "operation": "Update",
            "apiVersion": "v1",
            "time": NOON,
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {".": {}, "f:a": {}}, "f:metadata": {"f:labels": {".": {}, "f:x": {}}}},
        }
    ]


def test_a_changed_field_moves_to_who_changed_it() -> None:
    old = settings({"a": "1", "b": "1"})
    old["metadata"]["managedFields"] = track(None, old, manager="ann", now=NOON)
    new = copy.deepcopy(old)
    new["data"]["b"] = "2"
    entries = track(old, new, manager="bob", now=LATER)
    assert entry(entries, "ann")["fieldsV1"] == {"f:data": {".": {}, "f:a": {}}}
    assert entry(entries, "bob") == {**entry(entries, "bob"), "time": LATER, "fieldsV1": {"f:data": {"f:b": {}}}}


def test_a_removed_field_belongs_to_nobody() -> None:
    old = settings({"a": "1", "b": "1"})
    old["metadata"]["managedFields"] = track(None, old, manager="ann", now=NOON)
    new = copy.deepcopy(old)
    del new["data"]["b"]
    entries = track(old, new, manager="bob", now=LATER)
    assert [each["manager"] for each in entries] == ["ann"]
    assert entries[0]["fieldsV1"] == {"f:data": {".": {}, "f:a": {}}}


def test_a_write_that_changes_nothing_keeps_the_record() -> None:
    old = settings({"a": "1"})
    old["metadata"]["managedFields"] = track(None, old, manager="ann", now=NOON)
    assert track(old, copy.deepcopy(old), manager="bob", now=LATER) == old["metadata"]["managedFields"]


def test_one_empty_entry_clears_the_record() -> None:
    old = settings({"a": "1"})
    old["metadata"]["managedFields"] = track(None, old, manager="ann", now=NOON)
    new = settings({"a": "1"}, managedFields=[{}])
    assert track(old, new, manager="bob", now=LATER) == []


def test_list_items_are_owned_by_their_keys() -> None:
    deployment: Json = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d"},
        "spec": {"template": {"spec": {"containers": [{"name": "web", "ports": [{"containerPort": 80}]}]}}},
    }
    fields = track(None, deployment, manager="ann", now=NOON)[0]["fieldsV1"]
    container = fields["f:spec"]["f:template"]["f:spec"]["f:containers"]
    port = 'k:{"containerPort":80,"protocol":"TCP"}'
    assert container == {
        'k:{"name":"web"}': {".": {}, "f:name": {}, "f:ports": {".": {}, port: {".": {}, "f:containerPort": {}}}}
    }


def test_a_status_write_has_an_entry_of_its_own_and_takes_no_spec() -> None:
    old: Json = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d"},
        "spec": {"replicas": 1},
        "status": {},
    }
    new = copy.deepcopy(old)
    new["status"]["replicas"] = 3
    new["spec"]["replicas"] = 9
    entries = track(old, new, manager="ctrl", subresource="status", now=NOON)
    assert entries[0]["subresource"] == "status"
    assert entries[0]["fieldsV1"] == {"f:status": {"f:replicas": {}}}


def test_paths_survive_being_written_and_read() -> None:
    paths = {("f:a",), ("f:a", 'k:{"name":"x"}'), ("f:a", 'k:{"name":"x"}', "f:b"), ("f:c", "f:d"), ("f:e", 'v:"z"')}
    assert field_sets.from_fields(field_sets.to_fields(paths)) == paths


def test_a_path_is_spelled_for_people() -> None:
    path = ("f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:name")
    assert field_sets.spell(path) == '.spec.ports[port=80,protocol="TCP"].name'
    assert field_sets.spell(("f:metadata", "f:finalizers", 'v:"a/b"')) == '.metadata.finalizers[="a/b"]'


def test_custom_resources_are_owned_field_by_field_and_lists_as_one() -> None:
    boat = {
        "apiVersion": "x.io/v1",
        "kind": "Boat",
        "metadata": {"name": "b"},
        "spec": {"crew": 1, "sails": [{"a": 1}]},
    }
    fields = track(None, boat, manager="ann", now=NOON)
    assert owned_by(fields, "ann") == {("f:spec",), ("f:spec", "f:crew"), ("f:spec", "f:sails")}


@pytest.mark.golden
@needs_recording
def test_every_recorded_creation_has_the_recorded_owners() -> None:
    compared = 0
    for each in exchanges().values():
        request, answer = each["request"], each["response"]["body"]
        if (
            request["method"] != "POST"
            or each["response"]["status"] != 201
            or not isinstance(request.get("body"), dict)
        ):
            continue
        sent = copy.deepcopy(request["body"])
        group, plural = address(request["path"])
        recorded = answer.get("metadata", {}).get("managedFields")
        custom = group in ("golden.example", "apiextensions.k8s.io")
        if (
            not recorded
            or "metadata" not in sent
            or answer["kind"] != sent.get("kind")
            or custom
            or "imagee" in str(sent)
            or plural == "leases"
        ):
            continue
        apply_defaults(group, plural, sent)
        sent["metadata"].pop("selfLink", None)
        if "creation" in str(recorded) or len(recorded) != 1:
            continue
        assert differences(recorded, track(None, sent, manager="golden", now=NOON)) == [], each["id"]
        compared += 1
    assert compared > 60
