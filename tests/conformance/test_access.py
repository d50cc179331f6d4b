"""What access control promises: refusals that say who may not do what where, and reviews that tell beforehand."""

import pytest

from tests.apiserver.manifests import configmap
from tests.conformance.place import Object, Place, failure

AUTHORIZATION = "/apis/authorization.k8s.io/v1"


def may(place: Place, user: str, verb: str, resource: str, group: str = "") -> bool:
    """The cluster's own answer to "may I?"."""
    wish = {"namespace": place.namespace, "verb": verb, "resource": resource, "group": group}
    body = {"spec": {"resourceAttributes": wish}}
    answer = place.cluster.http(user).post(f"{AUTHORIZATION}/selfsubjectaccessreviews", body)
    assert answer.status == 201, answer.text
    return bool(answer.json["status"]["allowed"])


def test_a_viewer_may_read_but_not_delete(place: Place) -> None:
    path = place.create(configmap("kept"))
    viewer = place.cluster.http("viewer")
    assert viewer.get(path).status == 200
    refused = failure(viewer.delete(path), 403, "Forbidden")
    assert refused["message"] == (
        f'configmaps "kept" is forbidden: User "viewer" cannot delete resource "configmaps" in API group "" '
        f'in the namespace "{place.namespace}"'
    )
    assert refused["details"] == {"name": "kept", "kind": "configmaps"}
    assert place.http.get(path).status == 200


def test_a_viewer_may_not_read_secrets(place: Place) -> None:
    refused = failure(place.cluster.http("viewer").get(place.all("secrets")), 403, "Forbidden")
    assert 'cannot list resource "secrets"' in refused["message"]


def test_a_viewer_may_not_even_try_a_change(place: Place) -> None:
    asked = place.all("configmaps", dryRun="All")
    failure(place.cluster.http("viewer").post(asked, configmap("ghost")), 403, "Forbidden")


def test_an_editor_edits_here_and_nowhere_else(place: Place) -> None:
    editor = place.cluster.http("editor")
    assert editor.post(place.all("configmaps"), configmap("mine")).status == 201
    refused = failure(editor.get("/api/v1/namespaces/default/configmaps"), 403, "Forbidden")
    assert 'in the namespace "default"' in refused["message"]
    refused = failure(editor.get("/api/v1/nodes"), 403, "Forbidden")
    assert refused["message"].endswith("at the cluster scope")


@pytest.mark.parametrize(
    ("user", "verb", "resource", "group", "allowed"),
    [
        ("admin", "delete", "nodes", "", True),
        ("viewer", "list", "pods", "", True),
        ("viewer", "delete", "pods", "", False),
        ("viewer", "get", "secrets", "", False),
        ("editor", "patch", "deployments", "apps", True),
        ("editor", "create", "rolebindings", "rbac.authorization.k8s.io", False),
    ],
)
def test_a_review_tells_beforehand(
    place: Place, user: str, verb: str, resource: str, group: str, allowed: bool
) -> None:
    assert may(place, user, verb, resource, group) is allowed


def test_the_rules_of_a_person_can_be_listed(place: Place) -> None:
    body = {"spec": {"namespace": place.namespace}}
    answer = place.cluster.http("viewer").post(f"{AUTHORIZATION}/selfsubjectrulesreviews", body)
    rules: list[Object] = answer.json["status"]["resourceRules"]
    listing = [rule for rule in rules if "pods" in rule["resources"]]
    assert any("list" in rule["verbs"] for rule in listing)
    assert not any({"delete", "*"} & set(rule["verbs"]) for rule in listing)


def test_an_administrator_may_act_as_somebody_else_and_loses_what_they_may_not(place: Place) -> None:
    path = place.create(configmap("kept"))
    viewer_only = {"Impersonate-User": "somebody", "Impersonate-Group": "rig:viewers"}
    assert place.http.request("GET", path, headers=viewer_only).status == 200
    refused = failure(place.http.request("DELETE", path, headers=viewer_only), 403, "Forbidden")
    assert 'User "somebody" cannot delete' in refused["message"]


def test_a_viewer_may_not_act_as_somebody_else(place: Place) -> None:
    viewer = place.cluster.http("viewer")
    refused = viewer.request("GET", place.all("pods"), headers={"Impersonate-User": "admin"})
    assert 'User "viewer" cannot impersonate' in failure(refused, 403, "Forbidden")["message"]


def test_rights_given_by_a_role_count_at_once(place: Place) -> None:
    rbac = "rbac.authorization.k8s.io/v1"
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]
    place.create({"apiVersion": rbac, "kind": "Role", "metadata": {"name": "look"}, "rules": rules})
    group = rbac.partition("/")[0]
    bound = {
        "apiVersion": rbac,
        "kind": "RoleBinding",
        "metadata": {"name": "look"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "look"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": "viewer"}],
    }
    place.create(bound)
    secrets = place.all("secrets")
    place.wait(place.one(bound), lambda _: place.cluster.http("viewer").get(secrets).status == 200, "the right counts")
