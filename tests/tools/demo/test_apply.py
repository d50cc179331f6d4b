"""Server-side apply in the demo cluster: wanted fields are taken, given up and fought over as on the API server."""

import copy
from typing import Any

import pytest

from tests.tools.demo.recorded import address, differences, exchanges, needs_recording
from tools.demo.apply import ApplyConflict, server_side_apply
from tools.demo.defaults import apply_defaults
from tools.demo.managed_fields import track
from tools.demo.patch import PatchError, merge_patch

Json = dict[str, Any]
NOW = "2026-01-01T12:00:00Z"


def deployment(spec: Json, **meta: Any) -> Json:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", **meta}, "spec": spec}


def containers(*items: Json) -> Json:
    return {"template": {"spec": {"containers": [*items]}}}


def applied(live: Json | None, wanted: Json, manager: str, force: bool = False, **more: Any) -> Json:
    return server_side_apply(
        copy.deepcopy(live),
        copy.deepcopy(wanted),
        group="apps",
        resource="deployments",
        manager=manager,
        force=force,
        now=NOW,
        **more,
    )


def images(obj: Json) -> dict[str, str]:
    return {each["name"]: each.get("image", "") for each in obj["spec"]["template"]["spec"]["containers"]}


def test_the_first_apply_creates_and_owns_just_what_it_says() -> None:
    made = applied(None, deployment({"replicas": 2}), "ann")
    assert made["spec"] == {"replicas": 2}
    assert made["metadata"]["managedFields"][0]["operation"] == "Apply"
    assert made["metadata"]["managedFields"][0]["fieldsV1"] == {"f:spec": {"f:replicas": {}}}


def test_applying_the_same_again_changes_nothing() -> None:
    wanted = deployment(containers({"name": "web", "image": "a:1"}))
    once = applied(None, wanted, "ann")
    assert applied(once, wanted, "ann") == once


def test_what_a_manager_no_longer_wants_is_removed() -> None:
    both = applied(
        None, deployment(containers({"name": "web", "image": "a:1"}, {"name": "side", "image": "b:1"})), "ann"
    )
    one = applied(both, deployment(containers({"name": "web", "image": "a:1"})), "ann")
    assert images(one) == {"web": "a:1"}


def test_what_somebody_else_owns_too_stays() -> None:
    live = applied(None, deployment({"replicas": 2}, labels={"x": "1"}), "ann")
    live = applied(live, deployment({"replicas": 2}), "bob")
    live = applied(live, deployment({}, labels={"x": "1"}), "ann")
    assert live["spec"] == {"replicas": 2}
    assert live["metadata"]["labels"] == {"x": "1"}


def test_defaults_next_to_a_given_up_field_stay() -> None:
    live = applied(
        None, deployment(containers({"name": "web", "image": "a:1", "env": [{"name": "A", "value": "1"}]})), "ann"
    )
    apply_defaults("apps", "deployments", live)
    live = applied(live, deployment(containers({"name": "web", "image": "a:1"})), "ann")
    container = live["spec"]["template"]["spec"]["containers"][0]
    assert "env" not in container
    assert container["terminationMessagePolicy"] == "File"


def test_lists_of_named_things_merge_between_managers() -> None:
    live = applied(None, deployment(containers({"name": "web", "image": "a:1"})), "ann")
    live = applied(live, deployment(containers({"name": "side", "image": "b:1"})), "bob")
    assert images(live) == {"web": "a:1", "side": "b:1"}


def test_another_managers_value_is_a_conflict_that_names_the_field() -> None:
    live = applied(None, deployment({"replicas": 2, **containers({"name": "web", "image": "a:1"})}), "ann")
    with pytest.raises(ApplyConflict) as caught:
        applied(live, deployment({"replicas": 5, **containers({"name": "web", "image": "a:2"})}), "bob")
    image = '.spec.template.spec.containers[name="web"].image'
    lines = ['Apply failed with 2 conflicts: conflicts with "ann":', "- .spec.replicas", f"- {image}"]
    assert caught.value.message == "\n".join(lines)
    assert [cause["field"] for cause in caught.value.causes] == [".spec.replicas", image]


