"""The rules by themselves: from what a cluster says about pods, jobs, nodes and claims to the cause in plain words."""

from typing import Any

import pytest

from chat.agent.providers.guide.diagnosis import others, pods, services
from chat.agent.providers.guide.diagnosis.case import Case, owner_of
from chat.agent.providers.guide.diagnosis.crashes import last_words
from chat.agent.providers.guide.diagnosis.finding import Finding, Note, Severity
from chat.agent.providers.guide.diagnosis.health import is_ill
from chat.agent.providers.guide.diagnosis.quantities import doubled, modest
from chat.agent.providers.guide.intention import Act, Thing
from chat.agent.providers.guide.reading import read
from chat.agent.providers.guide.rows import Row

WEB = Thing("deployments", "web", "shop")


def pod(status: dict[str, Any], phase: str = "Running", **container: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "web-5d8f9c7b6d-abcde",
            "namespace": "shop",
            "labels": {"pod-template-hash": "5d8f9c7b6d"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5d8f9c7b6d"}],
        },
        "spec": {"containers": [{"name": "web", "image": "shop/web:2", **container}]},
        "status": {"phase": phase, "containerStatuses": [{"name": "web", "ready": False, **status}]}
        if status
        else {"phase": phase},
    }


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    return {"state": {"waiting": {"reason": reason, "message": message}}, **more}


def crashed(exit_code: int = 1, reason: str = "Error") -> dict[str, Any]:
    ended = {"terminated": {"exitCode": exit_code, "reason": reason}}
    return waiting("CrashLoopBackOff", lastState=ended, restartCount=7)


