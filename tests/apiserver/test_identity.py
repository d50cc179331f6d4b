"""People's own rights on a real API server: the shipped roles, two people who may not do the same, and the reviews."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from channels.db import database_sync_to_async

from chat.actions import people
from tests.apiserver.control_plane import ControlPlane
from tests.apiserver.manifests import configmap
from tests.tools.api import ANYTHING, announced
from tools import clusters, own_rights, registered, registry, self_check, toolbox
from tools.effects import Effect
from tools.identity import Acting
from tools.kube import reviews
from tools.kube.client import KubeClient
from tools.kube.guard import Asked, Permit
from tools.kube.transport import Transport
from tools.models import Cluster
from tools.self_check import Weight

pytestmark = [pytest.mark.apiserver, pytest.mark.django_db(transaction=True)]
SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "rbac"
ALICE = Acting("alice", frozenset({"operator"}), "run-7", "call-9")
BOB = Acting("bob", frozenset({"operator"}), "run-8", "call-10")  # not among those whom the role names


@dataclass(frozen=True)
class World:
    """Two namespaces: the operators may edit in `shop`, in `other` they may only look."""

    plane: ControlPlane
    shop: str
    other: str

    def account(self, name: str) -> str:
        """A token of the service account that a shipped manifest made."""
        path = f"/api/v1/namespaces/k8smcp/serviceaccounts/{name}/token"
        asked = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {}}
        return str(self.plane.http().post(path, asked).json["status"]["token"])

    def kubeconfig(self, token: str = "") -> str:
        found = yaml.safe_load(self.plane.kubeconfig.read_text())
        found["users"] = [{"name": "portal", "user": {"token": token} if token else {}}]
        found["contexts"] = [{"name": "real", "context": {"cluster": "rig", "user": "portal", "namespace": self.shop}}]
        return yaml.safe_dump(found | {"current-context": "real"})


def put(plane: ControlPlane, name: str) -> None:
    """What `kubectl apply -f` does with a shipped manifest."""
    for document in yaml.safe_load_all((SHIPPED / name).read_text()):
        group, _, version = document["apiVersion"].rpartition("/")
        namespace = document["metadata"].get("namespace")
        where = f"/namespaces/{namespace}" if namespace else ""
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        answer = plane.http().post(f"{root}{where}/{document['kind'].lower()}s", document)
        assert answer.status in (201, 409), answer.json


@pytest.fixture(scope="module")
def world(api_server: ControlPlane) -> Iterator[World]:
    with api_server.namespace("shop") as shop, api_server.namespace("other") as other:
        for name in ("impersonate.yaml", "read-only.yaml"):
            put(api_server, name)
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "k8smcp:operator"}
        binding = {"metadata": {"name": "operators"}, "roleRef": role, "subjects": [subject]}
        path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{shop}/rolebindings"
        assert api_server.http().post(path, binding).status == 201
        yield World(api_server, shop, other)


@pytest.fixture
def portal(world: World, settings: Any, transactional_db: None) -> Cluster:
    """The real cluster, reached with the account of `impersonate.yaml` and nothing more."""
    settings.K8SMCP_KUBECONFIG_ALLOW, settings.K8SMCP_SHARED_WRITES = frozenset({"loopback"}), False
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    for left_out in ("k8smcp-look", "k8smcp-read-only"):
        world.plane.http().delete(f"{bindings}/{left_out}")
    return registered.register(world.kubeconfig(world.account("portal")), mode="impersonate")


async def call(acting: Acting, tool_name: str, **arguments: Any) -> toolbox.Outcome:
    tool = registry.find(tool_name)
    permit = Permit(acting.call_id, "real", Effect.EXECUTE, announce=announced, plan=ANYTHING)
    return await toolbox.run(tool, toolbox.parse(tool, arguments), "real", permit, acting)


async def as_person(acting: Acting) -> KubeClient:
    access = await database_sync_to_async(clusters.access)("real", acting)
    return KubeClient(Transport("real", access), Permit("call-9", "real", Effect.READ))


async def test_a_person_changes_where_they_may_and_nowhere_else(world: World, portal: Cluster) -> None:
    manifest = yaml.safe_dump(configmap("mine", {"a": "1"}))
    done = await call(ALICE, "k8s_apply", manifest=manifest, namespace=world.shop)
    assert done.status == "completed", done.text
    refused = await call(ALICE, "k8s_apply", manifest=manifest, namespace=world.other)
    assert refused.status == "failed"
    assert f"patch configmaps in namespace {world.other}" in refused.text
    assert 'User "k8smcp:alice"' in refused.text
    assert (await call(ALICE, "k8s_list", kind="configmaps", namespace=world.other)).status == "completed"


async def test_whom_the_role_does_not_name_does_not_get_in(world: World, portal: Cluster) -> None:
    refused = await call(BOB, "k8s_list", kind="pods", namespace=world.shop)
    assert refused.status == "failed"
    assert "does not let the portal act as this person, and no other identity was tried" in refused.text


async def test_the_portals_own_account_sees_no_object(world: World, portal: Cluster) -> None:
    access = await database_sync_to_async(clusters.portal_access)("real")
    bare = KubeClient(Transport("real", access), Permit("test", "real", Effect.SENSITIVE))
    assert (await bare.version())["gitVersion"]
    asked = [Asked("list", "", kind) for kind in ("pods", "secrets", "namespaces", "nodes")]
    assert await reviews.which(bare, asked) == [False] * 4


async def test_the_cluster_says_beforehand_what_it_would_refuse(world: World, portal: Cluster) -> None:
    steps = [
        Asked("apply", "", "configmaps", "", world.shop, "mine"),
        Asked("apply", "", "configmaps", "", world.other, "mine"),
        Asked("delete", "", "nodes", "", "", "node-1"),
    ]
    refused = await reviews.refused(await as_person(ALICE), steps)
    assert [(each.verb, each.resource, each.namespace) for each in refused] == [
        ("patch", "configmaps", world.other),
        ("delete", "nodes", ""),
    ]


async def test_the_cluster_knows_the_person_both_groups_and_the_run(world: World, portal: Cluster) -> None:
    found = await own_rights.mine("real", Acting("alice", frozenset({"operator", "viewer"}), "run-7"))
    assert found.user == "k8smcp:alice"
    assert {"k8smcp:operator", "k8smcp:viewer"} <= set(found.groups)
    may = {line.words: (line.everywhere, line.here) for line in found.lines}
    assert may["Delete pods"] == (False, True)
    assert may["Look at pods"] == (True, True)


async def test_the_shipped_role_is_enough_and_not_too_much(world: World, portal: Cluster) -> None:
    assert [finding.weight for finding in await self_check.check("real", [ALICE])] == [Weight.FINE]
    lacking = await self_check.check("real", [BOB])
    assert [finding.weight for finding in lacking] == [Weight.LACKING]
    assert "k8smcp:bob" in lacking[0].sentence


async def test_an_account_that_may_impersonate_anybody_is_warned_of(world: World, portal: Cluster) -> None:
    rules = [{"apiGroups": [""], "resources": ["users", "groups"], "verbs": ["impersonate"]}]
    root = "/apis/rbac.authorization.k8s.io/v1"
    subject = {"kind": "ServiceAccount", "name": "portal", "namespace": "k8smcp"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "rig-anybody"}
    http = world.plane.http()
    http.post(f"{root}/clusterroles", {"metadata": {"name": "rig-anybody"}, "rules": rules})
    http.post(
        f"{root}/clusterrolebindings", {"metadata": {"name": "rig-anybody"}, "roleRef": role, "subjects": [subject]}
    )
    try:
        deadline = time.monotonic() + 10
        found = await self_check.check("real")
        while found[0].weight == Weight.FINE and time.monotonic() < deadline:
            found = await self_check.check("real")
        said = " ".join(finding.sentence for finding in found)
        assert "any user" in said
        assert "system:masters" in said
    finally:
        http.delete(f"{root}/clusterrolebindings/rig-anybody")
        http.delete(f"{root}/clusterroles/rig-anybody")


async def test_an_administrators_kubeconfig_is_warned_of(world: World, portal: Cluster) -> None:
    text = world.kubeconfig(world.plane.admin_token)
    await database_sync_to_async(registered.register)(text, name="boss", mode="impersonate")
    found = await self_check.check("boss")
    assert [finding.weight for finding in found] == [Weight.DANGER]
    assert "cluster-admin" in found[0].sentence


async def test_each_person_with_a_token_of_their_own(world: World, portal: Cluster) -> None:
    cluster = await database_sync_to_async(registered.register)(world.kubeconfig(), name="own", mode="token")
    vera = await database_sync_to_async(people.create)("vera", role="operator")
    store = database_sync_to_async(registered.store_token)
    acting = Acting("vera", frozenset({"operator"}))
    await store(cluster, vera.pk, world.plane.tokens["viewer"])
    found = await own_rights.mine("own", acting)
    if world.plane.minor >= 28:
        assert found.user == "viewer"
    await store(cluster, vera.pk, "a-token-nobody-knows")
    tool = registry.find("k8s_list")
    permit = Permit("call-9", "own", Effect.READ)
    refused = await toolbox.run(tool, toolbox.parse(tool, {"kind": "pods"}), "own", permit, acting)
    assert refused.status == "failed"
    assert "vera can renew their token" in refused.text


async def test_the_role_that_only_looks_looks_and_changes_nothing(world: World, portal: Cluster) -> None:
    put(world.plane, "read-only.yaml")
    text = world.kubeconfig(world.account("portal"))
    await database_sync_to_async(registered.register)(text, name="shared", shared_writes=True)
    access = await database_sync_to_async(clusters.access)("shared", ALICE)
    client = KubeClient(Transport("shared", access), Permit("call-9", "shared", Effect.READ))
    look = [Asked("list", "", "pods"), Asked("get", "", "nodes"), Asked("list", "apps", "deployments")]
    change = [Asked("list", "", "secrets"), Asked("create", "", "pods"), Asked("delete", "", "pods", "", world.shop)]

    async def settled() -> bool:
        return await reviews.which(client, look) == [True] * 3

    deadline = time.monotonic() + 10
    while not await settled() and time.monotonic() < deadline:
        pass
    assert await reviews.which(client, look) == [True] * 3
    assert await reviews.which(client, change) == [False] * 3
