"""Broken objects are refused with the causes that the API server would list."""

import copy
from typing import Any

import pytest

from tests.tools.demo.recorded import address, exchanges, needs_recording
from tools.demo.defaults import apply_defaults
from tools.demo.patch import merge_patch, strategic_merge
from tools.demo.validation import Cause, validate
from tools.demo.validation.cron import schedule_problem
from tools.demo.validation.selectors import matches

Json = dict[str, Any]

CONTAINER: Json = {"name": "c", "image": "i:1"}


def causes(group: str, plural: str, obj: Json, old: Json | None = None) -> list[Cause]:
    obj = copy.deepcopy(obj)
    apply_defaults(group, plural, obj)
    return validate(group, plural, obj, old)


def fields(found: list[Cause]) -> list[str]:
    return [cause.field for cause in found]


def pod(**spec: Any) -> Json:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [CONTAINER], **spec}}


def deployment(**spec: Any) -> Json:
    template = {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [CONTAINER]}}
    spec = {"selector": {"matchLabels": {"app": "d"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}


def service(**spec: Any) -> Json:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec}


def test_sound_objects_have_no_causes() -> None:
    assert causes("", "pods", pod()) == []
    assert causes("apps", "deployments", deployment(replicas=0)) == []
    assert causes("", "services", service(ports=[{"port": 80}], selector={"app": "d"})) == []


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"containers": []}, "spec.containers"),
        ({"containers": [{"name": "c"}]}, "spec.containers[0].image"),
        ({"containers": [CONTAINER, CONTAINER]}, "spec.containers[1].name"),
        ({"containers": [{**CONTAINER, "name": "A"}]}, "spec.containers[0].name"),
        ({"containers": [{**CONTAINER, "imagePullPolicy": "No"}]}, "spec.containers[0].imagePullPolicy"),
        (
            {"containers": [{**CONTAINER, "ports": [{"containerPort": 70000}]}]},
            "spec.containers[0].ports[0].containerPort",
        ),
        ({"containers": [{**CONTAINER, "env": [{"name": "A=B"}]}]}, "spec.containers[0].env[0].name"),
        ({"containers": [{**CONTAINER, "livenessProbe": {}}]}, "spec.containers[0].livenessProbe"),
        (
            {"containers": [{**CONTAINER, "livenessProbe": {"exec": {"command": ["x"]}, "successThreshold": 2}}]},
            "spec.containers[0].livenessProbe.successThreshold",
        ),
        (
            {"containers": [{**CONTAINER, "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]},
            "spec.containers[0].volumeMounts[0].name",
        ),
        (
            {"containers": [{**CONTAINER, "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}]},
            "spec.containers[0].resources.requests",
        ),
        ({"restartPolicy": "Sometimes"}, "spec.restartPolicy"),
        ({"volumes": [{"name": "a"}, {"name": "a"}]}, "spec.volumes[1].name"),
        ({"volumes": [{"name": "a", "secret": {}}]}, "spec.volumes[0].secret.secretName"),
        ({"tolerations": [{"value": "x"}]}, "spec.tolerations[0].operator"),
        ({"nodeSelector": {"bad key": "x"}}, "spec.nodeSelector"),
    ],
)
def test_a_broken_pod_is_refused_for_the_field_that_is_broken(spec: Json, field: str) -> None:
    assert fields(causes("", "pods", pod(**spec))) == [field]


def test_a_running_pod_takes_a_new_image_and_little_else() -> None:
    old = pod()
    apply_defaults("", "pods", old)
    assert (
        causes("", "pods", pod(containers=[{**CONTAINER, "image": "i:1", "imagePullPolicy": "IfNotPresent"}]), old)
        == []
    )
    changed = copy.deepcopy(old)
    changed["spec"]["containers"][0]["image"] = "i:2"
    assert validate("", "pods", changed, old) == []
    changed["spec"]["hostNetwork"] = True
    assert fields(validate("", "pods", changed, old)) == ["spec"]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"replicas": -1}, "spec.replicas"),
        ({"selector": {"matchLabels": {"app": "x"}}}, "spec.template.metadata.labels"),
        ({"strategy": {"type": "Slowly"}}, "spec.strategy"),
        ({"strategy": {"rollingUpdate": {"maxSurge": "ten%"}}}, "spec.strategy.rollingUpdate.maxSurge"),
        ({"progressDeadlineSeconds": 5, "minReadySeconds": 10}, "spec.progressDeadlineSeconds"),
    ],
)
def test_a_broken_deployment_is_refused_for_the_field_that_is_broken(spec: Json, field: str) -> None:
    assert fields(causes("apps", "deployments", deployment(**spec))) == [field]


