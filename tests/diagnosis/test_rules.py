"""The rules by themselves: from what a cluster says to the cause in plain words, one world a row."""

from typing import Any

import pytest

from tests.diagnosis.seeds import APART, SEEDS
from tests.diagnosis.worlds import (
    Object,
    ago,
    crashed,
    node,
    owner,
    pod,
    running,
    says,
    thing,
    unscheduled,
    waiting,
    warning,
    workload,
    world,
)
from tools.diagnosis import analysis
from tools.diagnosis.case import responsible
from tools.diagnosis.finding import Finding, Severity, Thing
from tools.diagnosis.lastwords import last_words
from tools.diagnosis.world import World

LOGS = [
    ("FATAL: environment variable API_URL is not set", "variable", "API_URL"),
    ("KeyError: 'DATABASE_PASSWORD' not found in environment", "variable", "DATABASE_PASSWORD"),
    ("panic: missing required env var STRIPE_KEY", "variable", "STRIPE_KEY"),
    ("Error: connect ECONNREFUSED 10.0.0.4:5432", "connection", "10.0.0.4:5432"),
    ("dial tcp: lookup postgres.shop.svc: no such host", "connection", "postgres.shop.svc"),
    ("x509: certificate has expired or is not yet valid", "certificate", ""),
    ("listen tcp :8080: bind: address already in use", "port", ""),
    ("open /etc/app/config.yml: no such file or directory", "file", ""),
    ("FATAL: password authentication failed for user app", "denied", ""),
    ("write /data/x: no space left on device", "disk", ""),
    ("java.lang.OutOfMemoryError: Java heap space", "memory", ""),
    ("error: unknown flag: --verbos", "config", ""),
]


@pytest.mark.parametrize(("line", "trouble", "detail"), LOGS)
def test_the_line_that_tells_is_found_among_others(line: str, trouble: str, detail: str):
    words = last_words(f"INFO starting\n{line}\nINFO exiting with code 1\n")
    assert (words.line, words.trouble, words.detail) == (line, trouble, detail)


def test_an_ordinary_last_line_is_told_when_nothing_is_loud():
    assert last_words("one\ntwo\n").line == "two"
    assert last_words("").line == ""


# ---- one world a row: the code, whose, and words that must be said -------------------------------------------------

