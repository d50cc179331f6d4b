"""`/api/v1/clusters`: administrators register, change and take away; nobody ever reads a credential."""

from typing import Any

import pytest
import yaml

from chat.actions import people
from tests.chat.rest.test_rest import Api
from tests.conftest import in_database
from tools import clusters
from tools.models import Cluster, PersonalToken

SECRET = "tok3n-that-nobody-may-see"
TEXT = yaml.safe_dump(
    {
        "clusters": [{"name": "c", "cluster": {"server": "https://10.0.0.1:6443"}}],
        "users": [{"name": "portal", "user": {"token": SECRET}}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "portal"}}],
    }
)
HERE = "/api/v1/clusters"


@pytest.fixture
def boss(transactional_db, token_of):
    return Api(token_of(people.create("boss", role="administrator"), "admin"))


@pytest.fixture
def api(transactional_db, alice, token_of):
    return Api(token_of(alice))


async def registered(boss: Api, **more: Any) -> None:
    answer = await boss.post(HERE, {"kubeconfig": TEXT, **more})
    assert answer.status_code == 201, answer.content


async def test_a_cluster_is_registered_changed_and_taken_away(boss):
    answer = await boss.post(HERE, {"kubeconfig": TEXT, "identity_mode": "impersonate"})
    assert answer.status_code == 201
    assert answer.json() == {
        "name": "prod", "server": "https://10.0.0.1:6443", "identity": "portal", "identity_mode": "impersonate",
        "shared_writes": False, "default_names": True, "is_demo": False, "problem": "",
    }  # fmt: skip
    changed = await boss.send(
        "patch", f"{HERE}/prod", {"name": "shop", "identity_mode": "token", "default_names": False}
    )
    assert (changed.json()["name"], changed.json()["identity_mode"]) == ("shop", "token")
    assert (await boss.send("delete", f"{HERE}/shop")).status_code == 204
    assert (await boss.get(HERE)).json() == {"items": []}


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "auditor"])
async def test_only_administrators_do(boss, token_of, role):
    await registered(boss)
    person = await in_database(people.create, "someone", role=role)
    someone = Api(await in_database(token_of, person))
    for method, path, body in [
        ("post", HERE, {"kubeconfig": TEXT, "name": "mine"}),
        ("patch", f"{HERE}/prod", {"shared_writes": True}),
        ("delete", f"{HERE}/prod", None),
        ("post", f"{HERE}/prod/map", {"kind": "person", "subject": "someone", "kube_name": "root"}),
        ("delete", f"{HERE}/prod/map/1", None),
    ]:
        assert (await someone.send(method, path, body)).status_code == 403, path
    assert await in_database(clusters.names) == ("prod",)


async def test_a_token_of_less_than_all_scopes_does_not(boss, token_of):
    person = await in_database(people.create, "chief", role="administrator")
    narrow = Api(await in_database(token_of, person, "approve"))
    answer = await narrow.post(HERE, {"kubeconfig": TEXT})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"kubeconfig": TEXT.replace("token: ", "tokenFile: ")}, "tokenFile"),
        ({"kubeconfig": TEXT.replace("10.0.0.1", "169.254.169.254")}, "server"),
        ({"kubeconfig": "a: [1"}, "YAML"),
        ({"kubeconfig": "x" * (256 << 10)}, "128 KiB"),
        ({"kubeconfig": "x" * (300 << 10)}, "kubeconfig"),
        ({"kubeconfig": TEXT, "name": "a b"}, "name of a cluster"),
        ({"kubeconfig": TEXT, "identity_mode": "root"}, "identity_mode"),
        ({"kubeconfig": TEXT, "sealed": "x"}, "sealed"),
    ],
)
async def test_what_is_refused_says_the_field_and_shows_no_credential(boss, body, words):
    answer = await boss.post(HERE, body)
    assert answer.status_code == 422
    assert words in answer.json()["error"]["message"]
    assert SECRET not in answer.content.decode()
    assert not await in_database(Cluster.objects.exists)


async def test_an_upload_of_ten_megabytes_is_refused(boss):
    answer = await boss.post(HERE, {"kubeconfig": "x" * (10 << 20)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


async def test_a_name_is_there_once(boss):
    await registered(boss)
    answer = await boss.post(HERE, {"kubeconfig": TEXT})
    assert answer.status_code == 422
    assert "already a cluster" in answer.json()["error"]["message"]


async def test_the_map_is_kept_and_shown(boss):
    await registered(boss, identity_mode="impersonate")
    line = {"kind": "person", "subject": "alice", "kube_name": "alice@example.org"}
    assert (await boss.post(f"{HERE}/prod/map", line)).status_code == 204
    (kept,) = (await boss.get(f"{HERE}/prod/map")).json()["items"]
    assert kept | line == kept
    refused = await boss.post(f"{HERE}/prod/map", line | {"kube_name": "system:masters"})
    assert (refused.status_code, "system:" in refused.json()["error"]["message"]) == (422, True)
    assert (await boss.send("delete", f"{HERE}/prod/map/{kept['id']}")).status_code == 204
    assert (await boss.get(f"{HERE}/prod/map")).json()["items"] == []


async def test_people_store_their_own_token_and_nobody_reads_it(boss, api):
    await registered(boss, identity_mode="token")
    assert (await api.send("put", f"{HERE}/prod/access/token", {"token": "of-alice-alone"})).status_code == 204
    for path in (HERE, f"{HERE}/prod/map", "/api/v1/openapi.json"):
        assert "of-alice-alone" not in (await boss.get(path)).content.decode()
    assert (await boss.send("delete", f"{HERE}/prod/access/token")).status_code == 204
    assert await in_database(PersonalToken.objects.count) == 1
    assert (await api.send("delete", f"{HERE}/prod/access/token")).status_code == 204
    assert await in_database(PersonalToken.objects.count) == 0
    asked = await api.get(f"{HERE}/prod/access")
    assert (asked.status_code, "stored no token" in asked.json()["error"]["message"]) == (422, True)


async def test_a_cluster_that_takes_no_tokens_stores_none(boss, api):
    await registered(boss)
    answer = await api.send("put", f"{HERE}/prod/access/token", {"token": "t"})
    assert (answer.status_code, "takes no tokens" in answer.json()["error"]["message"]) == (422, True)


async def test_who_am_i_is_asked_of_the_cluster(demo, api):
    found = (await api.get(f"{HERE}/{demo}/access?namespace=shop")).json()
    assert found["user"] == "k8smcp:alice"
    assert {"words": "Delete pods", "everywhere": True, "here": True} in found["lines"]


@pytest.mark.parametrize("path", ["/access", "/map", "/test"])
async def test_what_is_not_there_is_not_found(boss, path):
    ask = boss.post if path == "/test" else boss.get
    assert (await ask(f"{HERE}/nowhere{path}")).status_code == 404
