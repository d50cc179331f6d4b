"""The page of a cluster: who one is there, one's token, and what only administrators see and do."""

import html

import pytest
import yaml
from django.test import Client

from chat.actions import people
from tools import clusters, registered
from tools.models import Cluster, IdentityMap, PersonalToken

SECRET = "tok3n-that-nobody-may-see"
TEXT = yaml.safe_dump(
    {
        "clusters": [{"name": "c", "cluster": {"server": "https://10.0.0.1:6443"}}],
        "users": [{"name": "portal", "user": {"token": SECRET}}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "portal"}}],
    }
)
ADMINISTERING = ["/clusters/registration", "/clusters/prod/settings", "/clusters/prod/map", "/clusters/prod/deletion"]


def browser_of(name: str, role: str) -> Client:
    client = Client()
    client.force_login(people.create(name, role=role))
    return client


@pytest.fixture
def prod(db):
    return registered.register(TEXT, mode="impersonate")


@pytest.fixture
def boss(db):
    return browser_of("boss", "administrator")


@pytest.fixture
def vera(db):
    return browser_of("vera", "viewer")


def words(answer) -> str:
    return html.unescape(answer.content.decode())


def test_an_administrator_registers_and_never_sees_it_again(boss):
    assert "kubectl config view" in words(boss.get("/clusters/registration"))
    answer = boss.post("/clusters/registration", {"kubeconfig": TEXT, "mode": "impersonate", "name": "", "context": ""})
    assert answer["Location"] == "/clusters/prod/access"
    kept = Cluster.objects.get()
    for place in (
        "/clusters",
        "/clusters/prod/access",
        "/clusters/registration",
        f"/admin/tools/cluster/{kept.pk}/change/",
    ):
        shown = words(boss.get(place))
        assert "https://10.0.0.1:6443" in shown or place == "/clusters/registration"
        assert SECRET not in shown
        assert kept.sealed not in shown


def test_a_refused_kubeconfig_is_not_sent_back(boss):
    answer = boss.post("/clusters/registration", {"kubeconfig": TEXT + "\nx: [", "name": "mine"})
    assert answer.status_code == 422
    assert "not valid YAML" in words(answer)
    assert SECRET not in words(answer)
    assert 'value="mine"' in words(answer)


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "auditor"])
def test_only_administrators_may(prod, role):
    someone = browser_of("someone", role)
    for place in ADMINISTERING:
        assert someone.post(place, {"kubeconfig": TEXT, "mode": "shared", "kind": "person"}).status_code == 403, place
    assert someone.get("/clusters/prod/account").status_code == 403
    assert someone.get("/clusters/registration").status_code == 403
    shown = words(someone.get("/clusters/prod/access"))
    assert "The portal's own account" not in shown
    assert "/settings" not in shown
    assert Cluster.objects.get().identity_mode == "impersonate"


def test_settings_are_changed_and_what_does_not_fit_is_said(prod, boss):
    answer = boss.post("/clusters/prod/settings", {"name": "shop", "mode": "shared", "shared_writes": "on"})
    assert answer["Location"] == "/clusters/shop/access"
    found = Cluster.objects.get()
    assert (found.name, found.identity_mode, found.shared_writes, found.default_names) == (
        "shop",
        "shared",
        True,
        False,
    )
    assert "shared, may change" in words(boss.get("/clusters/shop/access"))
    refused = boss.post("/clusters/shop/settings", {"name": "a b", "mode": "shared"})
    assert (refused.status_code, "cannot be the name" in words(refused)) == (422, True)


def test_one_identity_for_everybody_is_labelled_wherever_it_is_shown(prod, boss, vera, settings):
    settings.K8SMCP_SHARED_WRITES = False
    registered.change(prod, mode="shared")
    assert "one identity for everybody" in words(vera.get("/clusters"))
    shown = words(vera.get("/clusters/prod/access"))
    assert "shared, only looks" in shown
    assert "the cluster cannot tell people apart" in shown


def test_lines_of_the_map_come_and_go(prod, boss):
    line = {"kind": "group", "subject": "operator", "kube_name": "sre"}
    assert boss.post("/clusters/prod/map", line).status_code == 302
    kept = IdentityMap.objects.get()
    assert "sre" in words(boss.get("/clusters/prod/access"))
    refused = boss.post("/clusters/prod/map", line | {"kube_name": "system:masters"})
    assert (refused.status_code, "system:" in words(refused)) == (422, True)
    boss.post("/clusters/prod/map", {"remove": str(kept.pk)})
    assert not IdentityMap.objects.exists()


def test_a_person_stores_their_token_and_throws_it_away(prod, vera):
    registered.change(prod, mode="token")
    assert "No token is stored" in words(vera.get("/clusters/prod/access"))
    assert vera.post("/clusters/prod/access", {"token": "of-vera"}).status_code == 302
    shown = words(vera.get("/clusters/prod/access"))
    assert "A token is stored" in shown
    assert "of-vera" not in shown
    assert (vera.post("/clusters/prod/access", {"token": "a b"})).status_code == 422
    vera.post("/clusters/prod/access", {"forget": "1"})
    assert not PersonalToken.objects.exists()


def test_a_registered_cluster_is_taken_away_and_one_from_the_environment_is_not(prod, boss, tmp_path):
    file = tmp_path / "config"
    file.write_text(TEXT)
    clusters.register(file, origin=Cluster.Origin.START)
    assert boss.post("/clusters/prod-2/deletion").status_code == 422
    assert boss.post("/clusters/prod/deletion")["Location"] == "/clusters"
    assert clusters.names() == ("prod-2",)


def test_a_name_with_slashes_has_a_page(boss):
    registered.register(TEXT, name="arn:aws:eks/eu/prod")
    assert boss.get("/clusters/arn:aws:eks/eu/prod/access").status_code == 200


def test_what_is_not_there_is_not_found(boss, db):
    for place in ("access", "mine", "account"):
        assert boss.get(f"/clusters/nowhere/{place}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_cluster_itself_says_who_one_is(demo):
    vera, boss = browser_of("vera", "viewer"), browser_of("boss", "administrator")
    assert "k8smcp:vera" in words(vera.get(f"/clusters/{demo}/mine"))
    assert "where nothing is real" in words(boss.get(f"/clusters/{demo}/account"))


def test_a_cluster_that_does_not_answer_is_said_so(prod, vera):
    registered.change(prod, mode="token")
    assert "stored no token" in words(vera.get("/clusters/prod/mine"))
