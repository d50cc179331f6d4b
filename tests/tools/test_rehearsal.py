"""A change is tried out before it is made: what it would send is known, and nothing is stored."""

import uuid
from typing import Any

import pytest

from tests.conftest import in_database
from tests.tools.api import ANYTHING, SOMEBODY, announced, answering, in_turn, serving, status
from tools import clusters, plans, registry, toolbox
from tools.effects import Effect
from tools.kube.client import KubeClient, Selection
from tools.kube.errors import NotPermitted
from tools.kube.guard import Permit
from tools.kube.plan import Passes, Recorder, state
from tools.kube.rehearsing import RehearsalTransport
from tools.kube.transport import Request, Transport
from tools.rehearsal import Rehearsal, rehearse, states

SHOP = {"namespace": "shop"}
CHANGES: list[tuple[str, dict[str, Any], str]] = [
    ("k8s_scale", {"name": "storefront", "replicas": 5, **SHOP}, "spec.replicas: "),
    (
        "k8s_patch",
        {"kind": "deployment", "name": "storefront", "patch": {"spec": {"paused": True}}, **SHOP},
        "spec.paused: ",
    ),
    ("k8s_rollout_do", {"action": "restart", "name": "storefront", **SHOP}, "restartedAt"),
]


async def tried(cluster: str, name: str, arguments: dict[str, Any]) -> Rehearsal:
    tool = registry.find(name)
    permit = Permit("call-1", cluster, tool.effect, rehearsal=True)
    return await rehearse(tool, toolbox.parse(tool, arguments), cluster, permit, SOMEBODY)


async def object_at(cluster: str, path: str) -> dict[str, Any]:
    access = await in_database(clusters.access, cluster, SOMEBODY)
    return await KubeClient(Transport(cluster, access), Permit("t", cluster, Effect.SENSITIVE)).object(
        Request("GET", path)
    )


@pytest.mark.parametrize(("name", "arguments", "says"), CHANGES, ids=[name for name, _, _ in CHANGES])
async def test_a_change_is_tried_out_and_told_and_not_made(demo: str, name: str, arguments: Any, says: str) -> None:
    path = "/apis/apps/v1/namespaces/shop/deployments/storefront"
    before = await object_at(demo, path)
    found = await tried(demo, name, arguments)
    assert not found.refusal
    assert found.changes
    (told,) = plans.shown(found.steps)
    assert any(says in line for line in told["lines"]), told["lines"]
    assert any(sign == "+" for sign, _ in told["diff"])
    now = await object_at(demo, path)
    assert now["metadata"]["generation"] == before["metadata"]["generation"]


async def test_a_deletion_is_tried_out_and_shown_whole(demo: str) -> None:
    name = f"gone-{uuid.uuid4().hex[:6]}"
    manifest = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {{mode: fast}}"
    await _really(demo, "k8s_apply", {"manifest": manifest})
    found = await tried(demo, "k8s_delete", {"kind": "configmap", "name": name, **SHOP})
    (step,) = found.steps
    assert (step.verb, step.kind, step.namespace, step.name, step.effect) == (
        "delete", "configmaps", "shop", name, Effect.DESTROY,
    )  # fmt: skip
    assert ["-", "  mode: fast"] in plans.shown(found.steps)[0]["diff"]
    assert (await object_at(demo, f"/api/v1/namespaces/shop/configmaps/{name}"))["data"] == {"mode": "fast"}


async def _really(cluster: str, name: str, arguments: dict[str, Any]) -> toolbox.Outcome:
    tool = registry.find(name)
    permit = Permit("call-0", cluster, tool.effect, announce=announced, plan=ANYTHING)
    return await toolbox.run(tool, toolbox.parse(tool, arguments), cluster, permit, SOMEBODY)


async def test_what_the_server_refuses_fails_before_anybody_is_asked(demo: str) -> None:
    found = await tried(demo, "namespace_create", {"name": "shop"})
    assert "exists already" in found.refusal


async def test_documents_that_need_an_earlier_one_are_said_to_be_untried(demo: str) -> None:
    place = f"n-{uuid.uuid4().hex[:6]}"
    manifest = (
        f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {place}}}\n---\n"
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: {place}}}\ndata: {{a: b}}"
    )
    found = await tried(demo, "k8s_apply", {"manifest": manifest})
    assert not found.refusal
    assert [step.untried for step in found.steps] == ["", f"it cannot be tried before namespaces {place} exists"]


async def test_a_kind_that_the_call_defines_itself_is_known_beforehand(demo: str) -> None:
    group = f"g{uuid.uuid4().hex[:6]}.example.com"
    version = "{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}"
    names = "{kind: Gadget, plural: gadgets, singular: gadget}"
    manifest = (
        f"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: gadgets.{group}}}\n"
        f"spec: {{group: {group}, scope: Namespaced, names: {names}, versions: [{version}]}}\n---\n"
        f"apiVersion: {group}/v1\nkind: Gadget\nmetadata: {{name: g, namespace: shop}}"
    )
    found = await tried(demo, "k8s_apply", {"manifest": manifest})
    assert not found.refusal, found.refusal
    assert found.steps[1].untried == "it cannot be tried before its kind exists"


async def test_a_command_cannot_be_tried_out_and_is_not_run(demo: str) -> None:
    access = await in_database(clusters.access, demo, SOMEBODY)
    client = KubeClient(Transport(demo, access), Permit("t", demo, Effect.READ))
    pods = await client.page(await client.resolve("pods"), Selection("shop"))
    running = next(p for p in pods.items if p["status"]["phase"] == "Running")
    found = await tried(demo, "pod_exec", {"pod": running["metadata"]["name"], "command": ["ls", "/"], **SHOP})
    assert not found.refusal, found.refusal
    (step,) = found.steps
    assert step.untried
    assert step.effect is Effect.EXECUTE
    assert [pair for pair in step.wire[2] if pair[0] == "command"] == [("command", "ls"), ("command", "/")]


