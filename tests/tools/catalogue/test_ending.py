"""Deletions by labels, finalizers and debug containers on the demo cluster."""

from typing import Any

import pytest

from tests.tools.api import SOMEBODY, announced
from tests.tools.catalogue.conftest import Ask
from tests.tools.test_rehearsal import tried
from tests.tools.wanted import CONFIG
from tools import registry, toolbox
from tools.effects import Effect
from tools.kube.guard import Permit
from tools.kube.plan import Passes
from tools.undoing import inverse

HELD = """
apiVersion: v1
kind: ConfigMap
metadata: {name: held, finalizers: [gadgets.example.com/cleanup, other.example.org/cleanup]}
"""


def several(*names: str) -> str:
    return "---\n".join(
        f"{CONFIG.replace('settings', name).replace('}', ', labels: {set: mine}}', 1)}" for name in names
    )


async def names_of(ask: Ask, place: str) -> list[str]:
    read = await ask("k8s_list", kind="cm", namespace=place, label_selector="set=mine")
    return sorted(row[0] for row in read.data["rows"])


# ---- by labels ---------------------------------------------------------------------------------------------------


async def test_what_labels_choose_is_counted_and_deleted(ask: Ask, place: str) -> None:
    await ask("k8s_apply", manifest=several("a", "b", "c"), namespace=place)
    here = {"kind": "configmap", "namespace": place, "label_selector": "set=mine"}
    many = await ask("k8s_delete", max_count=2, **here)
    assert (many.status, "3 configmaps" in many.text) == ("failed", True)
    assert await names_of(ask, place) == ["a", "b", "c"]
    done = await ask("k8s_delete", **here)
    assert done.text.startswith("Deleted 3 objects: 3 done.")
    assert await names_of(ask, place) == []
    assert (await ask("k8s_delete", **here)).text.startswith("No configmap in")


async def test_only_those_of_the_plan_go_and_no_others(ask: Ask, demo: str, place: str) -> None:
    await ask("k8s_apply", manifest=several("a", "b"), namespace=place)
    arguments = {"kind": "configmap", "namespace": place, "label_selector": "set=mine"}
    found = await tried(demo, "k8s_delete", arguments)
    assert [(step.name, step.effect) for step in found.steps] == [("a", Effect.DESTROY), ("b", Effect.DESTROY)]
    assert all(step.bound()["uid"] for step in found.steps)
    assert any("Exactly these 2 go" in note for note in found.notes)
    await ask("k8s_apply", manifest=several("late"), namespace=place)
    tool = registry.find("k8s_delete")
    permit = Permit("call-1", demo, tool.effect, announce=announced, plan=Passes(found.steps))
    outcome = await toolbox.run(tool, toolbox.parse(tool, arguments), demo, permit, SOMEBODY)
    assert outcome.status == "failed"
    assert await names_of(ask, place) == ["late"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "configmap"}, "one of the two"),
        ({"kind": "configmap", "name": "a", "label_selector": "a=b"}, "one of the two"),
        ({"kind": "configmap", "label_selector": ""}, "one of the two"),
        ({"kind": "configmap", "label_selector": "a=b", "uid": "x"}, "goes with a name"),
        (
            {"kind": "pod", "label_selector": "!no-such-label", "namespace": "shop", "max_count": 1},
            "more than max_count",
        ),
        ({"kind": "pod", "label_selector": "!no-such-label", "namespace": None}, "Name the namespace"),
        ({"kind": "pod", "label_selector": "a in (", "namespace": "shop"}, "refuses"),
        ({"kind": "node", "label_selector": "!no-such-label", "max_count": 2}, "3 nodes"),
    ],
)
async def test_a_selector_that_chooses_nothing_or_too_much_is_refused(
    ask: Ask, arguments: dict[str, Any], words: str
) -> None:
    outcome = await ask("k8s_delete", **({"namespace": "shop"} | arguments))
    assert (outcome.status, words in outcome.text) == ("failed", True), outcome.text


# ---- finalizers --------------------------------------------------------------------------------------------------


async def test_finalizers_are_taken_from_what_is_being_deleted(ask: Ask, demo: str, place: str) -> None:
    await ask("k8s_apply", manifest=HELD, namespace=place)
    held: dict[str, Any] = {"kind": "cm", "name": "held", "namespace": place}
    early = await ask("finalizer_clear", **held)
    assert "is not being deleted" in early.text
    await ask("k8s_delete", **held)
    found = await tried(demo, "finalizer_clear", held)
    (step,) = found.steps
    assert step.effect is Effect.DESTROY
    assert inverse(step, demo) == (None, "It was being deleted already.")
    assert any("no pod here has gadgets or example in its name" in note for note in found.notes), found.notes
    patch = {"metadata": {"finalizers": None}}
    (by_patch,) = (await tried(demo, "k8s_patch", {**held, "patch": patch})).steps
    assert by_patch.effect is Effect.DESTROY
    ghost = await ask("finalizer_clear", **held, finalizers=["ghost"])
    assert "has no finalizer ghost" in ghost.text
    one = await ask("finalizer_clear", **held, finalizers=["other.example.org/cleanup"])
    assert one.data["left"] == ["gadgets.example.com/cleanup"]
    last = await ask("finalizer_clear", **held)
    assert "Nothing holds it any more" in last.text
    assert (await ask("k8s_get", **held)).status == "failed"


async def test_a_namespace_keeps_its_own_finalizer(ask: Ask, place: str) -> None:
    await ask("k8s_apply", manifest=HELD, namespace=place)
    await ask("k8s_delete", kind="namespace", name=place)
    outcome = await ask("finalizer_clear", kind="namespace", name=place)
    assert (outcome.status, "when what is in it has ended" in outcome.text) == ("failed", True), outcome.text
    for _ in range(100):  # the namespace's controller comes to it by itself
        cleared = await ask("finalizer_clear", kind="cm", name="held", namespace=place)
        if cleared.status == "completed":
            break
    assert cleared.status == "completed", cleared.text


# ---- debug containers --------------------------------------------------------------------------------------------


async def test_only_an_allowed_image_looks_into_a_pod(ask: Ask, settings: Any) -> None:
    pods = await ask("k8s_list", kind="pods", label_selector="app=cart", namespace="shop")
    here = {"pod": pods.data["rows"][0][0], "namespace": "shop", "image": "busybox:1.36", "command": ["id"]}
    none = await ask("pod_debug", **here)
    assert (none.status, "None is allowed yet" in none.text) == ("failed", True)
    settings.K8SMCP_DEBUG_IMAGES = ["alpine:3"]
    other = await ask("pod_debug", **here)
    assert "Allowed are alpine:3" in other.text
    settings.K8SMCP_DEBUG_IMAGES = ["busybox:1.36"]
    demo = await ask("pod_debug", **here)
    assert (demo.status, "runs no containers" in demo.text) == ("failed", True)
    target = await ask("pod_debug", **here, target="ghost")
    assert 'There is no container "ghost"' in target.text
