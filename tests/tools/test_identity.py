"""As whom people reach a cluster: by the map, with their own token, or with one identity for everybody that looks."""

import base64
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from channels.db import database_sync_to_async
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from chat.actions import people
from tests.tools.api import ANYTHING, SOMEBODY, announced, answering, serving
from tools import clusters, identity, own_rights, registered, registry, self_check, toolbox
from tools.effects import Effect
from tools.identity import Acting
from tools.kube.errors import BadInput, BadKubeconfig, NoIdentity
from tools.kube.guard import Asked, Permit
from tools.models import Cluster, IdentityMap, PersonalToken
from tools.sealing import FILE, BadKey
from tools.self_check import Weight

pytestmark = pytest.mark.django_db(transaction=True)
ALICE = Acting("alice", frozenset({"operator", "platform team"}), "run-7", "call-9")
SECRET = "tok3n-that-nobody-may-see"


def text(server: str = "https://10.0.0.1:6443", **user: Any) -> str:
    return yaml.safe_dump(
        {
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "portal", "user": user or {"token": SECRET}}],
            "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "portal"}}],
        }
    )


@pytest.fixture(autouse=True)
def strict(settings: Any, tmp_path: Path) -> None:
    settings.K8SMCP_SHARED_WRITES, settings.K8SMCP_HOME = False, tmp_path


def made(mode: str, **more: Any) -> Cluster:
    return registered.register(text(), mode=mode, **more)


def jwt(expires: float) -> str:
    parts = [{"alg": "none"}, {"sub": "alice", "exp": expires}]
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "x"]
    )


@pytest.mark.parametrize(
    ("mode", "settled", "told"),
    [
        ("shared", {}, "portal, the shared read-only identity"),
        ("shared", {"shared_writes": True}, "portal, the shared identity"),
        ("impersonate", {}, "k8smcp:alice, by impersonation"),
        ("impersonate", {"default_names": False}, ""),
        ("token", {}, "alice, with a token of their own"),
    ],
)
def test_as_whom_is_said_in_a_few_words(mode: str, settled: dict[str, bool], told: str) -> None:
    assert identity.words(registered.change(made(mode), **settled), "alice") == told


# ---- impersonation -----------------------------------------------------------------------------------------------


def test_without_a_line_people_act_under_their_own_names() -> None:
    made("impersonate")
    found = clusters.access("prod", ALICE).acts_as
    assert found is not None
    assert (found.user, found.groups) == ("k8smcp:alice", ("k8smcp:operator",))  # "platform team" fits no cluster


def test_the_map_says_who_people_are() -> None:
    cluster = made("impersonate")
    registered.add_to_map(cluster, "person", "alice", "alice@example.org")
    registered.add_to_map(cluster, "group", "operator", "sre")
    registered.add_to_map(cluster, "group", "operator", "oncall")
    registered.add_to_map(cluster, "group", "platform team", "platform")
    found = clusters.access("prod", ALICE).acts_as
    assert found is not None
    assert (found.user, found.groups) == ("alice@example.org", ("oncall", "platform", "sre"))


def test_who_is_not_in_the_map_does_not_get_in_and_no_other_identity_is_used() -> None:
    cluster = registered.change(made("impersonate"), default_names=False)
    registered.add_to_map(cluster, "person", "bob", "bob")
    with pytest.raises(NoIdentity, match="alice has no identity"):
        clusters.access("prod", ALICE)
    found = clusters.access("prod", Acting("bob", frozenset({"operator"}))).acts_as
    assert found is not None
    assert (found.user, found.groups) == ("bob", ())


@pytest.mark.parametrize("person", ["älice", "a b", "a\r\nImpersonate-Group: system:masters"])
def test_a_name_no_cluster_could_use_does_not_get_in(person: str) -> None:
    made("impersonate")
    with pytest.raises(NoIdentity, match="cannot be used"):
        clusters.access("prod", Acting(person))


