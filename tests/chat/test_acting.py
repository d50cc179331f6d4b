"""What a run does in a cluster, it does as the person who asked: every request of it, and no change nobody may make."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from multidict import CIMultiDictProxy

from chat import policy
from chat.acting import acting
from chat.actions import clusters as actions
from chat.actions import people
from chat.actions import policy as rules
from chat.errors import Conflict
from chat.models import Approval, AuditRow, ToolCall
from tests.chat.sockets import Client
from tests.conftest import in_database
from tests.tools.api import serving
from tools import clusters, registered
from tools.models import Cluster

VERBS = ["get", "list", "delete"]
PODS = {
    "resource": "pods",
    "responseKind": {"kind": "Pod"},
    "scope": "Namespaced",
    "singularResource": "pod",
    "verbs": VERBS,
}
DISCOVERY = {
    "/api": [{"metadata": {"name": ""}, "versions": [{"version": "v1", "resources": [PODS]}]}],
    "/apis": [],
}
POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web-1", "namespace": "shop", "uid": "1"}}


class Recorder:
    """An API server with one pod, and the headers of every request that reached it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, CIMultiDictProxy[str]]] = []
        self.changed: list[str] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.path, request.headers))
        if request.method != "GET" and request.query.get("dryRun") != "All":
            self.changed.append(request.path)
        if request.path in DISCOVERY:
            return web.json_response({"kind": "APIGroupDiscoveryList", "items": DISCOVERY[request.path]})
        if request.path == "/version":
            return web.json_response({"gitVersion": "v1.36.2"})
        if request.path.endswith("/web-1"):
            return web.json_response(POD)
        return web.json_response({"kind": "Table", "columnDefinitions": [], "rows": [], "items": [], "metadata": {}})

    @property
    def writes(self) -> list[str]:
        """What was more than a rehearsal."""
        return self.changed


def known(folder: Path, server: str, mode: str) -> Cluster:
    file = folder / "config"
    document = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "portal", "user": {"token": "of-the-portal"}}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "portal"}}],
    }
    file.write_text(yaml.safe_dump(document))
    return registered.change(clusters.register(file)[0], mode=mode)


DELETE = {"wish": "k8s_delete", "arguments": {"kind": "pod", "name": "web-1", "namespace": "shop"}}
LIST = {"wish": "k8s_list", "arguments": {"kind": "pods", "namespace": "shop"}}


async def test_every_request_of_a_run_names_the_person_the_run_and_the_call(crew, script, alice, token_of, tmp_path):
    script([LIST, DELETE], [{"say": "{answers}"}])
    token = await in_database(token_of, alice)
    async with serving(recorder := Recorder()) as api:
        await in_database(known, tmp_path, api.server, "impersonate")
        async with Client(token) as client:
            await client.send("delete it")
            asked = (await client.until("approval_requested"))["data"]
            await client.say({"type": "decide", "id": "d", "approval_id": asked["approval_id"], "decision": "approve"})
            await client.until("complete")
        calls = {
            f"k8s-mcp/1 (call {pk})"
            for pk in await in_database(lambda: list(ToolCall.objects.values_list("pk", flat=True)))
        }
        assert recorder.writes == ["/api/v1/namespaces/shop/pods/web-1"]
        assert asked["plan"]["identity"] == "k8smcp:alice, by impersonation"
        for method, path, headers in recorder.seen:
            assert headers.getall("Impersonate-User", []) == ["k8smcp:alice"], (method, path)
            assert headers.getall("Impersonate-Group", []) == ["k8smcp:operator"]
            assert headers.getall("Impersonate-Extra-k8smcp-run") == [asked["run_id"]]
            assert headers["User-Agent"] in calls


async def test_the_audit_says_as_whom_and_by_which_rule_before_the_call_leaves(
    crew, script, alice, token_of, tmp_path, client
):
    script([LIST, DELETE], [{"say": "{answers}"}])
    token = await in_database(token_of, alice)
    async with serving(Recorder()) as api:
        await in_database(known, tmp_path, api.server, "shared")
        async with Client(token) as socket:
            await socket.send("delete it")
            asked = (await socket.until("approval_requested"))["data"]
            await socket.say({"type": "decide", "id": "d", "approval_id": asked["approval_id"], "decision": "approve"})
            await socket.until("complete")
    rows = await in_database(lambda: list(AuditRow.objects.filter(tool_call_id__gt="").order_by("seq")))
    by_kind = {(row.kind, row.tool): row for row in rows}
    read, change = by_kind["call.begun", "k8s_list"], by_kind["call.begun", "k8s_delete"]
    assert (read.rule, read.decision) == ("reading", "allow")
    assert (change.rule, change.decision, change.approved_by) == ("changing", "approved", "alice")
    assert by_kind["approval.requested", "k8s_delete"].rule == "changing"
    version = await in_database(lambda: policy.rules().version)
    assert {row.policy_version for row in rows if row.kind in ("call.begun", "approval.requested")} == {version}
    assert {row.identity for row in rows} == {asked["plan"]["identity"]} == {"portal, the shared identity"}
    auditor = await in_database(people.create, "audrey", role="auditor")
    await in_database(client.force_login, auditor)
    for address in (f"/admin/chat/auditrow/{change.pk}/change/", f"/c/{asked['conversation_id']}/report?format=md"):
        told = (await in_database(client.get, address)).content.decode().replace("\\", "")  # Markdown's
        assert [word for word in ("changing", version, "portal, the shared identity") if word not in told] == []


