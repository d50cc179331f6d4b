"""What clusters and models send that is odd, large or gone: a plain sentence each, within bounds of memory."""

import contextlib
from typing import Any

import pytest
from aiohttp import web

from tests.tools.api import serving, status
from tests.tools.catalogue.odd import ask, cluster, rows, within
from tools import registry, toolbox
from tools.kube.errors import BadInput, Gone, KubeError, NotFound, UnknownKind


def some_namespaces(request: web.Request) -> Any:
    """All at once is forbidden, and so is one of the three."""
    if request.path == "/api/v1/namespaces":
        found = [{"cells": [name], "object": {"metadata": {"name": name}}} for name in ("a", "b", "closed")]
        return web.json_response({"columnDefinitions": [{"name": "Name"}], "rows": found})
    namespace = request.path.split("/")[4] if "/namespaces/" in request.path else ""
    if namespace in ("", "closed"):
        return status(403, "Forbidden", 'pods is forbidden: User "x" cannot list resource "pods"')
    if "as=Table" not in request.headers["Accept"]:
        return web.json_response({"items": [{"metadata": {"name": "p", "namespace": namespace}, "spec": {}}]})
    return web.json_response(rows(0, 2, namespace))


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("k8s_list", {"kind": "pods"}, "4 pods in all namespaces."),
        ("k8s_list", {"kind": "pods", "summary": True}, "4 pods in all namespaces."),
        ("k8s_list", {"kind": "pods", "columns": ["metadata.name"]}, "2 pods in all namespaces."),
        ("k8s_images", {}, "No images in all namespaces."),
    ],
)
async def test_who_may_read_some_namespaces_gets_those_and_hears_of_the_others(
    tool: str, arguments: dict[str, Any], says: str
) -> None:
    async with serving(cluster(some_namespaces)) as api:
        with within():
            found = await ask(api, tool, **arguments)
    assert found.header.startswith(says)
    assert found.header.endswith("Not allowed in 1 namespace, left out: closed.")


@pytest.mark.parametrize("more", [{}, {"summary": True}])
async def test_who_may_read_every_namespace_but_not_all_at_once_gets_all(more: dict[str, Any]) -> None:
    def answer(request: web.Request) -> Any:
        if request.path == "/api/v1/namespaces":
            found = [{"cells": [name], "object": {"metadata": {"name": name}}} for name in ("a", "b", "c")]
            return web.json_response({"columnDefinitions": [{"name": "Name"}], "rows": found})
        namespace = request.path.split("/")[4] if "/namespaces/" in request.path else ""
        return web.json_response(rows(0, 2, namespace)) if namespace else status(403, "Forbidden", "no")

    async with serving(cluster(answer)) as api:
        with within():
            found = await ask(api, "k8s_list", kind="pods", **more)
    assert found.header.startswith("6 pods in all namespaces.")


async def test_a_place_that_expires_while_a_list_is_read_begins_it_again_once() -> None:
    seen: list[str] = []

    def expiring(request: web.Request) -> Any:
        seen.append(request.query.get("continue", ""))
        if request.query.get("continue") and seen.count("") == 1:
            return status(410, "Expired", "The provided continue parameter is too old")
        return web.json_response(rows(0, 2, proceed="" if request.query.get("continue") else "n"))

    async with serving(cluster(expiring)) as api:
        with within():
            found = await ask(api, "k8s_list", kind="pods", summary=True)
    assert found.data["total"] == 4
    assert seen == ["", "n", "", "n"]


async def test_a_place_that_expires_again_and_again_is_told_and_not_tried_for_ever() -> None:
    def expiring(request: web.Request) -> Any:
        if request.query.get("continue"):
            return status(410, "Expired", "The provided continue parameter is too old")
        return web.json_response(rows(0, 500, proceed="n"))

    async with serving(cluster(expiring)) as api:
        with within(), pytest.raises(Gone, match="Ask for the list again from its beginning"):
            await ask(api, "k8s_list", kind="pods", summary=True)
        assert sum("/pods" in path for _, path in api.seen) == 4


async def test_a_watch_whose_place_is_always_expired_ends_in_time_and_says_how_it_is() -> None:
    def expiring(request: web.Request) -> Any:
        if request.query.get("watch"):
            return status(410, "Expired", "too old resource version")
        return web.json_response({"items": [{"metadata": {"name": "p"}, "status": {"phase": "Pending"}}]})

    async with serving(cluster(expiring)) as api:
        with within():
            found = await ask(api, "k8s_wait", kind="pod", name="p", namespace="shop", timeout_seconds=2)
        assert found.header.startswith("Pod p in shop: Pending")
        assert "Not ready after" in found.header
        assert len(api.seen) < 50


