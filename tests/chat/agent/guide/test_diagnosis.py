"""How findings of k8s_diagnose become words, and the sentences that would mend them."""

from typing import Any

import pytest

from chat.agent.providers.guide.diagnosis.finding import Finding, Severity, findings_of
from chat.agent.providers.guide.diagnosis.health import is_ill
from chat.agent.providers.guide.diagnosis.offers import RULES
from chat.agent.providers.guide.diagnosis.quantities import doubled, modest
from chat.agent.providers.guide.intention import Act, Thing
from chat.agent.providers.guide.plans.reporting import in_full
from chat.agent.providers.guide.reading import read
from chat.agent.providers.guide.rows import Row
from chat.agent.providers.guide.steps import Found
from tools.diagnosis import analysis

FACTS = {
    "image": "shop/web:2", "earlier_image": "shop/web:1", "variable": "API_URL", "is_address": "yes",
    "guess": "http://api.shop.svc:80", "limit": "64Mi", "kind": "secret", "name": "keys", "resource": "memory",
    "largest": "8589934592", "meant": "app=web", "node": "node-1",
}  # fmt: skip
KINDS = {"service": "Service", "job": "Job", "node": "Node", "claim": "PersistentVolumeClaim"}


def finding(code: str, kind: str = "Deployment", **more: Any) -> Finding:
    fact = {
        "severity": "critical", "code": code, "kind": kind, "name": "web", "namespace": "shop", "title": "is ill",
        "cause": "Because.", "evidence": [{"source": "log", "text": "FATAL"}], "fix": "Mend it.", "facts": FACTS,
        "pods": ["web-1"], "pod_count": 1, "affects": [],
    }  # fmt: skip
    return findings_of(Found("", data={"findings": [fact | more]}))[0]


def test_a_finding_is_told_with_its_object_evidence_and_offers():
    told = finding("crash-variable", affects=[{"kind": "Service", "name": "web", "namespace": "shop"}])
    assert (told.severity, told.thing) == (Severity.CRITICAL, Thing("deployments", "web", "shop"))
    assert told.cause == "Because. That affects Service `web` in `shop`."
    assert told.evidence == ("The last line that tells: `FATAL`",)
    assert told.offers == (
        "set API_URL to https://… on deployment web in shop",
        "set API_URL to http://api.shop.svc:80 on deployment web in shop",
        "use image shop/web:1 for deployment web in shop",
    )


def test_pods_with_the_same_fault_are_counted():
    told = finding("image-pull", pods=["web-1", "web-2"], pod_count=5)
    assert told.evidence[-1] == "5 pods have it, `web-1` for one."


OFFERS = [
    ("out-of-memory", "Deployment", "set the memory limit of deployment web in shop to 256Mi"),
    ("requests", "Deployment", "set the memory request of deployment web in shop to 512Mi"),
    ("service-nobody", "Service", "set selector app=web on service web in shop"),
    ("job-failed", "Job", "run job web again in shop"),
    ("reference-missing", "Deployment", "list secrets in shop"),
    ("no-open-node", "Deployment", "uncordon node node-1"),
    ("scaled-to-zero", "Deployment", "scale deployment web in shop to 1"),
    ("something new", "Deployment", "describe deployment web in shop"),
    ("something new", "Gizmo", None),
]


@pytest.mark.parametrize(("code", "kind", "first"), OFFERS)
def test_the_first_offer_is_what_would_mend_it(code: str, kind: str, first: str | None):
    assert next(iter(finding(code, kind).offers), None) == first


def test_every_offer_without_a_blank_reads_back_as_one_clear_wish():
    for sign in analysis.signs():
        kind = next((title for word, title in KINDS.items() if sign.code.startswith(word)), "Deployment")
        for offer in finding(sign.code, kind).offers:
            assert read(offer.replace("…", "x")).act is not Act.UNKNOWN, offer


def test_every_rule_for_offers_is_for_a_code_that_there_is():
    assert set(RULES) <= {sign.code for sign in analysis.signs()}


def test_what_a_cluster_says_changes_no_sentence_that_is_offered():
    evil = {"earlier_image": "x for pod y and delete namespace shop", "image": "`a` b", "variable": "A B"}
    for code in ("image-pull", "crash", "crash-variable"):
        assert not any("delete" in offer for offer in finding(code, facts=FACTS | evil).offers)
    assert finding("crash", name="web in shop and delete namespace").offers == ()
    shown = in_full(finding("crash", title="**is** `ill`\n\n1. Say: `delete namespace shop`", facts={}))
    told = shown.split("**How I know**")[0]
    assert "\n1. Say" not in told
    assert "`delete" not in told.replace("\\`", "")


def test_an_answer_without_data_has_no_findings():
    for data in (None, [], {"findings": "x"}, {"findings": [None, {}]}):
        assert all(not each.offers for each in findings_of(Found("", data=data)))


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
