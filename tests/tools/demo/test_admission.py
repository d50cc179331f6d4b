"""Admission in the demo cluster completes pods and refuses what namespaces forbid, in the API server's words."""

import copy
from typing import Any

import pytest

from tests.tools.demo.recorded import differences, exchanges, needs_recording
from tools.demo import cel
from tools.demo.admission import admit, limits, warnings
from tools.demo.allocation import NODE_PORTS, allocate
from tools.demo.defaults import apply_defaults
from tools.demo.errors import ApiError
from tools.demo.store import Resource, Store

Json = dict[str, Any]

PODS = Resource("", "pods")
SERVICES = Resource("", "services")


def a_store(*objects: tuple[Resource, Json], labels: Json | None = None, **account: Any) -> Store:
    """A store with the namespace `place`, its default account and whatever else is given."""
    store = Store(seed=1)
    store.create(Resource("", "namespaces"), {"metadata": {"name": "place", "labels": labels or {}}})
    store.create(Resource("", "serviceaccounts"), {"metadata": {"name": "default", "namespace": "place"}, **account})
    for resource, obj in objects:
        store.create(resource, copy.deepcopy(obj))
    return store


def pod(name: str = "p", resources: Json | None = None, **spec: Any) -> Json:
    container = {"name": "c", "image": "i:1", "resources": resources or {}}
    obj = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "place"}}
    full: Json = {**obj, "spec": {"containers": [container], **copy.deepcopy(spec)}}
    apply_defaults("", "pods", full)
    return full


def admitted(store: Store, obj: Json) -> Json:
    admit(store, "", "pods", obj, None, "CREATE")
    return obj


def refusal(store: Store, obj: Json, plural: str = "pods", group: str = "") -> str:
    with pytest.raises(ApiError) as caught:
        admit(store, group, plural, obj, None, "CREATE")
    assert caught.value.code in (403, 422)
    return caught.value.message


def limit_range(**bounds: Any) -> tuple[Resource, Json]:
    spec = {"limits": [{"type": "Container", **bounds}]}
    return Resource("", "limitranges"), {"metadata": {"name": "lr", "namespace": "place"}, "spec": spec}


def quota(**hard: str) -> tuple[Resource, Json]:
    keys = {key.replace("__", ".").replace("_per_", "/"): value for key, value in hard.items()}
    return Resource("", "resourcequotas"), {"metadata": {"name": "rq", "namespace": "place"}, "spec": {"hard": keys}}