def test_a_selector_never_changes() -> None:
    old, new = deployment(), deployment(selector={"matchLabels": {"app": "n"}})
    new["spec"]["template"] = {**new["spec"]["template"], "metadata": {"labels": {"app": "n"}}}
    for obj in (old, new):
        apply_defaults("apps", "deployments", obj)
    assert [each.message for each in validate("apps", "deployments", new, old)] == [
        'Invalid value: {"matchLabels":{"app":"n"}}: field is immutable'
    ]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({}, ["spec.ports"]),
        ({"clusterIP": "None"}, []),
        ({"type": "ExternalName"}, ["spec.externalName"]),
        ({"ports": [{"port": 80}, {"port": 81}]}, ["spec.ports[0].name", "spec.ports[1].name"]),
        ({"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]}, ["spec.ports[1].name"]),
        ({"ports": [{"port": 80}], "type": "Odd"}, ["spec.type"]),
        ({"ports": [{"port": 80}], "clusterIP": "10.0.0.999"}, ["spec.clusterIPs[0]"]),
        ({"ports": [{"port": 80, "nodePort": 30000}]}, ["spec.ports[0].nodePort"]),
    ],
)
def test_services_need_ports_names_and_a_known_type(spec: Json, found: list[str]) -> None:
    assert fields(causes("", "services", service(**spec))) == found


@pytest.mark.parametrize("name", ["Bad", "a_b", "-a", "a.", "", "a" * 254])
def test_names_are_dns_names(name: str) -> None:
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    assert set(fields(causes("", "configmaps", obj))) == {"metadata.name"}


def test_roles_may_be_called_what_addresses_can_hold() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "system:a"}, "rules": []}
    assert causes("rbac.authorization.k8s.io", "roles", role) == []
    role["metadata"] = {"name": "a/b"}
    assert fields(causes("rbac.authorization.k8s.io", "roles", role)) == ["metadata.name"]


def test_an_immutable_config_map_stays_as_it_is() -> None:
    old = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}, "immutable": True}
    new = {**old, "data": {"a": "2"}}
    assert fields(causes("", "configmaps", new, old)) == ["data"]
    assert causes("", "configmaps", old, old) == []


@pytest.mark.parametrize("schedule", ["*/5 * * * *", "0 3 * * mon-fri", "@daily", "0 0 1,15 jan *", "1-59/2 * * * *"])
def test_sound_schedules_are_read(schedule: str) -> None:
    assert schedule_problem(schedule) == ""


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("every day", "expected exactly 5 fields, found 2: [every day]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("@sometimes", "unrecognized descriptor: @sometimes"),
        ("TZ=UTC * * * * *", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"),
    ],
)
def test_broken_schedules_are_explained(schedule: str, problem: str) -> None:
    assert schedule_problem(schedule) == problem


def test_selectors_match_by_labels_and_expressions() -> None:
    labels = {"app": "web", "tier": "front"}
    assert matches({}, labels)
    assert not matches(None, labels)
    assert matches({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["front"]}]}, labels)
    assert not matches({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, labels)


PLAIN_REFUSALS = [
    "namespaces-09", "namespaces-10", "configmaps-18", "configmaps-19", "configmaps-25", "secrets-06", "pods-28",
    "pods-29", "pods-31", "pods-32", "deployments-05", "deployments-06", "deployments-07", "deployments-08",
    "deployments-09", "deployments-10", "deployments-11", "deployments-12", "services-07", "services-08",
    "services-09", "services-11", "delete-14", "authz-setup-07", "validation-18", "validation-19", "validation-21",
    "validation-22", "validation-23", "validation-24", "validation-25", "validation-26", "limitrange-07",
    "podsecurity-06",
]  # fmt: skip


@pytest.mark.golden
@needs_recording
@pytest.mark.parametrize("name", PLAIN_REFUSALS)
def test_the_recorded_refusals_have_the_recorded_causes(name: str) -> None:
    each = exchanges()[name]
    found = causes(*address(each["request"]["path"]), each["request"]["body"])
    got = [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in found]
    assert got == each["response"]["body"]["details"]["causes"]


# A recorded refusal of a patch, and the exchange whose answer it changes.
CHANGES = {
    "configmaps-23": "configmaps-22",
    "secrets-04": "secrets-03",
    "deployments-14": "dep-create",
    "pods-10": "pod-create",
    "pods-11": "pod-create",
    "statefulset-11": "statefulset-02",
    "authz-setup-08": "authz-setup-04",
}
STRATEGIC = "application/strategic-merge-patch+json"


@pytest.mark.golden
@needs_recording
@pytest.mark.parametrize("name", list(CHANGES))
def test_the_recorded_refusals_of_changes_have_the_recorded_causes(name: str) -> None:
    each, old = exchanges()[name], exchanges()[CHANGES[name]]["response"]["body"]
    place, request = address(each["request"]["path"]), each["request"]
    if request["headers"]["Content-Type"] == STRATEGIC:
        new = strategic_merge(*place, copy.deepcopy(old), request["body"])
    else:
        new = merge_patch(old, request["body"])
    got = [
        {"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes(*place, new, old)
    ]
    assert got == each["response"]["body"]["details"]["causes"]
