"""Whom a request acts for: every header really sent, nothing smuggled in, and nobody's identity lent to another."""

import itertools
from dataclasses import replace

import pytest
from aiohttp import web
from multidict import CIMultiDictProxy

from tests.tools.api import Api, answering, permit, serving
from tools.effects import Effect
from tools.kube import connections, discovery, reviews
from tools.kube.client import KubeClient
from tools.kube.errors import BadInput, Forbidden, NotAuthenticated, NotPermitted
from tools.kube.guard import Asked
from tools.kube.identity import ActsAs, usable
from tools.kube.transport import Request, Transport

POD = "/api/v1/namespaces/shop/pods/web-1"
ALICE = ActsAs("k8smcp:alice", ("k8smcp:operator", "k8smcp:platform"))
Headers = CIMultiDictProxy[str]


def client(api: Api, acts_as: ActsAs | None = ALICE, **more: str) -> KubeClient:
    access = replace(api.access(token="portal"), acts_as=acts_as, run_id="run-7", call_id="call-9", **more)
    return KubeClient(Transport("test", access), permit())


async def told_headers(acts_as: ActsAs) -> list[Headers]:
    """What reached the server with one read and one write."""
    seen: list[Headers] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers)
        return web.json_response({"kind": "Pod"})

    async with serving(answer) as api:
        for request in (Request("GET", POD), Request("PATCH", POD, body=b"{}")):
            await client(api, acts_as).transport.send(request, permit())
    return seen


async def test_the_user_and_every_group_are_sent_each_in_a_header_of_its_own() -> None:
    for headers in await told_headers(ALICE):
        assert headers.getall("Impersonate-User") == ["k8smcp:alice"]
        assert headers.getall("Impersonate-Group") == ["k8smcp:operator", "k8smcp:platform"]
        assert headers.getall("Authorization") == ["Bearer portal"]


async def test_run_and_call_are_told_to_the_cluster() -> None:
    for headers in await told_headers(ALICE):
        assert headers.getall("Impersonate-Extra-k8smcp-run") == ["run-7"]
        assert headers["User-Agent"] == "k8s-mcp/1 (call call-9)"


@pytest.mark.parametrize("name", ["alice@example.org", "oidc:alice", "team/a", "a" * 200, "A_b-c+d.e#f"])
def test_names_of_identity_providers_are_usable(name: str) -> None:
    assert ActsAs(name).user == name


