"""What the changing tools do to the demo cluster, each in a namespace of its own."""

import pytest

from tests.tools.catalogue.conftest import Ask
from tests.tools.wanted import CONFIG, DEPLOYMENT
from tools.catalogue.draft_forms import FORMS


async def test_a_namespace_is_created_once(ask: Ask, place: str) -> None:
    read = await ask("k8s_get", kind="ns", name=place)
    assert read.data["objects"][0]["metadata"]["labels"]["team"] == "tests"
    again = await ask("namespace_create", name=place)
    assert (again.status, "It exists already" in again.text) == ("failed", True)


async def test_documents_are_applied_and_each_is_told(ask: Ask, place: str) -> None:
    first = await ask("k8s_apply", manifest=f"{CONFIG}---{DEPLOYMENT}", namespace=place)
    assert first.status == "completed"
    assert [line["state"] for line in first.data["documents"]] == ["created", "created"]
    again = await ask("k8s_apply", manifest=CONFIG, namespace=place)
    assert again.data["documents"][0]["state"] == "unchanged"
    changed = await ask("k8s_apply", manifest=CONFIG.replace("fast", "slow"), namespace=place)
    assert changed.data["documents"] == [
        {
            "object": f"configmap settings in {place}",
            "state": "changed",
            "detail": None,
            "changes": ["data.mode: fast → slow"],
        }
    ]


async def test_a_dry_run_stores_nothing(ask: Ask, place: str) -> None:
    tried = await ask("k8s_apply", manifest=CONFIG, namespace=place, dry_run=True)
    assert "nothing is stored" in tried.text
    assert (await ask("k8s_get", kind="cm", name="settings", namespace=place)).status == "failed"


async def test_one_bad_document_among_good_ones_is_told_honestly(ask: Ask, place: str) -> None:
    bad = DEPLOYMENT.replace("nginx:1.27", "").replace("name: web}", "name: bad}")
    outcome = await ask("k8s_apply", manifest=f"{CONFIG}---{bad}", namespace=place)
    assert outcome.status == "failed"
    assert [line["state"] for line in outcome.data["documents"]] == ["created", "failed"]
    assert (await ask("k8s_get", kind="cm", name="settings", namespace=place)).status == "completed"


async def test_nothing_is_applied_when_a_document_cannot_be_understood(ask: Ask, place: str) -> None:
    unknown = "apiVersion: v1\nkind: Gizmo\nmetadata: {name: g}\n"
    outcome = await ask("k8s_apply", manifest=f"{CONFIG}---\n{unknown}", namespace=place)
    assert (outcome.status, "Gizmo" in outcome.text) == ("failed", True)
    assert (await ask("k8s_get", kind="cm", name="settings", namespace=place)).status == "failed"
    nowhere = await ask("k8s_apply", manifest=CONFIG)
    assert nowhere.text == "Document 1 (ConfigMap settings) names no namespace: set namespace."


async def test_a_patch_tells_which_fields_changed(ask: Ask, place: str) -> None:
    await ask("k8s_apply", manifest=DEPLOYMENT, namespace=place)
    containers = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "nginx:1.28"}]}}}}
    patched = await ask("k8s_patch", kind="deploy", name="web", namespace=place, patch=containers)
    assert patched.data["changes"] == ["spec.template.spec.containers[app].image: nginx:1.27 → nginx:1.28"]
    again = await ask("k8s_patch", kind="deploy", name="web", namespace=place, patch=containers)
    assert again.data["changed"] is False
    operations = [{"op": "replace", "path": "/spec/replicas", "value": 2}]
    replaced = await ask("k8s_patch", kind="deploy", name="web", namespace=place, patch=operations)
    assert replaced.data["changes"] == ["spec.replicas: 1 → 2"]
    wrong = await ask("k8s_patch", kind="deploy", name="web", namespace=place, patch=operations, type="merge")
    assert (wrong.status, "list of operations" in wrong.text) == ("failed", True)