async def test_a_rule_that_denies_is_named_in_the_audit(crew, script, alice, token_of, tmp_path):
    boss = await in_database(people.create, "boss", role="administrator")
    await in_database(rules.save_rule, boss, {"name": "hands-off", "decision": "deny", "effects": ["DESTROY"]})
    script([DELETE], [{"say": "{answers}"}])
    token = await in_database(token_of, alice)
    async with serving(recorder := Recorder()) as api:
        await in_database(known, tmp_path, api.server, "impersonate")
        async with Client(token) as socket:
            await socket.send("delete it")
            await socket.until("complete")
        assert recorder.writes == []
    row = await in_database(AuditRow.objects.get, kind="call.ended")
    assert (row.outcome, row.decision, row.rule) == ("denied", "deny", "hands-off")


async def test_the_portal_itself_only_asks_for_the_version(transactional_db, tmp_path):
    async with serving(recorder := Recorder()) as api:
        await in_database(known, tmp_path, api.server, "impersonate")
        assert (await clusters.check("prod")).reachable
        assert [(method, path) for method, path, _ in recorder.seen] == [("GET", "/version")]
        assert "Impersonate-User" not in recorder.seen[0][2]


async def test_nobody_is_asked_to_approve_what_nobody_may_do(crew, script, alice, token_of, tmp_path, settings):
    settings.K8SMCP_SHARED_WRITES = False
    script([DELETE], [{"say": "{answers}"}])
    token = await in_database(token_of, alice)
    async with serving(recorder := Recorder()) as api:
        await in_database(known, tmp_path, api.server, "shared")
        async with Client(token) as client:
            await client.send("delete it")
            end = (await client.until("tool_call_end"))["data"]
            await client.until("complete")
        assert end["status"] == "denied"
        assert "one identity for everybody" in end["result"]
        assert "K8SMCP_SHARED_WRITES=1" in end["result"]
        assert recorder.writes == []
    assert not await in_database(Approval.objects.exists)


async def test_a_cluster_with_an_open_approval_keeps_its_name_and_stays(crew, script, alice, token_of, tmp_path):
    """What was approved for one cluster must not reach another that takes its name."""
    script([DELETE], [{"say": "{answers}"}])
    token = await in_database(token_of, alice)
    boss = await in_database(people.create, "boss", role="administrator")
    async with serving(Recorder()) as api:
        await in_database(known, tmp_path, api.server, "impersonate")
        await in_database(Cluster.objects.update, origin=Cluster.Origin.PERSON)
        async with Client(token) as client:
            await client.send("delete it")
            asked = (await client.until("approval_requested"))["data"]
            for deed in (partial(actions.change, boss, "prod", name="other"), partial(actions.forget, boss, "prod")):
                with pytest.raises(Conflict, match="wait for a decision"):
                    await in_database(deed)
            await client.say({"type": "decide", "id": "d", "approval_id": asked["approval_id"], "decision": "reject"})
            await client.until("complete")
        assert (await in_database(actions.change, boss, "prod", name="other")).name == "other"


async def test_who_has_no_identity_there_is_told_how_to_get_one(crew, script, alice, token_of, tmp_path):
    script([LIST], [{"say": "{answers}"}])
    token = await in_database(token_of, alice)
    async with serving(recorder := Recorder()) as api:
        await in_database(known, tmp_path, api.server, "token")
        async with Client(token) as client:
            await client.send("list them")
            end = (await client.until("tool_call_end"))["data"]
        assert (end["status"], "alice has stored no token" in end["result"]) == ("failed", True)
        assert recorder.seen == []


@pytest.mark.django_db
def test_groups_are_read_anew_and_go_with_the_person(alice):
    assert acting(alice).groups == {"operator"}
    people.give_role(alice, "viewer")
    assert acting(alice).groups == {"viewer"}
    boss: Any = people.create("boss", role="administrator")
    boss.groups.clear()
    assert acting(boss).groups == {"administrator"}
    boss.is_active = False
    assert acting(boss).groups == set()
