"""Patches of demo objects do what the API server does with them, and fail in its words."""

import copy
from typing import Any

import pytest

from tests.tools.demo.recorded import address, differences, exchanges, needs_recording
from tools.demo.defaults import apply_defaults
from tools.demo.managed_fields import track
from tools.demo.patch import PatchError, json_patch, merge_patch, strategic_merge

Json = dict[str, Any]

WEB: Json = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "finalizers": ["example.com/a", "example.com/b"]},
    "spec": {
        "replicas": 2,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "nginx:1",
                        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                    },
                    {"name": "side", "image": "busybox:1"},
                ],
                "tolerations": [{"key": "a"}],
            }
        },
    },
}


def strategic(patch: Any) -> Json:
    return strategic_merge("apps", "deployments", copy.deepcopy(WEB), patch)


def in_template(spec: Json) -> Json:
    return {"spec": {"template": {"spec": spec}}}


def pod_spec(deployment: Json) -> Json:
    spec: Json = deployment["spec"]["template"]["spec"]
    return spec


def test_named_list_items_merge_by_their_name() -> None:
    patched = pod_spec(strategic(in_template({"containers": [{"name": "web", "image": "nginx:2"}]})))
    assert [each["name"] for each in patched["containers"]] == ["web", "side"]
    assert patched["containers"][0]["image"] == "nginx:2"
    assert len(patched["containers"][0]["env"]) == 2


def test_a_list_without_a_merge_key_is_replaced() -> None:
    assert pod_spec(strategic(in_template({"tolerations": [{"key": "b"}]})))["tolerations"] == [{"key": "b"}]


def test_an_item_marked_for_deletion_goes_and_a_new_one_comes_first() -> None:
    wanted = [{"name": "web", "$patch": "delete"}, {"name": "log", "image": "busybox:2"}]
    patched = pod_spec(strategic(in_template({"containers": wanted})))
    assert [each["name"] for each in patched["containers"]] == ["log", "side"]


def test_the_wanted_order_of_a_list_is_kept() -> None:
    order = {"$setElementOrder/containers": [{"name": "side"}, {"name": "web"}], "containers": [{"name": "web"}]}
    assert [each["name"] for each in pod_spec(strategic(in_template(order)))["containers"]] == ["side", "web"]


def test_only_the_retained_keys_of_a_union_stay() -> None:
    patched = strategic({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}})
    assert patched["spec"]["strategy"] == {"type": "Recreate"}


def test_values_leave_a_primitive_list_one_by_one() -> None:
    patched = strategic({"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/b"]}})
    assert patched["metadata"]["finalizers"] == ["example.com/a"]


def test_null_deletes_a_field() -> None:
    assert "replicas" not in strategic({"spec": {"replicas": None}})["spec"]
    assert "replicas" not in merge_patch(WEB, {"spec": {"replicas": None}})["spec"]


def test_a_patch_leaves_the_original_alone() -> None:
    before = copy.deepcopy(WEB)
    merge_patch(WEB, {"spec": {"replicas": 9}})
    json_patch(WEB, [{"op": "replace", "path": "/spec/replicas", "value": 9}])
    strategic_merge("apps", "deployments", WEB, in_template({"containers": [{"name": "web", "image": "x"}]}))
    assert before == WEB


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([{"op": "add", "path": "/a/1", "value": 9}], {"a": [1, 9, 2], "b~/": 3}),
        ([{"op": "add", "path": "/a/-", "value": 9}], {"a": [1, 2, 9], "b~/": 3}),
        ([{"op": "remove", "path": "/b~0~1"}], {"a": [1, 2]}),
        ([{"op": "move", "from": "/a/0", "path": "/c"}], {"a": [2], "b~/": 3, "c": 1}),
        ([{"op": "copy", "from": "/a", "path": "/c"}], {"a": [1, 2], "b~/": 3, "c": [1, 2]}),
        ([{"op": "test", "path": "/a/1", "value": 2}], {"a": [1, 2], "b~/": 3}),
    ],
)
def test_json_patch_operations_follow_rfc_6902(operations: list[Json], expected: Json) -> None:
    assert json_patch({"a": [1, 2], "b~/": 3}, operations) == expected


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "remove", "path": "/nope"},
        {"op": "replace", "path": "/nope", "value": 1},
        {"op": "add", "path": "/list/7", "value": 1},
        {"op": "add", "path": "no-slash", "value": 1},
        {"op": "frob", "path": "/a"},
        {"op": "add", "path": "/a"},
        {"op": "move", "path": "/a"},
    ],
)
def test_a_json_patch_that_cannot_be_done_is_rejected_as_a_whole(operation: Json) -> None:
    with pytest.raises(PatchError) as caught:
        json_patch({"a": 1, "list": []}, [{"op": "add", "path": "/b", "value": 1}, operation])
    assert (caught.value.status, caught.value.reason) == (422, "Invalid")


def test_patches_of_the_wrong_type_are_bad_requests() -> None:
    for call in (lambda: merge_patch(WEB, [1]), lambda: json_patch(WEB, {"op": "add"}), lambda: strategic("x")):
        with pytest.raises(PatchError) as caught:
            call()
        assert caught.value.status == 400


def test_a_custom_resource_knows_no_strategic_merge() -> None:
    with pytest.raises(PatchError) as caught:
        strategic_merge("x.io", "boats", {"apiVersion": "x.io/v1", "kind": "Boat"}, {"spec": {}})
    assert caught.value.status == 415


FUNCTIONS = {
    "application/merge-patch+json": lambda group, plural, obj, patch: merge_patch(obj, patch),
    "application/json-patch+json": lambda group, plural, obj, patch: json_patch(obj, patch),
    "application/strategic-merge-patch+json": strategic_merge,
}


@pytest.mark.golden
@needs_recording
def test_the_recorded_patches_give_the_recorded_objects_and_owners() -> None:
    live: Json = {}
    compared = 0
    for each in (each for each in exchanges().values() if each["topic"] == "patch"):
        request, answer = each["request"], each["response"]["body"]
        kind = request["headers"].get("Content-Type", "")
        if (
            request["method"] == "PATCH"
            and kind in FUNCTIONS
            and "body" in request
            and each["response"]["status"] == 200
        ):
            group, plural = address(request["path"])
            before = copy.deepcopy(live)
            new = FUNCTIONS[kind](group, plural, copy.deepcopy(live), request["body"])
            if request.get("query", {}).get("fieldValidation") == "Warn":
                new["spec"].pop("nope")
            apply_defaults(group, plural, new)
            new["metadata"]["managedFields"] = track(before, new, manager="golden", now="2026-01-01T00:00:00Z")
            new["metadata"]["generation"] = answer["metadata"]["generation"]
            assert differences(answer, new) == [], each["id"]
            compared += 1
        if each["response"]["status"] < 300:
            live = answer
    assert compared > 15


@pytest.mark.golden
@needs_recording
@pytest.mark.parametrize(
    "name", ["patch-12", "patch-13", "patch-22", "patch-25", "patch-26", "patch-27", "patch-31", "patch-32"]
)
def test_the_recorded_refusals_are_given_in_the_same_words(name: str) -> None:
    each = exchanges()[name]
    live, answer = exchanges()["pt"]["response"]["body"], each["response"]["body"]
    function = FUNCTIONS[each["request"]["headers"]["Content-Type"]]
    with pytest.raises(PatchError) as caught:
        function("apps", "deployments", live, each["request"]["body"])
    got = (caught.value.status, caught.value.reason, caught.value.message)
    assert got == (answer["code"], answer.get("reason", ""), answer["message"])
