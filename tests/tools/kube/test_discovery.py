"""Kinds are found by any of their names, on old and new servers, whole or in part."""

from typing import Any

import pytest
from aiohttp import web

from tests.tools.api import Handler, serving
from tools.kube import discovery
from tools.kube.discovery import Discovery
from tools.kube.errors import BadAnswer, NotAuthenticated, UnknownKind
from tools.kube.resources import Resource


def kind(group: str, version: str, name: str, plural: str, *short: str) -> Resource:
    return Resource(group, version, name, plural, name.lower(), True, ("get", "list"), short)


KNOWN = Discovery(
    (
        kind("", "v1", "Pod", "pods", "po"),
        kind("", "v1", "Event", "events", "ev"),
        kind("", "v1", "Service", "services", "svc"),
        kind("events.k8s.io", "v1", "Event", "events", "ev"),
        kind("metrics.k8s.io", "v1beta1", "PodMetrics", "pods"),
        kind("apps", "v1", "Deployment", "deployments", "deploy"),
        kind("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa"),
        kind("autoscaling", "v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa"),
        kind("serving.knative.dev", "v1", "Service", "services", "ksvc"),
        kind("a.example.com", "v1", "Boat", "boats"),
        kind("b.example.com", "v1", "Boat", "boats"),
    )
)


@pytest.mark.parametrize(
    ("words", "api_version", "name"),
    [
        ("pods", "v1", "Pod"),
        ("Pod", "v1", "Pod"),
        ("PO", "v1", "Pod"),
        (" deploy ", "apps/v1", "Deployment"),
        ("deployments.apps", "apps/v1", "Deployment"),
        ("deployments.v1.apps", "apps/v1", "Deployment"),
        ("apps/v1/Deployment", "apps/v1", "Deployment"),
        ("v1/pods", "v1", "Pod"),
        ("events", "v1", "Event"),
        ("events.events.k8s.io", "events.k8s.io/v1", "Event"),
        ("pods.metrics.k8s.io", "metrics.k8s.io/v1beta1", "PodMetrics"),
        ("podmetrics", "metrics.k8s.io/v1beta1", "PodMetrics"),
        ("hpa", "autoscaling/v2", "HorizontalPodAutoscaler"),
        ("autoscaling/v1/HorizontalPodAutoscaler", "autoscaling/v1", "HorizontalPodAutoscaler"),
        ("svc", "v1", "Service"),
        ("ksvc", "serving.knative.dev/v1", "Service"),
        ("boats.b.example.com", "b.example.com/v1", "Boat"),
    ],
)
def test_a_kind_is_found_by_any_of_its_names(words: str, api_version: str, name: str) -> None:
    found = KNOWN.resolve(words)
    assert (found.api_version, found.kind) == (api_version, name)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("deploymnets", "Did you mean deployments"),
        ("gizmo", "k8s_discover"),
        ("all", "one kind at a time"),
        ("boats", "boats.a.example.com, boats.b.example.com"),
        ("", "no kind"),
        ("apps/v2/Deployment", "no kind"),
    ],
)
def test_an_unknown_kind_is_told_with_what_is_near(words: str, hint: str) -> None:
    with pytest.raises(UnknownKind, match=hint):
        KNOWN.resolve(words)


def test_the_best_version_both_sides_know_is_chosen() -> None:
    found = KNOWN.version_of("HorizontalPodAutoscaler", "autoscaling", ("v3", "v2", "v1"))
    assert found is not None
    assert found.version == "v2"
    assert KNOWN.version_of("HorizontalPodAutoscaler", "autoscaling", ("v9",)) is None


# ---- what servers answer -----------------------------------------------------------------------------------------