BAD = [
    "", " ", "a b", "a\r\nImpersonate-Group: system:masters", "a\n", "a\r", "a\x00", "a" * 201, "ålice", "аlice", "-a",
    "system:masters", "System:masters", "SYSTEM:serviceaccount:kube-system:default", "a,b", "a;b", 'a"b',
    "a\x85", "a\u2028",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_could_smuggle_or_claim_is_refused(name: str) -> None:
    assert not usable(name)
    for made in (lambda: ActsAs(name), lambda: ActsAs("alice", ("k8smcp:viewer", name))):
        with pytest.raises(BadInput, match=r"Kubernetes (user|group)"):
            made()


@pytest.mark.parametrize("mark", ["", "a\r\nX: y", "x" * 65, "ü"])
async def test_a_mark_that_is_none_is_left_out(mark: str) -> None:
    async with serving(answering({"kind": "Pod"})) as api:
        access = replace(api.access(), acts_as=ALICE, run_id=mark, call_id=mark)
        await Transport("test", access).send(Request("GET", POD), permit())
        assert api.headers[0]["User-Agent"] == "k8s-mcp/1"
        assert not [name for name in api.headers[0] if name.startswith("Impersonate-Extra")]


async def test_people_share_connections_but_not_what_was_discovered() -> None:
    async with serving(answering({"kind": "APIGroupDiscoveryList", "items": []})) as api:
        alice, bob = client(api), client(api, ActsAs("k8smcp:bob"))
        for each in (alice, bob, alice):
            await each.kinds()
        asked_as = [headers["Impersonate-User"] for headers in api.headers]
        assert [name for name, _ in itertools.groupby(asked_as)] == ["k8smcp:alice", "k8smcp:bob"]
        assert await connections.session(alice.transport.access) is await connections.session(bob.transport.access)
        assert discovery.cached(replace(alice.transport.access, acts_as=None)) is None


async def test_another_run_of_the_same_person_uses_what_was_discovered() -> None:
    async with serving(answering({"kind": "APIGroupDiscoveryList", "items": []})) as api:
        first = client(api)
        await first.kinds()
        assert discovery.cached(replace(first.transport.access, run_id="another", call_id="another")) is not None


async def test_an_identity_for_looking_sends_no_change_whatever_the_permit() -> None:
    async with serving(answering({"kind": "Pod"})) as api:
        looking = client(api, None, no_changes="Only looking.").transport
        await looking.send(Request("GET", POD), permit())
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            path = POD.rpartition("/")[0] if method == "POST" else POD
            with pytest.raises(NotPermitted, match="Only looking"):
                await looking.send(Request(method, path, {"dryRun": "All"}, body=b"{}"), permit())
        with pytest.raises(NotPermitted, match="Only looking"):
            await looking.websocket(f"{POD}/exec", [("command", "id")], ("v4.channel.k8s.io",), permit())
        assert [method for method, _ in api.seen] == ["GET"]


async def test_a_proxy_is_used_only_when_the_access_names_one() -> None:
    async with serving(answering({"kind": "Pod"})) as proxy, serving(answering({"kind": "Pod"})) as api:
        await client(api, proxy=proxy.server).transport.send(Request("GET", POD), permit())
        assert (len(proxy.seen), len(api.seen)) == (1, 0)


# ---- what a cluster says to it -----------------------------------------------------------------------------------


async def test_a_cluster_that_lets_nobody_be_acted_for_is_told_as_such_and_asked_once() -> None:
    said = 'users "k8smcp:alice" is forbidden: User "portal" cannot impersonate resource "users" in API group ""'
    body = {"kind": "Status", "message": said, "reason": "Forbidden", "code": 403}
    async with serving(answering(body, 403)) as api:
        with pytest.raises(Forbidden, match=r"no other identity was tried.*impersonate\.yaml"):
            await client(api).version()
        assert len(api.seen) == 1


async def test_a_token_that_has_expired_is_told_with_who_can_renew_it() -> None:
    body = {"kind": "Status", "message": "Unauthorized", "code": 401}
    async with serving(answering(body, 401)) as api:
        with pytest.raises(NotAuthenticated, match="alice can renew"):
            await client(api, None, renewal="alice can renew it.").version()


# ---- access reviews ----------------------------------------------------------------------------------------------


def reviewing(*allowed: str):
    async def answer(request: web.Request) -> web.StreamResponse:
        wanted = (await request.json())["spec"]["resourceAttributes"]
        yes = f"{wanted['verb']} {wanted['resource']}" in allowed
        return web.json_response(
            {"kind": "SelfSubjectAccessReview", "status": {"allowed": yes, "reason": "RBAC"}}, status=201
        )

    return answer


STEPS = [
    Asked("patch", "apps", "deployments", "", "shop", "web"),
    Asked("delete", "", "pods", "", "shop", "web-1"),
    Asked("create", "", "pods", "eviction", "shop", "web-1"),
    Asked("delete", "", "pods", "", "shop", "web-1"),
]


async def test_each_step_is_asked_once_as_the_person_and_the_refused_ones_are_named() -> None:
    async with serving(reviewing("patch deployments")) as api:
        asking = client(api)
        refused = await reviews.refused(asking, STEPS)
        assert [(each.verb, each.resource, each.namespace) for each in refused] == [
            ("delete", "pods", "shop"),
            ("create", "pods/eviction", "shop"),
        ]
        assert "delete pods in namespace shop" in refused[0].sentence
        assert {headers["Impersonate-User"] for headers in api.headers} == {"k8smcp:alice"}
        assert len(api.seen) == 3
        assert not asking.wrote


async def test_a_review_needs_no_more_than_a_permit_to_look() -> None:
    async with serving(reviewing("patch deployments")) as api:
        looking = KubeClient(client(api).transport, permit(Effect.READ))
        assert await reviews.which(looking, STEPS[:2]) == [True, False]


async def test_names_are_left_out_where_no_rule_can_name_them() -> None:
    async with serving(reviewing()) as api:
        await reviews.refused(client(api), [Asked("create", "", "pods", "", "shop", "web-1"), STEPS[1]])
        names = [body["spec"]["resourceAttributes"].get("name") for body in api.bodies]
        assert sorted(names, key=str) == [None, "web-1"]
