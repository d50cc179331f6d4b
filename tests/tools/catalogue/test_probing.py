"""A probe goes out once and as it was approved, and what answers is bounded and shown as text."""

from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from tests.tools.api import CLUSTER, Api, cut, permit, serving, status
from tools import registry, toolbox
from tools.effects import Effect
from tools.kube.client import KubeClient
from tools.kube.errors import Ambiguous, KubeError, NotPermitted
from tools.kube.guard import Asked, Permit
from tools.kube.plan import Passes, Recorder
from tools.kube.rehearsing import RehearsalEnds, RehearsalTransport
from tools.policy import Verdict
from tools.spec import Result

SERVICE = {"kind": "Service", "metadata": {"name": "web", "namespace": "shop", "uid": "u1"}}
GROUPS = {"kind": "APIGroupList", "groups": []}
CORE = {
    "kind": "APIResourceList",
    "resources": [
        {"name": "services", "kind": "Service", "namespaced": True, "verbs": ["get"]},
        {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["get"]},
    ],
}
PROXY = "/api/v1/namespaces/shop/services/http:web:80/proxy/"


def cluster(answer: Any) -> Any:
    """The Service, its kind, and what stands behind it."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if "/proxy/" in request.path:
            found: web.StreamResponse = await answer(request)
            return found
        known = {"/api": {"kind": "APIVersions"}, "/apis": GROUPS, "/api/v1": CORE}
        return web.json_response(known.get(request.path, SERVICE))

    return handler


def saying(body: bytes, code: int = 200, **headers: str) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=code, headers=headers)

    return answer


async def probe(api: Api, allowed: Permit | None = None, **more: Any) -> Result:
    tool = registry.find("http_probe")
    asked = toolbox.parse(tool, {"name": "web", "namespace": "shop", "port": "80", **more})
    return await tool.run(KubeClient(api.transport(), allowed or permit()), asked)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (saying(b"hello", 404, **{"X-A": "b"}), ("answered 404; 5 bytes", "x-a: b", "hello")),
        (saying(b"x" * 100_000), ("answered 200; 2,048 bytes of the body, the rest is cut",)),
        (saying(b"\x00\xff\x01"), ("(3 bytes that are no text)",)),
        (saying(b"", 302, Location="http://elsewhere/"), ("answered 302", "location: http://elsewhere/")),
        (saying(b"", 200, **{"Set-Cookie": "session=abc; Path=/"}), ("set-cookie: session=…",)),
    ],
    ids=["refusal", "large", "binary", "redirect", "cookie"],
)
async def test_what_answers_is_told_as_it_is(answer: Any, says: tuple[str, ...]) -> None:
    async with serving(cluster(answer)) as api:
        text = (await probe(api)).text
        assert all(words in text for words in says)
        assert "abc" not in text
        assert sum(1 for _, path in api.seen if path.startswith(PROXY)) == 1


@pytest.mark.parametrize("before", range(2_036, 2_049))
async def test_a_token_that_the_cut_goes_through_is_not_told_in_part(before: int) -> None:
    body = ("a word " * 300)[: before - 1].encode() + b" ghp_0123456789abcdefghijABCDEFGHIJ456789 more"
    async with serving(cluster(saying(body))) as api:
        assert "ghp_0" not in (await probe(api)).text


async def test_what_the_api_server_says_itself_is_a_failure() -> None:
    refused = status(503, "ServiceUnavailable", 'no endpoints available for service "web"')
    async with serving(cluster(refused)) as api:
        with pytest.raises(KubeError, match="no endpoints available"):
            await probe(api)


async def test_a_probe_whose_answer_is_lost_is_not_sent_again() -> None:
    async with serving(cluster(cut)) as api:
        with pytest.raises(Ambiguous):
            await probe(api)
        assert sum(1 for _, path in api.seen if path.startswith(PROXY)) == 1


@pytest.mark.parametrize("path", ["/../secrets", "//x", "/a/./b", "/%2e%2e/x", "/a#b", "/a b"])
async def test_a_path_that_can_be_read_in_two_ways_is_refused(path: str) -> None:
    async with serving(cluster(saying(b"x"))) as api:
        with pytest.raises(KubeError):
            await probe(api, path=path)
        assert not any("proxy" in seen for _, seen in api.seen)


@pytest.mark.parametrize("path", ["/", "/a", "/a/", "/a,b?c=d"])
async def test_what_a_probe_is_judged_by_is_the_service_whatever_its_path(path: str) -> None:
    judged = []

    def judge(asked: Asked, effect: Effect) -> Verdict:
        judged.append((asked.resource, asked.subresource, asked.namespace))
        return Verdict("allow", "test", "")

    async with serving(cluster(saying(b"x"))) as api:
        recorder = Recorder()
        trial = KubeClient(RehearsalTransport(CLUSTER, api.access(), recorder), permit(rehearsal=True))
        with pytest.raises(RehearsalEnds):
            await trial_of(trial, path)
        (step,) = recorder.steps
        assert (step.verb, step.whole) == ("run", SERVICE)
        await probe(api, replace(permit(), judge=judge), path=path)
        assert judged[-1] == ("services", "proxy", "shop")


async def trial_of(client: KubeClient, path: str) -> Result:
    tool = registry.find("http_probe")
    asked = toolbox.parse(tool, {"name": "web", "namespace": "shop", "port": "80", "path": path})
    return await tool.run(client, asked)


async def test_only_the_probe_that_was_rehearsed_leaves() -> None:
    async with serving(cluster(saying(b"x"))) as api:
        recorder = Recorder()
        trial = KubeClient(RehearsalTransport(CLUSTER, api.access(), recorder), permit(rehearsal=True))
        with pytest.raises(RehearsalEnds):
            await trial_of(trial, "/a")
        (step,) = recorder.steps
        assert (step.verb, step.effect, step.subresource) == ("run", Effect.EXECUTE, "proxy")
        assert (step.address, step.whole) == ("/api/v1/namespaces/shop/services/web", SERVICE)
        assert not any("proxy" in seen for _, seen in api.seen)
        allowed = Permit("call-1", CLUSTER, Effect.EXECUTE, announce=permit().announce, plan=Passes([step]))
        with pytest.raises(NotPermitted):
            await probe(api, allowed, path="/b")
        await probe(api, allowed, path="/a")
        with pytest.raises(NotPermitted):
            await probe(api, allowed, path="/a")
