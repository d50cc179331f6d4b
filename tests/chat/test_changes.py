"""What a call changed is kept, and undone by a call of its own: shown, decided and made like any other."""

import uuid

import pytest

from chat.actions import approvals, changes
from chat.errors import Conflict, NotFound
from chat.models import Change
from tests.chat.questions import asked, exists, manifest, mode_of, outside
from tests.chat.sockets import Client
from tests.conftest import in_database
from tools.undoing import back


async def approved(client: Client, alice) -> dict:
    request = await asked(client)
    await in_database(approvals.decide, alice, request["approval_id"], "approve")
    return (await client.until("complete"))["data"]


async def test_a_change_is_undone_through_the_same_gate(crew, demo, script, alice, bob, token_of, config):
    await outside(demo, "k8s_apply", manifest=manifest(config, "slow"))
    script([{"wish": "k8s_apply", "arguments": {"manifest": manifest(config, "fast")}}], [{"say": "{answers}"}])
    async with Client(await in_database(token_of, alice)) as client:
        await approved(client, alice)
        change = await in_database(Change.objects.get)
        assert change.lines == ["data.mode: slow → fast"]
        with pytest.raises(NotFound):
            await in_database(changes.undo, bob, change.pk)
        accepted = await in_database(changes.undo, alice, change.pk)
        assert (await in_database(changes.undo, alice, change.pk)).run_id == accepted.run_id
        request = (await client.until("approval_requested"))["data"]
        assert request["plan"]["steps"][0]["lines"] == ["data.mode: fast → slow"]
        assert await mode_of(demo, config) == "fast"
        await in_database(approvals.decide, alice, request["approval_id"], "approve")
        await client.until("complete")
    assert await mode_of(demo, config) == "slow"


async def test_what_was_made_is_deleted_again(crew, demo, script, alice, token_of):
    name = f"n-{uuid.uuid4().hex[:8]}"
    script([{"wish": "namespace_create", "arguments": {"name": name}}], [{"say": "{answers}"}])
    async with Client(await in_database(token_of, alice)) as client:
        await approved(client, alice)
        change = await in_database(Change.objects.get)
        await in_database(changes.undo, alice, change.pk)
        request = (await client.until("approval_requested"))["data"]
        assert (request["tool_name"], request["effect"]) == ("k8s_delete", "DESTROY")
        await in_database(approvals.decide, alice, request["approval_id"], "reject")
        await client.until("complete")
    assert await exists(demo, name)


async def test_values_of_a_secret_are_not_kept_so_there_is_no_way_back(crew, demo, script, alice, token_of, config):
    secret = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {config}, namespace: shop}}\nstringData: {{key: "
    await outside(demo, "k8s_apply", manifest=f"{secret}first-value-1}}")
    script([{"wish": "k8s_apply", "arguments": {"manifest": f"{secret}second-value-2}}"}}], [{"say": "{answers}"}])
    async with Client(await in_database(token_of, alice)) as client:
        await approved(client, alice)
    change = await in_database(Change.objects.get)
    assert change.undo is None
    with pytest.raises(Conflict, match="never kept"):
        await in_database(changes.undo, alice, change.pk)
    assert "value-" not in str(change.lines)


def test_the_way_back_is_a_merge_patch() -> None:
    before = {"a": 1, "b": {"c": [1, 2], "d": "x"}, "e": 5}
    after = {"a": 2, "b": {"c": [3], "d": "x", "new": True}}
    assert back(before, after) == {"a": 1, "b": {"c": [1, 2], "new": None}, "e": 5}
    assert back(before, before) == {}
