"""Setting fields, steering rollouts, labels, bounds and jobs on the demo cluster, each in a namespace of its own."""

from typing import Any

import pytest

from tests.chat.questions import reader
from tests.tools.catalogue.conftest import Ask
from tests.tools.test_rehearsal import tried
from tests.tools.wanted import CRONJOB, CRONJOB_WITH_LITERAL, DEPLOYMENT, LITERAL, SERVICE, WITH_LITERAL
from tools.effects import Effect
from tools.kube.resources import Target

TEMPLATE = "spec.template.spec.containers[0]"


async def at(ask: Ask, place: str, path: str, kind: str = "deploy", name: str = "web") -> Any:
    read = await ask("k8s_get", kind=kind, name=name, namespace=place, path=path)
    return read.data["values"][0]


# ---- k8s_set -----------------------------------------------------------------------------------------------------


async def test_images_environment_and_resources_are_set_in_one_change(ask: Ask, place: str) -> None:
    await ask("k8s_apply", manifest=DEPLOYMENT, namespace=place)
    wishes: dict[str, Any] = {
        "images": {"app": "nginx:1.28"},
        "env": {"MODE": "fast", "LEVEL": "1"},
        "env_from": {"KEY": "secret/keys/token"},
        "resources": {"requests": {"cpu": "10m"}, "limits": {"memory": "64Mi"}},
    }
    done = await ask("k8s_set", name="web", namespace=place, **wishes)
    assert done.status == "completed", done.text
    assert "image: nginx:1.27 → nginx:1.28" in done.text
    (container,) = await at(ask, place, TEMPLATE)
    assert [entry["name"] for entry in container["env"]] == ["MODE", "LEVEL", "KEY"]
    assert container["env"][2]["valueFrom"]["secretKeyRef"] == {"name": "keys", "key": "token"}
    assert container["resources"] == {"requests": {"cpu": "10m"}, "limits": {"memory": "64Mi"}}


async def test_what_stood_there_before_is_replaced_or_taken_out(ask: Ask, place: str) -> None:
    await ask("k8s_apply", manifest=DEPLOYMENT, namespace=place)
    await ask("k8s_set", name="web", namespace=place, env={"A": "1", "B": "2"}, resources={"limits": {"cpu": "1"}})
    swapped = {"env": {"B": None}, "env_from": {"A": "configmap/settings/mode"}, "resources": {"limits": {"cpu": None}}}
    done = await ask("k8s_set", name="web", namespace=place, **swapped)
    assert done.status == "completed", done.text
    (container,) = await at(ask, place, TEMPLATE)
    (variable,) = container["env"]
    assert (variable["name"], "value" in variable) == ("A", False)
    assert not container.get("resources", {}).get("limits")
    back = await ask("k8s_set", name="web", namespace=place, env={"A": "plain"})
    assert back.status == "completed", back.text


async def test_the_next_jobs_of_a_cronjob_are_set(ask: Ask, place: str) -> None:
    await ask("k8s_apply", manifest=CRONJOB, namespace=place)
    done = await ask("k8s_set", kind="cronjob", name="tidy", namespace=place, images={"tidy": "busybox:1.37"})
    assert done.status == "completed", done.text
    path = "spec.jobTemplate.spec.template.spec.containers[0].image"
    assert await at(ask, place, path, "cronjob", "tidy") == ["busybox:1.37"]


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({}, "Say what to set"),
        ({"images": {"ghost": "nginx"}}, "There is no container"),
        ({"images": {"app": "two words"}}, "An image is one word"),
        ({"images": {"app": ""}}, "An image is one word"),
        ({"env": {"1X": "a"}}, "cannot name a variable"),
        ({"env": {"A": "1"}, "env_from": {"A": "secret/keys/token"}}, "choose one"),
        ({"env_from": {"A": "secret/keys"}}, "is no source of a variable"),
        ({"env_from": {"A": "secret/../token"}}, "is not a name"),
        ({"env_from": {"A": "node/keys/token"}}, "is no source of a variable"),
        ({"resources": {"limits": {"memory": "much"}}}, "The API server refuses this"),
        ({"container": "../app", "env": {"A": "1"}}, "There is no container"),
    ],
)
async def test_what_cannot_be_set_is_a_sentence(ask: Ask, place: str, wishes: dict[str, Any], words: str) -> None:
    await ask("k8s_apply", manifest=DEPLOYMENT, namespace=place)
    outcome = await ask("k8s_set", name="web", namespace=place, **wishes)
    assert (outcome.status, words in outcome.text) == ("failed", True), outcome.text
    assert await at(ask, place, f"{TEMPLATE}.image") == ["nginx:1.27"]


