"""The policy on the wire: what the API server itself wrote down, whatever the model wished and people approved."""

import json
import subprocess
import sys
import uuid

import pytest
from django.contrib.auth.models import User

from chat import policy
from chat.actions import approvals, grants, people, tokens
from chat.actions import policy as actions
from chat.errors import NotAllowed
from chat.models import Approval, Run, ToolCall
from tests.chat.sockets import Client
from tests.conftest import in_database
from tests.portal import ROOT
from tools import clusters
from tools.demo import kubeconfig
from tools.effects import Effect
from tools.kube.client import KubeClient, Selection
from tools.kube.errors import NotPermitted
from tools.kube.guard import Permit
from tools.kube.transport import Transport
from tools.models import Grant


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A demo cluster of these tests alone, which writes down every request."""
    home = tmp_path_factory.mktemp("policy")
    command = [sys.executable, "-m", "tools.demo", "--home", str(home), "--journal", str(home / "journal")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    yield home
    process.terminate()
    process.wait(10)
    process.stdout.close()


class Cluster:
    def __init__(self, home, name):
        self.name, self._journal = name, home / "journal"
        self._from = len(self._lines())

    def _lines(self):
        return self._journal.read_text().splitlines() if self._journal.exists() else []

    def asked(self):
        return [json.loads(line) for line in self._lines()[self._from :]]

    def writes(self):
        """Requests that could have changed something."""
        return [
            (each["method"], each["path"])
            for each in self.asked()
            if each["method"] != "GET" and not each["dry_run"] and "authorization.k8s.io" not in each["path"]
        ]


@pytest.fixture
def cluster(transactional_db, home):
    return Cluster(home, clusters.register(home / kubeconfig.FILE_NAME)[0].name)


@pytest.fixture
def root(transactional_db):
    return people.create("root", role="administrator")


def scale(script, namespace="shop", name="catalog", replicas=None):
    arguments = {"kind": "deployment", "name": name, "namespace": namespace, "replicas": replicas or 4}
    script([{"wish": "k8s_scale", "arguments": arguments}], [{"say": "{answers}"}])


def put(script, namespace):
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "told", "namespace": namespace}}
    script([{"wish": "k8s_apply", "arguments": {"manifest": json.dumps(manifest)}}], [{"say": "{answers}"}])


def listing(script, **arguments):
    script([{"wish": "k8s_list", "arguments": {"kind": "pods"} | arguments}], [{"say": "{answers}"}])


async def said(user, text="do it"):
    async with Client(await in_database(tokens.create, user)) as client:
        await client.send(text)
        return (await client.until("complete"))["data"]


async def asked(user):
    """The approval that a run of this person waits for."""
    async with Client(await in_database(tokens.create, user)) as client:
        await client.send("do it")
        return (await client.until("approval_requested"))["data"]


async def came_of(request):
    from tests.chat.test_runs import ended

    return await ended(request["run_id"])


def status(complete):
    return [call["status"] for call in complete["tool_calls"]]


async def mark(root, cluster, **marks):
    marks = {"production": False, "read_only": False, "namespaces": []} | marks
    await in_database(actions.mark_cluster, root, cluster.name, **marks)


async def test_nothing_is_written_to_a_read_only_cluster(crew, script, root, alice, cluster):
    await mark(root, cluster, read_only=True)
    scale(script)
    complete = await said(alice)
    assert status(complete) == ["denied"]
    assert "is marked read-only" in complete["message"]
    listing(script, namespace="shop")
    assert status(await said(alice)) == ["completed"]
    assert cluster.writes() == []


async def test_a_cluster_marked_read_only_after_the_approval_is_not_written_to(crew, script, root, alice, cluster):
    scale(script)
    request = await asked(alice)
    await mark(root, cluster, read_only=True)
    await in_database(approvals.decide, alice, request["approval_id"], "approve")
    complete = await came_of(request)
    assert status(complete) == ["denied"]
    assert cluster.writes() == []


async def test_even_a_permit_for_everything_writes_nothing_there(root, alice, cluster):
    await mark(root, cluster, read_only=True)
    call = ToolCall(run=Run(token=""), cluster=cluster.name, effect="EXECUTE")
    judge = await in_database(lambda: policy.present(alice, call).at_the_wire(approved_by=root))
    permit = Permit("call-1", cluster.name, Effect.EXECUTE, judge=judge)
    client = KubeClient(Transport(cluster.name, await in_database(clusters.portal_access, cluster.name)), permit)
    pods = await client.resolve("pods")
    assert (await client.list_all(pods, Selection(namespace="shop"))).items
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "canary"}}
    with pytest.raises(NotPermitted, match="read-only"):
        await client.create(await client.resolve("namespaces"), None, body)
    assert cluster.writes() == []


async def test_a_namespace_that_is_denied_is_not_read_on_any_way(crew, script, root, alice, cluster):
    await in_database(
        actions.save_rule,
        root,
        {"name": "closed", "decision": "deny", "namespaces": ["kube-system"], "kinds": ["pods"]},
    )
    listing(script, namespace="kube-system")
    assert "Nothing was sent (rule closed)" in (await said(alice))["message"]
    listing(script)
    everywhere = await said(alice)
    assert status(everywhere) == ["completed"]
    assert "Not allowed in 1 namespace, left out: kube-system." in everywhere["message"]
    listing(script, namespace="shop")
    assert status(await said(alice)) == ["completed"]
    paths = [each["path"] for each in cluster.asked()]
    assert "/api/v1/namespaces/shop/pods" in paths
    assert not {"/api/v1/pods", "/api/v1/namespaces/kube-system/pods"} & set(paths)


async def test_what_is_allowed_somewhere_is_asked_about_elsewhere(crew, script, root, alice, cluster):
    rule = {"name": "free", "decision": "allow", "namespaces": ["shop"], "kinds": ["*.apps"], "effects": ["CHANGE"]}
    await in_database(actions.save_rule, root, rule)
    rule = {"name": "changing", "decision": "ask", "namespaces": ["payments"], "effects": ["CHANGE", "DESTROY"]}
    await in_database(actions.save_rule, root, rule)
    scale(script)
    assert status(await said(alice)) == ["completed"]  # its rehearsal has shown that the rule covers all of it
    assert await in_database(Approval.objects.count) == 0
    assert len(cluster.writes()) == 1
    put(script, namespace="payments")
    request = await asked(alice)
    assert request["plan"]["rule"] == "changing"
    assert len(cluster.writes()) == 1
    await in_database(approvals.decide, alice, request["approval_id"], "approve")
    assert status(await came_of(request)) == ["completed"]
    assert len(cluster.writes()) == 2
    scale(script, namespace="platform", name="gone")
    assert "No rule allows this" in (await said(alice))["message"]


async def test_production_takes_a_second_person(crew, script, root, alice, charlie, cluster):
    await mark(root, cluster, namespaces=["shop"])
    scale(script, replicas=2)
    request = await asked(alice)
    with pytest.raises(NotAllowed, match="second person") as refused:
        await in_database(approvals.decide, alice, request["approval_id"], "approve")
    assert refused.value.code == "second_person"
    assert cluster.writes() == []
    await in_database(approvals.decide, charlie, request["approval_id"], "approve")
    assert status(await came_of(request)) == ["completed"]
    assert len(cluster.writes()) == 1


async def test_an_own_approval_is_not_enough_where_the_rehearsal_shows_that_it_needs_a_second_person(
    crew, script, root, alice, cluster
):
    """A role gives rights. Should the row of the approval have lost that, the wire knows it still."""
    name = f"r-{uuid.uuid4().hex[:6]}"
    manifest = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": name, "namespace": "shop"},
    }
    script([{"wish": "k8s_apply", "arguments": {"manifest": json.dumps(manifest)}}], [{"say": "{answers}"}])
    request = await asked(alice)
    assert request["plan"]["second_person"] is True
    with pytest.raises(NotAllowed) as refused:
        await in_database(approvals.decide, alice, request["approval_id"], "approve")
    assert refused.value.code == "second_person"
    await in_database(Approval.objects.update, second_person=False)
    await in_database(approvals.decide, alice, request["approval_id"], "approve")
    complete = await came_of(request)
    assert status(complete) == ["failed"]
    assert "second person" in complete["message"]
    assert cluster.writes() == []


async def test_a_viewer_with_a_grant_changes_what_an_approver_approves_while_it_lasts(
    crew, script, root, charlie, cluster
):
    dora = await in_database(people.create, "dora", role="viewer")
    scale(script, replicas=2)
    assert "may look, but not change" in (await said(dora))["message"]
    wanted = grants.Wanted("operator", cluster.name, "shop", 30, "the shop is down")
    await in_database(grants.give, root, "dora", wanted)
    request = await asked(dora)
    with pytest.raises(NotAllowed):
        await in_database(approvals.decide, dora, request["approval_id"], "approve")
    await in_database(approvals.decide, charlie, request["approval_id"], "approve")
    assert status(await came_of(request)) == ["completed"]
    assert len(cluster.writes()) == 1
    request = await asked(dora)
    await in_database(lambda: Grant.objects.update(revoked_at=User.objects.get(pk=root.pk).date_joined))
    await in_database(approvals.decide, charlie, request["approval_id"], "approve")
    assert status(await came_of(request)) == ["denied"]
    assert len(cluster.writes()) == 1
