"""The demo API server over real HTTP: what clients rely on beyond single recorded answers."""

import base64
import http.client
import json
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.tools.demo.serving import served
from tools.demo.api import NoLogs
from tools.demo.authentication import User
from tools.demo.bootstrap import bootstrap
from tools.demo.managed_fields import track
from tools.demo.server import administrator, create_app
from tools.demo.store import Resource, Store

CONFIG_MAPS, NODES = Resource("", "configmaps"), Resource("", "nodes")
MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
MERGE = "application/merge-patch+json"
USERS = {"boss": administrator(), "guest": User("guest", ("guests",)), "viewer": User("vera", ("viewers",))}


@dataclass
class Client:
    """Speaks HTTP to the server under test."""

    port: int
    store: Store

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any, dict[str, str]]:
        """Status, JSON or text, headers. Options: query, token, accept, content_type, raw, headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        query = urllib.parse.urlencode(options.get("query", {}))
        data = options.get("raw") or (json.dumps(body).encode() if body is not None else None)
        headers = {"Authorization": f"Bearer {options.get('token', 'boss')}", "User-Agent": "tests/1"}
        headers |= {"Accept": options.get("accept", "application/json"), **options.get("headers", {})}
        if data is not None:
            headers["Content-Type"] = options.get("content_type", "application/json")
        connection.request(method, f"{path}?{query}" if query else path, data, headers)
        with connection.getresponse() as response:
            text = response.read().decode()
        connection.close()
        try:
            return response.status, json.loads(text), dict(response.headers)
        except ValueError:
            return response.status, text, dict(response.headers)

    def events(self, path: str, **query: Any) -> list[tuple[str, str]]:
        """Type and name of each event of a watch that runs to its end."""
        _, text, _ = self.send("GET", path, query={"watch": "1", "timeoutSeconds": 1, **query})
        lines = [text] if isinstance(text, dict) else [json.loads(line) for line in text.splitlines()]
        return [(event["type"], event["object"]["metadata"].get("name", "")) for event in lines]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    store = Store(seed=3, track=track)
    bootstrap(store)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}}
    store.create(Resource("", "serviceaccounts"), account)
    with served(lambda: create_app(store, NoLogs(), USERS)) as port:
        yield Client(port, store)


def wait_until(condition: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def config_map(name: str, labels: dict[str, str] | None = None, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels or {}}, "data": data}


def names(listed: Any) -> list[str]:
    return [item["metadata"]["name"] for item in listed["items"]]


def test_pages_show_the_list_as_it_was_when_the_first_was_asked_for(client: Client) -> None:
    for name in ("page-a", "page-b", "page-c"):
        client.send("POST", MAPS, config_map(name, {"set": "pages"}))
    _, first, _ = client.send("GET", MAPS, query={"labelSelector": "set=pages", "limit": 2})
    client.send("DELETE", f"{MAPS}/page-c")
    client.send("POST", MAPS, config_map("page-d", {"set": "pages"}))
    token = first["metadata"]["continue"]
    _, second, _ = client.send("GET", MAPS, query={"labelSelector": "set=pages", "limit": 2, "continue": token})
    assert names(first) + names(second) == ["page-a", "page-b", "page-c"]


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("tier=web", ["sel-1"]),
        ("tier in (web, db)", ["sel-1", "sel-2"]),
        ("set=sel,tier notin (web)", ["sel-2", "sel-3"]),
        ("set=sel,!tier", ["sel-3"]),
        ("set,tier!=db", ["sel-1", "sel-3"]),
    ],
)
def test_label_selectors_choose(client: Client, selector: str, found: list[str]) -> None:
    for name, tier in (("sel-1", "web"), ("sel-2", "db"), ("sel-3", "")):
        client.send("POST", MAPS, config_map(name, {"set": "sel", **({"tier": tier} if tier else {})}))
    _, listed, _ = client.send("GET", MAPS, query={"labelSelector": selector})
    assert [name for name in names(listed) if name.startswith("sel-")] == found


def test_a_watch_hears_what_happens_while_it_runs(client: Client) -> None:
    revision = client.store.revision
    heard: list[tuple[str, str]] = []
    query = {"resourceVersion": revision, "labelSelector": "set=live"}
    listener = threading.Thread(target=lambda: heard.extend(client.events(MAPS, **query)))
    listener.start()
    client.send("POST", MAPS, config_map("live", {"set": "live"}))
    client.send("PATCH", f"{MAPS}/live", {"metadata": {"labels": {"set": "other"}}}, content_type=MERGE)
    client.send("DELETE", f"{MAPS}/live")
    listener.join(5)
    assert heard == [("ADDED", "live"), ("DELETED", "live")]


def test_a_watch_from_a_forgotten_revision_is_told_so(client: Client) -> None:
    old = client.store.revision
    client.send("POST", MAPS, config_map("forgotten"))
    client.store.compact()
    _, event, _ = client.send("GET", MAPS, query={"watch": "1", "timeoutSeconds": 1, "resourceVersion": old})
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_a_table_has_cells_for_people_and_metadata_for_programs(client: Client) -> None:
    client.send("POST", MAPS, config_map("table", a="1", b="2"))
    _, table, _ = client.send("GET", f"{MAPS}/table", accept=TABLE)
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert table["rows"][0]["cells"][:2] == ["table", 2]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_nobody_gets_in_with_an_unknown_token_and_anonymous_sees_only_health(client: Client) -> None:
    assert client.send("GET", MAPS, token="wrong")[0] == 401
    assert client.send("GET", MAPS, headers={"Authorization": ""})[0] == 403
    assert client.send("GET", "/healthz", headers={"Authorization": ""})[:2] == (200, "ok")


def test_rights_come_from_role_bindings_and_are_the_same_for_the_review(client: Client) -> None:
    rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings"
    group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "viewers"}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    client.send("POST", rbac, {"metadata": {"name": "viewers"}, "subjects": [group], "roleRef": reference})
    assert client.send("GET", MAPS, token="viewer")[0] == 200
    status, refusal, _ = client.send("DELETE", f"{MAPS}/x", token="viewer")
    assert (status, refusal["reason"]) == (403, "Forbidden")
    assert 'User "vera" cannot delete resource "configmaps"' in refusal["message"]
    assert client.send("GET", "/api/v1/namespaces/default/secrets", token="viewer")[0] == 403
    review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    wish = {"namespace": "default", "verb": "delete", "resource": "configmaps"}
    _, answer, _ = client.send("POST", review, {"spec": {"resourceAttributes": wish}}, token="viewer")
    assert answer["status"] == {"allowed": False}


def test_acting_for_somebody_else_takes_their_rights_and_needs_a_right_of_its_own(client: Client) -> None:
    assert client.send("GET", MAPS, headers={"Impersonate-User": "guest"})[0] == 403
    status, refusal, _ = client.send("GET", MAPS, token="guest", headers={"Impersonate-User": "admin"})
    assert status == 403
    assert "cannot impersonate" in refusal["message"]


def test_a_custom_resource_lives_as_long_as_its_definition(client: Client) -> None:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    names_of = {"plural": "ships", "kind": "Ship"}
    spec = {"group": "example.org", "scope": "Namespaced", "names": names_of, "versions": [version]}
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    client.send("POST", definitions, {"metadata": {"name": "ships.example.org"}, "spec": spec})
    ships = "/apis/example.org/v1/namespaces/default/ships"
    status, ship, _ = client.send("POST", ships, {"metadata": {"name": "argo"}, "spec": {"crew": 3}})
    assert (status, ship["kind"], ship["metadata"]["generation"]) == (201, "Ship", 1)
    groups = client.send("GET", "/apis")[1]["groups"]
    assert any(group["name"] == "example.org" for group in groups)
    document = client.send("GET", "/openapi/v3/apis/example.org/v1")[1]
    assert "example.org.v1.Ship" in document["components"]["schemas"]
    client.send("DELETE", f"{definitions}/ships.example.org")
    assert client.send("GET", ships)[0] == 404


def test_what_needs_real_containers_is_refused_and_says_why(client: Client) -> None:
    pod = {"metadata": {"name": "shell"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    assert client.send("POST", PODS, pod)[0] == 201
    for subresource in ("exec", "attach", "portforward"):
        status, refusal, _ = client.send("POST", f"{PODS}/shell/{subresource}")
        assert (status, refusal["kind"], refusal["reason"]) == (501, "Status", "NotImplemented")
        assert "demo cluster" in refusal["message"]


def test_an_eviction_is_refused_while_a_budget_forbids_it(client: Client) -> None:
    labels = {"app": "guarded"}
    budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
    pod = {"metadata": {"name": "guarded", "labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    client.send("POST", PODS, pod)
    client.send("PATCH", f"{PODS}/guarded/status", {"status": {"phase": "Running"}}, content_type=MERGE)
    budget = {"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": labels}}}
    client.send("POST", budgets, budget)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "guarded"}}
    assert client.send("POST", f"{PODS}/guarded/eviction", eviction)[0] == 429
    allowed = {"status": {"observedGeneration": 1, "disruptionsAllowed": 1}}
    client.send("PATCH", f"{budgets}/b/status", allowed, content_type=MERGE)
    assert client.send("POST", f"{PODS}/guarded/eviction", eviction)[0] == 201
    assert client.send("GET", f"{PODS}/guarded")[0] == 404


def test_aggregated_discovery_and_the_openapi_index_name_the_same_groups(client: Client) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    _, found, headers = client.send("GET", "/apis", accept=accept)
    assert headers["content-type"] == accept
    versions = {f"apis/{g['metadata']['name']}/{v['version']}" for g in found["items"] for v in g["versions"]}
    assert versions | {"api/v1"} == set(client.send("GET", "/openapi/v3")[1]["paths"])


def protobuf(api_version: str, kind: str, message: bytes) -> bytes:
    """A message in Kubernetes' envelope."""

    def text(number: int, value: bytes) -> bytes:
        return bytes([number << 3 | 2, len(value)]) + value

    header = text(1, api_version.encode()) + text(2, kind.encode())
    return b"k8s\x00" + text(1, header) + text(2, message)


