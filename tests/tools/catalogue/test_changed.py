"""What the metadata of objects tells of changes, whatever is missing in it."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tests.tools.catalogue.conftest import Ask
from tools import written
from tools.kube.resources import Resource

DEPLOYMENTS = Resource("apps", "v1", "Deployment", "deployments", "deployment", True)
SECRETS = Resource("", "v1", "Secret", "secrets", "secret", True)
BEGIN = datetime(2026, 11, 22, 10, tzinfo=UTC)
BEFORE, NOW, LATER = "2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"
SPEC = {"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {'k:{"name":"app"}': {"f:image": {}}}}}}}


def manager(name: str, at: str | None, fields: Any = SPEC, **more: Any) -> dict[str, Any]:
    return {"manager": name, "operation": "Update", "time": at, "fieldsV1": fields, **more}


def told(resource: Resource = DEPLOYMENTS, **meta: Any) -> list[tuple[str, str]]:
    page = msgspec.convert({"items": [{"metadata": {"name": "web", "namespace": "shop", **meta}}]}, written.Items)
    return [(change["by"], change["what"]) for change in written.changes(resource, page, BEGIN)]


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        (
            {"creationTimestamp": BEFORE, "managedFields": [manager("kubectl", LATER)]},
            [("kubectl", "changed: spec.replicas, spec.template.spec.containers[app].image")],
        ),
        ({"creationTimestamp": BEFORE, "managedFields": [manager("kubectl", BEFORE)]}, []),
        ({"creationTimestamp": NOW, "managedFields": [manager("kubectl", NOW)]}, [("kubectl", "created")]),
        ({"creationTimestamp": BEFORE, "managedFields": [manager("c", LATER, subresource="status")]}, []),
        ({"creationTimestamp": BEFORE, "managedFields": [manager("c", LATER, {"f:status": {"f:x": {}}})]}, []),
        (
            {"managedFields": [manager("k8s-mcp-1234", LATER, {"f:spec": {"f:replicas": {}}}, subresource="scale")]},
            [("this portal (k8s-mcp-1234)", "scaled: spec.replicas")],
        ),
        (
            {"managedFields": [manager("a", LATER, {f"f:f{n}": {} for n in range(9)}, operation="Apply")]},
            [("a", "applied; its 9 fields begin with f0, f1, f2")],
        ),
        ({"deletionTimestamp": LATER}, [("-", "asked to be deleted")]),
        ({"managedFields": [manager("a", None), manager("b", LATER, None), manager("c", "soon")]}, []),
        ({"managedFields": None, "labels": None, "creationTimestamp": None}, []),
    ],
)
def test_a_change_is_what_a_manager_wrote_since(meta: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert told(**meta) == expected


def test_a_revision_of_helm_is_told_as_one() -> None:
    labels = {"owner": "helm", "name": "web", "version": "3", "status": "deployed"}
    assert told(SECRETS, creationTimestamp=LATER, labels=labels, managedFields=[manager("helm", LATER)]) == [
        ("helm", "Helm release web, revision 3: deployed")
    ]


async def test_changes_of_the_story_are_told_newest_first_and_with_images(ask: Ask) -> None:
    outcome = await ask("k8s_changes", namespace="shop")
    assert outcome.text.startswith("6 changes in shop in the last 2h, newest first.")
    rollout = next(c for c in outcome.data["changes"] if "checkout:1.8.0 → " in c["what"])
    assert rollout["object"] == "Deployment/checkout"
    times = [change["at"] for change in outcome.data["changes"]]
    assert times == sorted(times, reverse=True)
    one = await ask("k8s_changes", object="deployment/checkout", since="20d")
    assert {change["object"] for change in one.data["changes"]} == {"Deployment/checkout"}
    helm = await ask("k8s_changes", namespace="monitoring", since="30d")
    assert "Helm release grafana, revision 2: deployed" in helm.text
    assert (await ask("k8s_changes", namespace="shp")).text == 'There is no namespace "shp". Did you mean shop?'
    assert '"soon" is not a span of time' in (await ask("k8s_changes", since="soon")).text
