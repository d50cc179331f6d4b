"""Approvals over REST: the plan is there to be read, edited arguments are a new question, a moved object a 409."""

import asyncio
import uuid

import pytest

from tests.chat.questions import manifest, mode_of, outside
from tests.chat.rest.test_rest import Api


@pytest.fixture
def api(transactional_db, alice, token_of):
    return Api(token_of(alice))


async def pending(api: Api, *, but: str = "") -> dict:
    async with asyncio.timeout(20):
        while True:
            items = (await api.get("/api/v1/approvals")).json()["items"]
            if items and items[0]["id"] != but:
                return items[0]
            await asyncio.sleep(0.05)


async def test_an_object_that_moved_is_answered_409_void_and_asked_about_anew(crew, demo, api):
    name = f"c-{uuid.uuid4().hex[:8]}"
    await outside(demo, "k8s_apply", manifest=manifest(name, "slow"))
    patch = {"kind": "configmap", "name": name, "namespace": "shop", "patch": {"data": {"mode": "fast"}}}
    answer = await api.post("/api/v1/tools/k8s_patch/call", {"arguments": patch})
    assert answer.status_code == 202
    first = answer.json()["approval_id"]
    asked = (await api.get(f"/api/v1/approvals/{first}")).json()
    assert asked["plan"]["steps"][0]["lines"] == ["data.mode: slow → fast"]
    await outside(demo, "k8s_apply", manifest=manifest(name, "middling"))
    late = await api.post(f"/api/v1/approvals/{first}/decision", {"decision": "approve"})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "void")
    second = await pending(api, but=first)
    assert second["run_id"] == asked["run_id"]
    assert second["plan"]["steps"][0]["lines"] == ["data.mode: middling → fast"]
    assert (await api.post(f"/api/v1/approvals/{second['id']}/decision", {"decision": "approve"})).status_code == 200
    async with asyncio.timeout(20):
        while await mode_of(demo, name) != "fast":  # noqa: ASYNC110 - a cluster changes without a bell
            await asyncio.sleep(0.05)


async def test_edited_arguments_are_another_question(crew, demo, api):
    name = f"n-{uuid.uuid4().hex[:8]}"
    answer = await api.post("/api/v1/tools/namespace_create/call", {"arguments": {"name": name}})
    first = answer.json()["approval_id"]
    path = f"/api/v1/approvals/{first}/edit"
    assert (await api.post(path, {"arguments": {"name": "shop"}})).status_code == 422
    edited = await api.post(path, {"arguments": {"name": f"{name}-b"}, "id": "e"})
    assert (edited.status_code, edited.json()["status"]) == (202, "void")
    second = await pending(api, but=first)
    assert second["arguments"] == {"name": f"{name}-b"}
    again = await api.post(path, {"arguments": {"name": f"{name}-c"}})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "void")
    await api.post(f"/api/v1/approvals/{second['id']}/decision", {"decision": "reject"})