async def test_values_of_a_secret_are_told_as_changed_and_never_shown(demo: str) -> None:
    name = f"s-{uuid.uuid4().hex[:6]}"
    made = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: shop}}\nstringData: {{password: "
    await _really(demo, "k8s_apply", {"manifest": f"{made}first-secret-1}}"})
    found = await tried(demo, "k8s_apply", {"manifest": f"{made}other-secret-2}}"})
    told = str(plans.shown(found.steps))
    was, now = [line for sign, line in plans.shown(found.steps)[0]["diff"] if sign in "+-" and "password" in line]
    assert was != now
    for value in ("first-secret-1", "other-secret-2", "Zmlyc3Qtc2VjcmV0LTE=", "b3RoZXItc2VjcmV0LTI="):
        assert value not in told


async def test_the_digests_of_two_tries_are_the_same_until_the_object_moves(demo: str) -> None:
    name, scale = "storefront", {"name": "storefront", "replicas": 4, **SHOP}
    first, second = [await tried(demo, "k8s_scale", scale) for _ in range(2)]
    assert [step.bound() for step in first.steps] == [step.bound() for step in second.steps]
    permit = Permit("look", demo, Effect.READ)
    (step,) = first.steps
    assert await states(demo, permit, SOMEBODY, [step.address]) == {step.address: state(step.whole)}
    await _really(
        demo, "k8s_patch", {"kind": "deployment", "name": name, "patch": {"spec": {"minReadySeconds": 1}}, **SHOP}
    )
    assert await states(demo, permit, SOMEBODY, [step.address]) != {step.address: state(step.whole)}
    await _really(
        demo, "k8s_patch", {"kind": "deployment", "name": name, "patch": {"spec": {"minReadySeconds": 0}}, **SHOP}
    )


# ---- the wire ----------------------------------------------------------------------------------------------------

POD = "/api/v1/namespaces/shop/pods/web-1"
FOUND = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web-1", "uid": "u1", "resourceVersion": "7"}}
REHEARSAL = Permit("call-1", "test", Effect.DESTROY, rehearsal=True)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_every_write_of_a_rehearsal_says_that_it_is_one(method: str) -> None:
    async with serving(answering(FOUND)) as api:
        transport = RehearsalTransport("test", api.access(), Recorder())
        await transport.send(Request(method, POD, body=b'{"kind":"DeleteOptions"}'), REHEARSAL)
        writes = [path for sent, path in api.seen if sent == method]
        assert writes == [f"{POD}?dryRun=All"]
        if method == "DELETE":  # with a body, an API server does not look at the query
            assert api.bodies[-1]["dryRun"] == ["All"]


async def test_a_rehearsal_s_permit_on_the_ordinary_wire_changes_nothing() -> None:
    async with serving(answering(FOUND)) as api:
        for query in ({}, {"dryRun": "All"}):
            with pytest.raises(NotPermitted):
                await api.transport().send(Request("DELETE", POD, query, b'{"kind":"DeleteOptions"}'), REHEARSAL)
        assert api.seen == []


async def test_a_server_that_does_not_know_dry_runs_is_told_so() -> None:
    refused = status(400, "BadRequest", 'admission webhook "x" does not support dry run')
    async with serving(in_turn(answering(FOUND), refused)) as api:
        recorder = Recorder()
        await RehearsalTransport("test", api.access(), recorder).send(Request("PATCH", POD, body=b"{}"), REHEARSAL)
    assert recorder.steps[0].untried == "something in this cluster does not know dry runs"


async def test_what_could_not_be_tried_out_on_an_object_that_is_going_may_let_it_go() -> None:
    going = {**FOUND, "metadata": {**FOUND["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    refused = status(400, "BadRequest", 'admission webhook "x" does not support dry run')
    async with serving(in_turn(answering(going), refused)) as api:
        recorder = Recorder()
        await RehearsalTransport("test", api.access(), recorder).send(Request("PATCH", POD, body=b"{}"), REHEARSAL)
    assert recorder.steps[0].effect is Effect.DESTROY


async def test_only_what_was_rehearsed_leaves_and_only_once() -> None:
    async with serving(answering(FOUND)) as api:
        recorder = Recorder()
        planned = Request("PATCH", POD, body=b'{"a":1}')
        await RehearsalTransport("test", api.access(), recorder).send(planned, REHEARSAL)
        allowed = Permit("call-1", "test", Effect.DESTROY, announce=announced, plan=Passes(recorder.steps))
        transport, tried_out = api.transport(), len(api.seen)
        for other in (
            Request("PATCH", POD, body=b'{"a":2}'),
            Request("PATCH", POD, {"force": "true"}, body=b'{"a":1}'),
            Request("PATCH", POD, body=b'{"a":1}', content_type="application/merge-patch+json"),
            Request("PUT", POD, body=b'{"a":1}'),
            Request("PATCH", POD + "0", body=b'{"a":1}'),
        ):
            with pytest.raises(NotPermitted):
                await transport.send(other, allowed)
        await transport.send(planned, allowed)
        with pytest.raises(NotPermitted):
            await transport.send(planned, allowed)
        unplanned = Permit("call-1", "test", Effect.DESTROY, announce=announced)
        with pytest.raises(NotPermitted):
            await transport.send(planned, unplanned)
        assert len(api.seen) == tried_out + 1