@pytest.mark.parametrize(
    ("kind", "subject", "kube_name", "words"),
    [
        ("person", "alice", "system:admin", "system:"),
        ("group", "operator", "system:masters", "system:"),
        ("group", "operator", "System:Masters", "system:"),
        ("group", "operator", "a\r\nb", "cannot be used"),
        ("person", "alice", "", "cannot be used"),
        ("robot", "alice", "a", "person or for a group"),
        ("person", "", "a", "which person"),
        ("person", "a\nb", "a", "which person"),
    ],
)
def test_a_line_that_would_claim_too_much_is_not_taken(kind: str, subject: str, kube_name: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        registered.add_to_map(made("impersonate"), kind, subject, kube_name)
    assert not IdentityMap.objects.exists()


def test_a_line_in_the_database_that_claims_too_much_still_lets_nobody_in() -> None:
    cluster = made("impersonate")
    IdentityMap.objects.create(cluster=cluster, kind="group", subject="operator", kube_name="system:masters")
    IdentityMap.objects.create(cluster=cluster, kind="person", subject="bob", kube_name="system:admin")
    found = clusters.access("prod", ALICE).acts_as
    assert found is not None
    assert found.groups == ()
    with pytest.raises(NoIdentity):
        clusters.access("prod", Acting("bob"))


@pytest.mark.parametrize("mode", ["impersonate", "token"])
def test_nobody_is_let_in_where_people_act_as_themselves(mode: str) -> None:
    made(mode)
    with pytest.raises(NoIdentity, match="names nobody"):
        clusters.access("prod", Acting())


# ---- one identity for everybody ----------------------------------------------------------------------------------


async def delete(name: str, acting: Acting) -> toolbox.Outcome:
    tool = registry.find("k8s_delete")
    arguments = toolbox.parse(tool, {"kind": "pod", "name": "web-1", "namespace": "shop"})
    return await toolbox.run(
        tool, arguments, name, Permit("call-9", name, Effect.DESTROY, announce=announced, plan=ANYTHING), acting
    )


async def test_one_identity_for_everybody_only_looks_until_an_administrator_says_otherwise(settings: Any) -> None:
    settings.K8SMCP_KUBECONFIG_ALLOW = frozenset({"loopback", "insecure"})
    async with serving(answering({"kind": "Status", "code": 404, "message": "no"}, 404)) as api:
        cluster = await database_sync_to_async(registered.register)(text(api.server))
        assert (cluster.identity_mode, cluster.shared_writes) == ("shared", False)
        access = await database_sync_to_async(clusters.access)("prod", ALICE)
        assert "the cluster's page" in access.no_changes
        assert "K8SMCP_SHARED_WRITES=1" in access.no_changes
        assert access.acts_as is None
        await delete("prod", ALICE)
        assert "DELETE" not in {method for method, _ in api.seen}
        await database_sync_to_async(registered.change)(cluster, shared_writes=True)
        assert (await database_sync_to_async(clusters.access)("prod", ALICE)).no_changes == ""
    await database_sync_to_async(registered.change)(cluster, shared_writes=False)
    settings.K8SMCP_SHARED_WRITES = True
    assert (await database_sync_to_async(clusters.access)("prod", ALICE)).no_changes == ""


def test_clusters_from_files_begin_with_one_identity_and_keep_what_was_set(tmp_path: Path) -> None:
    file = tmp_path / "k"
    file.write_text(text())
    (cluster,) = clusters.register(file)
    assert cluster.identity_mode == "shared"
    registered.change(cluster, mode="impersonate")
    assert [each.identity_mode for each in clusters.register(file)] == ["impersonate"]
    with pytest.raises(BadInput, match="comes from the environment"):
        registered.forget(Cluster(name="x", origin=Cluster.Origin.START))


# ---- people's own tokens -----------------------------------------------------------------------------------------


def test_each_person_uses_their_own_token_and_nothing_of_the_portals() -> None:
    cluster = made("token")
    alice, bob = (people.create(name, role="operator") for name in ("alice", "bob"))
    registered.store_token(cluster, alice.pk, "of-alice")
    found = clusters.access("prod", ALICE)
    assert (found.token, found.acts_as, found.username, found.client_certificate) == ("of-alice", None, "", "")
    with pytest.raises(NoIdentity, match="bob has stored no token"):
        clusters.access("prod", Acting("bob"))
    registered.store_token(cluster, alice.pk, "newer")
    assert clusters.access("prod", ALICE).token == "newer"
    alice.is_active = False
    alice.save()
    with pytest.raises(NoIdentity):
        clusters.access("prod", ALICE)
    assert bob.pk


def test_a_token_that_says_when_it_ends_is_not_used_after() -> None:
    cluster, alice = made("token"), people.create("alice", role="operator")
    with pytest.raises(BadInput, match="expired already"):
        registered.store_token(cluster, alice.pk, jwt(time.time() - 5))
    stored = registered.store_token(cluster, alice.pk, jwt(time.time() + 60))
    assert stored.expires_at is not None
    PersonalToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NoIdentity, match=r"has expired\. Renew it"):
        clusters.access("prod", ALICE)