def test_kubectl_s_protobuf_is_understood_and_what_is_not_is_refused(client: Client) -> None:
    meta = b"\x0a\x05proto"
    entry = b"\x0a\x01k\x12\x01v"
    message = b"\x0a" + bytes([len(meta)]) + meta + b"\x12" + bytes([len(entry)]) + entry
    kind = {"content_type": "application/vnd.kubernetes.protobuf"}
    status, made, _ = client.send("POST", MAPS, raw=protobuf("v1", "ConfigMap", message), **kind)
    assert (status, made["data"]) == (201, {"k": "v"})
    status, refusal, _ = client.send("POST", MAPS, raw=protobuf("v1", "Lease", b"\x0a\x00"), **kind)
    assert status == 415
    assert "send application/json" in refusal["message"]
    assert client.send("POST", MAPS, raw=b"k8s\x00\xff\xff", **kind)[0] == 415


def test_secret_values_written_as_text_come_back_encoded(client: Client) -> None:
    path = "/api/v1/namespaces/default/secrets"
    _, made, _ = client.send("POST", path, {"metadata": {"name": "s"}, "stringData": {"a": "b"}})
    assert base64.b64decode(made["data"]["a"]) == b"b"
    assert "stringData" not in made


def test_two_writers_of_one_revision_get_one_conflict(client: Client) -> None:
    _, made, _ = client.send("POST", MAPS, config_map("race", a="0"))
    answers = [client.send("PUT", f"{MAPS}/race", {**made, "data": {"a": value}})[0] for value in ("1", "2")]
    assert answers == [200, 409]


