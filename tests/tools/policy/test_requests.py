"""What a request to an API server asks of the policy."""

import pytest

from tests.tools.policy.test_judge import ask
from tools.effects import Effect
from tools.kube import guard
from tools.kube.errors import NotPermitted
from tools.kube.guard import Asked, Permit
from tools.policy import Verdict
from tools.policy.requests import about_rights, question

PLACES = [
    ("GET", "/api/v1/namespaces/shop/pods", "pods", "shop"),
    ("GET", "/api/v1/namespaces/shop/pods/web-1/log", "pods/log", "shop"),
    ("GET", "/api/v1/pods", "pods", "*"),
    ("GET", "/apis/apps/v1/deployments", "deployments.apps", "*"),
    ("GET", "/apis/example.org/v1/widgets", "widgets.example.org", "*"),
    ("GET", "/apis/example.org/v1/widgets/one", "widgets.example.org", ""),
    ("GET", "/api/v1/nodes", "nodes", ""),
    ("GET", "/api/v1/namespaces", "namespaces", ""),
    ("POST", "/api/v1/namespaces", "namespaces", ""),
    ("PATCH", "/api/v1/namespaces/shop", "namespaces", "shop"),
    ("DELETE", "/api/v1/namespaces/shop", "namespaces", "shop"),
    ("PUT", "/api/v1/namespaces/shop/finalize", "namespaces/finalize", "shop"),
    ("DELETE", "/api/v1/namespaces", "namespaces", "*"),
    ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale", "deployments/scale.apps", "shop"),
    ("DELETE", "/apis/apps/v1/deployments", "deployments.apps", "*"),
    ("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles", "clusterroles.rbac.authorization.k8s.io", ""),
    ("GET", "/apis/scheduling.k8s.io/v1/priorityclasses", "priorityclasses.scheduling.k8s.io", ""),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "kind", "namespace"), PLACES)
def test_a_request_names_kind_and_place(method, path, kind, namespace):
    asked = guard.understand(method, path, {})
    found = question(ask(), asked, Effect.READ)
    assert (found.kind, found.namespace, found.effect, found.person) == (kind, namespace, Effect.READ, "ann")


def test_questions_about_rights_are_free():
    review = Asked("create", "authorization.k8s.io", "selfsubjectaccessreviews")
    assert about_rights(review, Effect.READ).decision == "allow"
    assert about_rights(review, Effect.EXECUTE) is None
    assert about_rights(Asked("get", "", "pods"), Effect.READ) is None


@pytest.mark.parametrize(
    ("method", "path", "decision", "passes"),
    [
        ("GET", "/api/v1/pods", "allow", True),
        ("GET", "/api/v1/pods", "ask", False),
        ("GET", "/api/v1/pods", "deny", False),
        ("DELETE", "/api/v1/namespaces/shop/pods/web-1", "ask", True),
        ("DELETE", "/api/v1/namespaces/shop/pods/web-1", "deny", False),
        ("GET", "/version", "deny", True),
        ("GET", "/apis/apps/v1", "deny", True),
        ("GET", "/logs/kube.log", "deny", False),
    ],
)
def test_the_guard_asks_about_every_request(method, path, decision, passes):
    asked = []

    def judge(request, effect):
        asked.append(request)
        return Verdict(decision, "a-rule", "Because.")

    permit = Permit("call-1", "c", Effect.EXECUTE, judge=judge)
    if passes:
        guard.check(permit, "c", method, path, {})
    else:
        with pytest.raises(NotPermitted, match=r"Because\. Nothing was sent \(rule a-rule\)\."):
            guard.check(permit, "c", method, path, {})
    assert len(asked) == (0 if path in ("/version", "/apis/apps/v1") else 1)