@pytest.mark.parametrize(
    "token", ["a.b.c", "a.%%%.c", "only", "a.e30.c", "a.bnVsbA.c", f"a.{base64.b64encode(b'[]').decode()}.c"]
)
def test_a_token_that_does_not_say_when_it_ends_is_taken_as_it_is(token: str) -> None:
    assert registered.expiry(token) is None


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "ü", "x" * 9000, "\x00"])
def test_what_is_no_token_is_not_stored(token: str) -> None:
    with pytest.raises(BadInput, match="no bearer token"):
        registered.store_token(made("token"), people.create("alice", role="operator").pk, token)


def test_a_token_put_in_the_place_of_anothers_is_not_used() -> None:
    cluster = made("token")
    alice, bob = (people.create(name, role="operator") for name in ("alice", "bob"))
    registered.store_token(cluster, alice.pk, "of-alice")
    registered.store_token(cluster, bob.pk, "of-bob")
    stolen = PersonalToken.objects.get(owner=alice).sealed
    PersonalToken.objects.filter(owner=bob).update(sealed=stolen)
    with pytest.raises(BadKey, match="belong to something else"):
        clusters.access("prod", Acting("bob"))


# ---- at rest -----------------------------------------------------------------------------------------------------


def rows() -> str:
    with connection.cursor() as cursor:
        tables = [table for table in connection.introspection.table_names(cursor) if table.startswith("tools_")]
        found = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")
            found += cursor.fetchall()
    return str(found)


def test_the_database_holds_no_credential_in_clear() -> None:
    cluster = made("token")
    registered.store_token(cluster, people.create("alice", role="operator").pk, "of-alice-alone")
    held = rows()
    for secret in (SECRET, "of-alice-alone"):
        assert secret not in held
        assert base64.b64encode(secret.encode()).decode().rstrip("=")[:-1] not in held
    assert clusters.portal_access("prod").token == SECRET
    assert SECRET not in repr(clusters.portal_access("prod"))


def test_the_key_is_for_its_owner_only_and_made_once(tmp_path: Path) -> None:
    made("shared")
    key = (tmp_path / FILE).read_text()
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    made("shared", name="other")
    assert (tmp_path / FILE).read_text() == key
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_a_new_key_opens_what_the_old_one_sealed_until_it_is_gone(settings: Any, capsys: Any) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.K8SMCP_CREDENTIALS_KEY = [old]
    made("shared")
    settings.K8SMCP_CREDENTIALS_KEY = [new]
    with pytest.raises(BadKey, match="another key"):
        clusters.portal_access("prod")
    with pytest.raises(CommandError, match="not here any more"):
        call_command("reseal_credentials")
    settings.K8SMCP_CREDENTIALS_KEY = [new, old]
    assert clusters.portal_access("prod").token == SECRET
    call_command("reseal_credentials")
    assert "1 sealed" in capsys.readouterr().out
    settings.K8SMCP_CREDENTIALS_KEY = [new]
    assert clusters.portal_access("prod").token == SECRET


def test_what_is_no_key_is_said_so(settings: Any) -> None:
    settings.K8SMCP_CREDENTIALS_KEY = ["hunter2"]
    with pytest.raises(BadKey, match=r"K8SMCP_CREDENTIALS_KEY.*no key") as fault:
        made("shared")
    assert "hunter2" not in str(fault.value)


# ---- registering -------------------------------------------------------------------------------------------------


def test_a_registered_cluster_is_called_renamed_and_taken_away() -> None:
    cluster = made("shared", name="shop/prod")
    with pytest.raises(BadInput, match="already a cluster"):
        made("shared", name="shop/prod")
    made("shared", name="other")
    with pytest.raises(BadInput, match="already a cluster"):
        registered.change(cluster, name="other")
    cluster = registered.change(cluster, name="shop")
    assert clusters.portal_access("shop").name == "shop"
    registered.forget(cluster)
    assert clusters.names() == ("other",)
    assert clusters.register_at_start.__doc__


@pytest.mark.parametrize("name", ["registration", "a b", "-a", "ü", "x" * 101, "a\nb", "<b>", "mcp:tickets"])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="cannot be the name"):
        made("shared", name=name)