def test_a_pod_gets_an_account_a_token_a_priority_and_patience_with_its_node() -> None:
    spec = admitted(a_store(), pod())["spec"]
    assert (spec["serviceAccountName"], spec["serviceAccount"], spec["priority"]) == ("default", "default", 0)
    volume = spec["volumes"][0]
    assert volume["name"].startswith("kube-api-access-")
    mount = {"name": volume["name"], "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    assert spec["containers"][0]["volumeMounts"] == [mount]
    assert [each["key"].rpartition("/")[2] for each in spec["tolerations"]] == ["not-ready", "unreachable"]


@pytest.mark.parametrize("decliner", ["pod", "account"])
def test_a_token_may_be_declined_by_the_pod_or_the_account(decliner: str) -> None:
    no = {"automountServiceAccountToken": False}
    store = a_store(**(no if decliner == "account" else {}))
    assert "volumes" not in admitted(store, pod(**(no if decliner == "pod" else {})))["spec"]


def test_an_unknown_account_or_priority_class_is_refused() -> None:
    assert refusal(a_store(), pod(serviceAccountName="ghost")) == (
        'pods "p" is forbidden: error looking up service account place/ghost: serviceaccount "ghost" not found'
    )
    assert refusal(a_store(), pod(priorityClassName="ghost")) == (
        'pods "p" is forbidden: no PriorityClass with name ghost was found'
    )


def test_a_priority_class_gives_its_number() -> None:
    urgent = (Resource("scheduling.k8s.io", "priorityclasses"), {"metadata": {"name": "urgent"}, "value": 7})
    assert admitted(a_store(urgent), pod(priorityClassName="urgent"))["spec"]["priority"] == 7


def test_a_pods_own_tolerations_are_respected() -> None:
    mine = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
    assert admitted(a_store(), pod(tolerations=[mine]))["spec"]["tolerations"][0] == mine


def test_a_limit_range_fills_in_and_notes_it() -> None:
    store = a_store(limit_range(default={"memory": "64Mi"}, defaultRequest={"cpu": "50m"}))
    made = admitted(store, pod())
    assert made["spec"]["containers"][0]["resources"] == {"requests": {"cpu": "50m"}, "limits": {"memory": "64Mi"}}
    assert made["metadata"]["annotations"] == {
        limits.NOTE: "LimitRanger plugin set: cpu request for container c; memory limit for container c"
    }


@pytest.mark.parametrize(
    ("bounds", "resources", "why"),
    [
        (
            {"max": {"memory": "128Mi"}},
            {"limits": {"memory": "1Gi"}},
            "maximum memory usage per Container is 128Mi, but limit is 1Gi",
        ),
        ({"max": {"memory": "1Gi"}}, {}, "maximum memory usage per Container is 1Gi.  No limit is specified"),
        (
            {"min": {"cpu": "10m"}},
            {"requests": {"cpu": "1m"}},
            "minimum cpu usage per Container is 10m, but request is 1m",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            {"requests": {"cpu": "1"}, "limits": {"cpu": "3"}},
            "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
        ),
    ],
)
def test_a_limit_range_refuses_what_is_out_of_bounds(bounds: Json, resources: Json, why: str) -> None:
    assert refusal(a_store(limit_range(**bounds)), pod(resources=resources)) == f'pods "p" is forbidden: {why}'


def test_a_quota_counts_what_is_there() -> None:
    store = a_store(quota(pods="1"), (PODS, pod("first")))
    why = "exceeded quota: rq, requested: pods=1, used: pods=1, limited: pods=1"
    assert refusal(store, pod("second")) == f'pods "second" is forbidden: {why}'


def test_a_quota_adds_up_and_names_everything_that_is_exceeded() -> None:
    half = {"requests": {"cpu": "200m"}, "limits": {"memory": "64Mi"}}
    store = a_store(quota(requests__cpu="300m", limits__memory="100Mi"), (PODS, pod("first", half)))
    assert refusal(store, pod("second", half)).endswith(
        "exceeded quota: rq, requested: limits.memory=64Mi,requests.cpu=200m, "
        "used: limits.memory=64Mi,requests.cpu=200m, limited: limits.memory=100Mi,requests.cpu=300m"
    )
    finished = a_store(quota(requests__cpu="300m"), (PODS, {**pod("first", half), "status": {"phase": "Succeeded"}}))
    assert admitted(finished, pod("second", half))["metadata"]["name"] == "second"


def test_a_quota_wants_to_know_what_it_counts() -> None:
    store = a_store(quota(requests__cpu="1", limits__memory="1Gi"))
    why = "failed quota: rq: must specify limits.memory for: c; requests.cpu for: c"
    assert refusal(store, pod()) == f'pods "p" is forbidden: {why}'


def test_a_quota_counts_any_kind_of_object() -> None:
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "place"}}
    store = a_store(quota(count_per_configmaps="1"), (Resource("", "configmaps"), settings))
    more = {**settings, "metadata": {"name": "b", "namespace": "place"}}
    assert "count/configmaps=1, used: count/configmaps=1" in refusal(store, more, "configmaps")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"hostPID": True}, "host namespaces (hostPID=true)"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, 'hostPath volumes (volume "v")'),
        (
            {"containers": [{"name": "c", "image": "i", "securityContext": {"privileged": True}}]},
            'privileged (container "c" must not set securityContext.privileged=true)',
        ),
        (
            {"containers": [{"name": "c", "image": "i", "securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}]},
            'non-default capabilities (container "c" must not include "SYS_ADMIN" in securityContext.capabilities.add)',
        ),
        (
            {"containers": [{"name": "c", "image": "i", "ports": [{"containerPort": 80, "hostPort": 80}]}]},
            'hostPort (container "c" uses hostPort 80)',
        ),
    ],
)
def test_the_baseline_level_refuses_what_reaches_the_node(spec: Json, why: str) -> None:
    guarded = a_store(labels={"pod-security.kubernetes.io/enforce": "baseline"})
    assert refusal(guarded, pod(**spec)) == f'pods "p" is forbidden: violates PodSecurity "baseline:latest": {why}'
    assert admitted(a_store(), pod(**spec))


def test_a_pod_that_gives_everything_up_may_run_at_the_restricted_level() -> None:
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    store = a_store(labels={"pod-security.kubernetes.io/enforce": "restricted"})
    assert admitted(store, pod(containers=[{"name": "c", "image": "i", "securityContext": security}]))


def policy(expression: str, **validation: Any) -> list[tuple[Resource, Json]]:
    group = "admissionregistration.k8s.io"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": expression, **validation}],
    }
    binding = {"policyName": "tags", "validationActions": ["Deny"]}
    return [
        (Resource(group, "validatingadmissionpolicies"), {"metadata": {"name": "tags"}, "spec": spec}),
        (Resource(group, "validatingadmissionpolicybindings"), {"metadata": {"name": "all"}, "spec": binding}),
    ]


