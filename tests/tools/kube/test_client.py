"""The client's verbs as they arrive on the wire, and what it makes of the answers."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from tests.tools.api import answering, in_turn, serving, status
from tools.kube import errors
from tools.kube.client import Selection
from tools.kube.resources import Resource, Target
from tools.redaction.structure import size

PODS = Resource("", "v1", "Pod", "pods", "pod", True, ("get", "list"))
SECRETS = Resource("", "v1", "Secret", "secrets", "secret", True, ("get", "list"))
NODES = Resource("", "v1", "Node", "nodes", "node", False, ("get", "list"))
DEPLOYMENTS = Resource("apps", "v1", "Deployment", "deployments", "deployment", True, ("get", "list"))
WEB = Target(DEPLOYMENTS, "shop", "web")


def page(*names: str, proceed: str = "", remaining: int | None = None) -> dict[str, Any]:
    meta = {"continue": proceed} | ({"remainingItemCount": remaining} if remaining is not None else {})
    return {"kind": "PodList", "metadata": meta, "items": [{"metadata": {"name": name}} for name in names]}


async def test_items_of_a_list_know_their_kind() -> None:
    async with serving(answering(page("a"))) as api:
        found = await api.client().page(PODS, Selection("shop", labels="app=web", fields="x=y", limit=5))
        assert found.items == [{"metadata": {"name": "a"}, "kind": "Pod", "apiVersion": "v1"}]
        assert api.seen == [("GET", "/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb&fieldSelector=x%3Dy&limit=5")]


async def test_pages_are_followed_to_the_end_or_the_bound() -> None:
    pages = [
        answering(page("a", "b", proceed="n1", remaining=2)),
        answering(page("c", proceed="n2")),
        answering(page("d")),
    ]
    async with serving(in_turn(*pages)) as api:
        found = await api.client().list_all(PODS, Selection())
        assert [item["metadata"]["name"] for item in found.items] == ["a", "b", "c", "d"]
        assert found.cursor == ""
    async with serving(in_turn(*pages)) as api:
        found = await api.client().list_all(PODS, Selection(), 3)
        assert (len(found.items), found.cursor) == (3, "n2")
        assert "limit=1" in api.seen[1][1]


async def test_a_list_whose_place_expired_is_begun_again_once() -> None:
    gone = status(410, "Expired", "The provided continue parameter is too old")
    async with serving(in_turn(answering(page("a", proceed="n")), gone, answering(page("a", "b")))) as api:
        found = await api.client().list_all(PODS, Selection())
        assert [item["metadata"]["name"] for item in found.items] == ["a", "b"]
    async with serving(in_turn(answering(page("a", proceed="n")), gone, gone)) as api:
        with pytest.raises(errors.Gone):
            await api.client().list_all(PODS, Selection())


async def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        few = int(request.query["limit"]) <= 50
        return web.json_response(page("a", "b")) if few else web.Response(body=b" " * (9 << 20))

    async with serving(handler) as api:
        found = await api.client().list_all(PODS, Selection())
        assert len(found.items) == 2
        assert [seen[1].rpartition("=")[2] for seen in api.seen] == ["500", "50"]
    async with serving(answering(" " * (9 << 20))) as api:
        with pytest.raises(errors.TooLarge):
            await api.client().list_all(PODS, Selection())
        assert len(api.seen) == 2


async def test_all_pages_of_a_table_become_one() -> None:
    def rows(*names: str, proceed: str = "") -> dict[str, Any]:
        meta = {"continue": proceed}
        return {
            "columnDefinitions": [{"name": "Name"}],
            "rows": [{"cells": [name]} for name in names],
            "metadata": meta,
        }

    gone = status(410, "Expired", "too old")
    pages = [answering(rows("a", proceed="n")), gone, answering(rows("a", proceed="n")), answering(rows("b"))]
    async with serving(in_turn(*pages)) as api:
        found = await api.client().table_all(PODS, Selection())
        assert [row.cells for row in found.rows or []] == [["a"], ["b"]]


async def test_a_list_without_items_is_empty() -> None:
    async with serving(answering({"kind": "PodList", "metadata": {}, "items": None})) as api:
        assert (await api.client().page(PODS, Selection())).items == []


async def test_a_table_is_asked_for_as_such() -> None:
    row = {
        "cells": ["web-1"],
        "object": {"metadata": {"name": "web-1", "namespace": "shop", "annotations": {"a": "b"}}},
    }
    body = {"kind": "Table", "columnDefinitions": [{"name": "Name", "type": "string"}], "rows": [row]}
    async with serving(answering(body)) as api:
        table = await api.client().table(PODS, Selection())
        assert api.headers[0]["Accept"] == "application/json;as=Table;v=v1;g=meta.k8s.io"
        assert table.rows is not None
        assert (table.rows[0].cells, table.rows[0].meta.namespace) == (["web-1"], "shop")


@pytest.mark.parametrize("says", [{}, {"kind": None}, {"kind": "Thing"}], ids=repr)
async def test_a_secret_is_one_whatever_it_says_of_its_kind(says: dict[str, Any]) -> None:
    secret = says | {"metadata": {"name": "s"}, "data": {"password": "c3dvcmRmaXNo"}}
    async with serving(answering(secret)) as api:
        assert "c3dvcmRmaXNo" not in str(await api.client().get(Target(SECRETS, "shop", "s")))
    async with serving(answering({"items": [secret]})) as api:
        assert "c3dvcmRmaXNo" not in str((await api.client().page(SECRETS, Selection("shop"))).items)


async def test_values_of_secrets_do_not_come_out_of_the_client() -> None:
    secret = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}, "data": {"password": "c3dvcmRmaXNo"}}
    async with serving(answering(secret)) as api:
        client = api.client()
        assert (await client.get(Target(SECRETS, "shop", "s")))["data"] == {"password": size("swordfish")}
        assert client.secrets_seen.values == {"swordfish", "c3dvcmRmaXNo"}
    async with serving(
        answering({"kind": "SecretList", "items": [{"metadata": {}, "data": {"p": "c3dvcmRmaXNo"}}]})
    ) as api:
        found = await api.client().page(SECRETS, Selection())
        assert found.items[0]["data"] == {"p": size("swordfish")}


async def test_writes_carry_our_name_and_say_how_they_are_meant() -> None:
    async with serving(answering({"kind": "Deployment"})) as api:
        client = api.client()
        await client.apply(WEB, {"spec": {}}, force=True, dry_run=True)
        await client.patch(WEB, {"spec": {"replicas": 2}}, subresource="scale")
        await client.patch(WEB, [{"op": "remove", "path": "/x"}], form="json")
        await client.create(NODES, None, {"kind": "Node"})
        await client.delete(WEB, {"preconditions": {"uid": "u1"}}, dry_run=True)
        path = "/apis/apps/v1/namespaces/shop/deployments/web"
        assert api.seen == [
            ("PATCH", f"{path}?fieldManager=k8s-mcp&force=true&fieldValidation=Strict&timeout=10s&dryRun=All"),
            ("PATCH", f"{path}/scale?fieldManager=k8s-mcp-call1&timeout=10s"),
            ("PATCH", f"{path}?fieldManager=k8s-mcp-call1&timeout=10s"),
            ("POST", "/api/v1/nodes?fieldManager=k8s-mcp-call1&timeout=10s"),
            ("DELETE", f"{path}?timeout=10s&dryRun=All"),
        ]
        assert [headers["Content-Type"] for headers in api.headers[:3]] == [
            "application/apply-patch+yaml",
            "application/merge-patch+json",
            "application/json-patch+json",
        ]
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "u1"}}
        assert api.bodies[4] == options | {"dryRun": ["All"]}  # with a body, the query is not read


async def test_an_applied_object_is_told_apart_from_a_changed_one() -> None:
    async with serving(in_turn(answering({}, 201), answering({}, 200))) as api:
        assert (await api.client().apply(WEB, {}))[1] is True
        assert (await api.client().apply(WEB, {}))[1] is False


@pytest.mark.parametrize("body", ["<html>Sign in</html>", '{"kind": "Pod', "[1]", '"text"', ""])
async def test_an_answer_that_is_no_object_is_told_and_not_shown(body: str) -> None:
    async with serving(answering(body)) as api:
        with pytest.raises(errors.BadAnswer, match="not the Kubernetes API") as fault:
            await api.client().get(WEB)
        assert "Sign in" not in str(fault.value)


async def test_a_large_list_is_decoded_without_holding_up_the_event_loop() -> None:
    pod = {"metadata": {"name": "x" * 50, "labels": {f"l{n}": "v" * 20 for n in range(20)}}}
    body = json.dumps({"kind": "PodList", "metadata": {}, "items": [pod] * 3000}).encode()

    async def large(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type="application/json")

    async with serving(large) as api:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        ticking = asyncio.create_task(tick())
        found = await api.client().page(PODS, Selection())
        ticking.cancel()
        assert len(found.items) == 3000
        assert ticks > 10


@pytest.mark.parametrize("name", ["../x", "a/b", "-x", "", "x" * 254, "a..b", "a b", "a%2fb", "a?b", "é"])
async def test_a_name_that_no_object_can_have_never_gets_onto_the_wire(name: str) -> None:
    async with serving(answering({})) as api:
        with pytest.raises(errors.BadInput, match="is not a name"):
            await api.client().get(Target(DEPLOYMENTS, "shop", name))
        with pytest.raises(errors.BadInput):
            await api.client().get(Target(DEPLOYMENTS, name or "-", "web"))
        assert api.seen == []


@pytest.mark.parametrize("name", ["web-1", "system:node", "10.0.0.1", "kube-root-ca.crt", "A.b"])
async def test_every_name_that_kubernetes_allows_is_allowed(name: str) -> None:
    async with serving(answering({"kind": "Node"})) as api:
        await api.client().get(Target(NODES, None, name))
        assert api.seen == [("GET", f"/api/v1/nodes/{name}")]
