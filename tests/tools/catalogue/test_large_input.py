"""Lists of 50,000, one object of a megabyte and a half, selectors that select everything: within bounds of memory."""

from typing import Any

import pytest
from aiohttp import web

from tests.tools.api import serving, status
from tests.tools.catalogue.odd import COLUMNS, ask, cluster, fifty_thousand, rows, within
from tools import toolbox
from tools.kube.errors import BadInput


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
        with within():
            found = await ask(api, "k8s_list", kind="pods", **asked)
        assert found.header.startswith(header)


LARGE = {"kind": "Thing", "metadata": {"name": "x"}, "spec": {f"key-{n}": "v" * 100 for n in range(14_000)}}
ONE = {"kind": "thing", "name": "x", "namespace": "shop"}


@pytest.mark.parametrize(
    ("tool", "more", "says"),
    [
        ("k8s_get", {}, "cut here"),
        ("k8s_get", {"view": "full"}, "cut here"),
        ("k8s_get", {"path": "spec"}, "cut here"),
        ("k8s_describe", {}, "cut here"),
        ("k8s_compare", {"other": {"name": "y"}}, "no difference"),
        ("k8s_relations", {}, "used by 0 objects"),
        ("k8s_wait", {"until": "Available", "timeout_seconds": 1}, "has no condition Available yet"),
        ("k8s_rollout_history", {}, ""),
    ],
)
async def test_one_object_of_a_megabyte_and_a_half_is_told_within_bounds(
    tool: str, more: dict[str, Any], says: str
) -> None:
    def answer(request: web.Request) -> web.Response:
        place = request.path.rpartition("/")[2]
        return web.json_response(LARGE if place in "xy" else {"items": [LARGE] if place == "things" else []})

    one = {"name": "x", "namespace": "shop"} if tool == "k8s_rollout_history" else ONE
    async with serving(cluster(answer)) as api:
        with within():
            text, full, data = toolbox._cleaned(await ask(api, tool, **one, **more), set())
    assert says in text
    assert len(text.encode()) <= toolbox.LARGEST_TEXT
    assert len(full.encode()) <= toolbox.LARGEST_FULL
    assert data is None or len(str(data)) < 2 * toolbox.LARGEST_FULL


EVERYTHING = "!no-such-label"


@pytest.mark.parametrize(
    ("tool", "asked", "says"),
    [
        ("k8s_list", {"kind": "pods"}, "there are more: narrow with a selector"),
        ("k8s_list", {"kind": "pods", "summary": True}, "50,000 pods in all namespaces"),
        ("k8s_logs", {"tail": 1}, "at least 488 more containers not read"),
        ("k8s_images", {}, "1 image in 50,000 pods"),
        ("k8s_top", {}, "30 of"),
    ],
)
async def test_a_selector_that_selects_everything_is_read_within_bounds_and_says_what_is_missing(
    tool: str, asked: dict[str, Any], says: str
) -> None:
    async with serving(cluster(fifty_thousand)) as api:
        await ask(api, "k8s_list", kind="pods", limit=1)
        with within():
            found = await ask(api, tool, **asked, label_selector=EVERYTHING)
        assert says in found.header
        assert len(found.text) < 100_000


@pytest.mark.parametrize(
    ("tool", "asked"),
    [("k8s_delete", {}), ("k8s_label", {"labels": {"a": "b"}}), ("k8s_delete", {"max_count": 100})],
)
async def test_a_change_of_everything_that_a_selector_selects_is_refused_after_one_look(
    tool: str, asked: dict[str, Any]
) -> None:
    async with serving(cluster(fifty_thousand)) as api:
        with within(), pytest.raises(BadInput, match="more than max_count") as fault:
            await ask(api, tool, kind="pod", namespace="shop", label_selector=EVERYTHING, **asked)
        assert len(str(fault.value)) < 300
        assert [method for method, _ in api.seen].count("GET") == len(api.seen)
        assert sum("/pods" in path for _, path in api.seen) == 1


@pytest.mark.parametrize("tool", ["k8s_events", "cluster_status"])
async def test_a_cluster_of_fifty_thousand_of_everything_is_looked_at_within_bounds(tool: str) -> None:
    async with serving(cluster(fifty_thousand)) as api:
        await ask(api, "k8s_list", kind="pods", limit=1)
        with within():
            found = await ask(api, tool)
        assert len(found.text) < 100_000


async def test_more_namespaces_than_are_tried_are_said_also_where_none_refuses() -> None:
    """All at once is forbidden, each of them is not."""

    def answer(request: web.Request) -> Any:
        if request.path == "/api/v1/namespaces":
            found = [{"cells": [f"n{n}"], "object": {"metadata": {"name": f"n{n}"}}} for n in range(300)]
            return web.json_response({"columnDefinitions": COLUMNS, "rows": found, "metadata": {"continue": "more"}})
        if "/namespaces/" not in request.path:
            return status(403, "Forbidden", 'pods is forbidden: User "x" cannot list resource "pods"')
        return web.json_response(rows(0, 10, request.path.split("/")[4]))

    async with serving(cluster(answer)) as api:
        with within():
            found = await ask(api, "k8s_list", kind="pods", summary=True)
    assert found.header.startswith("3,000 pods in all namespaces.")
    assert found.header.endswith("Only the first 300 namespaces were tried.")
