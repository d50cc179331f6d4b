"""What writing promises: create, replace, four kinds of patch, apply, delete, dry runs, and honest refusals."""

from typing import Any

import pytest

from tests.apiserver.manifests import configmap, container, deployment, pod
from tests.apiserver.plain_http import APPLY, JSON_PATCH, MERGE, STRATEGIC
from tests.conformance.place import Object, Place, failure


def test_created_objects_get_an_identity(place: Place) -> None:
    answer = place.http.post(place.all("configmaps"), configmap("made", {"a": "1"}))
    meta = answer.json["metadata"]
    assert answer.status == 201
    assert {"uid", "resourceVersion", "creationTimestamp"} <= meta.keys()
    assert (meta["namespace"], answer.json["kind"]) == (place.namespace, "ConfigMap")


def test_a_second_object_of_the_same_name_is_refused(place: Place) -> None:
    place.create(configmap("once"))
    refused = failure(place.http.post(place.all("configmaps"), configmap("once")), 409, "AlreadyExists")
    assert refused["message"] == 'configmaps "once" already exists'


def test_generated_names_differ(place: Place) -> None:
    body = {"metadata": {"generateName": "part-"}}
    names = {place.http.post(place.all("configmaps"), body).json["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("part-") and len(name) > len("part-") for name in names)


def test_creating_in_a_namespace_that_is_not_there_is_not_found(place: Place) -> None:
    answer = place.http.post("/api/v1/namespaces/nowhere/configmaps", configmap("lost"))
    assert failure(answer, 404, "NotFound")["message"] == 'namespaces "nowhere" not found'


def test_a_body_that_names_another_namespace_is_a_bad_request(place: Place) -> None:
    elsewhere = configmap("lost", namespace="default")
    failure(place.http.post(place.all("configmaps"), elsewhere), 400, "BadRequest")


def test_names_that_dns_would_refuse_are_invalid(place: Place) -> None:
    refused = failure(place.http.post(place.all("configmaps"), configmap("No_Good")), 422, "Invalid")
    assert [cause["field"] for cause in refused["details"]["causes"]] == ["metadata.name"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"selector": {"matchLabels": {"app": "other"}}}, "spec.template.metadata.labels"),
        ({"replicas": -1}, "spec.replicas"),
        ({"template": {"metadata": {"labels": {"app": "web"}}, "spec": {}}}, "spec.template.spec.containers"),
    ],
)
def test_deployments_that_make_no_sense_are_invalid(place: Place, change: Object, field: str) -> None:
    wrong = deployment("web")
    wrong["spec"].update(change)
    refused = failure(place.http.post(place.all("deployments", "apps/v1"), wrong), 422, "Invalid")
    assert field in [cause["field"] for cause in refused["details"]["causes"]]
    assert refused["message"].startswith('Deployment.apps "web" is invalid:')


def test_a_quantity_that_cannot_be_read_is_refused(place: Place) -> None:
    greedy = pod("greedy", containers=[container(resources={"requests": {"cpu": "lots"}})])
    answer = place.http.post(place.all("pods"), greedy)
    assert answer.status in (400, 422)
    assert "quantities must match" in answer.json["message"]


def test_what_is_not_json_is_a_bad_request(place: Place) -> None:
    failure(place.http.post(place.all("configmaps"), ["no", "object"]), 400, "BadRequest")


def test_a_body_of_another_kind_is_a_bad_request(place: Place) -> None:
    failure(place.http.post(place.all("configmaps"), pod("stray")), 400, "BadRequest")


def test_a_stale_replacement_is_a_conflict(place: Place) -> None:
    path = place.create(configmap("raced", {"n": "1"}))
    old = place.http.get(path).json
    assert place.http.request("PUT", path, old | {"data": {"n": "2"}}).status == 200
    refused = failure(place.http.request("PUT", path, old | {"data": {"n": "3"}}), 409, "Conflict")
    assert "the object has been modified" in refused["message"]
    assert place.http.get(path).json["data"] == {"n": "2"}


def test_a_change_moves_the_resource_version_and_no_change_does_not(place: Place) -> None:
    path = place.create(configmap("moved", {"n": "1"}))

    def after(data: dict[str, str]) -> str:
        return str(place.http.patch(path, {"data": data}).json["metadata"]["resourceVersion"])

    changed = after({"n": "2"})
    assert after({"n": "2"}) == changed
    assert after({"n": "3"}) != changed


