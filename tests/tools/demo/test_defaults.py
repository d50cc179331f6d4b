"""The demo cluster completes objects exactly as the API server does."""

import copy
from typing import Any

import pytest

from tests.tools.demo.recorded import address, differences, exchanges, needs_recording
from tools.demo.defaults import apply_defaults
from tools.demo.defaults.pods import pull_policy

Json = dict[str, Any]


def completed(group: str, plural: str, api_version: str, kind: str, **fields: Any) -> Json:
    obj: Json = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, **copy.deepcopy(fields)}
    apply_defaults(group, plural, obj)
    return obj


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.27", "IfNotPresent"),
        ("registry:5000/nginx", "Always"),
        ("registry:5000/nginx:1", "IfNotPresent"),
        ("nginx@sha256:abc", "IfNotPresent"),
    ],
)
def test_an_image_without_a_fixed_tag_is_always_pulled(image: str, policy: str) -> None:
    assert pull_policy(image) == policy


def test_a_pod_requests_what_it_is_limited_to_and_a_template_does_not() -> None:
    container = {"name": "c", "image": "i:1", "resources": {"limits": {"cpu": "1000m"}}}
    pod = completed("", "pods", "v1", "Pod", spec={"containers": [container]})
    assert pod["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}
    assert pod["spec"]["enableServiceLinks"] is True
    spec = {"template": {"spec": {"containers": [container]}}}
    deployment = completed("apps", "deployments", "apps/v1", "Deployment", spec=spec)
    template = deployment["spec"]["template"]["spec"]
    assert template["containers"][0]["resources"] == {"limits": {"cpu": "1"}}
    assert "enableServiceLinks" not in template


def test_probes_and_volumes_are_completed() -> None:
    spec = {
        "containers": [{"name": "c", "image": "i", "readinessProbe": {"httpGet": {"port": 80}}}],
        "volumes": [
            {"name": "a"},
            {"name": "b", "secret": {"secretName": "s"}},
            {"name": "h", "hostPath": {"path": "/"}},
        ],
    }
    pod = completed("", "pods", "v1", "Pod", spec=spec)
    assert pod["spec"]["containers"][0]["readinessProbe"] == {
        "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    assert pod["spec"]["volumes"] == [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "secret": {"secretName": "s", "defaultMode": 420}},
        {"name": "h", "hostPath": {"path": "/", "type": ""}},
    ]


def test_zero_values_that_go_leaves_out_are_left_out() -> None:
    container = {
        "name": "c",
        "image": "i",
        "env": [{"name": "A", "value": ""}],
        "stdin": False,
        "args": [],
        "ports": None,
    }
    pod = completed("", "pods", "v1", "Pod", spec={"containers": [container], "hostNetwork": False})
    written = pod["spec"]["containers"][0]
    assert written["env"] == [{"name": "A"}]
    assert not {"stdin", "args", "ports"} & set(written)
    assert "hostNetwork" not in pod["spec"]


def test_values_behind_pointers_stay_though_they_are_zero() -> None:
    spec = {
        "automountServiceAccountToken": False,
        "containers": [{"name": "c", "image": "i", "securityContext": {"allowPrivilegeEscalation": False}}],
        "terminationGracePeriodSeconds": 0,
    }
    pod = completed("", "pods", "v1", "Pod", spec=spec)
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert pod["spec"]["containers"][0]["securityContext"] == {"allowPrivilegeEscalation": False}
    assert pod["spec"]["terminationGracePeriodSeconds"] == 0
    assert completed("apps", "deployments", "apps/v1", "Deployment", spec={"replicas": 0})["spec"]["replicas"] == 0


def test_a_recreate_strategy_gets_no_rolling_numbers() -> None:
    made = completed("apps", "deployments", "apps/v1", "Deployment", spec={"strategy": {"type": "Recreate"}})
    assert made["spec"]["strategy"] == {"type": "Recreate"}


def test_plain_secret_text_becomes_data() -> None:
    secret = completed("", "secrets", "v1", "Secret", stringData={"user": "demo"}, data={"user": "b2xk", "k": "dg=="})
    assert secret["data"] == {"user": "ZGVtbw==", "k": "dg=="}
    assert "stringData" not in secret
    assert secret["type"] == "Opaque"


def test_services_are_completed_by_their_type() -> None:
    plain = completed("", "services", "v1", "Service", spec={"ports": [{"port": 80}]})["spec"]
    assert plain["ports"] == [{"protocol": "TCP", "port": 80, "targetPort": 80}]
    assert (plain["type"], plain["sessionAffinity"], plain["internalTrafficPolicy"]) == ("ClusterIP", "None", "Cluster")
    assert "externalTrafficPolicy" not in plain
    balanced = completed("", "services", "v1", "Service", spec={"type": "LoadBalancer", "ports": [{"port": 80}]})[
        "spec"
    ]
    assert balanced["externalTrafficPolicy"] == "Cluster"
    assert balanced["allocateLoadBalancerNodePorts"] is True


def test_a_limit_range_derives_defaults_from_its_maximum() -> None:
    spec = {"limits": [{"type": "Container", "max": {"memory": "128Mi"}, "min": {"cpu": "10m"}}]}
    item = completed("", "limitranges", "v1", "LimitRange", spec=spec)["spec"]["limits"][0]
    assert item["default"] == {"memory": "128Mi"}
    assert item["defaultRequest"] == {"memory": "128Mi", "cpu": "10m"}


def test_a_network_policy_applies_to_what_it_has_rules_for() -> None:
    policy = completed(
        "networking.k8s.io", "networkpolicies", "networking.k8s.io/v1", "NetworkPolicy", spec={"egress": [{}]}
    )
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert policy["spec"]["podSelector"] == {}


def test_completing_twice_changes_nothing() -> None:
    spec = {"template": {"spec": {"containers": [{"name": "c", "image": "i"}]}}, "schedule": "* * * * *"}
    for group, plural, version, kind in (
        ("apps", "statefulsets", "apps/v1", "StatefulSet"),
        ("apps", "daemonsets", "apps/v1", "DaemonSet"),
        ("batch", "jobs", "batch/v1", "Job"),
        ("batch", "cronjobs", "batch/v1", "CronJob"),
    ):
        once = completed(group, plural, version, kind, spec=spec)
        twice = copy.deepcopy(once)
        apply_defaults(group, plural, twice)
        assert twice == once


def test_a_custom_resource_is_left_alone() -> None:
    boat = {
        "apiVersion": "golden.example/v1",
        "kind": "Boat",
        "metadata": {"name": "argo"},
        "spec": {"crew": 0, "sail": []},
    }
    before = copy.deepcopy(boat)
    apply_defaults("golden.example", "boats", boat)
    assert boat == before


# What the server's own later steps add to these objects: registry, admission, controllers.
LATER: dict[str, tuple[str, ...]] = {
    "namespaces": (".spec.finalizers",),
    "pods": (
        ".spec.preemptionPolicy", ".spec.priority", ".spec.serviceAccount", ".spec.serviceAccountName",
        ".spec.tolerations", ".spec.volumes", ".spec.containers[0].volumeMounts", ".spec.containers[1].volumeMounts",
        ".spec.initContainers[0].volumeMounts", ".metadata.annotations", ".spec.containers[0].resources",
    ),
    "services": (
        ".spec.clusterIP", ".spec.clusterIPs", ".spec.ipFamilies", ".spec.ipFamilyPolicy", ".spec.ports[0].nodePort",
    ),
    "jobs": (".metadata.labels", ".spec.selector", ".spec.template.metadata.labels"),
}  # fmt: skip
SERVER_SIDE = ("uid", "resourceVersion", "creationTimestamp", "generation", "namespace", "managedFields", "selfLink")


@pytest.mark.golden
@needs_recording
def test_every_recorded_creation_is_completed_as_recorded() -> None:
    compared = 0
    for each in exchanges().values():
        request, answer = each["request"], copy.deepcopy(each["response"]["body"])
        if (
            request["method"] != "POST"
            or each["response"]["status"] != 201
            or not isinstance(request.get("body"), dict)
        ):
            continue
        group, plural = address(request["path"])
        sent = copy.deepcopy(request["body"])
        strict = request.get("query", {}).get("fieldValidation")
        if answer["kind"] != sent.get("kind") or group in ("golden.example", "apiextensions.k8s.io") or strict:
            continue
        if "imagee" in str(sent) or "metadata" not in sent:
            continue
        apply_defaults(group, plural, sent)
        for key in SERVER_SIDE:
            answer["metadata"].pop(key, None)
            sent["metadata"].pop(key, None)
        if "generateName" in sent["metadata"]:
            answer["metadata"].pop("name")
        found = [
            path for path, *_ in differences(answer, sent) if not path.startswith((".status", *LATER.get(plural, ())))
        ]
        assert found == [], each["id"]
        compared += 1
    assert compared > 60