def gone(request: web.Request) -> web.Response:
    """What an API server says of a kind that is not served any more."""
    if request.path.startswith("/apis/a.b/"):
        return web.Response(status=404, text="404 page not found")
    return web.json_response({"metadata": {"name": "shop"}, "items": []})


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("k8s_list", {"kind": "things"}),
        ("k8s_list", {"kind": "things", "summary": True}),
        ("k8s_get", {"kind": "thing", "name": "x", "namespace": "shop"}),
        ("k8s_describe", {"kind": "thing", "name": "x", "namespace": "shop"}),
        ("k8s_relations", {"kind": "thing", "name": "x", "namespace": "shop"}),
        ("k8s_wait", {"kind": "thing", "name": "x", "namespace": "shop", "timeout_seconds": 1}),
    ],
)
async def test_a_custom_kind_that_is_deleted_meanwhile_is_told_as_gone(tool: str, arguments: dict[str, Any]) -> None:
    async with serving(cluster(gone)) as api:
        with within(), pytest.raises(NotFound, match=r"does not know /apis/a\.b/v1"):
            await ask(api, tool, **arguments)


async def test_a_custom_kind_that_is_deleted_between_two_pages_is_told_as_gone() -> None:
    def answer(request: web.Request) -> web.Response:
        return gone(request) if request.query.get("continue") else web.json_response(rows(0, 500, proceed="n"))

    async with serving(cluster(answer)) as api:
        with within(), pytest.raises(NotFound, match=r"does not know /apis/a\.b/v1"):
            await ask(api, "k8s_list", kind="things", summary=True)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("extensions/v1beta1/Deployment", "It is served as apps/v1/Deployment."),
        ("apps/v1beta1/deployments", "It is served as apps/v1/Deployment."),
        ("batch/v1beta1/CronJob", "It is served as batch/v1/CronJob."),
        ("a.b/v2/Thing", "It is served as a.b/v1/Thing."),
        ("metrics.k8s.io/v1beta1/NodeMetrics", "It is served as metrics.k8s.io/v1/NodeMetrics."),
        ("gizmos", "k8s_discover lists what it serves"),
        ("x/v1/Gizmo", "k8s_discover lists what it serves"),
        ("deploymint", "Did you mean deployment"),
        ("../pods", "serves no kind"),
        ("all", "List one kind at a time"),
        pytest.param("k" * 100_000, "serves no kind", id="long"),
    ],
)
@pytest.mark.parametrize("tool", ["k8s_list", "k8s_get", "k8s_wait"])
async def test_a_kind_that_is_not_served_or_has_moved_is_told(tool: str, kind: str, says: str) -> None:
    one = {} if tool == "k8s_list" else {"name": "x", "namespace": "shop"}
    async with serving(cluster(lambda _: web.json_response(rows(0, 1)))) as api:
        with within(), pytest.raises(UnknownKind, match=says) as fault:
            await ask(api, tool, kind=kind, **one)
        assert len(str(fault.value)) < 400
        with pytest.raises(toolbox.BadArguments):
            await ask(api, tool, kind="", **one)


@pytest.mark.parametrize(
    "name", ["-o", "--all", "a/b", "../x", "a..b", "naïve", "web\u202e", "x" * 254, "a b", "a%2fb"]
)
@pytest.mark.parametrize(
    ("tool", "asked", "where"),
    [
        *[(tool, {"kind": "pod"}, "name") for tool in ("k8s_get", "k8s_describe", "k8s_relations", "k8s_wait")],
        ("k8s_diagnose", {"kind": "pod"}, "name"),
        ("k8s_compare", {"kind": "pod", "other": {"namespace": "other"}}, "name"),
        ("k8s_rollout_status", {}, "name"),
        ("k8s_rollout_history", {}, "name"),
        ("secret_inspect", {}, "name"),
    ],
)
async def test_a_name_that_no_object_can_have_is_refused_before_anything_is_sent(
    tool: str, asked: dict[str, Any], where: str, name: str
) -> None:
    async with serving(cluster(lambda _: web.json_response({}))) as api:
        with within(), pytest.raises(BadInput, match="is not a name") as fault:
            await ask(api, tool, **asked, **{where: name}, namespace="shop")
        assert len(str(fault.value)) < 200
        assert all(path.startswith("/api") and "/namespaces/" not in path for _, path in api.seen)