@pytest.mark.parametrize(
    ("content_type", "patch", "data"),
    [
        (MERGE, {"data": {"b": None, "c": "3"}}, {"a": "1", "c": "3"}),
        (STRATEGIC, {"data": {"b": None, "c": "3"}}, {"a": "1", "c": "3"}),
        (JSON_PATCH, [{"op": "remove", "path": "/data/b"}, {"op": "add", "path": "/data/c", "value": "3"}], None),
        (
            JSON_PATCH,
            [{"op": "test", "path": "/data/a", "value": "1"}, {"op": "remove", "path": "/data/a"}],
            {"b": "2"},
        ),
    ],
)
def test_patches_change_what_they_name(place: Place, content_type: str, patch: Any, data: Any) -> None:
    path = place.create(configmap("patched", {"a": "1", "b": "2"}))
    answer = place.http.patch(path, patch, content_type=content_type)
    assert answer.status == 200, answer.text
    assert answer.json["data"] == (data or {"a": "1", "c": "3"})


def test_strategic_patches_merge_containers_by_name(place: Place) -> None:
    two = [container(), {"name": "side", "image": "busybox"}]
    path = place.create(deployment("web", 0, containers=two))
    change = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "nginx:1.28"}]}}}}
    changed = place.http.patch(path, change, content_type=STRATEGIC).json
    images = {each["name"]: each["image"] for each in changed["spec"]["template"]["spec"]["containers"]}
    assert images == {"app": "nginx:1.28", "side": "busybox"}
    replaced = place.http.patch(path, change, content_type=MERGE).json
    assert len(replaced["spec"]["template"]["spec"]["containers"]) == 1


def test_a_json_patch_whose_test_fails_changes_nothing(place: Place) -> None:
    path = place.create(configmap("guarded", {"a": "1"}))
    patch = [{"op": "test", "path": "/data/a", "value": "2"}, {"op": "remove", "path": "/data/a"}]
    assert place.http.patch(path, patch, content_type=JSON_PATCH).status == 422
    assert place.http.get(path).json["data"] == {"a": "1"}


def test_a_patch_of_an_unknown_type_is_refused(place: Place) -> None:
    path = place.create(configmap("picky"))
    failure(place.http.patch(path, {}, content_type="application/json"), 415, "UnsupportedMediaType")


def test_a_patch_of_what_is_not_there_is_not_found(place: Place) -> None:
    failure(place.http.patch(place.all("configmaps") + "/ghost", {"data": {}}), 404, "NotFound")


def test_a_selector_once_set_stays(place: Place) -> None:
    path = place.create(deployment("web", 0))
    change = {
        "spec": {
            "selector": {"matchLabels": {"app": "new"}},
            "template": {"metadata": {"labels": {"app": "new"}}},
        }
    }
    refused = failure(place.http.patch(path, change), 422, "Invalid")
    assert "field is immutable" in refused["message"]


def applied(place: Place, manifest: Object, manager: str = "tests", **query: str) -> Any:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    path = f"{place.one(manifest)}?fieldManager={manager}{more}"
    return place.http.patch(path, manifest, content_type=APPLY)


def test_apply_creates_then_changes(place: Place) -> None:
    first = applied(place, configmap("wanted", {"a": "1", "b": "2"}))
    assert (first.status, first.json["data"]) == (201, {"a": "1", "b": "2"})
    second = applied(place, configmap("wanted", {"a": "9"}))
    assert (second.status, second.json["data"]) == (200, {"a": "9"})
    assert {each["manager"] for each in second.json["metadata"]["managedFields"]} == {"tests"}


def test_two_appliers_of_one_field_conflict_until_one_forces(place: Place) -> None:
    applied(place, configmap("shared", {"a": "1"}), "first")
    refused = failure(applied(place, configmap("shared", {"a": "2"}), "second"), 409, "Conflict")
    assert 'conflict with "first"' in refused["message"]
    assert [(each["reason"], each["field"]) for each in refused["details"]["causes"]] == [
        ("FieldManagerConflict", ".data.a")
    ]
    forced = applied(place, configmap("shared", {"a": "2"}), "second", force="true")
    assert (forced.status, forced.json["data"]) == (200, {"a": "2"})


def test_apply_without_a_manager_is_refused(place: Place) -> None:
    manifest = configmap("unowned")
    answer = place.http.patch(place.one(manifest), manifest, content_type=APPLY)
    assert (answer.status, "fieldManager" in answer.json["message"]) == (422, True)


