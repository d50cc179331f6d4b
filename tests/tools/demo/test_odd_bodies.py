"""However odd the body of a write is, the demo cluster refuses or takes it; it never fails on it."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tools.demo.api import Api, NoLogs
from tools.demo.authentication import User
from tools.demo.bootstrap import bootstrap
from tools.demo.http import Request
from tools.demo.managed_fields import track
from tools.demo.server import answer
from tools.demo.store import Store

Json = dict[str, Any]

POD: Json = {
    "metadata": {"name": "p", "labels": {"app": "web"}, "annotations": {"a/b": "c"}, "finalizers": ["x.io/y"]},
    "spec": {
        "containers": [
            {
                "name": "web",
                "image": "nginx:1",
                "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
                "ports": [{"containerPort": 80, "name": "http"}],
                "resources": {"requests": {"cpu": "10m"}, "limits": {"memory": "1Gi"}},
                "readinessProbe": {"httpGet": {"port": 80}},
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            }
        ],
        "volumes": [{"name": "v", "configMap": {"name": "c"}}],
        "tolerations": [{"key": "a", "operator": "Exists"}],
    },
}
TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": POD["spec"]}
SELECTOR = {"matchLabels": {"app": "web"}}
BODIES: dict[str, Json] = {
    "/api/v1/namespaces/place/pods": POD,
    "/api/v1/namespaces/place/services": {
        "metadata": {"name": "s"},
        "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "nodePort": 30001}]},
    },
    "/api/v1/namespaces/place/secrets": {"metadata": {"name": "s"}, "data": {"a": "YQ=="}, "stringData": {"b": "b"}},
    "/api/v1/namespaces/place/limitranges": {
        "metadata": {"name": "l"},
        "spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "10m"}}]},
    },
    "/apis/apps/v1/namespaces/place/deployments": {
        "metadata": {"name": "d"},
        "spec": {"replicas": 2, "selector": SELECTOR, "strategy": {"type": "RollingUpdate"}, "template": TEMPLATE},
    },
    "/apis/batch/v1/namespaces/place/cronjobs": {
        "metadata": {"name": "c"},
        "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": TEMPLATE}}},
    },
    "/apis/networking.k8s.io/v1/namespaces/place/ingresses": {
        "metadata": {"name": "i"},
        "spec": {
            "rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "s"}}}]}}]
        },
    },
    "/apis/autoscaling/v2/namespaces/place/horizontalpodautoscalers": {
        "metadata": {"name": "h"},
        "spec": {
            "maxReplicas": 3,
            "scaleTargetRef": {"kind": "Deployment", "name": "d"},
            "metrics": [{"type": "Resource"}],
        },
    },
    "/apis/rbac.authorization.k8s.io/v1/namespaces/place/rolebindings": {
        "metadata": {"name": "b"},
        "roleRef": {"kind": "Role", "name": "r"},
        "subjects": [{"kind": "User", "name": "u"}],
    },
}
ODD: list[Any] = [
    None, {}, [], "", "a b", "A_b", "%", "-5", "1Gi", "x" * 300, "\u0000é", -1, 0, 1.5, 2**70, True, [None], [{}], [[]],
    {"a": None}, {"": ""}, {"cpu": "x"},
]  # fmt: skip
PATCHES = ("application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def distorted(body: Json, chance: random.Random) -> Json:
    body = copy.deepcopy(body)
    path = chance.choice([path for path in places(body) if path])
    parent: Any = body
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = copy.deepcopy(chance.choice(ODD))
    return body


@pytest.fixture
def cluster() -> Api:
    store = Store(seed=1, track=track)
    bootstrap(store)
    api = Api.over(store, NoLogs(), {"token": User("admin", ("system:masters",), "u")})
    assert send(api, "POST", "/api/v1/namespaces", {"metadata": {"name": "place"}}) == 201
    assert send(api, "POST", "/api/v1/namespaces/place/serviceaccounts", {"metadata": {"name": "default"}}) == 201
    return api


def send(api: Api, method: str, path: str, body: Json, media_type: str = "application/json") -> int:
    headers = [("authorization", "Bearer token"), ("content-type", media_type)]
    query = {"fieldManager": ["odd"]} if method == "PATCH" else {}
    response = answer(api, Request(method, path, query, headers, json.dumps(body).encode()))
    assert b"defect" not in response.body, (path, body)
    return response.status


@pytest.mark.parametrize("path", list(BODIES))
def test_a_distorted_new_object_is_taken_or_refused(cluster: Api, path: str) -> None:
    chance = random.Random(path)
    statuses = [send(cluster, "POST", path, distorted(BODIES[path], chance)) for _ in range(120)]
    assert set(statuses) <= {201, 400, 403, 409, 422}
    assert {400, 422} & set(statuses)


@pytest.mark.parametrize("media_type", PATCHES)
def test_a_distorted_patch_is_taken_or_refused(cluster: Api, media_type: str) -> None:
    chance = random.Random(media_type)
    path = "/apis/apps/v1/namespaces/place/deployments"
    base = {"apiVersion": "apps/v1", "kind": "Deployment", **BODIES[path]}
    assert send(cluster, "POST", path, base) == 201
    statuses = [send(cluster, "PATCH", f"{path}/d", distorted(base, chance), media_type) for _ in range(200)]
    assert set(statuses) <= {200, 400, 409, 422, 500}  # a 500 is the API server's own word for some of these
    assert 200 in statuses