REFUSED_PULL = "pull access denied, repository does not exist or may require authorization: 401 Unauthorized"
LIVENESS = "Liveness probe failed: HTTP probe failed with statuscode: 404"
SECRET_KEY = "couldn't find key token in Secret shop/keys"
BOUND = {"nodeName": "", "schedulerName": "mine"}
NOT_THERE = '0/3 nodes are available: persistentvolumeclaim "data" not found.'
RELEASED = {"phase": "Released", "lastPhaseTransitionTime": ago(7200)}
ROUTE = {"parentRefs": [{"name": "gone"}], "rules": [{"backendRefs": [{"name": "gone", "port": 80}]}]}
HOOK = {"clientConfig": {"service": {"name": "gone", "namespace": "shop"}}, "name": "x"}
CLAIMED = {"storageClassName": "standard"}
STANDARD = thing("StorageClass", "standard", namespace="") | {"provisioner": "x"}
FULL = {"hard": {"pods": "4"}, "used": {"pods": "4"}}
DROPPED = {"storedVersions": ["v1alpha1"]}
ROWS: list[tuple[str, str, World, tuple[str, ...]]] = [
    ("crash", "web-1", world(pod(crashed())), ("Its log is empty",)),
    ("crash", "web-1", world(pod(crashed(127))), ("command was not found",)),
    ("crash-variable", "web-1", world(pod(crashed()), log="FATAL API_TOKEN is not set"), ("API_TOKEN", "FATAL")),
    ("out-of-memory", "web-1", world(pod(crashed(137, "OOMKilled"), resources={"limits": {"memory": "64Mi"}})), ("64Mi",)),
    ("liveness", "web-1", world(pod(crashed(137)), events=[warning("Pod", "web-1", "Unhealthy", LIVENESS)]), ("404",)),
    ("restarts", "web-1", world(pod(running(ready=True, restartCount=4, lastState=crashed()["lastState"]))), ("at the moment",)),
    ("image-pull", "web-1", world(pod(waiting("ErrImagePull", "shop/web:2: not found"), "Pending")), ("mistyped",)),
    ("image-pull", "web-1", world(pod(waiting("ImagePullBackOff", REFUSED_PULL), "Pending")), ("pull secret",)),
    ("image-pull", "web-1", world(pod(waiting("ImagePullBackOff", "dial tcp: lookup x: no such host"), "Pending")), ("cannot be reached",)),
    ("image-pull", "web-1", world(pod(waiting("InvalidImageName", "x"), "Pending")), ("not a valid image name",)),
    ("reference-missing", "web-1", world(pod(waiting("CreateContainerConfigError", 'secret "keys" not found'), "Pending")), ("the secret keys does not exist",)),
    ("reference-missing", "web-1", world(pod(waiting("CreateContainerConfigError", SECRET_KEY), "Pending")), ("the key token in the secret keys",)),
    ("reference-missing", "web-1", world(unscheduled(NOT_THERE)), ("persistentvolumeclaim data",)),
    ("container-config", "web-1", world(pod(waiting("RunContainerError", "exec: no such file"), "Pending")), ("exec: no such file",)),
    ("volume-mount", "web-1", world(pod(waiting("ContainerCreating"), "Pending"), events=[warning("Pod", "web-1", "FailedAttachVolume", "still attached")]), ("still attached",)),
    ("pod-sandbox", "web-1", world(pod(waiting("ContainerCreating"), "Pending"), events=[warning("Pod", "web-1", "FailedCreatePodSandBox", "cni")]), ("cni",)),
    ("slow-start", "web-1", world(pod(waiting("ContainerCreating"), "Pending")), ("over ten minutes",)),
    ("evicted", "web-1", world(pod(None, "Failed", said={"reason": "Evicted", "message": "low on memory"})), ("low on memory",)),
    ("node-lost", "web-1", world(pod(None, "Unknown", said={"reason": "NodeLost"})), ("does not answer",)),
    ("readiness", "web-1", world(pod(running(ready=False))), ("readiness check",)),
    ("requests", "web-1", world(unscheduled("3 Insufficient cpu.", resources={"requests": {"cpu": "16"}}), node()), ("can never start", "16 CPU cores", "node-1: 4 of 4 CPU cores free, lacks 12 CPU cores")),
    ("node-selector", "web-1", world(unscheduled("3 node(s) didn't match Pod's node affinity/selector.")), ("node selector",)),
    ("anti-affinity", "web-1", world(unscheduled("3 node(s) didn't match pod anti-affinity rules.")), ("share a node",)),
    ("taints", "web-1", world(unscheduled("3 node(s) had untolerated taint {gpu: true}."), node(taints=[{"key": "gpu", "effect": "NoSchedule"}])), ("gpu:NoSchedule",)),
    ("no-open-node", "web-1", world(unscheduled("3 node(s) were unschedulable."), node(unschedulable=True)), ("node-1",)),
    ("nodes-full", "web-1", world(unscheduled("3 Too many pods.")), ("no free place",)),
    ("claim-unbound", "web-1", world(unscheduled("pod has unbound immediate PersistentVolumeClaims.")), ("waits for its volume",)),
    ("unscheduled", "web-1", world(unscheduled("something new")), ("something new",)),
    ("scheduling-gate", "web-1", world(pod(None, "Pending", said={"conditions": [says("PodScheduled", "False", "SchedulingGated")]}) | {"spec": {"schedulingGates": [{"name": "hold"}]}}), ("hold",)),
    ("rollout-stuck", "web", world(workload(status={"conditions": [says("Progressing", "False", "ProgressDeadlineExceeded")]})), ("0 of 2",)),
    ("too-few-pods", "web", world(workload(status={"readyReplicas": 1})), ("1 of 2",)),
    ("quota-exceeded", "web", world(workload(status={"conditions": [says("ReplicaFailure", "True", "FailedCreate", "exceeded quota: tight")]})), ("tight",)),
    ("limit-range", "web", world(workload("StatefulSet"), events=[warning("StatefulSet", "web", "FailedCreate", "maximum memory usage per Container is 128Mi")]), ("128Mi",)),
    ("pods-refused", "web", world(workload(status={"conditions": [says("ReplicaFailure", "True", "FailedCreate", 'violates PodSecurity "restricted"')]})), ("pod security",)),
    ("daemonset-nowhere", "web", world(workload("DaemonSet", status={"observedGeneration": 1, "desiredNumberScheduled": 3, "numberReady": 3, "numberMisscheduled": 1})), ("should not",)),
    ("service-unready", "web", world(thing("Service", "web", {"selector": {"app": "web"}}), pod(running(ready=False), said={"conditions": [says("Ready", "False")]}, name="web-1") | {"metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}, "creationTimestamp": ago(900), "deletionTimestamp": ago(5)}}), ("none of them ready",)),
    ("service-empty", "byhand", world(thing("Service", "byhand", {"ports": [{"port": 1}]}), {"kind": "EndpointSlice", "metadata": {}}), ("no endpoints",)),
    ("load-balancer", "web", world(thing("Service", "web", {"type": "LoadBalancer", "selector": {"app": "x"}})), ("no address",)),
    ("ingress-class", "web", world(thing("Ingress", "web"), {"kind": "IngressClass", "plural": "ingressclasses", "metadata": {"name": "nginx"}}), ("no default one",)),
    ("gateway-class", "mesh", world(thing("GatewayClass", "mesh", namespace="")), ("not accepted",)),
    ("gateway", "door", world(thing("Gateway", "door", {"gatewayClassName": "gone"}), thing("GatewayClass", "mesh", {}, {"conditions": [says("Accepted", "True")]}, namespace="")), ("class gone",)),
    ("gateway", "door", world(thing("Gateway", "door", {}, {"conditions": [says("Programmed", "False", "Invalid", "no address")]})), ("no address",)),
    ("http-route", "way", world(thing("HTTPRoute", "way", ROUTE), thing("Gateway", "door")), ("gone",)),
    ("http-route-refused", "way", world(thing("HTTPRoute", "way", {}, {"parents": [{"conditions": [says("Accepted", "False", "NoMatchingParent")]}]})), ("NoMatchingParent",)),
    ("job-failing", "once", world(thing("Job", "once", {"backoffLimit": 6}, {"failed": 2})), ("failed: 2, backoffLimit: 6",)),
    ("job-failed-once", "n-1", world(thing("Job", "n-1", {}, {"conditions": [says("Failed", "True")]}, ownerReferences=owner("CronJob", "n"), creationTimestamp=ago(200000)), thing("Job", "n-2", {}, {"conditions": [says("Complete", "True")]}, ownerReferences=owner("CronJob", "n"))), ("n-2 succeeded",)),
    ("cronjob-schedule", "n", world(thing("CronJob", "n", {"schedule": "daily"})), ("five fields",)),
    ("cronjob-missed", "n", world(thing("CronJob", "n", {"schedule": "@daily"}), events=[warning("CronJob", "n", "TooManyMissedTimes", "too many missed start times")]), ("too many",)),
    ("node-not-ready", "node-1", world(node("node-1", says("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting"))), ("does not answer", "stopped posting")),
    ("node-pressure", "node-1", world(node("node-1", says("Ready", "True"), says("DiskPressure", "True"))), ("short of disk",)),
    ("node-lease", "node-1", world(node(), thing("Lease", "node-1", {"renewTime": ago(900)}, namespace="kube-node-lease")), ("silent",)),
    ("node-cordoned", "node-1", world(node(unschedulable=True)), ("No new pods",)),
    ("claim-pending", "data", world(thing("PersistentVolumeClaim", "data", CLAIMED, {"phase": "Pending"}), STANDARD, events=[warning("PersistentVolumeClaim", "data", "ProvisioningFailed", "out of space")]), ("out of space",)),
    ("claim-class", "data", world(thing("PersistentVolumeClaim", "data", {}, {"phase": "Pending"})), ("no default one",)),
    ("claim-lost", "data", world(thing("PersistentVolumeClaim", "data", {}, {"phase": "Lost"})), ("lost its volume",)),
    ("claim-resize", "data", world(thing("PersistentVolumeClaim", "data", {}, {"phase": "Bound", "conditions": [says("ControllerResizeError", "True", "X", "no room")]})), ("no room",)),
    ("volume-released", "pv", world(thing("PersistentVolume", "pv", {"claimRef": {"namespace": "shop", "name": "old"}}, RELEASED, namespace="")), ("shop/old",)),
    ("volume-failed", "pv", world(thing("PersistentVolume", "pv", {}, {"phase": "Failed", "message": "busy"}, namespace="")), ("busy",)),
    ("default-classes", "a", world(*(thing("StorageClass", name, namespace="", annotations={"storageclass.kubernetes.io/is-default-class": "true"}) for name in "ab")), ("a, b",)),
    ("storage-provisioner", "old", world(thing("StorageClass", "old", namespace="") | {"provisioner": "kubernetes.io/aws-ebs"}), ("aws-ebs",)),
    ("autoscaler-metrics", "web", world(thing("HorizontalPodAutoscaler", "web", {"scaleTargetRef": {"kind": "Thing", "name": "x"}}, {"conditions": [says("ScalingActive", "False", "FailedGetResourceMetric", "no metrics")]})), ("no metrics",)),
    ("autoscaler-stopped", "web", world(thing("HorizontalPodAutoscaler", "web", {}, {"conditions": [says("AbleToScale", "False", "FailedGetScale")]})), ("FailedGetScale",)),
    ("autoscaler-limit", "web", world(thing("HorizontalPodAutoscaler", "web", {}, {"conditions": [says("ScalingLimited", "True", "TooManyReplicas")]})), ("more copies",)),
    ("quota-full", "q", world(thing("ResourceQuota", "q", {}, FULL)), ("pods: 4 of 4",)),
    ("webhook-blocks", "hook", world(thing("ValidatingWebhookConfiguration", "hook", namespace="") | {"webhooks": [HOOK]}), ("Service gone",)),
    ("webhook-silent", "hook", world(thing("MutatingWebhookConfiguration", "hook", namespace="") | {"webhooks": [HOOK | {"failurePolicy": "Ignore"}]}), ("unjudged",)),
    ("policy-unbound", "p", world(thing("ValidatingAdmissionPolicy", "p", namespace=""), thing("ValidatingAdmissionPolicyBinding", "b", {"policyName": "other"}, namespace="")), ("0 bindings",)),
    ("policy-parameter", "p", world(thing("ValidatingAdmissionPolicy", "p", {}, {"typeChecking": {"expressionWarnings": [{"fieldRef": "spec.x", "warning": "undefined field"}]}}, namespace="")), ("undefined field",)),
    ("api-service", "v1.metrics", world(thing("APIService", "v1.metrics", {"service": {"namespace": "k", "name": "m"}}, {"conditions": [says("Available", "False", "MissingEndpoints")]}, namespace="")), ("MissingEndpoints", "k/m")),
    ("operator", "etcd", world(thing("ClusterServiceVersion", "etcd", {}, {"phase": "Failed", "message": "no"})), ("phase: Failed",)),
    ("operator", "sub", world(thing("Subscription", "sub", {}, {"conditions": [says("ResolutionFailed", "True", "X", "conflict")]})), ("conflict",)),
    ("operator", "sub", world(thing("Subscription", "sub", {"source": "gone", "sourceNamespace": "olm"}), thing("CatalogSource", "here")), ("catalog gone",)),
    ("operator", "cat", world(thing("CatalogSource", "cat", {}, {"connectionState": {"lastObservedState": "TRANSIENT_FAILURE"}})), ("TRANSIENT",)),
    ("operator", "cc", world(thing("ClusterCatalog", "cc", {}, {"conditions": [says("Serving", "False", "X")]}, namespace="")), ("serving",)),
    ("operator", "ce", world(thing("ClusterExtension", "ce", {}, {"conditions": [says("Installed", "False", "X")]}, namespace="")), ("installed",)),
    ("operator-approval", "ip", world(thing("InstallPlan", "ip", {"approval": "Manual"}, {"phase": "RequiresApproval"})), ("Manual",)),
    ("operator-groups", "a", world(thing("OperatorGroup", "a"), thing("OperatorGroup", "b")), ("a, b",)),
    ("not-ready", "cert", world(thing("Certificate", "cert", {}, {"conditions": [says("Ready", "False", "Expired", "2025-11-01")]})), ("Expired",)),
    ("application", "argo", world(thing("Application", "argo", {}, {"health": {"status": "Degraded"}})), ("degraded",)),
    ("definition", "crd", world(thing("CustomResourceDefinition", "crd", {}, {"conditions": [says("NamesAccepted", "False", "Taken")]}, namespace="")), ("Taken",)),
    ("stored-version", "crd", world(thing("CustomResourceDefinition", "crd", {"versions": [{"name": "v1"}]}, DROPPED, namespace="")), ("v1alpha1",)),
    ("old-api", "policy/v1beta1", world(served=frozenset({"policy/v1beta1 poddisruptionbudgets"})), ("1.25",)),
    ("terminating", "kept", world(thing("Service", "kept", {"type": "ExternalName"}, deletionTimestamp=ago(900), finalizers=["example.com/hold"])), ("example.com/hold",)),
    ("terminating", "shop", world(thing("Namespace", "shop", {}, {"conditions": [says("NamespaceContentRemaining", "True", "X", "pods remain")]}, namespace="", deletionTimestamp=ago(900))), ("pods remain",)),
    ("warning-event", "web", world(events=[warning("Deployment", "web", "Odd", "it is odd")]), ("it is odd",)),
    ("log-errors", "web-1", world(pod(running(ready=True)), log="ok\nERROR: no luck"), ("no luck",)),
    ("config-unused", "c", world(thing("ConfigMap", "c") | {"data": {"a": "1"}}), ("named by no pod",)),
    ("config-empty", "c", world(thing("ConfigMap", "c")), ("no data",)),
    ("config-large", "c", world(thing("ConfigMap", "c") | {"data": {"a": "x" * 950_000}}), ("950000",)),
    ("privileged", "web-1", world(pod(running(ready=True), securityContext={"privileged": True})), ("its node",)),
    ("default-account", "web-1", world(pod(running(ready=True))), ("default service account",)),
    ("wide-role", "r", world(thing("Role", "r") | {"rules": [{"verbs": ["*"], "resources": ["*"]}]}), ("everything",)),
    ("no-limits", "web-1", world(pod(running(ready=True))), ("no memory limit",)),
    ("latest-tag", "web-1", world(pod(running(ready=True), image="nginx")), ("nginx",)),
]  # fmt: skip
HYGIENE = {"config", "privileged", "default-account", "wide-role", "no-limits", "latest-tag"}


@pytest.mark.parametrize(("code", "name", "here", "words"), ROWS, ids=[f"{row[0]}-{n}" for n, row in enumerate(ROWS)])
def test_a_fault_is_found_and_explained(code: str, name: str, here: World, words: tuple[str, ...]):
    found = analysis.examine(here, with_hygiene=code.partition("-")[0] in HYGIENE or code in HYGIENE)
    mine = [finding for finding in found if finding.code == code and finding.thing.name == name]
    assert len(mine) == 1, [(finding.code, finding.thing.words) for finding in found]
    for each in words:
        assert each in all_words(mine[0])


def test_every_sign_is_seeded_in_a_cluster_or_has_a_row():
    seeded = {code for seed in (*SEEDS, *APART) for code, _ in seed.finds} | {row[0] for row in ROWS}
    assert {sign.code for sign in analysis.signs()} - seeded == set()


def test_no_two_signs_share_a_code():
    codes = [sign.code for sign in analysis.signs()]
    assert len(codes) == len(set(codes))


def all_words(finding: Finding) -> str:
    return " ".join([finding.title, finding.cause, *(each.text for each in finding.evidence), finding.fix])


# ---- what belongs together -----------------------------------------------------------------------------------------


def owned_pod(name: str, state: Object) -> Object:
    found = pod(state, name=name)
    found["metadata"]["ownerReferences"] = owner("ReplicaSet", "web-5d8f9c7b6d")
    found["metadata"]["labels"]["pod-template-hash"] = "5d8f9c7b6d"
    return found


def test_a_pod_belongs_to_the_deployment_behind_its_replica_set_also_when_that_was_not_read():
    assert responsible(world(), owned_pod("web-1", {})) == Thing("Deployment", "web", "shop")


def test_five_pods_with_the_same_fault_are_one_finding_and_its_service_is_told_with_it():
    pods = [owned_pod(f"web-{number}", crashed()) for number in range(5)]
    service = thing("Service", "web", {"selector": {"app": "web"}})
    found = analysis.examine(world(*pods, workload(), service))
    assert [(f.code, f.thing.words, len(f.pods)) for f in found] == [("crash", "Deployment web in shop", 5)]
    assert found[0].affects == (Thing("Service", "web", "shop"),)


def test_the_order_is_by_severity_and_always_the_same():
    items = [
        node(unschedulable=True),
        pod(crashed()),
        thing("PersistentVolume", "pv", {}, {"phase": "Failed"}, namespace=""),
    ]
    found = analysis.examine(world(*items))
    assert [f.severity for f in found] == [Severity.CRITICAL, Severity.WARNING, Severity.NOTE]
    assert [f.code for f in analysis.examine(world(*reversed(items)))] == [f.code for f in found]


def test_what_was_not_read_is_not_missing():
    ingress = thing("Ingress", "web", {"ingressClassName": "x", "tls": [{"secretName": "gone"}]})
    scaler = thing("HorizontalPodAutoscaler", "web", {"scaleTargetRef": {"kind": "Deployment", "name": "gone"}})
    assert analysis.examine(world(ingress, scaler)) == []


@pytest.mark.parametrize("odd", [None, [], "x", 7, {"conditions": [None, "x"]}, {"containerStatuses": [None, {}]}])
def test_odd_objects_break_nothing(odd: Any):
    kinds = ["Pod", "Deployment", "Service", "Ingress", "Job", "CronJob", "Node", "PersistentVolumeClaim", "DaemonSet"]
    kinds += ["HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "ResourceQuota", "StatefulSet"]
    items = [{"kind": kind, "metadata": {"name": "a", "namespace": "b"}, "spec": odd, "status": odd} for kind in kinds]
    for item in items:
        analysis.examine(world(item), Thing(item["kind"], "a", "b"), with_hygiene=True)
