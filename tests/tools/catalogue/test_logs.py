"""Logs of several replicas, endless ones, binary ones, and ones that are cut: read within bounds."""

import tracemalloc
from typing import Any

import pytest
from aiohttp import web

from tests.tools.api import Api, serving
from tests.tools.catalogue.conftest import Ask
from tools import registry, toolbox
from tools.kube.errors import BadInput
from tools.spec import Result

CORE = {"resources": [{"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["get", "list"]}]}


def pod(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {"containers": [{"name": "app"}]}, "status": {}}


def cluster(logs: dict[str, Any]) -> Any:
    """Pods of these names; a log is bytes, or a function that writes it."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/log"):
            log = logs[request.path.split("/")[-2]]
            return web.Response(body=log) if isinstance(log, bytes) else await log(request)
        known = {"/api": {"kind": "APIVersions"}, "/apis": {"kind": "APIGroupList"}, "/api/v1": CORE}
        return web.json_response(known.get(request.path) or {"items": [pod(name) for name in logs]})

    return handler


async def read(api: Api, **asked: Any) -> Result:
    tool = registry.find("k8s_logs")
    return await tool.run(
        api.client(), toolbox.parse(tool, {"label_selector": "app=web", "namespace": "shop", **asked})
    )


async def test_logs_of_replicas_are_one_log_by_time() -> None:
    logs = {
        "web-6d7f-aaaaa": b"2026-11-22T10:00:00Z one\n2026-11-22T10:00:02Z three\n",
        "web-6d7f-bbbbb": b"2026-11-22T10:00:01.5Z two\n2026-11-22T10:00:09Z late\n",
    }
    async with serving(cluster(logs)) as api:
        found = await read(api, until="2026-11-22T10:00:05Z", times=True)
        assert found.body.splitlines() == [
            "aaaaa| 10:00:00.000 one",
            "bbbbb| 10:00:01.500 two",
            "aaaaa| 10:00:02.000 three",
        ]
        assert found.data["sources"] == [0, 1, 0]
        await read(api, since="2026-11-22T10:00:00+01:00")
        assert "sinceTime=2026-11-22T09%3A00%3A00Z" in api.seen[-1][1]
        with pytest.raises(BadInput, match="the end is before the beginning"):
            await read(api, since="1m", until="1h")


async def endless(request: web.Request) -> web.StreamResponse:
    """Goes on for ever, whatever limits were asked for, one line without an end."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"\xff\x00\x1b[31m binary " * 4096)


async def test_endless_and_binary_logs_of_many_replicas_stay_small_in_memory() -> None:
    async with serving(cluster({f"web-{n}": endless for n in range(12)})) as api:
        tracemalloc.start()
        found = await read(api)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert "cut at 1 MiB" in found.header
    assert "\x00" not in found.body
    assert "\x1b" not in found.body
    assert len(found.body) < 12 * 2100
    assert peak < 60 << 20


async def test_the_demo_clusters_replicas_are_told_apart(ask: Ask) -> None:
    outcome = await ask("k8s_logs", target="deployment/checkout", previous=True, match="fatal")
    assert outcome.text.startswith("2 of ")
    first, second = (line.partition("| ")[0] for line in outcome.text.splitlines()[1:3])
    assert first != second
    assert {source["pod"].rpartition("-")[2] for source in outcome.data["pods"]} == {first, second}
