"""What Helm and GitOps installed, and what is in Secrets, without a value of any."""

from typing import Any

import pytest

from tests.tools.catalogue.conftest import Ask
from tools.catalogue import gitops, helm

PASSWORD = "made-up-grafana-password"


async def test_releases_are_listed_with_their_charts(ask: Ask) -> None:
    outcome = await ask("helm_list")
    (grafana,) = outcome.data["releases"]
    assert {key: grafana[key] for key in ("name", "namespace", "revision", "status", "chart", "app_version")} == {
        "name": "grafana",
        "namespace": "monitoring",
        "revision": 2,
        "status": "deployed",
        "chart": "grafana-8.8.2",
        "app_version": "11.4.0",
    }
    assert (await ask("helm_list", namespace="shop")).text == "No Helm releases in shop."


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("values", "tag: 11.4.0"),
        ("all_values", "repository: grafana/grafana"),
        ("manifest", "name: grafana-admin"),
        ("notes", "Sign in as admin"),
        ("history", "superseded"),
        ("chart", "app_version: 11.4.0"),
    ],
)
async def test_each_part_of_a_release_is_told_without_values_of_secrets(ask: Ask, what: str, says: str) -> None:
    outcome = await ask("helm_get", release="grafana", what=what)
    assert says in outcome.text
    assert PASSWORD not in outcome.full + str(outcome.data)
    assert "strongpassword" not in outcome.full + str(outcome.data)


async def test_what_helm_does_not_keep_is_told_with_what_it_keeps(ask: Ask) -> None:
    unknown = await ask("helm_get", release="grafanna")
    assert unknown.text == 'There is no Helm release "grafanna". There are: grafana.'
    gone = await ask("helm_get", release="grafana", revision=7)
    assert gone.text == "Helm keeps no revision 7 of grafana. There are: 2, 1."


def test_values_are_merged_as_helm_does() -> None:
    under = {"a": {"b": 1, "c": 2}, "gone": 1, "list": [1, 2]}
    assert helm._merged(under, {"a": {"b": 3}, "gone": None, "list": [3]}) == {"a": {"b": 3, "c": 2}, "list": [3]}


async def test_gitops_tells_what_is_out_of_sync_first(ask: Ask) -> None:
    outcome = await ask("gitops_status")
    assert outcome.text.startswith("2 GitOps objects, 1 not in order.")
    assert [(item["name"], item["well"]) for item in outcome.data["items"]] == [("shop", False), ("payments", True)]
    one = await ask("gitops_status", name="shop")
    assert [piece["what"] for piece in one.data["parts"]] == ["shop/Deployment/checkout", "shop/Service/cart"]
    assert (await ask("gitops_status", name="nothing")).status == "failed"


def ready(status: str, message: str = "") -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": status, "reason": "Why", "message": message}]}


@pytest.mark.parametrize(
    ("kind", "item", "expected"),
    [
        (
            "kustomizations.kustomize.toolkit.fluxcd.io",
            {
                "spec": {"path": "./apps", "sourceRef": {"kind": "GitRepository", "name": "flux"}},
                "status": ready("True") | {"lastAppliedRevision": "main@sha1:" + "a" * 40},
            },
            {"sync": "applied", "well": True, "revision": "main@sha1:aaaaaaa", "source": "GitRepository/flux ./apps"},
        ),
        (
            "helmreleases.helm.toolkit.fluxcd.io",
            {
                "spec": {
                    "chart": {"spec": {"chart": "web", "version": "1.x", "sourceRef": {"kind": "H", "name": "r"}}}
                },
                "status": ready("False", "timed out"),
            },
            {"sync": "failed", "health": "Why", "well": False, "message": "timed out", "source": "H/r web 1.x"},
        ),
        (
            "gitrepositories.source.toolkit.fluxcd.io",
            {"spec": {"url": "https://a.b/c", "ref": {"branch": "main"}, "suspend": True}, "status": None},
            {"sync": "suspended", "well": False, "suspended": True, "source": "https://a.b/c @ main"},
        ),
        (
            "applications.argoproj.io",
            {"spec": None, "status": {"operationState": {"phase": "Failed", "message": "no"}, "conditions": [None]}},
            {"sync": "Unknown", "health": "Unknown", "well": False, "message": "last sync Failed: no"},
        ),
    ],
    ids=["kustomization", "helm release", "repository", "application"],
)
def test_each_kind_is_read_in_its_own_words(kind: str, item: dict[str, Any], expected: dict[str, Any]) -> None:
    fact = gitops._READERS[kind](item)
    assert {key: fact[key] for key in expected} == expected


async def test_a_secret_is_inspected_without_a_value(ask: Ask) -> None:
    outcome = await ask("secret_inspect", name="grafana-admin")
    assert outcome.text.startswith("Secret grafana-admin in monitoring (Opaque): 2 keys")
    assert PASSWORD not in outcome.full + str(outcome.data)
    assert [entry["size"] for entry in outcome.data["entries"]] == [len(PASSWORD), 5]
    expiries = await ask("secret_inspect")
    assert expiries.text == "0 certificates in 0 TLS Secrets in all namespaces."