def test_force_takes_the_field_away() -> None:
    live = applied(None, deployment({"replicas": 2}), "ann")
    live = applied(live, deployment({"replicas": 5}), "bob", force=True)
    assert live["spec"]["replicas"] == 5
    assert [each["manager"] for each in live["metadata"]["managedFields"]] == ["bob"]


def test_an_update_takes_fields_too_and_its_version_shows_in_the_conflict() -> None:
    live = applied(None, deployment({"replicas": 2}), "ann")
    changed = merge_patch(live, {"spec": {"replicas": 3}})
    changed["metadata"]["managedFields"] = track(live, changed, manager="editor", now=NOW)
    with pytest.raises(ApplyConflict, match=r'conflict with "editor" using apps/v1: \.spec\.replicas'):
        applied(changed, deployment({"replicas": 2}), "ann")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"replicaz": 1}, ".spec.replicaz: field not declared in schema"),
        ({"replicas": "x"}, ".spec.replicas: expected numeric"),
        (containers({"image": "i"}), "omits key field"),
        (containers({"name": "a"}, {"name": "a"}), 'duplicate entries for key [name="a"]'),
    ],
)
def test_a_configuration_that_does_not_fit_the_type_is_refused(spec: Json, why: str) -> None:
    with pytest.raises(PatchError) as caught:
        applied(None, deployment(spec), "ann")
    assert caught.value.status == 500
    assert caught.value.message.startswith("failed to create typed patch object (/d; apps/v1, Kind=Deployment): ")
    assert why in caught.value.message


def test_nobody_may_apply_ownership_records() -> None:
    with pytest.raises(PatchError, match="managedFields must be nil"):
        applied(None, deployment({}, managedFields=[{"manager": "x"}]), "ann")


SERVER_SIDE = ("uid", "resourceVersion", "creationTimestamp", "generation", "namespace")


@pytest.mark.golden
@needs_recording
def test_the_recorded_applies_give_the_recorded_objects_owners_and_conflicts() -> None:
    live: dict[str, Json] = {}
    outcomes: dict[int, int] = {}
    for each in (each for each in exchanges().values() if each["topic"] == "apply"):
        request, answer, status = each["request"], each["response"]["body"], each["response"]["status"]
        path, query = request["path"], request.get("query", {})
        applying = request["headers"].get("Content-Type") == "application/apply-patch+yaml"
        comparable = applying and isinstance(request.get("body"), dict) and not path.endswith("/scale")
        if comparable and status in (200, 201, 409) and "resourceVersion" not in request["body"]["metadata"]:
            got = replayed(live.get(path), request["body"], address(path), query)
            outcomes[status] = outcomes.get(status, 0) + 1
            if status == 409:
                assert got == (answer["message"], answer["details"]["causes"]), each["id"]
            else:
                assert remarkable(answer, got) == [], each["id"]
        if status < 300 and "dryRun" not in query:
            live[path] = answer
    assert min(outcomes[200], outcomes[409]) >= 4


def replayed(live: Json | None, wanted: Json, place: tuple[str, str], query: Json) -> Any:
    force = query.get("force") not in (None, "false")
    call = {"group": place[0], "resource": place[1], "manager": query["fieldManager"], "force": force, "now": NOW}
    try:
        made = server_side_apply(copy.deepcopy(live), copy.deepcopy(wanted), **call)
    except ApplyConflict as error:
        return error.message, error.causes
    apply_defaults(*place, made)
    return made


def remarkable(answer: Json, got: Json) -> list[str]:
    """Differences but those that come from storing the object."""
    answer = copy.deepcopy(answer)
    for key in SERVER_SIDE:
        answer["metadata"].pop(key, None)
        got["metadata"].pop(key, None)
    later = (".spec.clusterIP", ".spec.ipFamil", ".status")
    return [path for path, *_ in differences(answer, got) if not path.startswith(later)]