async def test_a_workload_is_scaled_and_restarted(ask: Ask, place: str) -> None:
    await ask("k8s_apply", manifest=DEPLOYMENT, namespace=place)
    scaled = await ask("k8s_scale", name="web", namespace=place, replicas=3)
    assert (scaled.data["before"], scaled.data["after"]) == (1, 3)
    restarted = await ask("k8s_rollout_do", action="restart", name="web", namespace=place)
    assert restarted.status == "completed"
    path = "spec.template.metadata.annotations['kubectl.kubernetes.io/restartedAt']"
    read = await ask("k8s_get", kind="deploy", name="web", namespace=place, path=path)
    assert read.data["values"] == [[restarted.data["restarted_at"]]]
    service = await ask("k8s_scale", kind="service", name="web", namespace=place, replicas=3)
    assert service.text == "A service has no number of replicas to set."


async def test_a_node_is_closed_and_opened(ask: Ask) -> None:
    closed = await ask("node_cordon", node="node-3")
    assert (closed.data["schedulable"], closed.data["changed"]) == (False, True)
    assert (await ask("cluster_status")).data["nodes"]["cordoned"] == ["node-3"]
    assert (await ask("node_cordon", node="node-3")).data["changed"] is False
    opened = await ask("node_uncordon", node="node-3")
    assert (opened.data["schedulable"], opened.data["changed"]) == (True, True)
    unknown = await ask("node_cordon", node="node-9")
    assert unknown.text.startswith('There is no node "node-9".')


async def test_only_the_very_object_is_deleted(ask: Ask, place: str) -> None:
    await ask("k8s_apply", manifest=CONFIG, namespace=place)
    another = await ask("k8s_delete", kind="cm", name="settings", namespace=place, uid="someone-else")
    assert (another.status, "nothing was deleted" in another.text) == ("failed", True)
    deleted = await ask("k8s_delete", kind="cm", name="settings", namespace=place)
    assert deleted.text == f"Deleted configmap settings in {place}."
    again = await ask("k8s_delete", kind="cm", name="settings", namespace=place)
    assert again.text.startswith(f'There is no configmap "settings" in {place}.')
    nowhere = await ask("k8s_delete", kind="cm", name="settings")
    assert nowhere.text == "Name the namespace: a configmap lives in one."


async def test_the_demo_cluster_says_that_it_runs_no_commands(ask: Ask) -> None:
    pods = await ask("k8s_list", kind="pods", label_selector="app=cart", namespace="shop")
    outcome = await ask("pod_exec", pod=pods.data["rows"][0][0], namespace="shop", command=["id"])
    assert outcome.status == "failed"
    assert "does not run commands in containers" in outcome.text


@pytest.mark.parametrize("kind", list(FORMS))
async def test_every_draft_is_accepted_by_the_server(ask: Ask, place: str, kind: str) -> None:
    drafted = await ask(
        "manifest_draft",
        kind=kind,
        name="drafted",
        namespace=place,
        image="nginx:1.27",
        port=8080,
        command=["sleep", "60"],
        data={"user": "bob"} | ({"password": "hunter2hunter2"} if kind == "secret" else {}),
        env={"MODE": "fast"},
    )
    assert drafted.status == "completed"
    assert kind != "secret" or "hunter2" not in drafted.full + str(drafted.data)
    filled_in = drafted.data["manifest"].replace("<redacted>", "of-their-own")
    tried = await ask("k8s_apply", manifest=filled_in, dry_run=True)
    assert tried.status == "completed", tried.text
    assert tried.data["documents"][0]["state"] == "created"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "deployment", "name": "web"}, "Name the image"),
        ({"kind": "configmap", "name": "No_Good"}, "cannot name a new object"),
    ],
)
async def test_a_draft_that_would_be_refused_is_not_written(ask: Ask, arguments: dict[str, str], words: str) -> None:
    outcome = await ask("manifest_draft", **arguments)
    assert (outcome.status, words in outcome.text) == ("failed", True)
