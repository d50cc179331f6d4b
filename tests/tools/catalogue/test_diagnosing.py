"""What the diagnosis says of the demo cluster's story: each of its faults once, and nothing of what is well."""

import pytest

from tests.tools.catalogue.conftest import Ask

STORY = {
    ("image-pull", "Deployment", "recommendations"),
    ("crash-variable", "Deployment", "checkout"),
    ("out-of-memory", "Deployment", "search"),
    ("service-nobody", "Service", "cart"),
    ("requests", "Deployment", "fraud-model"),
    ("job-failed", "Job", "settlement"),
}


async def test_the_story_has_six_faults_and_the_rest_is_well(ask: Ask) -> None:
    outcome = await ask("k8s_diagnose")
    grave = [f for f in outcome.data["findings"] if f["severity"] != "note"]
    assert {(f["code"], f["kind"], f["name"]) for f in grave} == STORY
    assert len(grave) == len(STORY)
    assert outcome.data["unread"] == outcome.data["partial"] == []
    total = sum(outcome.data["checked"].values())
    assert outcome.text.startswith(
        f"Checked {total} objects in the cluster: {outcome.data['total']} findings (6 critical"
    )
    assert outcome.text.count("\n[critical] ") == 6


async def test_a_finding_has_its_evidence_its_victims_and_the_next_step(ask: Ask) -> None:
    outcome = await ask("k8s_diagnose", kind="deploy", name="checkout")
    (finding,) = outcome.data["findings"]
    assert finding["facts"]["variable"] == "PAYMENT_API_URL"
    assert finding["facts"]["guess"] == "https://gateway.payments.svc:443"
    assert finding["next"]["tool"] == "k8s_get"
    assert (len(finding["pods"]), finding["pod_count"]) == (2, 2)
    assert {"kind": "Service", "name": "checkout", "namespace": "shop"} in finding["affects"]
    assert any(e["source"] == "log" and "is not set" in e["text"] for e in finding["evidence"])


async def test_a_short_answer_says_how_many_there_are(ask: Ask) -> None:
    outcome = await ask("k8s_diagnose", limit=2)
    assert len(outcome.data["findings"]) == 2
    assert outcome.data["total"] > 2
    assert "The first 2 are shown" in outcome.text


async def test_what_works_and_is_untidy_is_told_only_when_asked_for(ask: Ask) -> None:
    plain = await ask("k8s_diagnose", namespace="monitoring")
    assert plain.data["total"] == 0
    tidy = await ask("k8s_diagnose", namespace="monitoring", hygiene=True)
    assert "default-account" in {finding["code"] for finding in tidy.data["findings"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "deployment", "name": "chekout"}, "Did you mean checkout?"),
        ({"kind": "deployment", "name": "chekout", "namespace": "shop"}, "Did you mean checkout?"),
        ({"kind": "secret", "name": "shop-session", "namespace": "shop"}, "There are no rules for the kind Secret"),
        ({"name": "checkout"}, "together"),
        ({"namespace": "shp"}, "Did you mean shop?"),
    ],
)
async def test_what_cannot_be_diagnosed_is_said(ask: Ask, arguments: dict[str, str], words: str) -> None:
    outcome = await ask("k8s_diagnose", **arguments)
    assert outcome.status == "failed"
    assert words in outcome.text
