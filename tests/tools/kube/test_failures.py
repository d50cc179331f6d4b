"""Every unhappy answer becomes a sentence with the next step."""

import json
from typing import Any

import pytest

from tools.kube import errors
from tools.kube.failures import failure, singular
from tools.kube.transport import Answer, Request

POD = "/api/v1/namespaces/shop/pods/web-1"
HTML = b"<html><body><h1>504 Gateway Time-out</h1></body></html>"


def said(
    code: int, reason: str = "", message: str = "", *, method: str = "GET", path: str = POD, **details: Any
) -> errors.KubeError:
    body = {"kind": "Status", "code": code, "reason": reason, "message": message, "details": details}
    return failure("test", Request(method, path), Answer(code, {}, json.dumps(body).encode()))


def raw(code: int, body: bytes = HTML, method: str = "GET") -> errors.KubeError:
    return failure("test", Request(method, POD), Answer(code, {}, body))


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (said(401, "Unauthorized", "Unauthorized"), errors.NotAuthenticated, "Renew the token"),
        (raw(401), errors.NotAuthenticated, "Renew the token"),
        (
            said(404, "NotFound", 'pods "web-1" not found', name="web-1"),
            errors.NotFound,
            'There is no pod "web-1" in shop.',
        ),
        (said(404, "NotFound", "the server could not find the requested resource"), errors.NotFound, "could not find"),
        (said(409, "AlreadyExists", 'pods "web-1" already exists'), errors.Conflict, "It exists already"),
        (said(409, "Conflict", "the object has been modified"), errors.Conflict, "Read it again"),
        (said(410, "Expired", "too old"), errors.Gone, "from its beginning"),
        (said(422, "Invalid", "spec.replicas: Invalid value"), errors.Invalid, "spec.replicas"),
        (said(400, "BadRequest", "bad selector"), errors.Invalid, "bad selector"),
        (said(500, "Unknown", "failed to create typed patch object"), errors.Invalid, "typed patch object"),
        (said(405, "MethodNotAllowed", "no"), errors.Unsupported, "cannot do this"),
        (said(429, "TooManyRequests", "slow down"), errors.Busy, "Try again"),
        (said(503, "ServiceUnavailable", "starting"), errors.Busy, "Try again"),
        (said(500, "InternalError", "etcd is sad"), errors.BadAnswer, "etcd is sad"),
        (raw(200 + 102), errors.BadAnswer, "redirects elsewhere"),
        (raw(404), errors.NotFound, "does not know"),
        (raw(403), errors.Forbidden, "in front of"),
        (raw(502), errors.Busy, "not available now"),
        (raw(418), errors.BadAnswer, "not a Kubernetes API server"),
        (raw(500, b'{"kind": "Sta'), errors.BadAnswer, "not a Kubernetes API server"),
    ],
)
def test_the_sentence_says_what_and_what_next(
    fault: errors.KubeError, kind: type[errors.KubeError], words: str
) -> None:
    assert type(fault) is kind
    assert words in fault.sentence
    assert "<" not in fault.sentence
    assert "\n" not in fault.sentence


def test_a_refusal_names_the_verb_and_the_resource_that_would_have_to_be_granted() -> None:
    words = 'deployments.apps "web" is forbidden: User "eve" cannot delete resource "deployments"'
    fault = said(403, "Forbidden", words, method="DELETE", path="/apis/apps/v1/namespaces/shop/deployments/web")
    assert isinstance(fault, errors.Forbidden)
    assert (fault.verb, fault.resource, fault.namespace) == ("delete", "deployments", "shop")
    assert "eve" in fault.sentence


def test_a_refusal_by_a_quota_is_not_told_as_missing_rights() -> None:
    fault = said(403, "Forbidden", 'pods "web-1" is forbidden: exceeded quota: small')
    assert "exceeded quota" in fault.sentence
    assert "grant" not in fault.sentence


def test_owners_of_fields_are_named_when_an_apply_conflicts() -> None:
    causes = [{"reason": "FieldManagerConflict", "message": 'conflict with "helm"', "field": ".spec.replicas"}]
    assert '.spec.replicas (conflict with "helm")' in said(409, "Conflict", "Apply failed", causes=causes).sentence


@pytest.mark.parametrize("code", [502, 503, 504])
def test_a_gateway_that_fails_leaves_the_outcome_of_a_write_unknown(code: int) -> None:
    assert isinstance(raw(code, method="DELETE"), errors.Ambiguous)


def test_a_server_that_ran_out_of_time_leaves_the_outcome_of_a_write_unknown() -> None:
    assert isinstance(said(504, "Timeout", "request did not complete", method="POST"), errors.Ambiguous)
    assert isinstance(said(504, "Timeout", "request did not complete"), errors.Busy)


def test_a_message_with_a_whole_object_in_it_is_cut() -> None:
    assert len(said(422, "Invalid", "x " * 5000).sentence) < 900


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("pods", "pod"),
        ("networkpolicies", "networkpolicy"),
        ("ingresses", "ingress"),
        ("storageclasses", "storageclass"),
    ],
)
def test_one_of_many(many: str, one: str) -> None:
    assert singular(many) == one