def test_dry_runs_answer_as_if_and_leave_no_trace(place: Place) -> None:
    collection = place.all("configmaps")
    made = place.http.post(f"{collection}?dryRun=All", configmap("ghost", {"a": "1"}))
    assert (made.status, made.json["data"]) == (201, {"a": "1"})
    assert place.http.get(f"{collection}/ghost").status == 404
    path = place.create(configmap("kept", {"a": "1"}))
    before = place.http.get(path).json
    assert place.http.patch(f"{path}?dryRun=All", {"data": {"a": "2"}}).json["data"] == {"a": "2"}
    assert applied(place, configmap("kept", {"a": "3"}), force="true", dryRun="All").status == 200
    assert place.http.delete(f"{path}?dryRun=All").status == 200
    assert place.http.get(path).json == before


def test_dry_runs_fill_in_defaults_and_refuse_what_would_be_refused(place: Place) -> None:
    collection = place.all("deployments", "apps/v1")
    filled = place.http.post(f"{collection}?dryRun=All", deployment("web")).json
    assert filled["spec"]["strategy"]["type"] == "RollingUpdate"
    assert filled["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    wrong = deployment("web", -1)
    failure(place.http.post(f"{collection}?dryRun=All", wrong), 422, "Invalid")


def test_deleting_something_else_of_that_name_is_a_conflict(place: Place) -> None:
    path = place.create(configmap("replaced"))
    options = {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}}
    refused = failure(place.http.delete(path, options), 409, "Conflict")
    assert "UID in" in refused["message"]
    assert options["preconditions"]["uid"] in refused["message"]
    meta = place.http.get(path).json["metadata"]
    place.http.patch(path, {"data": {"n": "2"}})
    stale = {"preconditions": {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}}
    failure(place.http.delete(path, stale), 409, "Conflict")
    exact = {"preconditions": {"uid": meta["uid"]}}
    deleted = place.http.delete(path, exact)
    assert (deleted.status, deleted.json["status"]) == (200, "Success")
    failure(place.http.delete(path), 404, "NotFound")


def test_a_finalizer_holds_an_object_until_it_is_taken_off(place: Place) -> None:
    path = place.create(configmap("held", finalizers=["tests.example/hold"]))
    assert place.http.delete(path).status == 200
    assert "deletionTimestamp" in place.http.get(path).json["metadata"]
    place.http.patch(path, {"metadata": {"finalizers": None}})
    place.gone(path)


def test_a_collection_is_deleted_by_selector(place: Place) -> None:
    for name, tier in (("a", "x"), ("b", "x"), ("c", "y")):
        place.create(configmap(name, labels={"tier": tier}))
    assert place.http.delete(place.all("configmaps", labelSelector="tier=x")).status == 200
    assert [name for name in place.names("configmaps") if name in "abc"] == ["c"]


def test_secrets_take_text_and_keep_it_encoded(place: Place) -> None:
    body = {"metadata": {"name": "keys"}, "stringData": {"token": "abc"}}
    place.http.post(place.all("secrets"), body)
    kept = place.http.get(place.all("secrets") + "/keys").json
    assert (kept["data"], kept["type"], "stringData" in kept) == ({"token": "YWJj"}, "Opaque", False)


def test_generation_counts_changes_of_the_spec_alone(place: Place) -> None:
    path = place.create(deployment("web", 0))
    assert place.http.get(path).json["metadata"]["generation"] == 1
    labelled = place.http.patch(path, {"metadata": {"labels": {"x": "y"}}}).json
    scaled = place.http.patch(path, {"spec": {"paused": True}}).json
    assert (labelled["metadata"]["generation"], scaled["metadata"]["generation"]) == (1, 2)


def test_two_dry_runs_of_a_service_have_the_same_answer(place: Place) -> None:
    """Else nobody could approve one: what was tried out would never be what is sent."""
    ports = [{"name": "http", "port": 80}, {"name": "https", "port": 443}]
    spec = {"type": "NodePort", "selector": {"app": "web"}, "ports": ports}
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    tried = [place.http.post(place.all("services", dryRun="All"), body) for _ in range(2)]
    assert [answer.status for answer in tried] == [201, 201]
    first, second = (answer.json["spec"] for answer in tried)
    assert first == second
    stored = place.http.post(place.all("services"), body).json["spec"]
    assert all(30000 <= port["nodePort"] <= 32767 for port in stored["ports"])
