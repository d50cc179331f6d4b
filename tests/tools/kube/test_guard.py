"""The guard lets nothing pass that its permit does not cover."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.api import permit
from tools.effects import Effect
from tools.kube import guard
from tools.kube.errors import NotPermitted

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
IN_SHOP = "/api/v1/namespaces/shop"


@pytest.mark.parametrize(
    ("method", "path", "effect"),
    [
        ("GET", "/version", Effect.READ),
        ("GET", "/apis", Effect.READ),
        ("GET", "/apis/apps/v1", Effect.READ),
        ("GET", f"{IN_SHOP}/pods", Effect.READ),
        ("GET", f"{IN_SHOP}/pods/web-1", Effect.READ),
        ("GET", "/api/v1/namespaces/shop", Effect.READ),
        ("GET", "/apis/apps/v1/namespaces/shop/deployments/web/scale", Effect.READ),
        ("GET", f"{IN_SHOP}/pods/web-1/log", Effect.SENSITIVE),
        ("GET", f"{IN_SHOP}/secrets/s", Effect.SENSITIVE),
        ("GET", "/api/v1/secrets", Effect.SENSITIVE),
        ("GET", f"{IN_SHOP}/configmaps/c", Effect.SENSITIVE),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", Effect.READ),
        ("POST", f"{IN_SHOP}/pods", Effect.CHANGE),
        ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web", Effect.CHANGE),
        ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale", Effect.CHANGE),
        ("PUT", f"{IN_SHOP}/services/web", Effect.CHANGE),
        ("DELETE", f"{IN_SHOP}/pods/web-1", Effect.DESTROY),
        ("DELETE", f"{IN_SHOP}/pods", Effect.DESTROY),
        ("POST", f"{IN_SHOP}/pods/web-1/eviction", Effect.DESTROY),
        ("PUT", "/api/v1/namespaces/shop/finalize", Effect.DESTROY),
        ("GET", f"{IN_SHOP}/pods/web-1/exec", Effect.EXECUTE),
        ("POST", f"{IN_SHOP}/pods/web-1/exec", Effect.EXECUTE),
        ("GET", f"{IN_SHOP}/pods/web-1/attach", Effect.EXECUTE),
        ("GET", f"{IN_SHOP}/pods/web-1/portforward", Effect.EXECUTE),
        ("GET", f"{IN_SHOP}/pods/web-1/proxy", Effect.EXECUTE),
        ("GET", f"{IN_SHOP}/services/web/proxy", Effect.EXECUTE),
        ("GET", "/api/v1/nodes/n1/proxy", Effect.EXECUTE),
        ("GET", "/api/v1/nodes/n1/proxy/run/shop/web/c", Effect.EXECUTE),
        ("GET", "/api/v1/nodes/n1/proxy/../../../secrets", Effect.EXECUTE),
        ("GET", "/api/v1/nodes/n1/proxy/stats/summary", Effect.SENSITIVE),
        ("HEAD", "/api/v1/nodes/n1/proxy/stats/summary", Effect.EXECUTE),
        ("POST", "/api/v1/nodes/n1/proxy/stats/summary", Effect.EXECUTE),
        ("GET", "/api/v1/nodes/n1/proxy/stats/summary/", Effect.EXECUTE),
        ("GET", "/api/v1/nodes/n1/proxy/stats/summary/x", Effect.EXECUTE),
        ("GET", "/api/v1/nodes/n1/proxy/stats", Effect.EXECUTE),
        ("GET", "/api/v1/nodes/https:n1:10250/proxy/stats/summary", Effect.EXECUTE),
        ("GET", "/api/v1/nodes/n1/proxy/../proxy/stats/summary", Effect.EXECUTE),
        ("GET", f"{IN_SHOP}/nodes/n1/proxy/stats/summary", Effect.EXECUTE),
        ("GET", f"{IN_SHOP}/pods/n1/proxy/stats/summary", Effect.EXECUTE),
        ("GET", "/apis/apps/v1/nodes/n1/proxy/stats/summary", Effect.EXECUTE),
        ("GET", f"{IN_SHOP}/services/http:web:80/proxy/healthz", Effect.EXECUTE),
        ("HEAD", f"{IN_SHOP}/pods/web-1:80/proxy/", Effect.EXECUTE),
        ("HEAD", f"{IN_SHOP}/pods/web-1", Effect.EXECUTE),
        ("GET", "/api/v1/proxy/nodes/n1", Effect.EXECUTE),
        ("GET", "/api/v1/watch/secrets", Effect.EXECUTE),
        ("PATCH", f"{IN_SHOP}/pods/web-1/ephemeralcontainers", Effect.EXECUTE),
        ("POST", f"{IN_SHOP}/serviceaccounts/default/token", Effect.EXECUTE),
        ("GET", "/logs/kube-apiserver.log", Effect.EXECUTE),
        ("GET", "/metrics", Effect.EXECUTE),
        ("POST", "/version", Effect.EXECUTE),
        ("OPTIONS", f"{IN_SHOP}/pods", Effect.EXECUTE),
        ("GET", "/openapi/v3/../../api/v1/secrets", Effect.EXECUTE),
        ("GET", f"{IN_SHOP}/pods/..%2f..%2fsecrets", Effect.EXECUTE),
        ("GET", f"{IN_SHOP}//pods/web-1", Effect.EXECUTE),
        ("GET", f"{IN_SHOP}/pods/web-1/unheard-of", Effect.EXECUTE),
    ],
)
def test_the_effect_follows_from_what_is_asked_for(method: str, path: str, effect: Effect) -> None:
    assert guard.effect_of(method, path, {}) is effect


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("GET", "services/http:web:80/proxy/a/b", guard.Asked("get", "", "services", "proxy", "shop", "http:web:80")),
        ("GET", "services/web:80/proxy/", guard.Asked("get", "", "services", "proxy", "shop", "web:80")),
        ("GET", "services/web:80/proxy/a,b/c/", guard.Asked("get", "", "services", "proxy", "shop", "web:80")),
        ("GET", "services/web:80/proxy/a/../../x", None),
        ("GET", "services/web:80/proxy/%2e%2e/x", None),
        ("HEAD", "pods/web-1/proxy", guard.Asked("get", "", "pods", "proxy", "shop", "web-1")),
        ("POST", "pods/web-1/proxy/x", guard.Asked("create", "", "pods", "proxy", "shop", "web-1")),
        ("HEAD", "pods/web-1", None),
    ],
)
def test_what_is_handed_on_through_a_proxy_is_known_by_whose_proxy_it_is(
    method: str, path: str, asked: guard.Asked | None
) -> None:
    assert guard.understand(method, f"{IN_SHOP}/{path}", {}) == asked


def test_a_query_makes_a_command_of_what_a_kubelet_only_tells() -> None:
    assert guard.effect_of("GET", "/api/v1/nodes/n1/proxy/stats/summary", {"only_cpu": "true"}) is Effect.EXECUTE


def test_names_of_secrets_may_be_listed_but_only_as_a_table_without_objects() -> None:
    path = f"{IN_SHOP}/secrets"
    assert guard.effect_of("GET", path, {}, TABLE) is Effect.READ
    assert guard.effect_of("GET", path, {"includeObject": "Object"}, TABLE) is Effect.SENSITIVE
    assert guard.effect_of("GET", path, {}, f"{TABLE},application/json") is Effect.SENSITIVE
    assert guard.effect_of("GET", path, {}, f"{TABLE},*/*") is Effect.SENSITIVE


@pytest.mark.parametrize("ceiling", list(Effect))
@pytest.mark.parametrize(
    ("method", "path", "effect"),
    [
        ("GET", f"{IN_SHOP}/pods", Effect.READ),
        ("GET", f"{IN_SHOP}/secrets/s", Effect.SENSITIVE),
        ("PATCH", f"{IN_SHOP}/pods/web-1", Effect.CHANGE),
        ("DELETE", f"{IN_SHOP}/pods/web-1", Effect.DESTROY),
        ("GET", f"{IN_SHOP}/pods/web-1/exec", Effect.EXECUTE),
    ],
)
def test_a_permit_covers_its_ceiling_and_nothing_above(ceiling: Effect, method: str, path: str, effect: Effect) -> None:
    if effect.rank <= ceiling.rank:
        guard.check(permit(ceiling), "test", method, path, {})
    else:
        with pytest.raises(NotPermitted, match="nothing was sent"):
            guard.check(permit(ceiling), "test", method, path, {})


def test_without_a_permit_nothing_passes() -> None:
    with pytest.raises(NotPermitted, match="no permit"):
        guard.check(None, "test", "GET", "/version", {})


def test_a_permit_for_one_cluster_is_none_for_another() -> None:
    with pytest.raises(NotPermitted, match='not for "production"'):
        guard.check(permit(), "production", "GET", "/version", {})


def test_a_dry_run_needs_the_permit_of_the_write_itself() -> None:
    with pytest.raises(NotPermitted):
        guard.check(permit(Effect.SENSITIVE), "test", "DELETE", f"{IN_SHOP}/pods/web-1", {"dryRun": "All"})


@pytest.mark.parametrize("query", [{}, {"dryRun": ""}, {"dryRun": "all"}, {"dryrun": "All"}])
def test_a_rehearsal_allows_no_write_that_would_be_stored(query: dict[str, str]) -> None:
    with pytest.raises(NotPermitted, match="dry run"):
        guard.check(permit(rehearsal=True), "test", "DELETE", f"{IN_SHOP}/pods/web-1", query)
    guard.check(permit(rehearsal=True), "test", "DELETE", f"{IN_SHOP}/pods/web-1", {"dryRun": "All"})
    guard.check(permit(rehearsal=True), "test", "GET", f"{IN_SHOP}/pods/web-1", query)


@given(st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"]), st.text(max_size=60))
def test_no_path_at_all_makes_a_write_look_like_a_read(method: str, path: str) -> None:
    effect = guard.effect_of(method, f"/api/v1/namespaces/{path}", {})
    if method != "GET":
        assert effect.writes
