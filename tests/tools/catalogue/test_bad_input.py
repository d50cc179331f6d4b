"""What clusters and models send that is odd, large or gone: a plain sentence each, within bounds of memory."""

import contextlib
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from tests.tools.api import Api, serving, status
from tools import registry, toolbox
from tools.kube.client import KubeClient
from tools.kube.errors import BadInput, KubeError, NotFound, UnknownKind
from tools.spec import Result

MEGABYTE = 1 << 20
VERBS = ["get", "list", "watch"]
CORE = {
    "resources": [
        {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": VERBS},
        {"name": "configmaps", "kind": "ConfigMap", "namespaced": True, "verbs": VERBS},
        {"name": "namespaces", "kind": "Namespace", "verbs": VERBS},
    ]
}
GROUPS = {"groups": [{"name": "a.b", "versions": [{"version": "v1"}], "preferredVersion": {"version": "v1"}}]}
CUSTOM = {"resources": [{"name": "things", "kind": "Thing", "namespaced": True, "verbs": VERBS}]}
DISCOVERY = {"/api": {"kind": "APIVersions"}, "/apis": GROUPS, "/api/v1": CORE, "/apis/a.b/v1": CUSTOM}
COLUMNS = [{"name": name} for name in ("Name", "Ready", "Status", "Restarts", "Age")]
Answer = Callable[[web.Request], Any]


def cluster(answer: Answer) -> Any:
    async def handler(request: web.Request) -> web.StreamResponse:
        found = DISCOVERY.get(request.path)
        answered = web.json_response(found) if found else answer(request)
        return answered if isinstance(answered, web.StreamResponse) else await answered(request)

    return handler


async def ask(api: Api, wanted: str, /, **arguments: Any) -> Result:
    tool = registry.find(wanted)
    return await tool.run(KubeClient(api.transport(), api.client().permit), toolbox.parse(tool, arguments))


def rows(first: int, many: int, namespace: str = "shop", proceed: str = "") -> dict[str, Any]:
    found = [
        {
            "cells": [f"web-{n}", "1/1", "Running", 0, "5d"],
            "object": {"metadata": {"name": f"web-{n}", "namespace": namespace, "labels": {"app": "web"}}},
        }
        for n in range(first, first + many)
    ]
    return {"columnDefinitions": COLUMNS, "rows": found, "metadata": {"continue": proceed}}


def fifty_thousand(request: web.Request) -> web.Response:
    first = int(request.query.get("continue") or 0)
    last = first + 500
    return web.json_response(rows(first, 500, proceed=str(last) if last < 50_000 else ""))


@pytest.mark.parametrize(
    ("asked", "header"),
    [
        ({"summary": True}, "50,000 pods in all namespaces."),
        ({"where": "NAME=web-49999"}, "1 pod in all namespaces matching NAME=web-49999."),
        ({"sort": "-name", "limit": 3}, "3 of 50,000 pods in all namespaces"),
    ],
    ids=["summary", "where", "sort"],
)
async def test_fifty_thousand_pods_are_read_to_the_end_within_sixty_megabytes(
    asked: dict[str, Any], header: str
) -> None:
    async with serving(cluster(fifty_thousand)) as api:
        await ask(api, "k8s_list", kind="pods", limit=1)
        tracemalloc.start()
        found = await ask(api, "k8s_list", kind="pods", **asked)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found.header.startswith(header)
        assert peak < 60 * MEGABYTE
        api.seen.clear()


async def test_one_object_of_a_megabyte_and_a_half_is_told_within_bounds() -> None:
    large = {"kind": "Thing", "metadata": {"name": "x"}, "spec": {f"key-{n}": "v" * 100 for n in range(14_000)}}
    async with serving(cluster(lambda _: web.json_response(large))) as api:
        tracemalloc.start()
        found = await ask(api, "k8s_get", kind="thing", name="x", namespace="shop")
        text, full, data = toolbox._cleaned(found, set())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert len(text.encode()) <= toolbox.LARGEST_TEXT
    assert "cut here" in text
    assert len(full.encode()) <= toolbox.LARGEST_FULL
    assert data is None
    assert peak < 60 * MEGABYTE


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
        found = await ask(api, tool, **arguments)
    assert found.header.startswith(says)
    assert found.header.endswith("Not allowed in 1 namespace, left out: closed.")


async def test_a_place_that_expires_while_a_list_is_read_begins_it_again_once() -> None:
    seen: list[str] = []

    def expiring(request: web.Request) -> Any:
        seen.append(request.query.get("continue", ""))
        if request.query.get("continue") and seen.count("") == 1:
            return status(410, "Expired", "The provided continue parameter is too old")
        return web.json_response(rows(0, 2, proceed="" if request.query.get("continue") else "n"))

    async with serving(cluster(expiring)) as api:
        found = await ask(api, "k8s_list", kind="pods", summary=True)
    assert found.data["total"] == 4
    assert seen == ["", "n", "", "n"]


async def test_a_custom_kind_that_is_deleted_meanwhile_is_told_as_gone() -> None:
    async with serving(cluster(lambda _: web.Response(status=404, text="404 page not found"))) as api:
        with pytest.raises(NotFound, match=r"does not know /apis/a\.b/v1"):
            await ask(api, "k8s_list", kind="things")


@pytest.mark.parametrize("kind", ["extensions/v1beta1/Deployment", "apps/v1beta1/Deployment", "gizmos", "", "../pods"])
async def test_a_kind_that_is_not_served_or_has_moved_is_told(kind: str) -> None:
    async with serving(cluster(lambda _: web.json_response(rows(0, 1)))) as api:
        with pytest.raises((UnknownKind, toolbox.BadArguments)):
            await ask(api, "k8s_list", kind=kind)


@pytest.mark.parametrize(
    "name", ["-o", "--all", "a/b", "../x", "a..b", "naïve", "web\u202e", "x" * 254, "a b", "a%2fb"]
)
@pytest.mark.parametrize("tool", ["k8s_get", "k8s_describe", "k8s_relations", "k8s_wait"])
async def test_a_name_that_no_object_can_have_is_refused_before_anything_is_sent(tool: str, name: str) -> None:
    async with serving(cluster(lambda _: web.json_response({}))) as api:
        with pytest.raises(BadInput, match="is not a name"):
            await ask(api, tool, kind="pod", name=name, namespace="shop")
        assert all(path.startswith("/api") and "shop" not in path for _, path in api.seen)


NOTHING: list[Any] = [
    {},
    {"items": None, "metadata": None},
    {"items": [None]},
    {"items": [{"metadata": None, "spec": None, "status": None}]},
    {"items": [{"metadata": {"name": None, "labels": None, "managedFields": None}}]},
    {"columnDefinitions": None, "rows": None},
    [],
    "text",
    None,
]


@pytest.mark.parametrize("answer", NOTHING, ids=repr)
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("k8s_list", {"kind": "pods"}),
        ("k8s_list", {"kind": "pods", "where": "status.phase!=Running"}),
        ("k8s_images", {}),
        ("k8s_changes", {"namespace": "shop"}),
        ("k8s_events", {"namespace": "shop"}),
        ("k8s_relations", {"kind": "pod", "name": "p", "namespace": "shop"}),
        ("secret_inspect", {"namespace": "shop"}),
        ("helm_list", {"namespace": "shop"}),
    ],
)
async def test_nulls_where_the_schema_says_object_are_an_answer_or_a_sentence(
    tool: str, arguments: dict[str, Any], answer: Any
) -> None:
    async with serving(cluster(lambda _: web.json_response(answer))) as api:
        with contextlib.suppress(KubeError):
            assert (await ask(api, tool, **arguments)).header