def test_an_address_nobody_serves_is_a_plain_404(client: Client) -> None:
    assert client.send("GET", "/nowhere")[:2] == (404, "404 page not found\n")
    assert client.send("GET", "/api/v1/namespaces/default/frobs")[1]["reason"] == "NotFound"


def test_both_event_groups_show_the_same_events_by_their_own_field_names(client: Client) -> None:
    about = {"kind": "Pod", "namespace": "default", "name": "noisy", "apiVersion": "v1"}
    event = {
        "metadata": {"name": "e1"},
        "involvedObject": about,
        "reason": "Started",
        "message": "up",
        "type": "Normal",
    }
    client.send("POST", "/api/v1/namespaces/default/events", event)
    _, old, _ = client.send("GET", "/api/v1/events", query={"fieldSelector": "involvedObject.name=noisy"})
    _, new, _ = client.send("GET", "/apis/events.k8s.io/v1/events", query={"fieldSelector": "regarding.name=noisy"})
    assert (old["items"][0]["message"], new["items"][0]["note"]) == ("up", "up")
    assert new["items"][0]["regarding"]["name"] == "noisy"


def test_a_watch_ends_when_its_client_has_gone(client: Client) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
    connection.request("GET", f"{MAPS}?watch=1&resourceVersion=0", headers={"Authorization": "Bearer boss"})
    response = connection.getresponse()
    assert response.status == 200
    wait_until(lambda: client.store.waiting == 1)
    response.close()
    connection.close()
    wait_until(lambda: client.store.waiting == 0)


def test_a_body_beyond_three_megabytes_is_refused(client: Client) -> None:
    status, refusal, _ = client.send("POST", MAPS, config_map("large", a="x" * (3 * 1024 * 1024)))
    assert (status, refusal["reason"]) == (413, "RequestEntityTooLarge")
