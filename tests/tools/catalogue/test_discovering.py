"""The fields of kinds, told from the OpenAPI of the cluster in both of its forms."""

import json
from typing import Any

import pytest
from aiohttp import web

from tests.tools.api import serving
from tests.tools.catalogue.conftest import Ask
from tools.kube import schemas
from tools.kube.errors import BadInput, KubeError, Unsupported
from tools.kube.resources import Resource

THINGS = Resource("a.b", "v1", "Thing", "things", "thing", True)
GVK = [{"group": "a.b", "version": "v1", "kind": "Thing"}]


def schemas_of(prefix: str) -> dict[str, Any]:
    reference = {"$ref": f"{prefix}/b.a.v1.ThingSpec"}
    return {
        "b.a.v1.Thing": {
            "x-kubernetes-group-version-kind": GVK,
            "properties": {"spec": {"description": "What is wanted. And more.", "allOf": [reference]}},
        },
        "other.Thing": {"x-kubernetes-group-version-kind": None},
        "b.a.v1.ThingSpec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "description": "How large."},
                "mode": {"type": "string", "enum": ["", "Fast", "Slow"]},
                "port": {"x-kubernetes-int-or-string": True},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "parts": {"type": "array", "items": reference},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "odd": {},
            },
        },
    }


def cluster(form: str) -> Any:
    async def handler(request: web.Request) -> web.StreamResponse:
        if form == "v3" and request.path == "/openapi/v3/apis/a.b/v1":
            return web.json_response({"components": {"schemas": schemas_of("#/components/schemas")}})
        if form == "v2" and request.path == "/openapi/v2":
            return web.json_response({"definitions": schemas_of("#/definitions")})
        return web.json_response({"kind": "Status", "code": 404, "reason": "NotFound", "message": "no"}, status=404)

    return handler


@pytest.mark.parametrize("form", ["v3", "v2"])
@pytest.mark.parametrize("path", ["spec", "spec.parts", "spec.parts[*].parts"])
async def test_fields_are_told_with_their_types(form: str, path: str) -> None:
    async with serving(cluster(form)) as api:
        found = await schemas.describe(api.client(), THINGS, path)
    assert {fact.name: fact.type for fact in found.fields} == {
        "size": "integer",
        "mode": "Fast|Slow",
        "port": "int|string",
        "labels": "map[string]string",
        "parts": "[]ThingSpec",
        "free": "object",
        "odd": "object",
    }
    assert [fact.name for fact in found.fields if fact.required] == ["size"]
    assert found.fields[0].about == "How large"


@pytest.mark.parametrize(
    ("form", "path", "fault", "words"),
    [
        ("v3", "spec.sise", BadInput, 'spec has no field "sise". It has: free, labels'),
        ("v3", "spec.size.more", BadInput, "It has: no fields of their own"),
        ("none", "spec", Unsupported, "does not describe the fields"),
    ],
)
async def test_a_path_that_leads_nowhere_says_what_there_is(
    form: str, path: str, fault: type[KubeError], words: str
) -> None:
    async with serving(cluster(form)) as api:
        with pytest.raises(fault, match=words.replace("[", r"\[")):
            await schemas.describe(api.client(), THINGS, path)


async def test_a_field_with_a_deep_path_of_the_demo_cluster(ask: Ask) -> None:
    outcome = await ask("k8s_discover", query="deploy", fields="spec.template.spec.containers.resources")
    assert outcome.text.startswith("Deployment.spec.template.spec.containers.resources (apps/v1) is")
    assert {"limits", "requests"} <= {field["name"] for field in outcome.data["fields"]}
    assert "Name a kind" in (await ask("k8s_discover", fields="spec")).text
    assert json.dumps(outcome.data)


async def test_a_revision_says_what_it_changed_in_the_pods(ask: Ask) -> None:
    outcome = await ask("k8s_rollout_history", name="search", revision=2)
    assert outcome.text.startswith("Deployment search in shop, from revision 1 to 2: 2 changes in the pod template.")
    assert "spec.containers[search].resources.limits.memory: 512Mi → 128Mi" in outcome.data["changes"]
    back = await ask("k8s_rollout_history", name="search", revision=1, against=2)
    assert "128Mi → 512Mi" in back.text
    none = await ask("k8s_rollout_history", name="search", revision=1)
    assert none.text == "Deployment search in shop keeps no revision before 1. There are: 2, 1."