async def test_those_who_decide_learn_how_pods_are_replaced_and_what_is_missing(
    ask: Ask, demo: str, place: str
) -> None:
    await ask("k8s_apply", manifest=DEPLOYMENT, namespace=place)
    found = await tried(demo, "k8s_set", {"name": "web", "namespace": place, "env_from": {"A": "secret/ghost/key"}})
    assert not found.refusal
    assert any("replaced one after another" in note for note in found.notes)
    assert f"There is no secret ghost in {place}: new pods will not start before there is." in found.notes


# ---- rollouts ----------------------------------------------------------------------------------------------------


async def test_a_rollout_is_paused_and_resumed(ask: Ask, place: str) -> None:
    await ask("k8s_apply", manifest=DEPLOYMENT, namespace=place)
    steer = {"name": "web", "namespace": place}
    assert (await ask("k8s_rollout_do", action="pause", **steer)).data["changes"] == ["spec.paused: not set → true"]
    assert (await ask("k8s_rollout_do", action="pause", **steer)).data["changed"] is False
    undone = await ask("k8s_rollout_do", action="undo", **steer)
    assert "resume it first" in undone.text
    assert (await ask("k8s_rollout_do", action="resume", **steer)).data["changed"] is True
    daemon = await ask("k8s_rollout_do", action="pause", kind="daemonset", name="node-exporter", namespace="monitoring")
    assert daemon.text.startswith("Only a deployment can be paused")


async def test_a_rollout_is_put_back(ask: Ask, demo: str, place: str) -> None:
    await ask("k8s_apply", manifest=DEPLOYMENT, namespace=place)
    steer = {"name": "web", "namespace": place}
    assert "no earlier revision" in (await ask("k8s_rollout_do", action="undo", **steer)).text
    await ask("k8s_set", **steer, images={"app": "nginx:1.28"})
    await _until(ask, place, 2)
    (found,) = (await tried(demo, "k8s_rollout_do", {"action": "undo", **steer})).steps
    assert found.after is not None
    undone = await ask("k8s_rollout_do", action="undo", **steer)
    assert (undone.status, undone.data["revision"]) == ("completed", 1), undone.text
    (container,) = await at(ask, place, TEMPLATE)
    assert container["image"] == "nginx:1.27"
    (labels,) = await at(ask, place, "spec.template.metadata.labels")
    assert labels == {"app": "web"}
    ghost = await ask("k8s_rollout_do", action="undo", to_revision=9, **steer)
    assert "has no revision 9" in ghost.text
    odd = await ask("k8s_rollout_do", action="pause", to_revision=1, **steer)
    assert odd.text == "to_revision is for undo only."


async def _until(ask: Ask, place: str, revisions: int) -> None:
    for _ in range(100):
        read = await ask("k8s_rollout_history", name="web", namespace=place)
        if len(read.data["revisions"]) == revisions:
            return
    raise AssertionError(read.text)


# ---- labels ------------------------------------------------------------------------------------------------------


async def test_labels_and_annotations_are_set_and_removed(ask: Ask, place: str) -> None:
    await ask("k8s_apply", manifest=DEPLOYMENT, namespace=place)
    marks = {"labels": {"team": "a", "example.com/tier": "web"}, "annotations": {"note": "words, with: signs"}}
    done = await ask("k8s_label", kind="deploy", name="web", namespace=place, **marks)
    assert done.data["objects"][0]["state"] == "done"
    again = await ask("k8s_label", kind="deploy", name="web", namespace=place, **marks)
    assert again.data["objects"][0]["state"] == "unchanged"
    gone = await ask("k8s_label", kind="deploy", name=["web"], namespace=place, labels={"team": None})
    assert "metadata" not in gone.text
    assert "labels.team: a → not set" in gone.text


async def test_a_selector_chooses_and_is_counted(ask: Ask, place: str) -> None:
    names = ["one", "two", "three"]
    made = "---\n".join(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {{set: mine}}}}\n" for name in names
    )
    await ask("k8s_apply", manifest=made, namespace=place)
    here = {"kind": "cm", "namespace": place, "labels": {"seen": "yes"}}
    done = await ask("k8s_label", label_selector="set=mine", **here)
    assert [line["state"] for line in done.data["objects"]] == ["done"] * 3
    many = await ask("k8s_label", label_selector="set=mine", max_count=2, **here)
    assert (many.status, "3 configmaps" in many.text, "max_count (2)" in many.text) == ("failed", True, True)
    none = await ask("k8s_label", label_selector="set=others", **here)
    assert none.text.startswith(f"No configmap in {place} has the labels set=others")
    for selector in ("", "  ", None):
        assert "one of the two" in (await ask("k8s_label", label_selector=selector, **here)).text
    bad = await ask("k8s_label", label_selector="!!=(", **here)
    assert bad.status == "failed"
    assert (await ask("k8s_label", label_selector="set=mine", kind="cm", namespace=place)).text.startswith("Say which")
    nowhere = await ask("k8s_label", label_selector="set=mine", kind="cm", labels={"a": "b"})
    assert nowhere.text.startswith("Name the namespace")