POD = {"name": "pods", "singularName": "", "namespaced": True, "kind": "Pod", "verbs": ["list"], "shortNames": ["po"]}
SCALE = {"name": "deployments/scale", "singularName": "", "namespaced": True, "kind": "Scale", "verbs": ["get"]}
DEPLOYMENT = {"name": "deployments", "singularName": "", "namespaced": True, "kind": "Deployment", "verbs": ["list"]}
OLD: dict[str, Any] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [POD]},
    "/apis": {
        "kind": "APIGroupList",
        "groups": [
            {
                "name": "apps",
                "versions": [{"version": "v1beta1"}, {"version": "v1"}],
                "preferredVersion": {"version": "v1"},
            },
            {
                "name": "metrics.k8s.io",
                "versions": [{"version": "v1beta1"}],
                "preferredVersion": {"version": "v1beta1"},
            },
        ],
    },
    "/apis/apps/v1": {"kind": "APIResourceList", "groupVersion": "apps/v1", "resources": [DEPLOYMENT, SCALE]},
    "/apis/apps/v1beta1": {"kind": "APIResourceList", "groupVersion": "apps/v1beta1", "resources": [DEPLOYMENT]},
}


def by_path(answers: dict[str, Any]) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path in answers:
            return web.json_response(answers[request.path])
        return web.Response(status=503, text="no endpoints", headers={"Retry-After": "0"})

    return handler


def served(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"resource": name, "responseKind": {"kind": kind}, "scope": "Namespaced", "verbs": ["list"], **more}


NEW: dict[str, Any] = {
    "/api": {
        "kind": "APIGroupDiscoveryList",
        "items": [{"metadata": {}, "versions": [{"version": "v1", "resources": [served("pods", "Pod")]}]}],
    },
    "/apis": {
        "kind": "APIGroupDiscoveryList",
        "items": [
            {
                "metadata": {"name": "apps"},
                "versions": [
                    {
                        "version": "v1",
                        "resources": [served("deployments", "Deployment", subresources=[{"subresource": "scale"}])],
                    }
                ],
            },
            {"metadata": {"name": "metrics.k8s.io"}, "versions": [{"version": "v1beta1", "freshness": "Stale"}]},
        ],
    },
}


@pytest.mark.parametrize("answers", [OLD, NEW], ids=["lists per group", "aggregated"])
async def test_what_is_there_is_found_although_a_part_of_the_api_is_away(answers: dict[str, Any]) -> None:
    async with serving(by_path(answers)) as api:
        client = api.client()
        deployment = await client.resolve("deployment")
        assert deployment.api_version == "apps/v1"
        assert deployment.subresources == ("scale",)
        assert (await client.resolve("pods")).api_version == "v1"
        assert (await client.kinds()).absent == ("metrics.k8s.io/v1beta1",)
        with pytest.raises(UnknownKind, match=r"Not answering now: metrics\.k8s\.io"):
            await client.resolve("podmetrics")


async def test_kinds_are_asked_for_once_and_anew_when_one_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {**NEW, "/apis": {**NEW["/apis"], "items": NEW["/apis"]["items"][:1]}}
    async with serving(by_path(whole)) as api:
        client = api.client()
        await client.resolve("pods")
        await client.resolve("deployments")
        assert len(api.seen) == 2
        monkeypatch.setattr(discovery, "_ASK_AGAIN_SECONDS", 0.0)
        with pytest.raises(UnknownKind):
            await client.resolve("gizmos")
        assert len(api.seen) == 4


async def test_a_server_that_is_no_api_server_is_told_as_such() -> None:
    async def page(request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>Welcome to nginx!</html>", content_type="text/html")

    async with serving(page) as api:
        with pytest.raises(BadAnswer, match="not the Kubernetes API"):
            await api.client().resolve("pods")


async def test_wrong_credentials_are_not_told_as_an_unknown_kind() -> None:
    async def locked(request: web.Request) -> web.StreamResponse:
        return web.json_response({"kind": "Status", "code": 401}, status=401)

    async with serving(locked) as api:
        with pytest.raises(NotAuthenticated):
            await api.client().resolve("pods")
