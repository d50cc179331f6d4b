"""One object followed over whatever a server does to the watch: ends, expiries, nonsense, and no right to watch."""

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from tests.tools.api import Api, serving, status
from tools.effects import Effect
from tools.kube import watching
from tools.kube.errors import KubeError, Unreachable
from tools.kube.resources import Resource, Target

VERBS = ("get", "list", "watch")
POD = Target(Resource("", "v1", "Pod", "pods", "pod", True, VERBS), "shop", "web")
SECRET = Target(Resource("", "v1", "Secret", "secrets", "secret", True, VERBS), "shop", "web")
Watch = Callable[[web.Request, web.StreamResponse], Awaitable[None]]


def pod(phase: str, name: str = "web") -> dict[str, Any]:
    return {"metadata": {"name": name}, "status": {"phase": phase}}


def line(kind: str, found: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": found}).encode() + b"\n"


@contextlib.asynccontextmanager
async def cluster(lists: list[list[dict[str, Any]]], watches: list[list[bytes]]) -> AsyncIterator[Api]:
    """Lists and watches in turn; a watch sends its chunks and ends, the last one is said again and again."""
    left_lists, left_watches = list(lists), list(watches)

    async def handler(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            items = left_lists.pop(0) if len(left_lists) > 1 else left_lists[0]
            return web.json_response({"metadata": {"resourceVersion": str(len(left_lists))}, "items": items})
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in left_watches.pop(0) if left_watches else []:
            await response.write(chunk)
        return response

    async with serving(handler) as api:
        yield api


async def phases(api: Api, target: Target = POD, until: str = "Done", seconds: float = 5) -> list[str]:
    found = []
    async with contextlib.aclosing(watching.states(api.client(Effect.READ), target, seconds)) as states:
        async for state in states:
            found.append(state.get("status", {}).get("phase", "?") if state else "none")
            if found[-1] == until:
                break
    return found


async def test_each_change_is_told_and_other_objects_are_not() -> None:
    said = [
        line("MODIFIED", pod("Running")),
        line("MODIFIED", pod("Done", "other")),
        line("BOOKMARK", pod("Done")),
        line("DELETED", pod("Running"))[:20],
        line("DELETED", pod("Running"))[20:] + line("ADDED", pod("Done")),
    ]
    async with cluster([[pod("Pending")]], [said]) as api:
        assert await phases(api) == ["Pending", "Running", "none", "Done"]
        assert "fieldSelector=metadata.name%3Dweb" in api.seen[1][1]
        assert "resourceVersion=1&" in api.seen[1][1]


@pytest.mark.parametrize(
    "broken",
    [
        [],
        [line("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})],
        [line("ERROR", {"kind": "Status", "code": 503, "reason": "ServiceUnavailable", "message": "later"})],
        [b'{"type": "MODIFIED", "obj'],
        [b"\xff\xfe\x00 not JSON\n"],
    ],
    ids=["ends", "expires", "busy", "cut", "nonsense"],
)
async def test_a_watch_that_ends_in_any_way_is_begun_anew_from_a_new_look(broken: list[bytes]) -> None:
    async with cluster([[], [pod("Done")]], [broken]) as api:
        assert await phases(api) == ["none", "Done"]
        assert api.sent("GET") == 3


async def test_an_expired_place_said_by_status_code_is_no_end_either() -> None:
    answers = [web.json_response({"items": [pod("Pending")]}), None, web.json_response({"items": [pod("Done")]})]
    expired = status(410, "Expired", "too old resource version")

    async def handler(request: web.Request) -> web.StreamResponse:
        return answers.pop(0) or await expired(request)

    async with serving(handler) as api:
        assert await phases(api) == ["Pending", "Done"]


async def test_who_may_not_watch_looks_from_time_to_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_LOOK_EVERY", 0.01)
    found = [pod("Pending"), pod("Running"), pod("Done")]

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/web"):
            return web.json_response(found.pop(0))
        return await status(403, "Forbidden", "pods is forbidden: somebody cannot list resource")(request)

    async with serving(handler) as api:
        assert await phases(api) == ["Pending", "Running", "Done"]


async def test_an_object_larger_than_any_is_not_held() -> None:
    async with cluster([[]], [[b"x" * (1 << 20)] * 6]) as api:
        with pytest.raises(KubeError, match="larger than 4 MiB"):
            await phases(api)


async def test_it_ends_when_its_time_is_over_or_the_cluster_is_away() -> None:
    async with cluster([[pod("Pending")]], []) as api:
        assert set(await phases(api, seconds=0.5)) == {"Pending"}
    with pytest.raises(Unreachable):
        await phases(api)


async def test_of_a_secret_only_its_metadata_is_asked_for() -> None:
    async with cluster([[{"metadata": {"name": "web"}}]], []) as api:
        await phases(api, SECRET, until="?")
        await phases(api, SECRET, seconds=1.5)
    assert all("as=PartialObjectMetadata" in headers["Accept"] for headers in api.headers)