async def test_a_label_that_selectors_hang_on_is_warned_about(ask: Ask, demo: str, place: str) -> None:
    await ask("k8s_apply", manifest=f"{DEPLOYMENT}---\n{SERVICE}", namespace=place)
    pod = await _a_pod(ask, place)
    found = await tried(demo, "k8s_label", {"kind": "pod", "name": pod, "namespace": place, "labels": {"app": "other"}})
    told = " ".join(found.notes)
    assert "Service web loses 1 pod by this." in told
    assert "ReplicaSet web-" in told
    harmless = await tried(demo, "k8s_label", {"kind": "pod", "name": pod, "namespace": place, "labels": {"x": "y"}})
    assert harmless.notes == ()


async def _a_pod(ask: Ask, place: str) -> str:
    for _ in range(100):
        read = await ask("k8s_list", kind="pods", namespace=place)
        if read.data["rows"]:
            return str(read.data["rows"][0][0])
    raise AssertionError("no pod came up")


# ---- bounds and jobs ---------------------------------------------------------------------------------------------


async def test_the_bounds_of_an_autoscaler_are_set(ask: Ask) -> None:
    here = {"kind": "hpa", "name": "storefront", "namespace": "shop"}
    before = await at(ask, "shop", "spec.maxReplicas", "hpa", "storefront")
    done = await ask("k8s_scale", **here, max_replicas=before[0] + 1)
    assert done.data["changes"] == [f"spec.maxReplicas: {before[0]} → {before[0] + 1}"]
    assert (await ask("k8s_scale", **here, max_replicas=before[0])).status == "completed"
    assert (await ask("k8s_scale", **here, replicas=3)).text.startswith("Set min_replicas")
    assert (await ask("k8s_scale", name="storefront", namespace="shop")).text.startswith("Set replicas")
    wrong = await ask("k8s_scale", **here, min_replicas=90)
    assert wrong.status == "failed"


async def test_a_cronjob_is_run_now(ask: Ask, demo: str, place: str) -> None:
    await ask("k8s_apply", manifest=CRONJOB, namespace=place)
    done = await ask("job_run", cronjob="tidy", namespace=place, name="tidy-now")
    assert done.status == "completed", done.text
    (meta,) = await at(ask, place, "metadata", "job", "tidy-now")
    assert meta["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual"
    assert meta["ownerReferences"][0]["name"] == "tidy"
    again = await ask("job_run", cronjob="tidy", namespace=place, name="tidy-now")
    assert "It exists already" in again.text
    found = await tried(demo, "job_run", {"cronjob": "tidy", "namespace": place})
    assert "The cronjob is suspended; this job runs all the same." in found.notes
    assert (await ask("job_run", cronjob="tidy", namespace=place, name="No Good")).status == "failed"


# ---- what is masked ----------------------------------------------------------------------------------------------


async def test_what_a_revision_or_a_template_keeps_masked_is_written_back_as_it_is(demo, ask: Ask, place: str) -> None:
    variable = {"name": "DB_PASSWORD", "value": LITERAL}
    await ask("k8s_apply", manifest=WITH_LITERAL, namespace=place)
    await ask("k8s_set", name="web", namespace=place, env={"DB_PASSWORD": None})
    undone = await ask("k8s_rollout_do", action="undo", name="web", namespace=place)
    assert undone.status == "completed", undone.text
    assert await environment(demo, place, "deployments.apps", "web") == [variable]
    await ask("k8s_apply", manifest=CRONJOB_WITH_LITERAL, namespace=place)
    ran = await ask("job_run", cronjob="tidy", namespace=place, name="now")
    assert ran.status == "completed", ran.text
    assert await environment(demo, place, "jobs.batch", "now") == [variable]
    assert LITERAL not in undone.full + ran.full


async def environment(cluster: str, place: str, kind: str, name: str) -> Any:
    client = await reader(cluster, Effect.SENSITIVE)
    found = await client.original(Target(await client.resolve(kind), place, name))
    return found["spec"]["template"]["spec"]["containers"][0]["env"]


@pytest.mark.parametrize(
    "stands", ["<21 bytes, fingerprint ab12cd>", "<5 bytes>", "postgres://app:<redacted>@db/shop", "<redacted token>"]
)
async def test_what_stands_for_a_masked_value_is_never_written(ask: Ask, place: str, stands: str) -> None:
    await ask("k8s_apply", manifest=DEPLOYMENT, namespace=place)
    refused = await ask("k8s_set", name="web", namespace=place, env={"DB_PASSWORD": stands})
    assert refused.status == "failed", refused.text
    assert "Leave that field out" in refused.text
    assert "env" not in (await at(ask, place, TEMPLATE))[0]