def test_a_clusters_own_policy_refuses_in_its_own_words() -> None:
    store = a_store(*policy("object.spec.containers.all(c, c.image.contains('@'))", message="pin your images"))
    text = "ValidatingAdmissionPolicy 'tags' with binding 'all' denied request: pin your images"
    assert refusal(store, pod()) == f'pods "p" is forbidden: {text}'
    assert admitted(a_store(*policy("object.metadata.name == 'p'")), pod())


def test_a_policy_that_cannot_be_evaluated_fails_closed() -> None:
    assert "resulted in error: no such key: absent" in refusal(a_store(*policy("object.absent == 1")), pod())


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3 == 7 && !false", True),
        ("has(o.x) || o.crew > 12", True),
        ("o.names.exists(n, n.startsWith('b')) ? 'yes' : 'no'", "yes"),
        ("o.names.filter(n, n != 'a').map(n, n.size())", [3]),
        ("size(o.names) == 2 && 'a' in o.names", True),
        ("o['crew'] % 5", 3),
        ("o.names[0].matches('^[a-z]$')", True),
    ],
)
def test_expressions_have_the_value_that_cel_gives_them(expression: str, value: Any) -> None:
    assert cel.evaluate(expression, {"o": {"crew": 13, "names": ["a", "bcd"]}}) == value


@pytest.mark.parametrize(
    "expression", ["", "1 +", "o.", "nope", "f(1)", "'a' + 1", "(" * 100 + ")" * 100, "1 / 0", "a b"]
)
def test_expressions_without_a_value_are_errors(expression: str) -> None:
    with pytest.raises(cel.CelError):
        cel.evaluate(expression, {"o": {}, "a": 1, "b": 2})


def service(name: str, **spec: Any) -> Json:
    obj = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "place"}}
    full: Json = {**obj, "spec": {"ports": [{"port": 80}], **spec}}
    apply_defaults("", "services", full)
    return full


def test_services_get_addresses_and_ports_of_their_own() -> None:
    store = a_store()
    made = [service(f"s{number}", type="NodePort") for number in range(5)]
    for each in made:
        allocate(store, each)
        store.create(SERVICES, each)
    assert len({each["spec"]["clusterIP"] for each in made}) == 5
    assert {each["spec"]["ports"][0]["nodePort"] in NODE_PORTS for each in made} == {True}
    again = copy.deepcopy(made[0])
    del again["spec"]["clusterIP"], again["spec"]["ports"][0]["nodePort"]
    allocate(store, again, made[0])
    assert again["spec"] == made[0]["spec"]


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"clusterIP": "192.168.9.9"}, "the provided network does not match the current range"),
        ({"clusterIP": "10.0.3.3"}, "provided IP is already allocated"),
        ({"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]}, "The range of valid ports is 30000-32767"),
    ],
)
def test_addresses_and_ports_that_cannot_be_given_are_refused(spec: Json, why: str) -> None:
    store = a_store((SERVICES, {**service("taken"), "spec": {"clusterIP": "10.0.3.3", "clusterIPs": ["10.0.3.3"]}}))
    with pytest.raises(ApiError) as caught:
        allocate(store, service("s", **spec))
    assert caught.value.code == 422
    assert why in caught.value.message


@pytest.mark.golden
@needs_recording
@pytest.mark.parametrize("name", ["pod-create", "limitrange-04", "logs-01", "logs-18"])
def test_recorded_pods_are_admitted_as_recorded(name: str) -> None:
    each = exchanges()[name]
    answer, sent = copy.deepcopy(each["response"]["body"]), copy.deepcopy(each["request"]["body"])
    bounds = {**exchanges()["limitrange-03"]["response"]["body"], "metadata": {"name": "lr", "namespace": "place"}}
    ranges = [(Resource("", "limitranges"), bounds)] if name == "limitrange-04" else []
    store = a_store(*ranges, automountServiceAccountToken=name.startswith("logs"))
    sent["metadata"]["namespace"] = "place"
    apply_defaults("", "pods", sent)
    admit(store, "", "pods", sent, None, "CREATE")
    assert differences(answer["spec"], sent["spec"]) == []
    assert sent["metadata"].get("annotations") == answer["metadata"].get("annotations")


@pytest.mark.golden
@needs_recording
def test_the_recorded_warning_is_given() -> None:
    each = exchanges()["podsecurity-03"]
    sent = {**each["request"]["body"], "metadata": {"name": "ok", "namespace": "place"}}
    texts = warnings(a_store(labels={"pod-security.kubernetes.io/warn": "restricted"}), "", "pods", sent)
    quoted = [text.replace('"', '\\"') for text in texts]
    assert [f'299 - "{text}"' for text in quoted] == [each["response"]["headers"]["warning"]]
