"""However a tool ends, its call ends in a status and a bounded, clean sentence."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from channels.db import database_sync_to_async

from tests.tools.api import Api, Handler, answering, cut, in_turn, permit, serving, status
from tools import clusters, registry, toolbox
from tools.effects import Effect
from tools.kube.client import KubeClient
from tools.kube.guard import Permit
from tools.kube.transport import Request
from tools.spec import Arguments, Result, Tool

pytestmark = pytest.mark.django_db(transaction=True)

INDEX = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "groups": []},
    "/api/v1": {
        "kind": "APIResourceList",
        "resources": [
            {"name": name, "namespaced": scope, "kind": kind, "verbs": ["get", "list", "delete", "create", "patch"]}
            for name, kind, scope in (
                ("pods", "Pod", True),
                ("configmaps", "ConfigMap", True),
                ("secrets", "Secret", True),
                ("namespaces", "Namespace", False),
            )
        ],
    },
}
POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web-1", "namespace": "shop", "uid": "u1"}}


def with_index(handler: Handler) -> Handler:
    """Discovery is answered; everything else goes to the handler."""

    async def both(request: web.Request) -> web.StreamResponse:
        if request.path in INDEX:
            return web.json_response(INDEX[request.path])
        return await handler(request)

    return both


@database_sync_to_async
def register(api: Api, folder: Path) -> None:
    file = folder / "config"
    context = {"name": "test", "context": {"cluster": "c", "user": "u"}}
    document = {
        "clusters": [{"name": "c", "cluster": {"server": api.server}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [context],
    }
    file.write_text(yaml.safe_dump(document))
    clusters.register(file)


async def call(name: str, arguments: dict[str, Any], allowed: Permit | None = None) -> toolbox.Outcome:
    tool = registry.find(name)
    return await toolbox.run(tool, toolbox.parse(tool, arguments), "test", allowed or permit(tool.effect))


def tool_that(run: Any, effect: Effect = Effect.READ) -> Tool:
    return Tool("tried", "Try it", "Tries.", effect, Arguments, run, lambda asked: "Try it")


# ---- arguments ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("k8s_list", {}, "kind is missing"),
        ("k8s_list", {"kind": ""}, "kind: string should have at least 1 character"),
        ("k8s_list", {"kind": "pods", "nmespace": "x"}, r'no argument "nmespace" \(did you mean namespace\?\)'),
        ("k8s_list", {"kind": "pods", "limit": 0}, "limit: input should be greater than or equal to 1"),
        ("k8s_list", {"kind": 5, "limit": "x"}, "kind: .*; limit: "),
        ("k8s_scale", {"name": "w", "namespace": "n", "replicas": -5}, "replicas: input should be greater"),
        ("k8s_patch", {"kind": "pod", "name": "w", "patch": {}}, "an empty patch would change nothing"),
        ("pod_exec", {"pod": "p", "namespace": "n", "command": "rm -rf /"}, "command: input should be a valid list"),
    ],
)
def test_arguments_that_do_not_fit_are_told_one_by_one(name: str, raw: dict[str, Any], words: str) -> None:
    with pytest.raises(toolbox.BadArguments, match=words) as fault:
        toolbox.parse(registry.find(name), raw)
    assert "\n" not in str(fault.value)


def test_a_patch_given_as_json_text_is_understood() -> None:
    tool = registry.find("k8s_patch")
    asked = toolbox.parse(tool, {"kind": "pod", "name": "w", "patch": '{"spec": {}}'})
    assert asked.model_dump()["patch"] == {"spec": {}}


# ---- ends --------------------------------------------------------------------------------------------------------


async def test_a_call_that_works_is_completed(tmp_path: Path) -> None:
    async with serving(with_index(answering(POD))) as api:
        await register(api, tmp_path)
        outcome = await call("k8s_get", {"kind": "pod", "name": "web-1", "namespace": "shop"})
        assert outcome.status == "completed"
        assert outcome.text.startswith("Pod web-1 in shop (slim):\napiVersion: v1\n")
        assert outcome.data["objects"][0]["metadata"]["name"] == "web-1"


async def test_an_unknown_cluster_is_told_with_those_there_are(tmp_path: Path) -> None:
    tool = registry.find("k8s_list")
    nothing = await toolbox.run(tool, toolbox.parse(tool, {"kind": "pods"}), "x", permit(cluster="x"))
    assert (nothing.status, "No cluster is registered" in nothing.text) == ("failed", True)
    async with serving(answering({})) as api:
        await register(api, tmp_path)
        outcome = await toolbox.run(tool, toolbox.parse(tool, {"kind": "pods"}), "tset", permit(cluster="tset"))
        assert outcome.text == 'There is no cluster "tset". Did you mean test?'
        assert api.seen == []


async def test_a_delete_that_is_cut_off_is_unknown_and_was_sent_once(tmp_path: Path) -> None:
    async with serving(with_index(in_turn(answering(POD), cut))) as api:
        await register(api, tmp_path)
        outcome = await call("k8s_delete", {"kind": "pod", "name": "web-1", "namespace": "shop"})
        assert outcome.status == "unknown"
        assert "may have happened" in outcome.text
        assert api.sent("DELETE") == 1
        assert api.bodies[-1]["preconditions"] == {"uid": "u1"}


async def test_a_permit_below_the_tools_effect_lets_nothing_through(tmp_path: Path) -> None:
    async with serving(with_index(answering(POD))) as api:
        await register(api, tmp_path)
        arguments = {"kind": "pod", "name": "web-1", "namespace": "shop"}
        outcome = await call("k8s_delete", arguments, permit(Effect.CHANGE))
        assert outcome.status == "failed"
        assert "nothing was sent" in outcome.text
        assert api.sent("DELETE") == 0


@pytest.mark.parametrize(
    "handler",
    [
        answering("<html><b>Sign in</b></html>"),
        answering("<html><b>Bad gateway</b></html>", 502),
        answering('{"kind": "Pod", "metadata"'),
        answering({"kind": "Pod"}, 302, Location="http://127.0.0.1:1/"),
        status(401, "Unauthorized", "Unauthorized"),
        status(403, "Forbidden", 'User "eve" cannot get resource "pods"'),
        status(500, "InternalError", "etcd leader changed"),
        cut,
    ],
    ids=["page", "gateway", "half", "redirect", "401", "403", "500", "cut"],
)
async def test_whatever_answers_the_call_ends_in_a_sentence(tmp_path: Path, handler: Handler) -> None:
    async with serving(with_index(handler)) as api:
        await register(api, tmp_path)
        outcome = await call("k8s_get", {"kind": "pod", "name": "web-1", "namespace": "shop"})
        assert outcome.status == "failed"
        assert "\n" not in outcome.text
        assert outcome.text[-1] in ".)"
        assert not any(mark in outcome.text for mark in ("<html", "Traceback", "Error(", "aiohttp"))
        assert set(outcome.data) == {"code", "temporary"}


async def test_a_fault_of_ours_is_logged_and_told_plainly(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def run(client: KubeClient, asked: Arguments) -> Result:
        raise ZeroDivisionError("secret detail")

    async with serving(answering({})) as api:
        await register(api, tmp_path)
        outcome = await toolbox.run(tool_that(run), Arguments(), "test", permit())
    assert outcome.status == "failed"
    assert "ZeroDivisionError" in outcome.text
    assert "secret detail" not in outcome.text
    assert "secret detail" in caplog.text


async def test_a_fault_of_ours_after_a_change_was_sent_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    async def run(client: KubeClient, asked: Arguments) -> Result:
        await client.answer(Request("POST", "/api/v1/namespaces", body=b"{}"))
        raise ZeroDivisionError

    async with serving(answering({})) as api:
        await register(api, tmp_path)
        outcome = await toolbox.run(tool_that(run, Effect.CHANGE), Arguments(), "test", permit())
    assert outcome.status == "unknown"
    assert "look before trying again" in outcome.text


@pytest.mark.parametrize(("sends", "expected"), [(False, "failed"), (True, "unknown")])
async def test_a_tool_that_takes_for_ever_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sends: bool, expected: str
) -> None:
    async def run(client: KubeClient, asked: Arguments) -> Result:
        if sends:
            await client.answer(Request("POST", "/api/v1/namespaces", body=b"{}"))
        await asyncio.sleep(60)
        return Result("never")

    monkeypatch.setattr(toolbox, "LONGEST_SECONDS", 0.3)
    async with serving(answering({})) as api:
        await register(api, tmp_path)
        outcome = await toolbox.run(tool_that(run, Effect.CHANGE), Arguments(), "test", permit())
    assert outcome.status == expected
    assert "given up" in outcome.text


async def test_being_cancelled_is_passed_on(tmp_path: Path) -> None:
    started = asyncio.Event()

    async def run(client: KubeClient, asked: Arguments) -> Result:
        started.set()
        await asyncio.sleep(60)
        return Result("never")

    async with serving(answering({})) as api:
        await register(api, tmp_path)
        task = asyncio.create_task(toolbox.run(tool_that(run), Arguments(), "test", permit()))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# ---- bounds and cleanliness --------------------------------------------------------------------------------------


async def outcome_of(result: Result, folder: Path) -> toolbox.Outcome:
    async def run(client: KubeClient, asked: Arguments) -> Result:
        return result

    async with serving(answering({})) as api:
        await register(api, folder)
        return await toolbox.run(tool_that(run), Arguments(), "test", permit())


async def test_a_long_result_is_cut_between_lines_for_the_model_and_kept_longer_for_people(tmp_path: Path) -> None:
    lines = [f"line {n} {'x' * 80}" for n in range(2000)]
    outcome = await outcome_of(Result("Header.", "\n".join(lines), {"lines": lines}), tmp_path)
    assert len(outcome.text.encode()) <= toolbox.LARGEST_TEXT
    assert "more lines" in outcome.text.splitlines()[-1]
    assert outcome.full.endswith(lines[-1])
    assert outcome.data == {"lines": lines}


async def test_data_beyond_its_bound_is_dropped(tmp_path: Path) -> None:
    outcome = await outcome_of(Result("Header.", "", ["x" * 1000] * 300), tmp_path)
    assert outcome.data is None


async def test_terminal_escapes_and_credentials_do_not_come_through(tmp_path: Path) -> None:
    secret = {"kind": "Secret", "data": {"k": "c3dvcmRmaXNo"}}
    body = "\x1b[31mred\x1b[0m Authorization: Bearer abcdef123456\u202e"
    outcome = await outcome_of(Result("Header.", body, {"deep": [secret], "line": body}), tmp_path)
    assert outcome.text == "Header.\nred Authorization: Bearer <redacted>"
    assert "c3dvcmRmaXNo" not in json.dumps(outcome.data)
    assert "abcdef123456" not in json.dumps(outcome.data)


async def test_a_value_of_a_secret_is_masked_even_in_the_servers_complaint(tmp_path: Path) -> None:
    refusal = status(422, "Invalid", 'Secret "s" is invalid: data[x]: Invalid value: "open-sesame"')
    missing = status(404, "NotFound", "no")
    async with serving(with_index(in_turn(missing, refusal))) as api:
        await register(api, tmp_path)
        manifest = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {x: open-sesame}"
        outcome = await call("k8s_apply", {"manifest": manifest, "namespace": "shop"})
        assert outcome.status == "failed"
        assert "is invalid" in outcome.text
        assert "open-sesame" not in outcome.text + json.dumps(outcome.data)


async def test_of_several_documents_each_is_told_and_after_an_unknown_one_nothing_more_is_sent(tmp_path: Path) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.json_response({"kind": "Status", "code": 404}, status=404)
        return await (cut if "/b?" in request.path_qs else answering({}, 201))(request)

    manifest = "\n---\n".join(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}" for name in "abc")
    async with serving(with_index(handler)) as api:
        await register(api, tmp_path)
        outcome = await call("k8s_apply", {"manifest": manifest, "namespace": "shop"})
        assert outcome.status == "unknown"
        assert "1 created, 1 unknown, 1 not sent" in outcome.text
        assert api.sent("PATCH") == 2