@pytest.mark.parametrize("namespace", ["-o", "--all", "a/b", "../x", "a..b", "naïve", "x" * 64, "a b", "A", "a\u202e"])
@pytest.mark.parametrize(
    ("tool", "asked"),
    [
        ("k8s_list", {"kind": "pods"}),
        ("k8s_get", {"kind": "pod", "name": "x"}),
        ("k8s_logs", {"target": "x"}),
        ("k8s_events", {}),
        ("k8s_top", {}),
        ("k8s_images", {}),
        ("k8s_changes", {}),
        ("k8s_diagnose", {}),
        ("k8s_can_i", {}),
        ("helm_list", {}),
        ("helm_get", {"release": "x"}),
        ("gitops_status", {}),
        ("secret_inspect", {}),
    ],
)
async def test_a_namespace_that_cannot_be_is_refused_before_anything_is_sent(
    tool: str, asked: dict[str, Any], namespace: str
) -> None:
    async with serving(cluster(lambda _: web.json_response({}))) as api:
        with within(), pytest.raises(BadInput, match="is not a name a namespace can have"):
            await ask(api, tool, **asked, namespace=namespace)
        assert not any("/namespaces/" in path for _, path in api.seen)


ON_POD = {"kind": "pod", "name": "p", "namespace": "shop"}
ROLLOUT = {"name": "p", "namespace": "shop"}
NOTHING: list[Any] = [
    {},
    {"items": None, "metadata": None},
    {"items": [None]},
    {"items": [{"metadata": None, "spec": None, "status": None}]},
    {"items": [{"metadata": {"name": None, "labels": None, "managedFields": None}}]},
    {"kind": "Pod", "metadata": {"name": "p", "ownerReferences": None}, "spec": None, "status": None},
    {"metadata": {"name": "p"}, "spec": {"containers": None, "selector": None}, "status": {"conditions": [None]}},
    {"columnDefinitions": None, "rows": None},
    {"columnDefinitions": [None], "rows": [None]},
    [],
    "text",
    None,
]
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("k8s_list", {"kind": "pods"}),
    ("k8s_list", {"kind": "pods", "where": "status.phase!=Running"}),
    ("k8s_list", {"kind": "pods", "summary": True}),
    ("k8s_get", ON_POD),
    ("k8s_get", {**ON_POD, "view": "full"}),
    ("k8s_describe", ON_POD),
    ("k8s_describe", {**ON_POD, "kind": "service"}),
    ("k8s_describe", {**ON_POD, "kind": "deployment"}),
    ("k8s_diagnose", {}),
    ("k8s_diagnose", {"namespace": "shop", "hygiene": True}),
    ("k8s_diagnose", ON_POD),
    ("k8s_discover", {"query": "pods", "fields": "spec"}),
    ("k8s_logs", {"target": "pod/p", "namespace": "shop"}),
    ("k8s_logs", {"label_selector": "app=web"}),
    ("k8s_top", {}),
    ("k8s_top", {"scope": "nodes"}),
    ("k8s_top", {"scope": "containers"}),
    ("k8s_wait", {**ON_POD, "timeout_seconds": 1}),
    ("k8s_rollout_status", ROLLOUT),
    ("k8s_rollout_history", ROLLOUT),
    ("k8s_rollout_history", {**ROLLOUT, "revision": 1}),
    ("k8s_images", {}),
    ("k8s_changes", {"namespace": "shop"}),
    ("k8s_events", {"namespace": "shop"}),
    ("k8s_relations", ON_POD),
    ("k8s_compare", {**ON_POD, "other": {"name": "q"}}),
    ("k8s_can_i", {}),
    ("k8s_can_i", {"verb": "get", "kind": "pods"}),
    ("secret_inspect", {"namespace": "shop"}),
    ("secret_inspect", {"namespace": "shop", "name": "p"}),
    ("helm_list", {"namespace": "shop"}),
    ("helm_get", {"namespace": "shop", "release": "p"}),
    ("gitops_status", {}),
    ("cluster_status", {}),
    ("node_stats", {"node": "p"}),
]
ELSEWHERE = {"clusters_list", "fleet_query", "manifest_draft"}  # these read no answer of one cluster


def test_every_reading_tool_is_asked_of_a_cluster_that_says_nothing() -> None:
    reading = {tool.name for tool in registry.all_tools() if not tool.effect.writes and not tool.inside}
    assert {name for name, _ in ASKED} == reading - ELSEWHERE


@pytest.mark.parametrize("answer", NOTHING, ids=repr)
@pytest.mark.parametrize(("tool", "arguments"), ASKED)
async def test_nulls_where_the_schema_says_object_are_an_answer_or_a_sentence(
    tool: str, arguments: dict[str, Any], answer: Any
) -> None:
    async with serving(cluster(lambda _: web.json_response(answer))) as api:
        with within(), contextlib.suppress(KubeError):
            assert (await ask(api, tool, **arguments)).header
