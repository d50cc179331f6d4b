"""What people see of a plan: who owns the object, what else it touches, and no character that hides another."""

import pytest

from tests.tools.api import SOMEBODY
from tests.tools.test_rehearsal import SHOP, tried
from tools import impact, plans
from tools.effects import Effect
from tools.kube.guard import Permit
from tools.kube.plan import Step, state, wire
from tools.ownership import owners
from tools.visible import visible

ARGO = {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}}
FLUX = {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}
HELM = {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": {"meta.helm.sh/release-name": "web"}}
SET = {"ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": True}]}
OPERATOR = {"ownerReferences": [{"kind": "PostgresCluster", "name": "orders", "controller": True}]}


@pytest.mark.parametrize(
    ("meta", "says"),
    [
        (ARGO, 'Argo CD keeps this as part of the application "shop"'),
        (FLUX, "Flux keeps this"),
        (HELM, 'the release "web"'),
        (SET, "ReplicaSet web-1 controls this"),
        (OPERATOR, "An operator controls this through PostgresCluster orders"),
    ],
)
def test_whoever_else_has_a_hand_in_an_object_is_named(meta, says):
    (sentence,) = owners({"metadata": meta})
    assert says in sentence


def test_an_object_of_nobody_else_has_no_owner():
    assert owners({"metadata": {"labels": {"app": "web"}}}) == []


async def test_pods_budgets_and_autoscalers_of_a_workload_are_told(demo):
    found = await tried(demo, "k8s_scale", {"name": "storefront", "replicas": 5, **SHOP})
    told = await impact.touched(demo, Permit("t", demo, Effect.READ), SOMEBODY, found.steps)
    assert "The PodDisruptionBudget storefront covers its pods." in told
    assert "The HorizontalPodAutoscaler storefront sets its replicas." in told
    assert any("pods belong to it" in sentence for sentence in told)


async def test_what_goes_with_a_namespace_is_counted(demo):
    found = await tried(demo, "k8s_delete", {"kind": "namespace", "name": "shop"})
    (sentence,) = await impact.touched(demo, Permit("t", demo, Effect.READ), SOMEBODY, found.steps)
    assert "deployments" in sentence
    assert "pods" in sentence


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("ad\u200dmin", "ad⟨U+200D⟩min"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("x\u00ady", "x⟨U+00AD⟩y"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_characters_that_hide_are_written_out(text, seen):
    assert visible(text) == seen


def _step(**facts) -> Step:
    known = {"verb": "patch", "group": "", "resource": "configmaps", "subresource": "", "namespace": "shop"}
    sent = wire("PATCH", "/p", {}, "application/json", b"{}")
    return Step(**known, name="c", address="/p", wire=sent, effect=Effect.CHANGE, **facts)


def test_a_difference_that_is_too_large_is_cut_and_says_so():
    before = {"kind": "ConfigMap", "data": {f"k{n}": "x" * 100 for n in range(4000)}}
    after = {"kind": "ConfigMap", "data": {f"k{n}": "y" * 100 for n in range(4000)}}
    (told,) = plans.shown([_step(before=before, after=after)])
    assert told["cut"]
    assert sum(len(line) for _, line in told["diff"]) < plans.LARGEST


def test_status_and_bookkeeping_are_no_part_of_a_state():
    meta = {"name": "c", "uid": "1", "resourceVersion": "7", "generation": 2, "managedFields": [{}]}
    then = {"metadata": meta, "data": {"a": "b"}, "status": {"x": 1}}
    now = {"metadata": meta | {"resourceVersion": "9", "generation": 3}, "data": {"a": "b"}, "status": {"x": 2}}
    assert state(then) == state(now)
    assert state(then) != state(now | {"data": {"a": "c"}})
    assert state(then) != state(then | {"metadata": meta | {"uid": "2"}})


def test_what_a_dry_run_makes_up_anew_is_no_part_of_a_state():
    """A Job's pods bear its uid, which every dry run draws: an approval of it would never fit."""

    def made(uid: str, name: str = "once") -> dict[str, object]:
        labels = {"batch.kubernetes.io/controller-uid": uid, "job-name": name}
        spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}
        return {"metadata": {"name": name, "uid": uid}, "spec": spec}

    uid = "7e8f0c2a-8f4b-4e57-9f0b-3d2f8a6c1e01"
    first, second = made(uid), made("1b2c3d4e-8f4b-4e57-9f0b-3d2f8a6c1e02")
    assert state(first, made=True) == state(second, made=True)
    assert state(first, made=True) != state(made(uid, "twice"), made=True)
    assert state(first) != state(second)
    assert state(made("1"), made=True) != state(made("2"), made=True)  # too short: it might stand anywhere