def test_a_cluster_without_a_credential_is_for_peoples_own_tokens() -> None:
    with pytest.raises(BadKubeconfig, match="user of the kubeconfig has no credential"):
        registered.register(text(username=""))
    assert registered.register(text(username=""), mode="token").identity_mode == "token"


def test_a_start_leaves_registered_clusters_alone(settings: Any, tmp_path: Path) -> None:
    made("shared", name="mine")
    settings.KUBECONFIG, settings.K8SMCP_DEMO = "", False
    clusters.register_at_start()
    assert clusters.names() == ("mine",)


# ---- the demo cluster --------------------------------------------------------------------------------------------


async def listed(demo: str, acting: Acting, kind: str = "pods", **more: Any) -> toolbox.Outcome:
    tool = registry.find("k8s_list")
    permit = Permit("call-9", demo, Effect.READ)
    return await toolbox.run(tool, toolbox.parse(tool, {"kind": kind, **more}), demo, permit, acting)


async def test_in_the_demo_cluster_everybody_acts_as_themselves(demo: str) -> None:
    viewer, stranger = Acting("vera", frozenset({"viewer"})), Acting("stan", frozenset())
    assert (await listed(demo, viewer)).status == "completed"
    refused = await listed(demo, stranger)
    assert refused.status == "failed"
    assert 'User "k8smcp:stan" cannot list' in refused.text
    secrets = await listed(demo, viewer, "secrets", namespace="shop")
    assert "not allow this identity to list secrets in namespace shop" in secrets.text
    assert (await listed(demo, SOMEBODY, "secrets", namespace="shop")).status == "completed"


async def test_who_one_is_there_and_what_one_may(demo: str) -> None:
    found = await own_rights.mine(demo, Acting("vera", frozenset({"viewer"})), "shop")
    assert found.user == "k8smcp:vera"
    assert "k8smcp:viewer" in found.groups
    may = {line.words: (line.everywhere, line.here) for line in found.lines}
    assert may["Look at pods"] == (True, True)
    assert may["Delete pods"] == (False, False)
    assert may["Look at nodes"] == (True, True)


async def test_the_cluster_says_what_it_would_refuse_before_anybody_is_asked(demo: str) -> None:
    steps = [Asked("delete", "", "pods", "", "shop", "web-1"), Asked("get", "", "pods", "", "shop", "web-1")]
    viewer, operator = (Acting("vera", frozenset({role})) for role in ("viewer", "operator"))
    assert [each.verb for each in await own_rights.refused(demo, viewer, steps)] == ["delete"]
    assert await own_rights.refused(demo, operator, steps) == []
    with pytest.raises(NoIdentity):
        await own_rights.refused(demo, Acting(), steps)


async def test_the_demo_clusters_account_may_do_everything_and_that_is_known(demo: str, capsys: Any) -> None:
    assert [finding.weight for finding in await self_check.check(demo)] == [Weight.KNOWN]
    await database_sync_to_async(call_command)("cluster_check", demo)
    assert "each person as themselves" in capsys.readouterr().out
    await database_sync_to_async(Cluster.objects.update)(is_demo=False)
    with pytest.raises(CommandError, match="deploy/rbac"):
        await database_sync_to_async(call_command)("cluster_check", demo)
    assert "danger: The portal's account: it may do everything (cluster-admin)" in capsys.readouterr().out


async def test_a_server_that_echoes_the_credentials_does_not_get_them_told(settings: Any) -> None:
    settings.K8SMCP_KUBECONFIG_ALLOW = frozenset({"loopback", "insecure"})
    body = {"kind": "Status", "code": 422, "message": f"bad header: Bearer {SECRET}"}
    async with serving(answering(body, 422)) as api:
        await database_sync_to_async(registered.register)(text(api.server))
        outcome = await listed("prod", ALICE)
        assert outcome.status == "failed"
        assert "bad header" in outcome.text
        assert SECRET not in outcome.full


async def test_no_tool_tells_how_the_portal_signs_in(demo: str) -> None:
    await database_sync_to_async(registered.register)(text())
    for tool, arguments in [("clusters_list", {}), ("cluster_status", {}), ("k8s_list", {"kind": "namespaces"})]:
        found = registry.find(tool)
        outcome = await toolbox.run(
            found, toolbox.parse(found, arguments), demo, Permit("call-9", demo, found.effect), SOMEBODY
        )
        assert SECRET not in outcome.full + str(outcome.data)