def unscheduled(message: str, **container: Any) -> dict[str, Any]:
    found = pod({}, "Pending", **container)
    found["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "message": message}]
    return found


def found_in(case: Case) -> Finding:
    finding = pods.examine(case)
    assert finding is not None
    return finding


def all_words(finding: Finding) -> str:
    return " ".join([finding.title, finding.cause, *finding.evidence, finding.fix, *finding.offers])


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


def test_a_pod_belongs_to_the_deployment_behind_its_replica_set():
    assert owner_of(pod({})) == WEB


def test_a_missing_variable_is_offered_with_services_that_could_be_meant():
    near = ((Thing("services", "gateway", "payments"), "443"), (Thing("services", "postgres", "payments"), "5432"))
    case = Case(
        pod(crashed()), log="FATAL PAYMENT_API_URL is not set", images=("shop/web:2", "shop/web:1"), services=near
    )
    finding = found_in(case)
    assert finding.thing == WEB
    assert finding.offers == (
        "set PAYMENT_API_URL to https://… on deployment web in shop",
        "set PAYMENT_API_URL to https://gateway.payments.svc:443 on deployment web in shop",
        "use image shop/web:1 for deployment web in shop",
    )
    assert "that is a guess" in finding.fix


def test_out_of_memory_is_told_with_limit_and_a_higher_one():
    finding = found_in(Case(pod(crashed(137, "OOMKilled"), resources={"limits": {"memory": "512Mi"}})))
    assert "`512Mi`" in finding.cause
    assert finding.offers[0] == "set the memory limit of deployment web in shop to 1Gi"


def test_a_failing_liveness_check_is_not_taken_for_a_crash():
    note = Note(
        "Unhealthy",
        "Liveness probe failed: HTTP probe failed with statuscode: 404",
        "Pod",
        "web-5d8f9c7b6d-abcde",
        "shop",
    )
    finding = found_in(Case(pod(crashed(137, "Error")), notes=(note,)))
    assert "liveness check" in finding.title
    assert "404" in all_words(finding)


def test_a_crash_without_a_log_says_so():
    assert "Its log is empty" in found_in(Case(pod(crashed()))).fix
    assert "command was not found" in found_in(Case(pod(crashed(127)))).cause


PULLS = [
    ("rpc error: code = NotFound desc = shop/web:2: not found", "name or the tag is probably mistyped"),
    ("pull access denied, repository does not exist or may require authorization: 401 Unauthorized", "pull secret"),
    ("dial tcp: lookup registry.shop: no such host", "cannot be reached"),
]


@pytest.mark.parametrize(("message", "meaning"), PULLS)
def test_an_image_that_cannot_be_fetched_is_explained_by_what_the_registry_said(message: str, meaning: str):
    finding = found_in(
        Case(pod(waiting("ImagePullBackOff", message), "Pending"), images=("shop/web:2", "shop/web:1"), serving=2)
    )
    assert meaning in finding.cause
    assert finding.offers[0] == "use image shop/web:1 for deployment web in shop"
    assert "2 pods ready" in all_words(finding)


def test_a_missing_secret_or_config_map_is_named():
    finding = found_in(Case(pod(waiting("CreateContainerConfigError", 'secret "api-keys" not found'), "Pending")))
    assert "the secret `api-keys` does not exist in `shop`" in finding.cause
    mount = Note("FailedMount", 'MountVolume.SetUp failed for volume "c" : configmap "web-config" not found')
    creating = pod(waiting("ContainerCreating"), "Pending")
    assert "configmap `web-config`" in found_in(Case(creating, notes=(mount,))).cause


SCHEDULER = [
    ("0/3 nodes are available: 3 Insufficient memory.", "asks for too much memory"),
    ("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.", "node selector"),
    ("0/3 nodes are available: 3 node(s) had untolerated taint {gpu: true}.", "taints"),
    ("0/3 nodes are available: 3 node(s) were unschedulable.", "no open node"),
    ("0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.", "waits for its volume"),
    ("0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.", "may not share a node"),
    ("something new", "waits for a node"),
]


@pytest.mark.parametrize(("said", "title"), SCHEDULER)
def test_a_pod_that_no_node_takes_is_explained_by_the_scheduler(said: str, title: str):
    finding = found_in(Case(unscheduled(said)))
    assert title in finding.title
    assert said in all_words(finding)


def test_a_request_no_node_can_meet_is_compared_with_the_largest_node():
    case = Case(unscheduled("3 Insufficient cpu.", resources={"requests": {"cpu": "16"}}), largest={"cpu": 4.0})
    finding = found_in(case)
    assert "can never start" in finding.cause
    assert "16 CPU cores" in all_words(finding)
    assert finding.offers[0] == "set the cpu request of deployment web in shop to 500m"


def test_a_pod_that_runs_but_is_not_ready_tells_its_probe():
    note = Note("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", count=12)
    finding = found_in(Case(pod({"state": {"running": {}}}), notes=(note,)))
    assert finding.severity is Severity.DEGRADED
    assert "503" in all_words(finding)
    assert "12 times" in all_words(finding)


def test_a_pod_that_is_well_has_no_finding():
    assert pods.examine(Case(pod({"ready": True, "state": {"running": {}}}))) is None


def test_every_offer_without_a_blank_reads_back_as_one_clear_wish():
    cases = [
        Case(pod(crashed(137, "OOMKilled"), resources={"limits": {"memory": "64Mi"}})),
        Case(pod(crashed()), log="MISSING_NAME is not set", images=("shop/web:2", "shop/web:1")),
        Case(pod(waiting("ErrImagePull", "not found"), "Pending"), images=("shop/web:2", "shop/web:1")),
        Case(unscheduled("3 Insufficient memory.", resources={"requests": {"memory": "900Gi"}})),
        *(Case(unscheduled(said)) for said, _ in SCHEDULER),
    ]
    for case in cases:
        for offer in found_in(case).offers:
            assert read(offer.replace("…", "x")).act is not Act.UNKNOWN, offer


def test_a_service_whose_selector_is_mistyped_is_led_to_the_right_labels():
    service = {"metadata": {"name": "cart", "namespace": "shop"}, "spec": {"selector": {"app": "carts"}}}
    finding = services.examine(service, {"cart": {"app": "cart", "tier": "x"}, "web": {"app": "web"}}, [])
    assert finding is not None
    assert finding.offers[0] == "set selector app=cart on service cart in shop"
    unlike = services.examine(service, {"web": {"app": "web"}}, [])
    assert unlike is not None
    assert unlike.offers == ("list pods in shop",)
    assert services.examine({"spec": {}}, {}, []) is None


def test_nodes_and_claims_tell_their_trouble():
    def node(kind: str, status: str) -> dict[str, Any]:
        return {
            "metadata": {"name": "n1"},
            "status": {"conditions": [{"type": kind, "status": status, "message": "m"}]},
        }

    for sick, title in ((node("Ready", "Unknown"), "is not ready"), (node("DiskPressure", "True"), "is short of disk")):
        finding = others.examine_node(sick)
        assert finding is not None
        assert finding.title == title
    assert others.examine_node(node("Ready", "True")) is None
    claim = Row(Thing("persistentvolumeclaims", "data", "shop"), {"STATUS": "Pending", "STORAGECLASS": "fast"})
    pending = others.examine_claim(claim, [Note("ProvisioningFailed", 'storageclass "fast" not found')])
    assert pending is not None
    assert "not found" in all_words(pending)


ROWS = [
    ("pods", {"STATUS": "Running", "READY": "1/1", "RESTARTS": "0"}, False),
    ("pods", {"STATUS": "Running", "READY": "0/1", "RESTARTS": "0"}, True),
    ("pods", {"STATUS": "Running", "READY": "1/1", "RESTARTS": "9 (3m ago)"}, True),
    ("pods", {"STATUS": "Running", "READY": "1/1", "RESTARTS": "9 (3d ago)"}, False),
    ("pods", {"STATUS": "Completed", "READY": "0/1"}, False),
    ("pods", {"STATUS": "ContainerCreating", "READY": "0/1", "AGE": "4s"}, False),
    ("pods", {"STATUS": "Init:CrashLoopBackOff", "READY": "0/1", "AGE": "4m"}, True),
    ("deployments", {"READY": "1/3"}, True),
    ("daemonsets", {"DESIRED": "3", "READY": "3"}, False),
    ("jobs", {"STATUS": "Failed", "COMPLETIONS": "0/1"}, True),
    ("jobs", {"STATUS": "Running", "COMPLETIONS": "0/1"}, False),
    ("nodes", {"STATUS": "Ready,SchedulingDisabled"}, True),
]


@pytest.mark.parametrize(("kind", "cells", "ill"), ROWS)
def test_a_row_of_a_list_looks_ill_or_well(kind: str, cells: dict[str, str], ill: bool):
    assert is_ill(Row(Thing(kind, "x", "shop"), cells)) is ill


def test_amounts_are_doubled_and_kept_modest():
    assert [doubled(text) for text in ("64Mi", "512Mi", "1Gi", "128M", "odd")] == [
        "128Mi",
        "1Gi",
        "2Gi",
        "256M",
        "256Mi",
    ]
    assert modest("cpu", 4.0) == "500m"
    assert modest("cpu", 0.5) == "250m"
    assert modest("memory", 2.0**29) == "256Mi"
