"""Clusters are registered from kubeconfig files, once each, and looked up by name."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from asgiref.sync import async_to_sync

from tests.tools.api import answering, serving
from tools import clusters
from tools.kube.errors import BadKubeconfig
from tools.models import Cluster

pytestmark = pytest.mark.django_db


def kubeconfig(
    file: Path, *contexts: str, server: str = "https://10.0.0.1:6443", user: dict[str, Any] | None = None
) -> Path:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user or {"token": "t"}}],
        "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in contexts],
    }
    file.write_text(yaml.safe_dump(document))
    return file


def test_each_context_becomes_a_cluster(tmp_path: Path) -> None:
    found = clusters.register(kubeconfig(tmp_path / "k", "prod", "staging"))
    assert [cluster.name for cluster in found] == ["prod", "staging"] == list(clusters.names())
    assert clusters.portal_access("staging").server == "https://10.0.0.1:6443"
    assert clusters.portal_access("staging").name == "staging"


def test_registering_again_changes_nothing_but_what_changed(tmp_path: Path) -> None:
    first = clusters.register(kubeconfig(tmp_path / "k", "prod", "old"))
    again = clusters.register(kubeconfig(tmp_path / "k", "prod", "new", server="https://10.0.0.2:6443"))
    assert again[0].pk == first[0].pk
    assert clusters.names() == ("prod", "new")
    assert Cluster.objects.get(name="prod").server == "https://10.0.0.2:6443"


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    clusters.register(kubeconfig(tmp_path / "a", "prod"))
    clusters.register(kubeconfig(tmp_path / "b", "prod", server="https://10.0.0.2:6443"))
    assert clusters.names() == ("prod", "prod-2")
    assert clusters.portal_access("prod-2").server == "https://10.0.0.2:6443"
    clusters.register(kubeconfig(tmp_path / "b", "prod"))
    assert clusters.names() == ("prod", "prod-2")


def test_a_context_that_cannot_be_used_is_kept_with_its_problem(tmp_path: Path) -> None:
    (found,) = clusters.register(kubeconfig(tmp_path / "k", "cloud", user={"exec": {"command": "aws"}}))
    assert "never starts" in found.problem
    with pytest.raises(BadKubeconfig, match="never starts"):
        clusters.portal_access("cloud")


def test_a_renewed_credential_is_used_at_once(tmp_path: Path) -> None:
    clusters.register(kubeconfig(tmp_path / "k", "prod"))
    assert clusters.portal_access("prod").token == "t"
    kubeconfig(tmp_path / "k", "prod", user={"token": "another"})
    assert clusters.portal_access("prod").token == "another"


def test_a_file_that_went_away_is_told_with_its_path(tmp_path: Path) -> None:
    clusters.register(kubeconfig(tmp_path / "k", "prod"))
    (tmp_path / "k").unlink()
    with pytest.raises(BadKubeconfig, match="cannot be read"):
        clusters.portal_access("prod")


def test_a_file_without_contexts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadKubeconfig, match="has no contexts"):
        clusters.register(kubeconfig(tmp_path / "k"))


def test_an_unknown_name_is_told_with_what_is_near(tmp_path: Path) -> None:
    with pytest.raises(clusters.UnknownCluster, match="No cluster is registered"):
        clusters.portal_access("prod")
    clusters.register(kubeconfig(tmp_path / "k", "prod", "staging"))
    with pytest.raises(clusters.UnknownCluster, match="Did you mean prod"):
        clusters.portal_access("prd")
    with pytest.raises(clusters.UnknownCluster, match="Registered: prod, staging"):
        clusters.portal_access("x")
    with pytest.raises(clusters.UnknownCluster, match="Name a cluster: prod, staging"):
        clusters.portal_access("")


# ---- at start ----------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a kubeconfig, outside any cluster, and no variable set."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    settings.KUBECONFIG, settings.K8SMCP_DEMO, settings.K8SMCP_HOME = "", None, tmp_path / "var"
    return tmp_path


def test_kubeconfig_may_name_several_files(settings: Any, elsewhere: Path) -> None:
    files = [kubeconfig(elsewhere / name, f"in-{name}") for name in ("a", "b")]
    settings.KUBECONFIG = ":".join(map(str, files))
    assert [cluster.name for cluster in clusters.register_at_start()] == ["in-a", "in-b"]


def test_the_usual_file_is_used_when_nothing_is_said(elsewhere: Path) -> None:
    (elsewhere / ".kube").mkdir()
    kubeconfig(elsewhere / ".kube" / "config", "mine")
    assert [cluster.name for cluster in clusters.register_at_start()] == ["mine"]


def test_what_an_earlier_start_registered_is_forgotten_and_what_a_person_did_is_not(
    settings: Any, elsewhere: Path
) -> None:
    settings.KUBECONFIG = str(kubeconfig(elsewhere / "a", "old"))
    clusters.register_at_start()
    clusters.register(kubeconfig(elsewhere / "p", "by-hand"))
    settings.KUBECONFIG = str(kubeconfig(elsewhere / "b", "new"))
    clusters.register_at_start()
    assert set(clusters.names()) == {"by-hand", "new"}


def test_a_variable_that_leads_nowhere_stops_with_its_name(settings: Any, elsewhere: Path) -> None:
    settings.KUBECONFIG = str(elsewhere / "nowhere")
    with pytest.raises(BadKubeconfig, match=r"^KUBECONFIG: .*nowhere cannot be read"):
        clusters.register_at_start()


def test_the_demo_cluster_is_used_when_there_is_nothing_else_or_when_asked_for(
    settings: Any, elsewhere: Path, demo_kubeconfig: Path
) -> None:
    settings.K8SMCP_HOME = demo_kubeconfig.parent
    (found,) = clusters.register_at_start()
    assert (found.is_demo, found.kubeconfig) == (True, str(demo_kubeconfig))
    settings.KUBECONFIG, settings.K8SMCP_DEMO = str(kubeconfig(elsewhere / "a", "prod")), True
    assert [cluster.is_demo for cluster in clusters.register_at_start()] == [True]
    settings.K8SMCP_DEMO = None
    assert [cluster.name for cluster in clusters.register_at_start()] == ["prod"]


def test_without_any_cluster_and_without_the_demo_there_is_none(settings: Any, elsewhere: Path) -> None:
    settings.K8SMCP_DEMO = False
    assert clusters.register_at_start() == []


# ---- asking ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_a_cluster_is_asked_for_its_version(tmp_path: Path) -> None:
    async with serving(answering({"gitVersion": "v1.36.2"})) as api:
        await clusters.database_sync_to_async(clusters.register)(kubeconfig(tmp_path / "k", "test", server=api.server))
        health = await clusters.check("test")
        assert (health.reachable, health.version, health.problem) == (True, "v1.36.2", "")
    gone = await clusters.check("test")
    assert (gone.reachable, "cannot be reached" in gone.problem) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_asking_for_an_unknown_cluster_is_told() -> None:
    with pytest.raises(clusters.UnknownCluster):
        async_to_sync(clusters.check)("nobody")
