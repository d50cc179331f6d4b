"""What reading promises: lists, selectors, pages, tables, discovery, and refusals in the API's own form."""

import pytest

from tests.apiserver.manifests import configmap, deployment
from tests.apiserver.plain_http import PlainHttp
from tests.conformance.place import Place, failure

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


@pytest.fixture
def five(place: Place) -> Place:
    """Five ConfigMaps whose labels differ."""
    tiers = {"a": "web", "b": "web", "c": "db", "d": "cache"}
    for name in "abcde":
        labels = {"tier": tiers[name]} if name in tiers else {}
        place.create(configmap(name, {"key": name}, labels=labels))
    return place


def chosen(place: Place, **query: str) -> list[str]:
    """Names that a query chose, without the certificate that every namespace of a real cluster is given."""
    return [name for name in place.names("configmaps", **query) if name != "kube-root-ca.crt"]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("tier=web", "ab"),
        ("tier==db", "c"),
        ("tier!=web", "cde"),
        ("tier in (db,cache)", "cd"),
        ("tier notin (web,db)", "de"),
        ("tier", "abcd"),
        ("!tier", "e"),
        ("tier,tier!=web", "cd"),
        ("tier=none", ""),
    ],
)
def test_labels_select(five: Place, selector: str, names: str) -> None:
    assert chosen(five, labelSelector=selector) == list(names)


def test_a_selector_that_cannot_be_parsed_is_a_bad_request(place: Place) -> None:
    failure(place.http.get(place.all("configmaps", labelSelector="tier in web")), 400, "BadRequest")


def test_fields_select_by_name(five: Place) -> None:
    assert chosen(five, fieldSelector="metadata.name=b") == ["b"]
    assert chosen(five, fieldSelector="metadata.name!=b") == list("acde")


def test_a_field_that_no_selector_knows_is_a_bad_request(place: Place) -> None:
    refused = failure(place.http.get(place.all("configmaps", fieldSelector="data.key=a")), 400, "BadRequest")
    assert "data.key" in refused["message"]


def test_lists_are_read_page_by_page(five: Place) -> None:
    whole = len(five.names("configmaps"))
    first = five.http.get(five.all("configmaps", limit="2")).json
    assert len(first["items"]) == 2
    assert first["metadata"]["remainingItemCount"] == whole - 2
    names, token = [item["metadata"]["name"] for item in first["items"]], first["metadata"]["continue"]
    while token:
        page = five.http.get(five.all("configmaps", **{"limit": "2", "continue": token})).json
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue")
        assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert names == five.names("configmaps")


def test_a_made_up_page_token_is_a_bad_request(place: Place) -> None:
    failure(place.http.get(place.all("configmaps", **{"limit": "2", "continue": "nonsense"})), 400, "BadRequest")


def test_lists_name_their_kind_and_items_do_not(five: Place) -> None:
    listed = five.http.get(five.all("configmaps")).json
    assert (listed["kind"], listed["apiVersion"]) == ("ConfigMapList", "v1")
    assert int(listed["metadata"]["resourceVersion"]) > 0
    assert "kind" not in listed["items"][0]


def test_an_empty_list_is_an_empty_array(place: Place) -> None:
    assert place.http.get(place.all("pods")).json["items"] == []


def test_a_namespace_that_is_not_there_lists_nothing(place: Place) -> None:
    answer = place.http.get("/api/v1/namespaces/nowhere/pods")
    assert (answer.status, answer.json["items"]) == (200, [])


def test_what_is_not_there_is_not_found_by_name(place: Place) -> None:
    refused = failure(place.http.get(place.all("deployments", "apps/v1") + "/ghost"), 404, "NotFound")
    assert refused["message"] == 'deployments.apps "ghost" not found'
    assert refused["details"] == {"name": "ghost", "group": "apps", "kind": "deployments"}


def test_a_kind_that_is_not_served_is_not_found(place: Place) -> None:
    refused = failure(place.http.get(place.all("gizmos")), 404, "NotFound")
    assert refused["message"] == "the server could not find the requested resource"


def test_a_group_that_is_not_served_is_not_found(place: Place) -> None:
    assert place.http.get("/apis/nowhere.example/v1/gizmos").status == 404


def test_tables_have_columns_and_cells_for_each_row(place: Place) -> None:
    place.create(deployment("web", 0))
    table = place.http.get(place.all("deployments", "apps/v1"), accept=TABLE).json
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    columns = [column["name"] for column in table["columnDefinitions"]]
    assert columns[:5] == ["Name", "Ready", "Up-to-date", "Available", "Age"]
    row = table["rows"][0]
    assert len(row["cells"]) == len(columns)
    assert row["cells"][:2] == ["web", "0/0"]
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"]["name"] == "web"


def test_metadata_alone_can_be_asked_for(five: Place) -> None:
    listed = five.http.get(five.all("configmaps", labelSelector="tier=db"), accept=PARTIAL).json
    assert (listed["kind"], listed["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert [item["metadata"]["name"] for item in listed["items"]] == ["c"]
    assert "data" not in listed["items"][0]


def test_a_media_type_nobody_serves_is_not_acceptable(place: Place) -> None:
    assert place.http.get(place.all("pods"), accept="text/html").status == 406


def test_discovery_leads_from_groups_to_verbs(place: Place) -> None:
    groups = {group["name"]: group for group in place.http.get("/apis").json["groups"]}
    preferred = groups["apps"]["preferredVersion"]["groupVersion"]
    assert preferred == "apps/v1"
    found = {each["name"]: each for each in place.http.get(f"/apis/{preferred}").json["resources"]}
    assert (found["deployments"]["kind"], found["deployments"]["namespaced"]) == ("Deployment", True)
    assert found["deployments"]["shortNames"] == ["deploy"]
    assert {"get", "list", "watch", "create", "update", "patch", "delete"} <= set(found["deployments"]["verbs"])
    assert found["deployments/scale"]["kind"] == "Scale"
    core = {each["name"]: each for each in place.http.get("/api/v1").json["resources"]}
    assert core["pods"]["shortNames"] == ["po"]
    assert core["pods/log"]["verbs"] == ["get"]


def test_the_server_tells_its_version(place: Place) -> None:
    version = place.http.get("/version").json
    assert version["gitVersion"].startswith(f"v{version['major']}.{version['minor']}".rstrip("+"))


def test_health_is_told_in_one_word(place: Place) -> None:
    assert [place.http.get(path).text for path in ("/healthz", "/livez", "/readyz")] == ["ok"] * 3


def test_a_token_nobody_has_is_unauthorized(place: Place) -> None:
    stranger = PlainHttp(place.cluster.server, place.cluster.ca, "nobody-has-this")
    failure(stranger.get(place.all("pods")), 401, "Unauthorized")


def test_the_three_nodes_are_ready_and_measured(place: Place) -> None:
    nodes = place.http.get("/api/v1/nodes").json["items"]
    assert len(nodes) == 3
    for node in nodes:
        ready = [each["status"] for each in node["status"]["conditions"] if each["type"] == "Ready"]
        assert ready == ["True"]
    measured = place.http.get("/apis/metrics.k8s.io/v1beta1/nodes").json
    assert {item["metadata"]["name"] for item in measured["items"]} == {node["metadata"]["name"] for node in nodes}
    assert all({"cpu", "memory"} <= item["usage"].keys() for item in measured["items"])
